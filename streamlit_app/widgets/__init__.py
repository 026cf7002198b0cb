"""Small Streamlit components of our own, in plain JavaScript without a build: Streamlit's have English words inside."""

from streamlit_app.widgets.browser import settle_browser
from streamlit_app.widgets.copy_link import copy_link
from streamlit_app.widgets.period import Preset, period_calendar
from streamlit_app.widgets.search_box import Hit, search_field
from streamlit_app.widgets.sign_in import sign_in_form
from streamlit_app.widgets.table import Column, Row, table

__all__ = [
    "Column",
    "Hit",
    "Preset",
    "Row",
    "copy_link",
    "period_calendar",
    "search_field",
    "settle_browser",
    "sign_in_form",
    "table",
]
