"""Pure functions between the API's answers and what is shown; no Streamlit, no HTTP."""
