"""What the reader sees, as a value and as an address: a link opens exactly what was seen."""

from streamlit_app.address.codec import as_link, decode, encode
from streamlit_app.address.look import Camera, Days, Hours, Look, PlaceKind, Selection, Tool, Unit

__all__ = [
    "Camera",
    "Days",
    "Hours",
    "Look",
    "PlaceKind",
    "Selection",
    "Tool",
    "Unit",
    "as_link",
    "decode",
    "encode",
]
