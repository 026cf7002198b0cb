"""The one door to the API."""

from streamlit_app.gateway.answers import Field, Job, LayerInfo, Measure, Reader, Workspace
from streamlit_app.gateway.caller import Caller
from streamlit_app.gateway.client import MOST_RECORDS, Answer, Gateway, SentFile, Transport, http_transport
from streamlit_app.gateway.problems import ApiProblem

__all__ = [
    "MOST_RECORDS",
    "Answer",
    "ApiProblem",
    "Caller",
    "Field",
    "Gateway",
    "Job",
    "LayerInfo",
    "Measure",
    "Reader",
    "SentFile",
    "Transport",
    "Workspace",
    "http_transport",
]
