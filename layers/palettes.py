"""Sequential colour ramps that stay readable for colour-blind readers and in grey print.

Red is kept for danger to people: counts of harm. Values are ColorBrewer's (Cynthia Brewer, Apache-2.0).
"""

HARM = ((254, 229, 217), (252, 187, 161), (252, 146, 114), (251, 106, 74), (222, 45, 38), (165, 15, 21))
COVER = ((237, 248, 251), (204, 236, 230), (153, 216, 201), (102, 194, 164), (44, 162, 95), (0, 109, 44))
LIGHT = ((255, 255, 229), (255, 247, 188), (254, 227, 145), (254, 196, 79), (217, 130, 20), (140, 75, 2))
QUIET = ((242, 240, 247), (218, 218, 235), (188, 189, 220), (158, 154, 200), (117, 107, 177), (84, 39, 143))
