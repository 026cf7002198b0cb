"""The classifier as given, indexed by folded name.

A code has nine digits: two of the oblast or city of the republic, two of the district, two of the rural district, three of the
settlement. The bureau's classifier NK RK 11.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from etl.kato.names import Kind, is_administration, read_name

CODE_LENGTH = 9
OBLAST_DIGITS = 2


@dataclass(frozen=True, kw_only=True)
class Unit:
    """One unit: its code as text, what it is, and its folded names."""

    code: str
    name_ru: str
    name_kk: str
    kind: Kind

    @property
    def oblast(self) -> str:
        return self.code[:OBLAST_DIGITS]


@dataclass(frozen=True, eq=False)
class Classifier:
    """Units of the country.

    Parameters
    ----------
    by_name : folded name → units of that name, settlements and districts only.
    """

    units: Mapping[str, Unit]
    by_name: Mapping[str, tuple[Unit, ...]] = field(repr=False)

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str, str]]) -> Classifier:
        """From (code, name_ru, name_kk); rows of rural districts and administrations are kept by code and found by no name."""
        units: dict[str, Unit] = {}
        names: dict[str, list[Unit]] = defaultdict(list)
        for code, name_ru, name_kk in rows:
            russian, kazakh = read_name(name_ru), read_name(name_kk)
            unit = Unit(code=code, name_ru=name_ru, name_kk=name_kk, kind=russian.kind)
            units[code] = unit
            if is_administration(name_ru) or is_administration(name_kk):
                continue
            for name in {russian.text, kazakh.text} - {""}:
                names[name].append(unit)
        return cls(units, {name: tuple(found) for name, found in names.items()})

    def __bool__(self) -> bool:
        return bool(self.units)

    def names_in(self, oblast: str | None) -> dict[str, tuple[Unit, ...]]:
        """Folded names of an oblast, of the whole country without one."""
        if oblast is None:
            return dict(self.by_name)
        inside = {name: tuple(u for u in units if u.oblast == oblast) for name, units in self.by_name.items()}
        return {name: units for name, units in inside.items() if units}
