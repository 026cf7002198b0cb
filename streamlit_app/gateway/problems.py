"""What the API refused, as the reader will be told."""

from __future__ import annotations

from typing import Any

from geo_core.errors import QorganError


class ApiProblem(QorganError):
    """A refusal of the API, or its absence.

    Parameters
    ----------
    code : stable kebab-case code of the problem.
    detail : a sentence in the reader's language that says what to change.
    status : HTTP status; 0 = nobody answered.
    reference : id of the request, for whoever looks into the log.
    """

    default_code = "api-away"

    def __init__(
        self,
        code: str,
        /,
        *,
        detail: str = "",
        status: int = 0,
        reference: str = "",
        params: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(code, **(params or {}))
        self.detail = detail
        self.status = status
        self.reference = reference

    @property
    def is_away(self) -> bool:
        """Whether trying again may help."""
        return self.status == 0 or self.status >= 500 or self.status == 429

    @property
    def needs_sign_in(self) -> bool:
        """Whether the API does not know who asks."""
        return self.status == 401
