"""Signing in: the token goes from the browser straight to the API and comes back as a cookie no script can read."""

from __future__ import annotations

from streamlit_app.widgets.parts import renderer
from streamlit_app.words import Words


def sign_in_form(*, api: str, words: Words) -> None:
    """Draw the form.

    Parameters
    ----------
    api : path of the API on this origin.
    """
    renderer("sign_in")(
        key="sign_in",
        data={
            "url": f"{api}/session",
            "language": words.language,
            "label": words("ui.sign_in.token"),
            "button": words("ui.sign_in.button"),
            "failed": words("ui.sign_in.failed"),
        },
    )
