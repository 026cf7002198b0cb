"""What a failing statement says never holds the values it was given."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

SECRET = "Аманов 900101300017"


def test_the_text_of_an_error_holds_no_parameter(city):
    for engine in (city.engines.app, city.engines.loader, city.engines.owner):
        if engine is None:
            continue
        with engine.connect() as connection, pytest.raises(DBAPIError) as caught:
            connection.execute(text("SELECT :value FROM nowhere_at_all"), {"value": SECRET})
        assert "nowhere_at_all" in str(caught.value)
        assert SECRET not in str(caught.value)
        assert SECRET not in repr(caught.value)
