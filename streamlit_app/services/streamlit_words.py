"""Streamlit's own English words and where the catalogue says them; the browser puts the one for the other."""

from __future__ import annotations

from types import MappingProxyType

from streamlit_app.words import Words

# ``{}`` stands for any text, ``{#}`` for a number; the catalogue writes both ``%s``.
KEYS = MappingProxyType(
    {
        "Upload": "ui.streamlit.upload",
        "Browse files": "ui.streamlit.upload",
        "Upload a file": "ui.streamlit.upload",
        "Drag and drop file here": "ui.streamlit.drop",
        "Drag and drop files here": "ui.streamlit.drop",
        "Drop file here": "ui.streamlit.drop",
        "or drag and drop": "ui.streamlit.or_drop",
        "{#}MB per file": "ui.streamlit.megabytes",
        "{} per file": "ui.streamlit.per_file",
        "{} per file • {}": "ui.streamlit.per_file_of",
        "Remove {}": "ui.streamlit.remove",
        "Remove file": "ui.streamlit.remove_file",
        "File must be {} or smaller.": "ui.streamlit.too_large",
        "{} files are not allowed.": "ui.streamlit.wrong_ending",
        "{#}B": "ui.streamlit.bytes",
        "{#}KB": "ui.streamlit.kilobytes",
        "{#}MB": "ui.streamlit.megabytes",
        "No results": "ui.streamlit.no_results",
        "Choose an option": "ui.streamlit.choose",
        "Choose options": "ui.streamlit.choose",
        "Clear value": "ui.streamlit.clear",
        "Clear all": "ui.streamlit.clear",
        "Skip to main content": "ui.streamlit.skip",
        "Sidebar": "ui.streamlit.sidebar",
        "Open": "ui.streamlit.open",
        "Increment": "ui.streamlit.more",
        "Decrement": "ui.streamlit.less",
        "{#} options available.": "ui.streamlit.options",
        "{#} option available.": "ui.streamlit.options",
        "Add files": "ui.streamlit.upload",
        "Add file": "ui.streamlit.upload",
        "add icon": "ui.streamlit.upload",
        "progress": "ui.streamlit.progress",
        "Error:": "ui.streamlit.error",
        "Open sidebar": "ui.streamlit.open_sidebar",
        "Close sidebar": "ui.streamlit.close_sidebar",
        "Expand sidebar": "ui.streamlit.open_sidebar",
        "Collapse sidebar": "ui.streamlit.close_sidebar",
        "Running...": "ui.streamlit.running",
        "Stop": "ui.streamlit.stop",
        "Connecting": "ui.streamlit.connecting",
        "Please wait...": "ui.streamlit.connecting",
        "Connection error": "ui.streamlit.away_title",
        "Connection failed": "ui.streamlit.away_title",
        "Is Streamlit still running? If you accidentally stopped Streamlit, just restart it in your terminal:": "ui.streamlit.away",
        "Help for {}": "ui.streamlit.help_for",
        "Show help": "ui.streamlit.help",
        "Help": "ui.streamlit.help",
        "Close": "ui.streamlit.close",
        "Dismiss": "ui.streamlit.close",
        "Increment value": "ui.streamlit.more",
        "Decrement value": "ui.streamlit.less",
        "Increase value": "ui.streamlit.more",
        "Decrease value": "ui.streamlit.less",
        "Press Enter to submit form": "ui.streamlit.enter",
        "Press Enter to apply": "ui.streamlit.enter",
        "Selected {}. {}": "ui.streamlit.selected",
        "Copy to clipboard": "ui.streamlit.copy",
        "Link to heading": "ui.streamlit.link",
        "Page not found": "ui.streamlit.not_found",
        "You have requested page {}, but no corresponding file was found in the app's pages/ directory. Running the app's main page.": "ui.streamlit.not_found_text",
        "Cancel upload": "ui.streamlit.cancel_upload",
        "This app has encountered an error. The original error message is redacted to prevent data leaks. Full error details have been recorded in the logs.": "ui.streamlit.fault",
        "Oh no.": "ui.streamlit.fault",
    }
)


def dictionary(words: Words) -> dict[str, str]:
    """English → the reader's words; empty in English."""
    if words.language == "en":
        return {}
    return {english: words(key).replace("%s", "{}") for english, key in KEYS.items()}
