"""Every record of a layer once, whatever its paging does.

Pages are asked by offset, ordered by object id, each beginning with the last record of the page before: where it is another
record, the service ignored the offset or its rows moved meanwhile. Then, where a service cannot page at all, and where the end does not
agree with the service's own count, the ids themselves are asked for and the missing ones fetched by ranges of ids.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from etl.records import Tally
from etl.sources.arcgis_layer import ServiceLayer
from etl.sources.spool import Page, Spool
from etl.sources.transport import Fault, Transport
from geo_core.errors import InvalidInput, LimitExceeded, Unavailable

# So many records that are listed and do not come, each asked for alone, and the service is taken at its word no longer.
_MOST_WITHHELD = 10
_SMALLEST_PAGE = 50
_TOO_HEAVY = frozenset(
    {"timeout", "status-500", "status-502", "status-503", "status-504", "broken-json", "broken-answer"}
)


@dataclass(frozen=True, kw_only=True)
class FetchLimits:
    """How much one fetch may bring: records, and bytes on the disk."""

    max_rows: int = 25_000_000
    max_bytes: int = 8 << 30


@dataclass(eq=False, kw_only=True)
class Fetch:
    """One question to one layer.

    Parameters
    ----------
    where : in the service's SQL; "1=1" = everything.
    fields : attributes asked for; others are not kept even where the service sends them.
    size : records per page.
    noted : what the reader of the report has to know (``service-…`` warnings).
    """

    transport: Transport
    layer: ServiceLayer
    spool: Spool
    where: str
    fields: Sequence[str]
    size: int
    limits: FetchLimits = field(default_factory=FetchLimits)
    progress: Callable[[float], None] = lambda _: None
    noted: Tally = field(default_factory=Tally)

    def run(self) -> None:
        """Get everything that is not in the spool yet.

        Raises
        ------
        Unavailable : ``service-failed``, ``service-incomplete`` (records the service lists and does not give). InvalidInput :
            ``service-refused``. LimitExceeded : ``too-many-rows``, ``service-too-many-bytes``.
        """
        state = self.spool.state
        if state.get("complete"):
            return
        if "stated" not in state:
            state["stated"] = self._count()
            state["method"] = "offset" if self.layer.pages else "ids"
            self.spool.save()
        self._check_limits(int(state["stated"] or 0))
        if state["method"] == "offset":
            self._by_offset()
        if self.spool.state["method"] == "ids":
            self._by_ids()
        self._agree()
        self.spool.state["complete"] = True
        self.spool.save()

    # ---- by offset

    def _by_offset(self) -> None:
        while self.spool.state["method"] == "offset":
            offset, last = int(self.spool.state.get("offset", 0)), self.spool.state.get("last")
            again = 1 if last is not None else 0
            try:
                page, more = self._page(
                    self.where,
                    orderByFields=self.layer.object_id,
                    resultOffset=str(offset - again),
                    resultRecordCount=str(self.size),
                )
            except InvalidInput as error:
                # some services state that they page and refuse to
                if error.code != "service-refused":
                    raise
                self._switch("service-paging-refused")
                return
            ids = [record[0] for record in page.records]
            if again and (not ids or ids[0] != last):
                self._switch("service-pages-moved")
                return
            fresh = ids[again:]
            if not fresh:
                if more:
                    # an empty page that says there is more
                    self._switch("service-pages-moved")
                return
            floor = last if last is not None else fresh[0] - 1
            ordered = fresh[0] > floor and all(a < b for a, b in pairwise(fresh))
            self._keep(Page(page.records[again:], page.reference), offset=offset + len(fresh), last=fresh[-1])
            if not ordered:
                self._switch("service-pages-unordered")

    def _switch(self, why: str) -> None:
        """Go on by ids."""
        self.noted.add(why)
        self.spool.state |= {"method": "ids", "why": why}
        self.spool.save()

    # ---- by ids

    def _by_ids(self) -> None:
        listed = self._ids(self.where)
        self._check_limits(len(listed))
        missing = [number for number in listed if number not in self.spool.seen]
        self.spool.state |= {"listed": len(listed)}
        waiting = [missing[i : i + self.size] for i in range(0, len(missing), self.size)][::-1]
        withheld = 0
        while waiting:
            chunk = waiting.pop()
            try:
                absent, came = self._range(chunk)
            except Unavailable as error:
                if error.params.get("kind") not in _TOO_HEAVY or len(chunk) < 2 * _SMALLEST_PAGE:
                    raise
                waiting.extend((chunk[len(chunk) // 2 :], chunk[: len(chunk) // 2]))
                continue
            if not absent:
                continue
            # fewer than listed: gone meanwhile, or an answer cut short
            still = set(self._ids(self._within(absent)))
            left = [number for number in absent if number in still]
            self._vanished(len(absent) - len(left))
            if not left:
                continue
            if not came and len(left) == 1:
                withheld += 1
                if withheld >= _MOST_WITHHELD:
                    break
                continue
            half = len(left) if came else len(left) // 2
            waiting.extend(part for part in (left[half:], left[:half]) if part)
        if withheld:
            raise Unavailable("service-incomplete", missing=withheld + sum(map(len, waiting)), listed=len(listed))

    def _range(self, chunk: Sequence[int]) -> tuple[list[int], int]:
        """Fetch the records of these ids: which did not come, and how many new ones did."""
        page, _ = self._page(self._within(chunk))
        wanted = set(chunk)
        came = self._keep(page)
        return sorted(wanted - {record[0] for record in page.records}), came

    def _within(self, chunk: Sequence[int]) -> str:
        name = self.layer.object_id
        bounds = f"{name} >= {chunk[0]} AND {name} <= {chunk[-1]}"
        return bounds if self.where == "1=1" else f"({self.where}) AND {bounds}"

    def _vanished(self, number: int) -> None:
        self.spool.state["vanished"] = int(self.spool.state.get("vanished", 0)) + number

    # ---- the end

    def _agree(self) -> None:
        """Compare with the service's own count; where they differ ask for the ids, fetch what is missing and tell the difference."""
        counted = self._count()
        had = self.spool.seen.count
        if counted != had:
            self._by_ids()
            listed = int(self.spool.state["listed"])
            gone = self.spool.seen.count - listed
            if gone > 0:
                self._vanished(gone)
            if counted is not None and counted != listed:
                self.noted.add("service-count-differs", 1, stated=counted, fetched=self.spool.seen.count)
        self.spool.state["counted"] = counted
        vanished = int(self.spool.state.get("vanished", 0))
        if vanished:
            self.noted.add("service-records-vanished", vanished)
        twice = int(self.spool.state.get("twice", 0))
        if twice:
            self.noted.add("service-records-repeated", twice)

    # ---- questions

    def _count(self) -> int | None:
        """How many records the service says there are; None where it cannot say."""
        try:
            said = self.transport.get_json(
                f"{self.layer.url}/query", {"f": "json", "where": self.where, "returnCountOnly": "true"}
            )
        except InvalidInput as error:
            if error.code != "service-refused":
                raise
            return None
        count = said.get("count")
        return count if isinstance(count, int) and not isinstance(count, bool) and count >= 0 else None

    def _ids(self, where: str) -> list[int]:
        """Object ids, sorted, each once."""

        def usable(answer: Any) -> None:
            ids = answer.get("objectIds")
            if ids is not None and not (isinstance(ids, list) and all(_is_id(one) for one in ids)):
                raise Fault("broken-answer")
            if ids is None and "objectIdFieldName" not in answer and "objectIds" not in answer:
                raise Fault("broken-answer")

        said = self.transport.get_json(
            f"{self.layer.url}/query", {"f": "json", "where": where, "returnIdsOnly": "true"}, usable=usable
        )
        return sorted({int(one) for one in said.get("objectIds") or ()})

    def _page(self, where: str, **paging: str) -> tuple[Page, bool]:
        """One page, and whether the service says there is more. A page too heavy for the service is asked for in smaller ones."""
        while True:
            try:
                return self._ask(where, paging)
            except Unavailable as error:
                if error.params.get("kind") not in _TOO_HEAVY or "resultRecordCount" not in paging:
                    raise
                smaller = int(paging["resultRecordCount"]) // 4
                if smaller < _SMALLEST_PAGE:
                    raise
                self.size = smaller
                paging["resultRecordCount"] = str(smaller)

    def _ask(self, where: str, paging: Mapping[str, str]) -> tuple[Page, bool]:
        name = self.layer.object_id

        def usable(answer: Any) -> None:
            features = answer.get("features")
            if not isinstance(features, list):
                raise Fault("broken-answer")
            for feature in features:
                attributes = feature.get("attributes") if isinstance(feature, Mapping) else None
                if not isinstance(attributes, Mapping) or not _is_id(_named(attributes, name)):
                    raise Fault("record-without-id")

        said = self.transport.get_json(
            f"{self.layer.url}/query",
            {
                "f": "json",
                "where": where,
                "outFields": ",".join(self.fields),
                "returnGeometry": "true" if self.layer.geometry is not None else "false",
                "outSR": "4326",
                **paging,
            },
            usable=usable,
        )
        records = [
            (
                int(_named(feature["attributes"], name)),
                {one: _named(feature["attributes"], one) for one in self.fields},
                feature.get("geometry"),
            )
            for feature in said["features"]
        ]
        reference = said.get("spatialReference")
        return Page(records, reference if isinstance(reference, Mapping) else {}), said.get(
            "exceededTransferLimit"
        ) is True

    def _keep(self, page: Page, **state: Any) -> int:
        came = self.spool.keep(page, **state) if page.records else 0
        twice = len(page.records) - came
        if twice:
            self.spool.state["twice"] = int(self.spool.state.get("twice", 0)) + twice
        self._check_limits(self.spool.seen.count)
        stated = self.spool.state.get("stated")
        if stated:
            self.progress(min(self.spool.seen.count / stated, 1.0))
        return came

    def _check_limits(self, rows: int) -> None:
        if rows > self.limits.max_rows:
            raise LimitExceeded("too-many-rows", limit=self.limits.max_rows)
        if self.spool.bytes_kept > self.limits.max_bytes:
            raise LimitExceeded("service-too-many-bytes", limit_bytes=self.limits.max_bytes)


def _is_id(value: Any) -> bool:
    if isinstance(value, float):
        return value.is_integer()
    return isinstance(value, int) and not isinstance(value, bool)


def _named(attributes: Mapping[str, Any], name: str) -> Any:
    """The attribute, also where the service answers in other letter case than its own metadata."""
    if name in attributes:
        return attributes[name]
    key = name.casefold()
    return next((value for other, value in attributes.items() if other.casefold() == key), None)
