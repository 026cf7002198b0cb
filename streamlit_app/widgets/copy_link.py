"""A button that copies the address: everything that is seen is in it."""

from __future__ import annotations

from streamlit_app.widgets.parts import renderer
from streamlit_app.words import Words


def copy_link(*, key: str, words: Words) -> None:
    """Draw the button."""
    renderer("copy_link")(key=key, data={"text": words("common.button.copy_link"), "done": words("ui.link_copied")})
