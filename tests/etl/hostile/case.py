"""What a hostile file is: how it is made, and what is known about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from layers.spec import SourceMapping, TableReading, TimeSource

COLUMNS = {"category": "category", "note": "note"}
ROWS = 12
HEADER = ("id", "time", "lon", "lat", "category", "note")
RUSSIAN = (
    "улица Сәтбаев",
    "двор школы № 3",
    "перекрёсток у рынка",
    "проспект Назарбаева, дом 7",
    "стоянка за вокзалом",
    "сквер у фонтана",
)
PLAIN_RUSSIAN = (
    "улица Ленина",
    "двор школы",
    "перекрёсток у рынка",
    "проспект Мира, дом",
    "стоянка за вокзалом",
    "сквер у фонтана",
)
KOREAN = ("경산시 중앙로", "대구광역시 수성구", "어린이 보호구역", "공원 입구 방범용", "하양읍 금락리", "진량읍 봉회리")
GERMAN = (
    "Straße am Möhrenweg",
    "Hof der Grundschule",
    "Größe unbekannt",
    "Höhe über Grund",
    "Märkisches Viertel",
    "Gürtel",
)


@dataclass(frozen=True)
class Case:
    """One file.

    Parameters
    ----------
    file : its name, which may lie about what is in it.
    make : its bytes.
    rows : data rows it really has, None where that cannot be said.
    accepted : of them good ones, None where that cannot be said.
    code : the error it must be refused with; None = it is read, "?" = either, but with a known code.
    notes : texts every accepted row's note must be one of (nothing is read in a wrong encoding).
    geometry : rows carry geometry instead of coordinate columns.
    flag : at least one row carries it.
    database : also imported into the database.
    """

    name: str
    file: str
    make: Callable[[], bytes]
    rows: int | None = None
    accepted: int | None = None
    code: str | None = None
    notes: tuple[str, ...] | None = None
    geometry: bool = False
    where: bool = False
    reading: TableReading | None = None
    flag: str | None = None
    database: bool = False

    def put(self, folder: Path) -> Path:
        """Write the file."""
        path = folder / self.file
        path.write_bytes(self.make())
        return path

    def mapping(self) -> SourceMapping:
        """How it is read."""
        place = {} if self.geometry or self.where else {"lon": "lon", "lat": "lat"}
        how: dict = {"columns": COLUMNS, "source_id": "id", "time": TimeSource(local="time")}
        if self.where:
            how = {"columns": {"note": "name"}, "constants": {"category": "theft"}, "where": {"amenity": ()}}
        return SourceMapping(id="hostile", reading=self.reading, **how, **place)


def records(count: int = ROWS, notes: tuple[str, ...] = RUSSIAN) -> list[tuple[str, ...]]:
    """Good rows as texts, in the order of HEADER."""
    return [
        (
            f"r{i}",
            f"2024-05-{i % 28 + 1:02}",
            f"{76.85 + i % 100 * 0.002:.6f}",
            f"{52.25 + i % 90 * 0.001:.6f}",
            "theft",
            notes[i % len(notes)],
        )
        for i in range(count)
    ]
