"""What only the browser can do: remember language and theme, and put Streamlit's own English words into the reader's."""

from __future__ import annotations

from collections.abc import Mapping

from streamlit_app.widgets.parts import renderer

LANGUAGE_COOKIE = "qorgan_language"


def settle_browser(
    *, language: str, theme: str | None, actual_theme: str | None, dictionary: Mapping[str, str]
) -> None:
    """Tell the browser language and theme.

    Parameters
    ----------
    theme : "light" or "dark" where the reader chose; None = as the browser is.
    actual_theme : what the browser draws now; where it differs the page is loaded once more with the chosen one.
    dictionary : words of Streamlit's own controls → the reader's words; ``{}`` in both stands for any text.
    """
    renderer("browser")(
        key="browser",
        data={
            "language": language,
            "cookie": LANGUAGE_COOKIE,
            "theme": theme,
            "actual": actual_theme,
            "dictionary": dict(dictionary),
        },
        height=1,
    )
