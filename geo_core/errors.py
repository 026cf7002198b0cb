"""The one error tree of Qorgan.

::

    QorganError
    ├── InvalidInput        what was given cannot be used; says what to change
    │   └── DataQuality     the data as a whole cannot be trusted (a file refused)
    ├── NotFound            there is no such thing, or not for this reader
    ├── Forbidden           the reader's role does not allow it
    ├── Conflict            somebody changed it meanwhile, or it exists already
    ├── LimitExceeded       too large, too many, too long
    ├── Infeasible          no plan satisfies the constraints; names the smallest relaxation
    └── Unavailable         a dependency (database, worker) is away; try again

``code`` is stable, kebab-case and the key of the translated sentence ``error.<code>``; ``params`` fill its
placeholders and must be JSON values. The English message is for logs and developers; readers get the catalogue's sentence.
"""

from __future__ import annotations

from typing import Any


class QorganError(Exception):
    """Base of every error we raise on purpose."""

    default_code = "internal"

    def __init__(self, code: str | None = None, /, **params: Any) -> None:
        self.code = code or self.default_code
        self.params = params
        detail = ", ".join(f"{k}={v!r}" for k, v in params.items())
        super().__init__(f"{self.code}: {detail}" if detail else self.code)


class InvalidInput(QorganError):
    """What was given cannot be used."""

    default_code = "invalid-input"


class DataQuality(InvalidInput):
    """A file or a layer as a whole cannot be trusted."""

    default_code = "data-quality"


class NotFound(QorganError):
    """There is no such thing, or not for this reader."""

    default_code = "not-found"


class Forbidden(QorganError):
    """The reader's role does not allow it."""

    default_code = "forbidden"


class Conflict(QorganError):
    """Somebody changed it meanwhile, or it exists already."""

    default_code = "conflict"


class LimitExceeded(QorganError):
    """Too large, too many or too long."""

    default_code = "limit-exceeded"


class Infeasible(QorganError):
    """No plan satisfies the constraints; ``params`` name the smallest relaxation."""

    default_code = "infeasible"


class Unavailable(QorganError):
    """A dependency is away for now."""

    default_code = "unavailable"
