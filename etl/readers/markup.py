"""XML read in pieces, without document types: no entity is ever expanded or fetched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any
from xml.parsers import expat

from geo_core.errors import DataQuality, InvalidInput, LimitExceeded

PIECE = 256 << 10
DEEPEST = 500


@dataclass
class Element:
    """An element with all it holds; ``tag`` without namespace.

    Parameters
    ----------
    text : what stands directly in it.
    """

    tag: str
    attributes: dict[str, str]
    children: list[Element] = field(default_factory=list)
    text: str = ""

    def child(self, tag: str) -> Element | None:
        """The first child of that tag."""
        return next((c for c in self.children if c.tag == tag), None)

    def all(self, tag: str) -> Iterator[Element]:
        """Every element of that tag inside, in their order."""
        for inner in self.children:
            if inner.tag == tag:
                yield inner
            yield from inner.all(tag)

    def said(self, tag: str) -> str | None:
        """The trimmed text of the first child of that tag; None where there is none."""
        found = self.child(tag)
        return None if found is None else found.text.strip() or None


class Refusing:
    """An expat parser that refuses document types and tells broken XML by our errors."""

    def __init__(self, format: str) -> None:  # noqa: A002 - the word of the source
        self.format = format
        self.parser = expat.ParserCreate(namespace_separator="}")
        self.parser.buffer_text = True
        self.parser.buffer_size = 1 << 16
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse
        self.parser.ExternalEntityRefHandler = self._refuse

    def _refuse(self, *_: Any) -> int:
        raise InvalidInput("xml-doctype")

    def feed(self, data: bytes, *, last: bool = False) -> None:
        """Parse some more.

        Raises
        ------
        InvalidInput : ``xml-doctype``. DataQuality : ``truncated-file``, ``broken-xml``.
        """
        try:
            self.parser.Parse(data, last)
        except expat.ExpatError as error:
            if last and error.code in _ENDS:
                raise DataQuality("truncated-file", format=self.format) from error
            raise DataQuality("broken-xml", line=error.lineno, column=error.offset + 1) from error
        except (LookupError, ValueError, UnicodeError) as error:  # an encoding nobody knows
            raise DataQuality("broken-xml", line=1, column=1) from error


_ENDS = {
    expat.errors.codes[name]
    for name in (expat.errors.XML_ERROR_NO_ELEMENTS, expat.errors.XML_ERROR_UNCLOSED_TOKEN, expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
                 expat.errors.XML_ERROR_PARTIAL_CHAR)
}  # fmt: skip


def plain(name: str) -> str:
    """A name without its namespace."""
    return name.rpartition("}")[2]


class _Gatherer:
    def __init__(self, tags: frozenset[str], format: str, limit: int) -> None:  # noqa: A002
        self.tags, self.limit = tags, limit
        self.refusing = Refusing(format)
        self.found: list[Element] = []
        self.open: list[Element] = []
        self.texts: list[list[str]] = []
        self.depth = 0
        self.weight = 0
        parser = self.refusing.parser
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise DataQuality("broken-xml", line=self.refusing.parser.CurrentLineNumber, column=1)
        tag = plain(name)
        if self.open or tag in self.tags:
            element = Element(tag, {plain(k): v for k, v in attributes.items()})
            if self.open:
                self.open[-1].children.append(element)
            else:
                self.weight = 0
            self.open.append(element)
            self.texts.append([])
            self._weigh(200)

    def _characters(self, data: str) -> None:
        if self.open:
            self.texts[-1].append(data)
            self._weigh(len(data))

    def _weigh(self, more: int) -> None:
        self.weight += more
        if self.weight > self.limit:
            raise LimitExceeded("element-too-large", limit_bytes=self.limit)

    def _end(self, _name: str) -> None:
        self.depth -= 1
        if self.open:
            element = self.open.pop()
            element.text = "".join(self.texts.pop())
            if not self.open:
                self.found.append(element)


def elements(file: IO[bytes], tags: frozenset[str], *, format: str, limit: int) -> Iterator[Element]:  # noqa: A002
    """The outermost elements of ``tags``, one after another, each whole.

    Parameters
    ----------
    format : named in errors.
    limit : bytes one element may take.

    Raises
    ------
    InvalidInput : ``xml-doctype``. DataQuality : ``truncated-file``, ``broken-xml``. LimitExceeded : ``element-too-large``.
    """
    gatherer = _Gatherer(tags, format, limit)
    while True:
        piece = file.read(PIECE)
        gatherer.refusing.feed(piece, last=not piece)
        yield from gatherer.found
        gatherer.found.clear()
        if not piece:
            return
