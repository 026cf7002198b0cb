"""Files that readers send: each kept in a folder of its own below the one the worker sees."""

from __future__ import annotations

import json
import secrets
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from api.parameters import flag, layer_named
from geo_core.errors import InvalidInput, Unavailable
from layers.spec import Layer

_LONGEST_MAPPING = 200_000
_LONGEST_NAME_BYTES = 200
_EMPTY_FOLDER_KEPT_S = 3600


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file with what was said about it.

    Parameters
    ----------
    mapping : the JSON document as it was sent, None = propose one. reading : the same of how the file is cut, None = find out.
    """

    file: BinaryIO
    name: str
    layer: Layer
    mapping: Any | None
    is_dry_run: bool
    is_synthetic: bool
    reading: Any | None = None


@asynccontextmanager
async def received(request: Request) -> AsyncIterator[Upload]:
    """The multipart form of the request: ``file``, ``layer``, and perhaps ``mapping``, ``reading``, ``dry_run``, ``synthetic``.

    Raises
    ------
    InvalidInput : the form is not one, or a part is missing. NotFound : no such layer. LimitExceeded : too large.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise InvalidInput("broken-body")
    async with request.form(max_files=1, max_fields=20, max_part_size=_LONGEST_MAPPING) as form:
        yield _upload(form)


def _upload(form: FormData) -> Upload:
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise InvalidInput("bad-parameters", names=["file"], errors=[{"name": "file", "reason": "missing"}])
    layer = _text(form, "layer")
    if layer is None:
        raise InvalidInput("bad-parameters", names=["layer"], errors=[{"name": "layer", "reason": "missing"}])
    return Upload(
        file=file.file,
        name=safe_name(file.filename or ""),
        layer=layer_named(layer[:100]),
        mapping=_json(_text(form, "mapping")),
        reading=_json(_text(form, "reading")),
        is_dry_run=bool(flag("dry_run", _text(form, "dry_run"))),
        is_synthetic=bool(flag("synthetic", _text(form, "synthetic"))),
    )


def _text(form: FormData, name: str) -> str | None:
    value = form.get(name)
    return value if isinstance(value, str) and value else None


def _json(given: str | None) -> Any | None:
    if given is None:
        return None
    try:
        return json.loads(given)
    except (json.JSONDecodeError, RecursionError):
        raise InvalidInput("mapping-not-json", line=1, column=1) from None


def safe_name(given: str) -> str:
    """The file's own name, for readers and for the disk: no folders, nothing unprintable, its ending kept."""
    last = given.replace("\\", "/").rpartition("/")[2]
    shown = "".join(letter for letter in last if letter.isprintable()).strip(". ")
    return shown.encode("utf-8", "ignore")[-_LONGEST_NAME_BYTES:].decode("utf-8", "ignore").strip(". ") or "file"


def keep(upload: Upload, folder: Path) -> Path:
    """Copy the file into a folder of its own, under its own name, which errors will tell.

    Raises
    ------
    Unavailable : ``disk-full``.
    """
    _sweep(folder)
    own = folder / secrets.token_hex(16)
    path = own / upload.name
    try:
        own.mkdir(parents=True, mode=0o700)
        with path.open("xb") as target:
            upload.file.seek(0)
            shutil.copyfileobj(upload.file, target, 1 << 20)
        path.chmod(0o600)
    except OSError as error:
        drop(path)
        raise Unavailable("disk-full") from error
    return path


def drop(path: Path) -> None:
    """Remove a kept file and its folder."""
    shutil.rmtree(path.parent, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """Folders whose file the worker has taken away."""
    if not folder.is_dir():
        return
    for own in folder.iterdir():
        if own.is_dir() and time.time() - own.stat().st_mtime > _EMPTY_FOLDER_KEPT_S:
            with suppress(OSError):
                own.rmdir()  # only an empty one
