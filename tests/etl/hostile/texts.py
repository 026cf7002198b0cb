"""Hostile delimited texts."""

from __future__ import annotations

import random
from collections.abc import Iterator

from layers.spec import TableReading
from tests.etl.hostile.case import GERMAN, HEADER, KOREAN, PLAIN_RUSSIAN, ROWS, RUSSIAN, Case, records

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe", ":": "colon", "^": "caret", "  ": "blanks"}
ENCODINGS = {
    "utf-8": RUSSIAN, "utf-8-sig": RUSSIAN, "utf-16": RUSSIAN, "utf-16-be": RUSSIAN, "cp1251": PLAIN_RUSSIAN, "koi8-r": PLAIN_RUSSIAN,
    "cp866": PLAIN_RUSSIAN, "cp949": KOREAN, "cp1252": GERMAN, "latin-1": GERMAN,
}  # fmt: skip


def quoted(value: str, delimiter: str) -> str:
    if (delimiter.strip() and delimiter in value) or any(c in value for c in '"\r\n'):
        return '"' + value.replace('"', '""') + '"'
    return value


def text(rows, header=HEADER, delimiter=",", newline="\n") -> str:
    return newline.join(delimiter.join(quoted(v, delimiter) for v in row) for row in (header, *rows)) + newline


def encoded(words: str, encoding: str) -> bytes:
    return b"\xfe\xff" + words.encode(encoding) if encoding == "utf-16-be" else words.encode(encoding)


def plain(name, words, *, file="in.csv", **known) -> Case:
    data = words if isinstance(words, bytes) else words.encode()
    return Case(name, file, lambda: data, **known)


GOOD = text(records())


def cases() -> Iterator[Case]:
    yield from _encodings()
    yield from _mixed()
    yield from _quotes()
    yield from _lines()
    yield from _headers()
    yield from _values()
    yield from _sizes()
    yield from _names()


def _encodings() -> Iterator[Case]:
    for encoding, notes in ENCODINGS.items():
        for delimiter, word in DELIMITERS.items():
            yield Case(
                f"csv-{encoding}-{word}",
                "in.csv",
                lambda e=encoding, n=notes, d=delimiter: encoded(text(records(notes=n), delimiter=d), e),
                rows=ROWS, accepted=ROWS, notes=notes, database=delimiter in ";\t",
            )  # fmt: skip
        yield Case(
            f"csv-{encoding}-stated",
            "in.csv",
            lambda e=encoding, n=notes: encoded(text(records(notes=n), delimiter="~"), e),
            rows=ROWS, accepted=ROWS, notes=notes,
            reading=TableReading(encoding=encoding if encoding != "utf-16-be" else "utf-16", delimiter="~", header_row=1),
        )  # fmt: skip


def _mixed() -> Iterator[Case]:
    lines = GOOD.split("\n")
    for other, notes in (("cp1251", RUSSIAN[1:3]), ("cp949", KOREAN), ("cp1252", GERMAN[:1])):
        for at in (1, 6, 12):
            foreign = ",".join((*records()[at - 1][:5], notes[0] if other != "cp1251" else "двор школы на Абая"))
            data = b"\n".join(foreign.encode(other) if k == at else line.encode() for k, line in enumerate(lines))
            yield plain(f"mixed-utf8-with-{other}-line-{at}", data, rows=ROWS, accepted=ROWS, flag="encoding-mixed", database=at == 6,
                        notes=(*RUSSIAN, *notes, "двор школы на Абая"))  # fmt: skip
    own = text(records(40, PLAIN_RUSSIAN)).split("\n")
    for at in (1, 20, 40):
        data = b"\n".join(line.encode("utf-8" if k == at else "cp1251") for k, line in enumerate(own))
        yield plain(
            f"mixed-cp1251-with-utf8-line-{at}", data, rows=40, accepted=40, flag="encoding-mixed", notes=PLAIN_RUSSIAN
        )
    for at, bad in ((3, b"\xff\xfe\xd0\xd1"), (5, b"\xc0\x80"), (7, b"\xed\xa0\x80"), (9, b"\xf8\x88\x80\x80\x80")):
        data = b"\n".join(
            line.encode().replace(RUSSIAN[(at - 1) % 6].encode(), RUSSIAN[0].encode() + b" " + bad)
            if k == at
            else line.encode()
            for k, line in enumerate(lines)
        )
        yield plain(
            f"bytes-that-are-no-letter-{at}", data, rows=ROWS, accepted=ROWS - 1, notes=RUSSIAN, database=at == 3
        )
    yield plain("utf8-read-as-stated-ascii", GOOD, rows=ROWS, accepted=0, reading=TableReading(encoding="ascii"))


def _quotes() -> Iterator[Case]:
    for at in (1, 2, 6, 11, 12):
        for field, word in ((0, "first"), (4, "category"), (5, "last")):
            rows = [list(r) for r in records()]
            rows[at - 1][field] = '"' + rows[at - 1][field]
            body = "\n".join(",".join(quoted(v, ",") if not v.startswith('"') else v for v in r) for r in rows)
            yield plain(f"quote-opened-row-{at}-{word}", ",".join(HEADER) + "\n" + body + "\n", rows=ROWS, accepted=ROWS - 1,
                        database=at == 6)  # fmt: skip
    rows = [list(r) for r in records()]
    rows[2][5], rows[8][5] = '"open', '"again" here'
    body = "\n".join(",".join(r) for r in rows).replace("проспект Назарбаева, дом 7", "дом")
    yield plain("quotes-stray-in-two-rows", ",".join(HEADER) + "\n" + body, rows=ROWS, accepted=ROWS - 1)
    rows = [(*r[:5], '5" труба') for r in records()]
    yield plain(
        "quote-inside-value", "\n".join(map(",".join, (HEADER, *rows))), rows=ROWS, accepted=ROWS, notes=('5" труба',)
    )
    yield plain(
        "quotes-everywhere",
        "\n".join(",".join(f'"{v}"' for v in r) for r in (HEADER, *records())),
        rows=ROWS,
        accepted=ROWS,
    )
    yield plain("quotes-single", GOOD.replace("theft", "'theft'"), rows=ROWS, accepted=0)
    rows = [(*r[:5], 'two\nlines, and "quotes"\r\nthree') for r in records()]
    yield plain("lines-inside-quotes", text(rows), rows=ROWS, accepted=ROWS, database=True)
    yield plain(
        "lines-inside-quotes-then-stray",
        text(rows) + 'z,2024-05-01,76.9,52.3,theft,"open\n',
        rows=ROWS + 1,
        accepted=ROWS,
    )
    yield plain("quote-alone", GOOD + '"\n', rows=ROWS + 1, accepted=ROWS)
    yield plain("quotes-only", '"' * 4001, code="?")
    yield plain("title-with-stray-quote", 'Отчёт "Май\n' + GOOD, rows=ROWS, accepted=ROWS)


def _lines() -> Iterator[Case]:
    for name, end in (("lf", "\n"), ("crlf", "\r\n"), ("cr", "\r")):
        yield plain(f"newline-{name}", text(records(), newline=end), rows=ROWS, accepted=ROWS)
        yield plain(
            f"newline-{name}-without-last", text(records(), newline=end).rstrip("\r\n"), rows=ROWS, accepted=ROWS
        )
    rng = random.Random(5)
    lines = GOOD.strip().split("\n")
    for k in range(4):
        yield plain(
            f"newlines-mixed-{k}",
            "".join(x + rng.choice(["\n", "\r\n", "\r"]) for x in lines),
            rows=ROWS,
            accepted=ROWS,
        )
    yield plain("blank-lines-between", GOOD.replace("\n", "\n\n  \n".replace("  ", "")), rows=ROWS, accepted=ROWS)
    yield plain("blank-lines-first", "\n\n\r\n" + GOOD, rows=ROWS, accepted=ROWS)
    yield plain("lines-of-separators", GOOD + ",,,,,\n" * 3, rows=ROWS + 3, accepted=ROWS)
    for code in ("\x0b", "\x0c", "\x1c", "\x1d", "\x85", "\u2028", "\u2029"):
        rows = [(*r[:5], f"a{code}b") for r in records()]
        odd = code in "\x1c\x1d"
        yield plain(
            f"line-end-of-unicode-{ord(code):x}",
            text(rows),
            rows=ROWS,
            accepted=ROWS,
            code="binary-file" if odd else None,
        )
    yield plain("short-rows", GOOD + "x,2024-05-01\n" + "y\n", rows=ROWS + 2, accepted=ROWS, database=True)
    yield plain("long-rows", GOOD + "x,2024-05-01,76.9,52.3,theft,n,n,n\n", rows=ROWS + 1, accepted=ROWS)
    yield plain("separator-behind-each-row", GOOD.replace("\n", ",\n"), rows=ROWS, accepted=ROWS)
    yield plain("separator-behind-rows-but-header", GOOD.replace("\n", ",\n").replace(",\n", "\n", 1), code="?")
    for at, name in ((60, "head"), (len(GOOD.encode()) - 30, "tail")):
        data = GOOD.encode()
        yield plain(f"nul-{name}", data[:at] + b"\x00" + data[at:], code="?")
    late = text(records(400)).encode()
    cut = late.rindex(b"theft", 0, 20_000)
    yield plain("nul-late", late[:cut] + b"\x00" + late[cut:], rows=400, accepted=399, database=True)
    yield plain(
        "nul-in-note",
        text([*records(300), ("n", "2024-05-01", "76.9", "52.3", "theft", "a\x00b")]),
        rows=301,
        accepted=300,
        database=True,
    )
    yield plain("nul-behind", text(records(300)).encode() + b"\x00" * 4096, code="?")
    yield plain("substitute-at-end", GOOD + "\x1a", rows=ROWS + 1, accepted=ROWS)
    yield plain("comment-lines", "# made by nobody\n" + GOOD, rows=ROWS, accepted=ROWS)
    yield plain("header-again-inside", GOOD + GOOD, rows=2 * ROWS + 1)


def _headers() -> Iterator[Case]:
    for k in range(1, 6):
        titles = "".join(f"Заголовок {i}\n" for i in range(k))
        yield plain(f"titles-{k}", titles + GOOD, rows=ROWS, accepted=ROWS, database=k == 3)
        padded = "".join(f"Заголовок {i},,,,,\n" for i in range(k))
        yield plain(f"titles-padded-{k}", padded + GOOD, rows=ROWS, accepted=ROWS)
        yield plain(
            f"header-row-stated-{k}",
            "a,b,c,d,e,f\n" * k + GOOD,
            rows=ROWS,
            accepted=ROWS,
            reading=TableReading(header_row=k + 1),
        )
    how = TableReading(header_rows=1)
    yield plain(
        "header-of-two-rows",
        "id,,lon,lat,category,note\n,time,,,,\n" + "\n".join(map(",".join, _unquoted())),
        rows=ROWS,
        accepted=ROWS,
    )
    yield plain(
        "header-rows-stated",
        "id,time,lon,lat,category,note\n" + GOOD.split("\n", 1)[1],
        rows=ROWS,
        accepted=ROWS,
        reading=how,
    )
    yield plain(
        "header-numbered", ",".join(HEADER) + "\n1,2,3,4,5,6\n" + GOOD.split("\n", 1)[1], rows=ROWS, accepted=ROWS
    )
    yield plain("header-duplicate-names", GOOD.replace("note", "category", 1), rows=ROWS, accepted=ROWS)
    yield plain("header-blank-names", GOOD.replace("id,time", ",time", 1), rows=ROWS, accepted=ROWS)
    yield plain("header-names-alike", GOOD.replace("note", "Category", 1), rows=ROWS, accepted=ROWS)
    yield plain("header-ambiguous", GOOD.replace("category,note", "Category,CATEGORY", 1), code="ambiguous-column")
    yield plain("header-upper", GOOD.replace(",".join(HEADER), ",".join(HEADER).upper()), rows=ROWS, accepted=ROWS)
    yield plain("header-with-line-ends", GOOD.replace("id,", '"i\nd",', 1), rows=ROWS, accepted=ROWS)
    yield plain("header-missing", GOOD.split("\n", 1)[1], code="missing-columns")
    yield plain("header-numbers", "1,2,3,4,5,6\n" + "7,8,9,10,11,12\n" * 5, code="no-header")
    yield plain("header-only", ",".join(HEADER) + "\n", code="no-rows")
    yield plain("header-only-without-line-end", ",".join(HEADER), code="no-rows")
    yield plain("header-row-beyond", GOOD, code="header-row-missing", reading=TableReading(header_row=900))
    for name, data in (("nothing", b""), ("bom", b"\xef\xbb\xbf"), ("bom-16", b"\xff\xfe"), ("bom-16-blank", "\ufeff \n".encode("utf-16-le")),
                       ("blank", b" \r\n\n\t"), ("nuls", b"\x00" * 500), ("one-letter", b"x"), ("one-separator", b",")):  # fmt: skip
        yield plain(f"only-{name}", data, code="?")
    yield plain("totals-below", GOOD + "Итого:,12,12,12,12,\n", rows=ROWS + 1, accepted=ROWS, database=True)
    yield plain("note-below", GOOD + "Источник: данные ведомственного учёта,,,,,\n", rows=ROWS + 1, accepted=ROWS)
    yield plain("note-below-ragged", GOOD + "Источник: данные ведомственного учёта\n", rows=ROWS + 1, accepted=ROWS)


def _unquoted():
    return [(*r[:5], r[5].replace(",", "")) for r in records()]


def _values() -> Iterator[Case]:
    def swapped(name: str, change, accepted: int, **known) -> Case:
        rows = [tuple(change(list(r), i)) for i, r in enumerate(records())]
        return plain(name, text(rows, delimiter=";"), rows=ROWS, accepted=accepted, **known)

    def lon(write):
        return lambda r, _: [*r[:2], write(float(r[2])), write(float(r[3])), *r[4:]]

    yield swapped("decimal-commas", lon(lambda v: f"{v}".replace(".", ",")), ROWS, database=True)
    yield swapped(
        "decimal-commas-stated", lon(lambda v: f"{v}".replace(".", ",")), ROWS, reading=TableReading(decimal=",")
    )
    yield swapped(
        "decimal-points-though-commas-stated", lon(lambda v: f"{v:.6f}"), 0, reading=TableReading(decimal=","), code="?"
    )
    for name, mark in (
        ("space", " "),
        ("nbsp", "\u00a0"),
        ("narrow", "\u202f"),
        ("apostrophe", "'"),
        ("apostrophe-typographic", "’"),
    ):
        yield swapped(
            f"thousands-{name}", lambda r, _, m=mark: [*r[:2], f"{r[2][:2]},{r[2][3:6]}{m}{r[2][6:]}", *r[3:]], ROWS
        )
    for name, bad in (("nan", "NaN"), ("infinite", "1e999"), ("hex", "0x4C"), ("formula", "=A1"), ("letters", "семьдесят"), ("degrees", "76°54′"),
                      ("signs", "--76.9"), ("underscore", "76_9"), ("arabic-digits", "٧٦"), ("zero", "0"), ("far", "-120.5"), ("huge", "9" * 400)):  # fmt: skip
        yield swapped(
            f"longitude-{name}",
            lambda r, i, b=bad: [*r[:2], b, "0" if b == "0" else r[3], *r[4:]] if i == 3 else r,
            ROWS - 1,
        )
    for word in ('=cmd|"/C calc"!A0', "@SUM(1)", "+1+1", "-2+3", "<script>alert(1)</script>", "'; DROP TABLE layer_crimes; --", "\\copy", "\\N", "NULL", "\\.",
                 "🚓👮", "\u202eевомдор", "a\u0301", "\ufeffx", "\ud7ff\ue000"):  # fmt: skip
        yield swapped(
            f"note-{word.encode().hex()[:12]}",
            lambda r, _, w=word: [*r[:5], w],
            ROWS,
            database=word in {"\\N", "\\.", "🚓👮"},
        )
    for word in (
        "31.02.2024",
        "2024-13-01",
        "9999-12-31",
        "0001-01-01",
        "45000",
        "вчера",
        "2024-05-01T99:00",
        "1714521600000",
    ):
        yield swapped(
            f"time-{word}",
            lambda r, i, w=word: [r[0], w, *r[2:]] if i == 5 else r,
            ROWS - 1 if word not in {"1714521600000", "45000"} else None,
        )
    yield swapped("same-key-everywhere", lambda r, _: ["k", *r[1:]], 1, database=True)
    yield swapped("same-row-everywhere", lambda *_: list(records()[0]), 1)
    yield swapped("coordinates-swapped", lambda r, _: [*r[:2], r[3], r[2], *r[4:]], 0, code="coordinates-swapped")
    yield swapped("coordinates-elsewhere", lambda r, _: [*r[:2], "-70", "10", *r[4:]], 0, code="far-outside-workspace")


def _sizes() -> Iterator[Case]:
    wide = [(*r, *("x" for _ in range(194))) for r in records()]
    names = (*HEADER, *(f"c{i}" for i in range(194)))
    yield plain("columns-200", text(wide, header=names), rows=ROWS, accepted=ROWS, database=True)
    yield plain(
        "columns-5001",
        ",".join(f"c{i}" for i in range(5001)) + "\n" + ",".join("1" for _ in range(5001)),
        code="too-many-columns",
    )
    for name, at in (("first", 0), ("last", ROWS - 1)):
        for quoting in (False, True):
            rows = records()
            big = "x" * (10 << 20) if not quoting else "x\n" * 900 + "y" * (10 << 20)
            rows[at] = (*rows[at][:5], big)
            yield Case(
                f"cell-of-10-mb-{name}{'-quoted' if quoting else ''}",
                "in.csv",
                lambda r=rows: text(r).encode(),
                rows=ROWS,
                accepted=ROWS,
            )
    yield Case("line-without-end", "in.csv", lambda: b"a" * (70 << 20), code="?")
    yield Case("header-of-10-mb", "in.csv", lambda: b"a" * (10 << 20) + b"," + GOOD.encode(), code="?")
    yield plain("columns-of-blanks", "id" + " " * 5000 + "," + GOOD[3:], rows=ROWS, accepted=ROWS)


def _names() -> Iterator[Case]:
    for end in ("xlsx", "parquet", "geojson", "gpkg", "zip", "gz", "kml", "shp", "osm.pbf.csv", "", "CSV"):
        yield plain(f"csv-called-{end or 'nothing'}", GOOD, file=f"in.{end}" if end else "in", rows=ROWS, accepted=ROWS)
    for name, data in (("html", b"<!DOCTYPE html><html><body>login</body></html>"), ("pdf", b"%PDF-1.7\n..."), ("xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600),
                       ("png", b"\x89PNG\r\n\x1a\n"), ("rar", b"Rar!\x1a\x07"), ("seven-zip", b"7z\xbc\xaf\x27\x1c"), ("elf", b"\x7fELF" + bytes(500)),
                       ("gml", b'<?xml version="1.0"?><gml:FeatureCollection xmlns:gml="x"/>'), ("svg", b"<svg/>"), ("bz2", b"BZh91AY&SY"), ("xz", b"\xfd7zXZ\x00\x00")):  # fmt: skip
        yield plain(f"no-data-{name}", data, code="?")
    for seed in range(6):
        yield plain(f"garbage-{seed}", random.Random(seed).randbytes(3000 + seed), code="?")
    letters = "".join(random.Random(9).choices("абвгд ,;\n\"'\t", k=5000))
    yield plain("garbage-of-letters", letters, code="?")
