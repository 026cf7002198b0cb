"""Who owns devices: one list for cameras, speed cameras and the register of owners, so that they can be joined."""

from layers.spec import Codes

OWNERS = Codes(good=("akimat", "police", "business", "housing", "other", "unknown"))
