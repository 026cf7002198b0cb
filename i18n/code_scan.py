"""Which texts the code asks for: keys in string literals, patterns in f-strings, codes of raised errors.

The code is parsed, never run.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from i18n.catalogues import ROOT

KEY_PREFIXES = ("page", "ui", "common", "error", "reject", "warning", "problem")
ERROR_CLASSES = frozenset(
    {
        "QorganError",
        "InvalidInput",
        "DataQuality",
        "NotFound",
        "Forbidden",
        "Conflict",
        "LimitExceeded",
        "Infeasible",
        "Unavailable",
    }
)
_DEFAULT_CODES = {
    "QorganError": "internal",
    "InvalidInput": "invalid-input",
    "DataQuality": "data-quality",
    "NotFound": "not-found",
    "Forbidden": "forbidden",
    "Conflict": "conflict",
    "LimitExceeded": "limit-exceeded",
    "Infeasible": "infeasible",
    "Unavailable": "unavailable",
}
# What intake says of rows: ``findings.reject("code", …)`` needs ``reject.code``, ``findings.flag("code", …)`` and
# ``warnings.add("code", …)`` need ``warning.code``.
_ROW_METHODS = {"reject": "reject", "flag": "warning", "add": "warning"}
_TEXT_METHODS = frozenset({"text", "plural", "count", "say"})
_KEY = re.compile(r"[a-z][a-z0-9_-]*(?:\.[A-Za-z0-9_/-]+)+")
_HYPHENATED = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)+")
_CODE = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_NOT_SCANNED = frozenset({"tests", "benchmarks", "node_modules", "__pycache__", "build", "dist", "tmp"})
# Scripts are not parsed: whatever looks like a key in them counts as use of it.
_SCRIPT_ENDINGS = (".js", ".ts", ".tsx", ".jsx", ".html", ".mjs", ".sh")
_IN_SCRIPT = re.compile(r"(?<![\w./-])[a-z][a-z0-9_-]*(?:\.[a-z0-9_-]+)+")
ANY = "*"


@dataclass(frozen=True, kw_only=True)
class Raised:
    """One place where an error is made.

    Parameters
    ----------
    where : ``file:line``.
    params : names of the parameters given.
    is_open : True where ``**params`` may give more.
    """

    where: str
    params: frozenset[str]
    is_open: bool


@dataclass(frozen=True, kw_only=True)
class CodeUse:
    """What the code asks for.

    Parameters
    ----------
    keys : key → places, from literals that are surely keys.
    errors : error code → places that make it.
    row_keys : ``reject.<code>`` and ``warning.<code>`` → places, from what intake says of rows and files.
    literals : every other string literal that could be a key or a code (a row's reason, a table of keys).
    patterns : f-strings such as ``page.*.title``, ``*`` where a value goes in.
    """

    keys: Mapping[str, list[str]] = field(default_factory=dict)
    errors: Mapping[str, list[Raised]] = field(default_factory=dict)
    row_keys: Mapping[str, list[str]] = field(default_factory=dict)
    literals: frozenset[str] = frozenset()
    patterns: frozenset[str] = frozenset()

    def mentions(self, key: str) -> bool:
        """True where some literal or pattern may mean this key.

        Layer keys come exactly from the registry, and codes are literals where they are made: for them a pattern such as
        ``error.*`` counts for nothing.
        """
        if key in self.literals:
            return True
        first, _, rest = key.partition(".")
        if first in ("error", "reject", "warning") and (rest in self.errors or rest in self.literals):
            return True
        return first not in ("layer", "error", "reject", "warning") and any(
            pattern.fullmatch(key) for pattern in self._compiled
        )

    @cached_property
    def _compiled(self) -> tuple[re.Pattern[str], ...]:
        return tuple(re.compile(".+".join(map(re.escape, pattern.split(ANY)))) for pattern in sorted(self.patterns))


def scan_code(root: Path = ROOT) -> CodeUse:
    """Everything the code of a checkout asks for. Tests and benchmarks do not count as use."""
    keys: dict[str, list[str]] = {}
    errors: dict[str, list[Raised]] = {}
    row_keys: dict[str, list[str]] = {}
    literals: set[str] = set()
    patterns: set[str] = set()
    for path in _files(root):
        where = str(path.relative_to(root))
        source = path.read_text(encoding="utf-8")
        if path.suffix != ".py":
            literals.update(_IN_SCRIPT.findall(source))
            continue
        tree = ast.parse(source, filename=str(path))
        pieces = {id(piece) for text in ast.walk(tree) if isinstance(text, ast.JoinedStr) for piece in text.values}
        for node in ast.walk(tree):
            if id(node) in pieces and isinstance(node, ast.Constant):
                continue  # a piece of an f-string is no key by itself
            match node:
                case ast.Call():
                    _call(node, where, keys, errors, row_keys)
                case ast.Constant(value=str(text)) if _KEY.fullmatch(text) or _CODE.fullmatch(text):
                    literals.add(text)
                    if text.partition(".")[0] in KEY_PREFIXES and _KEY.fullmatch(text):
                        keys.setdefault(text, []).append(f"{where}:{node.lineno}")
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    _computed_codes(node, where, errors)
                case ast.JoinedStr():
                    if (pattern := _pattern(node)) is not None:
                        patterns.add(pattern)
    return CodeUse(
        keys=keys, errors=errors, row_keys=row_keys, literals=frozenset(literals), patterns=frozenset(patterns)
    )


def _call(
    node: ast.Call,
    where: str,
    keys: dict[str, list[str]],
    errors: dict[str, list[Raised]],
    row_keys: dict[str, list[str]],
) -> None:
    name = _name(node)
    first = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
    place = f"{where}:{node.lineno}"
    if name in ERROR_CLASSES and (first is None or isinstance(first, str)):
        if first is None and node.args and not isinstance(node.args[0], ast.Constant):
            return  # a computed code: see _computed_codes
        raised = Raised(
            where=place,
            params=frozenset(k.arg for k in node.keywords if k.arg),
            is_open=any(k.arg is None for k in node.keywords),
        )
        errors.setdefault(first or _DEFAULT_CODES[name], []).append(raised)
    elif name in _ROW_METHODS and isinstance(first, str) and _CODE.fullmatch(first) and _is_of_rows(node.func, name):
        row_keys.setdefault(f"{_ROW_METHODS[name]}.{first}", []).append(place)
    elif name in _TEXT_METHODS and isinstance(first, str) and _KEY.fullmatch(first):
        keys.setdefault(first, []).append(place)


def _computed_codes(node: ast.FunctionDef | ast.AsyncFunctionDef, where: str, errors: dict[str, list[Raised]]) -> None:
    """Where an error's code is a variable, the hyphenated literals that the variable is bound to are its codes."""
    calls = [call for call in ast.walk(node) if isinstance(call, ast.Call) and _name(call) in ERROR_CLASSES]
    variables = {call.args[0].id for call in calls if call.args and isinstance(call.args[0], ast.Name)}
    for binding in ast.walk(node):
        match binding:
            case ast.For(target=target, iter=value):
                bound = [target]
            case ast.Assign(targets=bound, value=value):
                pass
            case _:
                continue
        if not variables & {name.id for target in bound for name in ast.walk(target) if isinstance(name, ast.Name)}:
            continue
        for part in ast.walk(value):
            if isinstance(part, ast.Constant) and isinstance(part.value, str) and _HYPHENATED.fullmatch(part.value):
                raised = Raised(where=f"{where}:{part.lineno}", params=frozenset(), is_open=True)
                errors.setdefault(part.value, []).append(raised)


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _is_of_rows(function: ast.expr, name: str) -> bool:
    """True for ``….reject``, ``….flag`` and ``….warnings.add``; any set has an ``add``."""
    if not isinstance(function, ast.Attribute):
        return False
    return name != "add" or ast.unparse(function.value).endswith("warnings")


def _pattern(node: ast.JoinedStr) -> str | None:
    """``f"page.{name}.title"`` as ``page.*.title``; None unless it starts with a literal first step."""
    parts = [str(v.value) if isinstance(v, ast.Constant) else ANY for v in node.values]
    text = "".join(parts)
    return text if re.fullmatch(r"[a-z][a-z0-9_-]*\.[A-Za-z0-9_.*-]*", text) else None


def _files(root: Path) -> Iterator[Path]:
    for place, names, files in os.walk(root):
        names[:] = sorted(n for n in names if n not in _NOT_SCANNED and not n.startswith("."))
        for name in sorted(files):
            path = Path(place) / name
            if name.endswith((".py", *_SCRIPT_ENDINGS)) or (not path.suffix and _is_script(path)):
                yield path


def _is_script(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(2) == b"#!"
