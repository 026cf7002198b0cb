"""A changed workbook that a reader sends back: kept only while it is looked at."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request

import i18n
from api.parameters import flag
from api.uploads import safe_name
from etl.round_trip.difference import Difference
from geo_core.errors import InvalidInput

_LONGEST_TEXT = 4000


@dataclass(frozen=True, kw_only=True)
class Table:
    """The workbook on disk and what was said with it."""

    path: Path
    name: str
    expected: str
    reason: str
    leave_out: bool


@asynccontextmanager
async def received_table(request: Request) -> AsyncIterator[Table]:
    """The multipart form of the request: ``file``, and for applying ``expect``, ``reason``, ``leave_out``.

    Raises
    ------
    InvalidInput : the form is not one, or a part is missing.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise InvalidInput("broken-body")
    async with request.form(max_files=1, max_fields=10, max_part_size=_LONGEST_TEXT) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise InvalidInput("bad-parameters", names=["file"], errors=[{"name": "file", "reason": "missing"}])
        said = {name: value for name in ("expect", "reason", "leave_out") if isinstance(value := form.get(name), str)}
        with tempfile.TemporaryDirectory(prefix="qorgan-table-") as folder:
            path = Path(folder) / "table.xlsx"
            await run_in_threadpool(_copy, file, path)
            yield Table(
                path=path,
                name=safe_name(file.filename or ""),
                expected=said.get("expect", ""),
                reason="".join(letter for letter in said.get("reason", "") if letter.isprintable())[:1000],
                leave_out=bool(flag("leave_out", said.get("leave_out") or None)),
            )


def _copy(file: UploadFile, path: Path) -> None:
    with path.open("wb") as target:
        shutil.copyfileobj(file.file, target, 1 << 20)


def told(found: Difference, language: str) -> dict[str, Any]:
    """The difference with every problem as a sentence."""
    plain = found.as_dict()
    for line in plain["lines"]:
        line["problems"] = [
            {"code": code, "text": i18n.texts().error(code, language, params)} for code, params in line["problems"]
        ]
    return plain
