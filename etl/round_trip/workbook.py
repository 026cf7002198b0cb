"""The workbook itself: written for people, read back by the technical names in its second row."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

import i18n
from etl.round_trip.columns import FORMULA, ID, LAT, LON, REMOVE, VERSION, Column, columns_of
from geo_core.errors import DataQuality, InvalidInput, LimitExceeded
from layers.spec import FieldType, Layer

MAX_ROWS: Final = 100_000
MAX_BYTES: Final = 100_000_000
MAX_UNPACKED_BYTES: Final = 1_000_000_000
_FIRST_ROW: Final = 3
_SPARE_ROWS: Final = 500
_LONGEST_LIST: Final = 255
_HEAD: Final = PatternFill("solid", fgColor="E6EDF5")
_FIXED: Final = PatternFill("solid", fgColor="F2F2F2")
_RECORDS: Final = "records"
_ABOUT: Final = "about"


@dataclass(frozen=True, kw_only=True)
class About:
    """What a workbook says of itself, kept in its second sheet."""

    workspace: str
    layer: str
    language: str
    exported_at: str


@dataclass(frozen=True)
class SheetRow:
    """One line of the sheet: its number as spreadsheets count, and its cells by column name."""

    number: int
    cells: Mapping[str, Any]


def write(
    path: Path, layer: Layer, features: Iterable[Mapping[str, Any]], *, workspace: str, language: str, now: datetime
) -> int:
    """Write records as a workbook; how many.

    Parameters
    ----------
    features : GeoJSON features with the properties of :func:`layers.queries.features.page`.

    Raises
    ------
    LimitExceeded : ``too-many-records``.
    """
    texts, columns = i18n.texts(), columns_of(layer, language)
    yes, no = texts.text("common.yes", language), texts.text("common.no", language)
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_RECORDS)
    sheet.freeze_panes = f"D{_FIRST_ROW}"
    for number, column in enumerate(columns, 1):
        sheet.column_dimensions[get_column_letter(number)].width = min(max(len(column.title) + 2, 10), 40)
    sheet.row_dimensions[2].hidden = True
    sheet.append([_head(sheet, column.title) for column in columns])
    sheet.append([column.name for column in columns])
    count = 0
    for feature in features:
        count += 1
        if count > MAX_ROWS:
            sheet.close()
            raise LimitExceeded("too-many-records", limit=MAX_ROWS)
        sheet.append([_cell(sheet, column, _value(feature, column), yes, no) for column in columns])
    _validate(sheet, columns, count, yes, no)
    about = book.create_sheet(_ABOUT)
    for key, value in (
        ("workspace", workspace),
        ("layer", layer.id),
        ("language", language),
        ("exported_at", now.isoformat(timespec="seconds")),
    ):
        about.append([key, value])
    about.append([])
    about.append([texts.text("sheet.how", language)])
    book.save(path)
    return count


def read(path: Path, layer: Layer) -> tuple[About, list[SheetRow]]:
    """Read a workbook back.

    Raises
    ------
    InvalidInput : ``not-a-workbook`` (no XLSX, or not one of ours), ``workbook-other-layer``, ``workbook-columns-missing``,
        ``workbook-unknown-column``, ``workbook-repeated-column``.
    LimitExceeded : ``too-many-records``, ``workbook-too-large``.
    """
    _guard(path)
    # opened here: where the library stumbles it leaves its own file open
    with path.open("rb") as file, closing(_opened(file, path.name)) as book:
        if not {_RECORDS, _ABOUT} <= set(book.sheetnames):
            raise InvalidInput("not-a-workbook", name=path.name)
        try:
            about = _about(book[_ABOUT].iter_rows(max_row=10, max_col=2, values_only=True), path.name)
            if about.layer != layer.id:
                raise InvalidInput("workbook-other-layer", found=about.layer, expected=layer.id)
            return about, list(_rows(book[_RECORDS], layer, about.language))
        except (KeyError, ValueError, TypeError, AttributeError, zipfile.BadZipFile, SyntaxError) as error:
            raise DataQuality("not-a-workbook", name=path.name) from error


def _opened(file: BinaryIO, name: str) -> Any:
    try:
        return load_workbook(file, read_only=True, data_only=False, keep_links=False)
    except Exception as error:
        # whatever it stumbles over in a broken or hostile file, it is no workbook for us
        raise InvalidInput("not-a-workbook", name=name) from error


def _guard(path: Path) -> None:
    """Refuse what would unpack into too much before anything is read of it."""
    if path.stat().st_size > MAX_BYTES:
        raise LimitExceeded("workbook-too-large", limit_bytes=MAX_BYTES)
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise InvalidInput("not-a-workbook", name=path.name) from error
    if size > MAX_UNPACKED_BYTES:
        raise LimitExceeded("workbook-too-large", limit_bytes=MAX_UNPACKED_BYTES)


def _about(lines: Iterable[Sequence[Any]], name: str) -> About:
    said = {str(line[0]): str(line[1]) for line in lines if len(line) > 1 and line[0] and line[1]}
    try:
        about = About(**{key: said[key] for key in ("workspace", "layer", "language", "exported_at")})
    except KeyError as error:
        raise InvalidInput("not-a-workbook", name=name) from error
    if about.language not in i18n.LANGUAGES:
        raise InvalidInput("not-a-workbook", name=name)
    return about


def _rows(sheet: Any, layer: Layer, language: str) -> Iterator[SheetRow]:
    lines = sheet.iter_rows()
    next(lines, None)
    names = [str(cell.value).strip() if cell.value is not None else "" for cell in next(lines, ())]
    known = [column.name for column in columns_of(layer, language)]
    _check_names(names, known, layer)
    for number, line in enumerate(lines, _FIRST_ROW):
        # a text may begin with "=": only the kind of the cell tells a formula
        found = [FORMULA if cell.data_type == "f" else cell.value for cell in line]
        cells = {name: value for name, value in zip(names, found, strict=False) if name}
        if all(value is None or (isinstance(value, str) and not value.strip()) for value in cells.values()):
            continue
        if number - _FIRST_ROW >= MAX_ROWS + _SPARE_ROWS:
            raise LimitExceeded("too-many-records", limit=MAX_ROWS)
        yield SheetRow(number, cells)


def _check_names(names: list[str], known: list[str], layer: Layer) -> None:
    for needed in (ID, VERSION):
        if needed not in names:
            raise InvalidInput("workbook-columns-missing", columns=[needed])
    for name in names:
        if name and name not in known:
            raise InvalidInput("workbook-unknown-column", column=name[:100], layer=layer.id)
        if name and names.count(name) > 1:
            raise InvalidInput("workbook-repeated-column", column=name)
    if (LON in names) != (LAT in names):
        raise InvalidInput("workbook-columns-missing", columns=[LON if LAT in names else LAT])


def _head(sheet: Any, title: str) -> Any:
    cell = WriteOnlyCell(sheet, value=title)
    cell.font, cell.fill, cell.alignment = Font(bold=True), _HEAD, Alignment(wrap_text=True, vertical="top")
    return cell


def _cell(sheet: Any, column: Column, value: Any, yes: str, no: str) -> Any:
    shown = column.write(value, yes, no)
    if isinstance(shown, str):
        cell = WriteOnlyCell(sheet, value=shown)
        cell.data_type = "s"  # a text that begins with "=" stays a text
    elif column.is_editable:
        return shown
    else:
        cell = WriteOnlyCell(sheet, value=shown)
    if not column.is_editable:
        cell.fill = _FIXED
    return cell


def _value(feature: Mapping[str, Any], column: Column) -> Any:
    if column.name == REMOVE:
        return None
    if column.name in {LON, LAT}:
        geometry = feature["geometry"]
        return geometry["coordinates"][0 if column.name == LON else 1] if geometry else None
    return feature["properties"].get(column.name)


def _validate(sheet: Any, columns: list[Column], rows: int, yes: str, no: str) -> None:
    """Lists to choose from, where the spreadsheet can hold them."""
    last = _FIRST_ROW + rows + _SPARE_ROWS
    for number, column in enumerate(columns, 1):
        words = list(column.words.values())
        if column.declared is not None and column.declared.type is FieldType.BOOLEAN:
            words = [yes, no]
        listed = ",".join(words)
        if not words or len(listed) > _LONGEST_LIST or any("," in word or '"' in word for word in words):
            continue
        rule = DataValidation(type="list", formula1=f'"{listed}"', allow_blank=True, showErrorMessage=True)
        letter = get_column_letter(number)
        rule.add(f"{letter}{_FIRST_ROW}:{letter}{last}")
        sheet.data_validations.append(rule)
