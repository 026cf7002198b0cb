"""How quickly a file is read and how long the rest will take."""

from __future__ import annotations

import time
from collections.abc import Callable

from layers.jobs import doing_now

_SETTLED_S = 1.0  # before that a rate says nothing


class Pace:
    """Tells how far a file is, with rows a second and the time left once they are known.

    Parameters
    ----------
    tell : takes the share done (0–1) and what is being done (:func:`layers.jobs.doing_now`).
    until : share of the whole work that reading is.
    """

    def __init__(
        self, tell: Callable[[float, str], None], *, until: float = 0.9, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._tell, self._until, self._clock = tell, until, clock
        self._began_s = clock()
        self._rows = 0

    def add(self, rows: int, share_read: float) -> None:
        """``rows`` more are read; ``share_read`` of the file is behind us, 0 where the format cannot tell."""
        self._rows += rows
        share = min(max(share_read, 0.0), 1.0)
        spent_s = self._clock() - self._began_s
        if spent_s < _SETTLED_S:
            self._tell(self._until * share, "job.doing.reading")
            return
        facts = {"rows": self._rows, "per_s": round(self._rows / spent_s)}
        if share > 0.0:
            whole_s = spent_s / (self._until * share)
            facts["left_s"] = round(whole_s - spent_s)
            self._tell(self._until * share, doing_now("job.doing.loading_rows", **facts))
        else:
            self._tell(0.0, doing_now("job.doing.counting_rows", **facts))
