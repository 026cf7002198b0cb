"""Hostile workbooks, written part by part."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from xml.sax.saxutils import escape

from layers.spec import TableReading
from tests.etl.hostile.case import HEADER, ROWS, Case, records

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY a{i} "{"&a" + (str(i - 1) if i else "") + ";"}{"&a;" * 9}">' for i in range(9))
    + "]>"
)
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
DATE_STYLE = (
    f'<styleSheet xmlns="{MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="dd\\.mm\\.yyyy\\ hh:mm"/></numFmts>'
    '<cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/></cellXfs></styleSheet>'
)


def letters(column: int) -> str:
    out = ""
    while column:
        column, rest = divmod(column - 1, 26)
        out = chr(65 + rest) + out
    return out


def cell(column: int, row: int, value, *, plain: bool = False) -> str:
    at = "" if plain else f' r="{letters(column)}{row}"'
    if value is None:
        return ""
    if isinstance(value, str) and value.startswith("<"):
        return value.replace("<c", f"<c{at}", 1)
    if isinstance(value, float | int):
        return f"<c{at}><v>{value}</v></c>"
    return f'<c{at} t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


def sheet(rows, *, behind: str = "", before: str = "", first: int = 1, plain: bool = False) -> str:
    body = "".join(
        f"<row{'' if plain else f' r={chr(34)}{r}{chr(34)}'}>"
        + "".join(cell(c, r, v, plain=plain) for c, v in enumerate(row, 1))
        + "</row>"
        for r, row in enumerate(rows, first)
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>{before}<worksheet xmlns="{MAIN}"><sheetData>{body}</sheetData>{behind}</worksheet>'


def book(
    *sheets: str, names: tuple[str, ...] = (), states: tuple[str, ...] = (), extra: dict[str, str] | None = None, without: tuple[str, ...] = (),
    more: dict[str, str | bytes] | None = None, store: int = zipfile.ZIP_DEFLATED,
) -> bytes:  # fmt: skip
    """A workbook of these sheets; ``extra`` are parts related to it by kind, ``more`` replaces or adds parts."""
    names = names or tuple(f"S{i}" for i in range(1, len(sheets) + 1))
    states = states or ("visible",) * len(sheets)
    listed = "".join(
        f'<sheet name="{escape(n)}" sheetId="{i}" state="{s}" r:id="r{i}"/>'
        for i, (n, s) in enumerate(zip(names, states, strict=True), 1)
    )
    related = "".join(
        f'<Relationship Id="r{i}" Type="{REL}/worksheet" Target="worksheets/sheet{i}.xml"/>'
        for i in range(1, len(sheets) + 1)
    )
    related += "".join(
        f'<Relationship Id="x{k}" Type="{REL}/{kind}" Target="{kind}.xml"/>' for k, kind in enumerate(extra or {})
    )
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r1" Type="{REL}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{REL}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}">{related}</Relationships>',
        **{f"xl/worksheets/sheet{i}.xml": text for i, text in enumerate(sheets, 1)},
        **{f"xl/{kind}.xml": text for kind, text in (extra or {}).items()},
        **(more or {}),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", store) as archive:
        for name, data in parts.items():
            if name not in without:
                archive.writestr(name, data)
    return out.getvalue()


def table(rows=None, header=HEADER) -> list[list]:
    return [list(header), *(list(r) for r in (rows or records()))]


def numbers() -> list[list]:
    """Coordinates as numbers, days as date cells."""
    return [
        [r[0], f'<c s="1"><v>{45413 + i}</v></c>', float(r[2]), float(r[3]), r[4], r[5]]
        for i, r in enumerate(records())
    ]


def changed(at: int, column: int, value) -> list[list]:
    rows = table()
    rows[at][column] = value
    return rows


STYLED = {"styles": DATE_STYLE}


def xlsx(name: str, make: Callable[[], bytes], *, file: str = "in.xlsx", **known) -> Case:
    return Case(f"xlsx-{name}", file, make, **known)


def cases() -> Iterator[Case]:
    whole = {"rows": ROWS, "accepted": ROWS}
    good = book(sheet(table()))
    yield xlsx("texts", lambda: good, **whole, database=True)
    for end in ("csv", "xls", "zip", "", "xlsm"):
        yield xlsx(f"called-{end or 'nothing'}", lambda: good, **whole, file=f"in.{end}" if end else "in")
    yield xlsx("stored", lambda: book(sheet(table()), store=zipfile.ZIP_STORED), **whole)
    yield xlsx(
        "numbers-and-dates", lambda: book(sheet([list(HEADER), *numbers()]), extra=STYLED), **whole, database=True
    )
    yield xlsx("without-references", lambda: book(sheet(table(), plain=True)), **whole)
    yield xlsx("starts-low", lambda: book(sheet(table(), first=20)), **whole)
    texts = sorted({v for r in table() for v in r})
    at = {v: i for i, v in enumerate(texts)}
    strings = f'<sst xmlns="{MAIN}">' + "".join(f"<si><t>{escape(v)}</t></si>" for v in texts) + "</sst>"
    shared = [[f'<c t="s"><v>{at[v]}</v></c>' for v in r] for r in table()]
    yield xlsx("shared-texts", lambda: book(sheet(shared), extra={"sharedStrings": strings}), **whole, database=True)
    rich = strings.replace(
        "<si><t>theft</t></si>", "<si><r><t>the</t></r><r><rPr><b/></rPr><t>ft</t></r><rPh><t>zzz</t></rPh></si>"
    )
    yield xlsx("rich-texts", lambda: book(sheet(shared), extra={"sharedStrings": rich}), **whole)
    yield xlsx("shared-texts-missing", lambda: book(sheet(shared)), code="?")
    yield xlsx("shared-text-beyond", lambda: book(sheet([*shared, [*shared[1][:5], '<c t="s"><v>99999</v></c>']]), extra={"sharedStrings": strings}),
               rows=ROWS + 1)  # fmt: skip
    yield xlsx("shared-text-negative", lambda: book(sheet([*shared, [*shared[1][:5], '<c t="s"><v>-1</v></c>']]), extra={"sharedStrings": strings}),
               rows=ROWS + 1)  # fmt: skip
    for word, value, flag in (
        ("computed", '<c t="str"><f>A1&amp;B1</f><v>two</v></c>', None),
        ("never-computed", "<c><f>NOW()</f></c>", "formula-without-value"),
        ("error", '<c t="e"><f>1/0</f><v>#DIV/0!</v></c>', "error-cell"),
        ("missing-name", '<c t="e"><v>#NAME?</v></c>', "error-cell"),
        ("boolean", '<c t="b"><v>1</v></c>', None),
        ("iso-date", '<c t="d"><v>2024-05-01T10:00:00</v></c>', None),
        ("not-a-number", "<c><v>abc</v></c>", None),
        ("infinite", "<c><v>1e999</v></c>", "error-cell"),
        ("unknown-type", '<c t="zzz"><v>1</v></c>', None),
        ("style-beyond", '<c s="900"><v>1</v></c>', None),
        ("huge-date", '<c s="1"><v>99999999</v></c>', None),
        ("negative-date", '<c s="1"><v>-5</v></c>', None),
        ("external-link", '<c t="str"><f>[1]Sheet!A1</f><v>x</v></c>', None),
        ("command", '<c t="str"><f>cmd|"/C calc"!A0</f><v>0</v></c>', None),
    ):
        yield xlsx(
            f"cell-{word}",
            lambda v=value: book(sheet(changed(3, 5, v)), extra=STYLED),
            **whole,
            flag=flag,
            database=word == "error",
        )
    yield xlsx(
        "cell-error-in-longitude",
        lambda: book(sheet(changed(3, 2, '<c t="e"><v>#N/A</v></c>'))),
        rows=ROWS,
        accepted=ROWS - 1,
    )
    yield xlsx("titles", lambda: book(sheet([["Отчёт"], [], ["за май"], *table()])), **whole)
    merged = [["id", "time", "place", None, "category", "note"], [None, None, "lon", "lat", None, None], *table()[1:]]
    merges = '<mergeCells><mergeCell ref="C1:D1"/><mergeCell ref="A1:A2"/><mergeCell ref="B1:B2"/></mergeCells>'
    yield xlsx("header-merged", lambda: book(sheet(merged, behind=merges)), code="missing-columns")
    yield xlsx(
        "header-merged-told",
        lambda: book(sheet(merged, behind=merges)),
        code="missing-columns",
        reading=TableReading(header_row=1, header_rows=2),
    )
    grid = table()
    for k in (4, 5):
        grid[k][4] = None
    yield xlsx(
        "body-merged",
        lambda: book(sheet(grid, behind='<mergeCells><mergeCell ref="E4:E6"/></mergeCells>')),
        **whole,
        flag="merged-filled",
    )
    for word, ref in (
        ("whole-sheet", "A1:XFD1048576"),
        ("backwards", "D9:A2"),
        ("garbage", "zz:12"),
        ("one-cell", "A3:A3"),
        ("far", "XFD1:XFD9"),
    ):
        yield xlsx(
            f"merge-{word}",
            lambda r=ref: book(sheet(table(), behind=f'<mergeCells><mergeCell ref="{r}"/></mergeCells>')),
            code="?",
            rows=ROWS,
        )
    yield xlsx(
        "totals",
        lambda: book(sheet([*table(), ["Итого", 12, 12, 12, 12]])),
        rows=ROWS + 1,
        accepted=ROWS,
        database=True,
    )
    yield xlsx("blank-rows", lambda: book(sheet([*table()[:5], [], [None] * 4, *table()[5:], [], []])), **whole)
    yield xlsx(
        "far-cell",
        lambda: book(
            sheet(table()).replace("</sheetData>", '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>')
        ),
        **whole,
    )
    yield xlsx(
        "column-beyond",
        lambda: book(sheet(table()).replace("</sheetData>", '<row r="99"><c r="ZZZ1"><v>1</v></c></row></sheetData>')),
        code="broken-workbook",
    )
    yield xlsx("rows-backwards", lambda: book(sheet(table()).replace('<row r="5">', '<row r="3">')), **whole)
    yield xlsx(
        "dimension-lies",
        lambda: book(sheet(table()).replace("<sheetData>", '<dimension ref="A1:XFD1048576"/><sheetData>')),
        **whole,
    )
    wide = [[*r, *("x" for _ in range(194))] for r in table()]
    wide[0] = [*HEADER, *(f"c{i}" for i in range(194))]
    yield xlsx("columns-200", lambda: book(sheet(wide)), **whole)
    yield xlsx(
        "columns-5001", lambda: book(sheet([[f"c{i}" for i in range(5001)], ["1"] * 5001])), code="too-many-columns"
    )
    yield xlsx(
        "cell-of-3-mb",
        lambda: book(sheet(changed(2, 5, "".join(chr(0x430 + i % 32) + str(i) for i in range(400_000))))),
        **whole,
    )
    yield xlsx("empty-sheet", lambda: book(sheet([])), code="empty-file")
    yield xlsx("header-only", lambda: book(sheet(table()[:1])), code="no-rows")
    yield xlsx("numbers-only", lambda: book(sheet([[1, 2, 3, 4]] * 5)), code="no-header")
    yield xlsx(
        "duplicate-names",
        lambda: book(sheet([["id", "time", "lon", "lat", "category", "category"], *table()[1:]])),
        **whole,
    )
    other = sheet([["a", "b"], [1, 2]])
    yield xlsx(
        "sheets-best-taken", lambda: book(other, sheet(table()), names=("Обложка", "Данные")), **whole, database=True
    )
    yield xlsx(
        "sheet-told",
        lambda: book(sheet(table()), other, sheet(table()[:7])),
        rows=6,
        accepted=6,
        reading=TableReading(sheet="s3"),
    )
    yield xlsx(
        "sheet-told-missing",
        lambda: book(sheet(table()), other),
        code="no-such-sheet",
        reading=TableReading(sheet="Лист9"),
    )
    yield xlsx(
        "hidden-passed-by",
        lambda: book(sheet(table() + table()[1:]), sheet(table()), states=("hidden", "visible")),
        **whole,
    )
    yield xlsx(
        "hidden-told",
        lambda: book(sheet(table()[:4]), sheet(table()), states=("veryHidden", "visible")),
        rows=3,
        reading=TableReading(sheet="S1"),
    )
    yield xlsx("all-hidden", lambda: book(sheet(table()), states=("hidden",)), **whole)
    yield xlsx("no-sheets", book, code="?")
    yield xlsx("sheets-300", lambda: book(*[other] * 299, sheet(table())), **whole)
    for part in ("xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/_rels/workbook.xml.rels"):
        yield xlsx(f"without-{part.rpartition('/')[2]}", lambda p=part: book(sheet(table()), without=(p,)), code="?")
    for part in ("_rels/.rels",):
        yield xlsx(f"without-{part}", lambda p=part: book(sheet(table()), without=(p,)), **whole)
    relations = (
        f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r1" Type="{REL}/worksheet" Target="%s"%s/></Relationships>'
    )
    for word, target, mode in (
        ("outside", "../../../../etc/passwd", ""), ("absolute", "/etc/passwd", ""), ("address", "http://127.0.0.1:9/x.xml", ' TargetMode="External"'),
        ("itself", "workbook.xml", ""), ("folder", "worksheets/", ""), ("nothing", "", ""),
    ):  # fmt: skip
        yield xlsx(
            f"relation-{word}",
            lambda t=target, m=mode: book(sheet(table()), more={"xl/_rels/workbook.xml.rels": relations % (t, m)}),
            code="?",
        )
    yield xlsx(
        "relation-absolute-inside",
        lambda: book(
            sheet(table()), more={"xl/_rels/workbook.xml.rels": relations % ("/xl/worksheets/sheet1.xml", "")}
        ),
        **whole,
    )
    for word, doctype in (("laughs", LAUGHS), ("outside-entity", OUTSIDE), ("plain-doctype", "<!DOCTYPE worksheet>")):
        yield xlsx(
            f"{word}-in-sheet",
            lambda d=doctype: book(sheet(changed(2, 5, '<c t="str"><v>&a8;</v></c>'), before=d)),
            code="xml-doctype",
        )
        yield xlsx(
            f"{word}-in-texts",
            lambda d=doctype: book(sheet(shared), extra={"sharedStrings": d + strings}),
            code="xml-doctype",
        )
        yield xlsx(
            f"{word}-in-workbook",
            lambda d=doctype: book(sheet(table()), more={"xl/workbook.xml": d + "<x/>"}),
            code="xml-doctype",
        )
        yield xlsx(
            f"{word}-in-relations",
            lambda d=doctype: book(sheet(table()), more={"xl/_rels/workbook.xml.rels": d + "<x/>"}),
            code="xml-doctype",
        )
    yield xlsx("entity-undefined", lambda: book(sheet(table()).replace("theft", "&nbsp;", 1)), code="broken-xml")
    yield xlsx(
        "bomb-in-sheet",
        lambda: book(sheet(table()).replace("<sheetData>", "<sheetData>" + " " * (64 << 20))),
        code="zip-bomb",
    )
    yield xlsx(
        "bomb-in-texts",
        lambda: book(sheet(shared), extra={"sharedStrings": strings + " " * (64 << 20)}),
        code="zip-bomb",
    )
    yield xlsx("sheet-broken", lambda: book(sheet(table()).replace("</row>", "</raw>", 1)), code="broken-xml")
    yield xlsx("sheet-cut", lambda: book(sheet(table())[:1500]), code="truncated-file")
    yield xlsx("sheet-is-text", lambda: book("id,time\n1,2\n"), code="broken-xml")
    yield xlsx(
        "sheet-in-utf16",
        lambda: book("", more={"xl/worksheets/sheet1.xml": sheet(table()).replace("UTF-8", "UTF-16").encode("utf-16")}),
        **whole,
    )
    yield xlsx("sheet-in-cp1251", lambda: book("", more={"xl/worksheets/sheet1.xml": sheet(table(records(notes=("улица",)))).replace("UTF-8", "windows-1251").encode("cp1251")}),
               **whole, notes=("улица",))  # fmt: skip
    yield xlsx("sheet-in-no-encoding", lambda: book(sheet(table()).replace("UTF-8", "klingon")), code="broken-xml")
    yield xlsx(
        "sheet-deep",
        lambda: book(sheet(table()).replace("</sheetData>", "</sheetData>" + "<a>" * 5000 + "</a>" * 5000)),
        code="?",
    )
    yield xlsx(
        "prefixed",
        lambda: book(
            sheet(table())
            .replace("<", "<x:")
            .replace("<x:/", "</x:")
            .replace("<x:?", "<?")
            .replace("xmlns=", "xmlns:x=")
        ),
        **whole,
    )
    yield xlsx(
        "strict-namespace",
        lambda: book(sheet(table()).replace(MAIN, "http://purl.oclc.org/ooxml/spreadsheetml/main")),
        **whole,
    )
    yield xlsx("styles-broken", lambda: book(sheet(table()), extra={"styles": "<a"}), code="?")
    yield xlsx("binary-workbook", lambda: book(sheet(table()), more={"_rels/.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r" Type="{REL}/officeDocument" Target="xl/workbook.bin"/></Relationships>'}),
               code="unsupported-format")  # fmt: skip
    yield xlsx(
        "word",
        lambda: _zip({"[Content_Types].xml": "<Types/>", "word/document.xml": "<w/>"}),
        code="unsupported-format",
    )
    yield xlsx(
        "opendocument",
        lambda: _zip({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<o/>"}),
        code="unsupported-format",
    )
    yield xlsx("in-a-zip", lambda: _zip({"a/in.xlsx": good}), **whole, file="in.zip")
    for seed in range(8):
        yield xlsx(f"bytes-changed-{seed}", lambda s=seed: _spoilt(good, s), code="?")


def _zip(parts: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def _spoilt(data: bytes, seed: int) -> bytes:
    from tests.etl.hostile.cut import spoilt

    return spoilt(data, seed)
