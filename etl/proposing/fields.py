"""Which columns fill the fields of a layer: by their names, their codes, their units and the texts in them."""

from __future__ import annotations

import re

import numpy as np

from etl.coercion.made import bearing, kilometres
from etl.coercion.numbers import as_reals, as_text, unit_factor
from etl.coercion.stamps import read_stamps
from etl.coercion.words import Vocabulary
from etl.proposing.guess import LIKELY, SURE, Guess
from etl.proposing.words import EXACT, normal, split_unit
from geo_core.criminal_code import GRAVITY, parse_article, parse_crime_code
from layers.spec import Field, FieldType, How

MOSTLY = 0.9
ENOUGH = 0.5
_KINDS_OF_OFFENCE = frozenset({"transgression", "преступление проступок", "вид правонарушения"})
_STAT = re.compile(r"(?:\bст\b|\bстать|\bбап|\bч\.|^\d{2,3}(?:-\d)?$)", re.IGNORECASE)


def find_fields(guess: Guess) -> dict[str, str]:
    """Take a column for every field that has one. Returns field name → unit the source writes, where that is not the field's own."""
    units: dict[str, str] = {}
    _articles(guess)
    for field in guess.layer.fields:
        if field.name not in guess.took:
            _field(guess, field, units)
    for field in guess.layer.fields:
        if field.name not in guess.took:
            _by_codes(guess, field)
    return units


def _articles(guess: Guess) -> None:
    """A layer of crimes takes category and article from what is written of the Criminal Code."""
    names = {field.name for field in guess.layer.fields}
    if not {"category", "article"} <= names or guess.layer.category_field != "category":
        return
    found: list[tuple[float, str]] = []
    for score, column, _ in guess.named("article"):
        share = article_share(guess.texts(column), is_named=True)
        if share > MOSTLY:
            found.append((score * share, column))
    if not found:
        # nobody called it so, but "ст.188 ч.3" is what it says
        alike = [(share, c) for c in guess.free() if (share := article_share(guess.texts(c), is_named=False)) > MOSTLY]
        found = [(LIKELY * share, column) for share, column in alike]
    if not found:
        return
    # a text with part and point says more than a number
    found.sort(key=lambda f: (-any("ч" in t.casefold() for t in guess.texts(f[1])), -f[0]))
    columns = [column for _, column in found[:2]]
    confidence, reason = min(SURE, found[0][0]), "by-values"
    category = guess.named("category")
    own = next(
        (
            c
            for score, c, _ in category
            if score >= EXACT and c not in columns and _fit(guess, _of(guess, "category"), c) > MOSTLY
        ),
        None,
    )
    guess.take("article", guess.make("@article", How.ARTICLE, *columns), confidence, reason)
    if own is None:
        guess.take("category", guess.make("@category", How.ARTICLE_CATEGORY, *columns), confidence, reason)
        guess.doubt("category", "category-by-article", columns=columns) if confidence < LIKELY else None


def article_share(texts: list[str], *, is_named: bool) -> float:
    """Share of distinct texts that are articles; without a name only texts that say so, never bare numbers."""
    seen = texts[:200]
    if not seen:
        return 0.0
    good = [
        parse_article(t) is not None and (bool(_STAT.search(t)) or (is_named and parse_crime_code(t) is not None))
        for t in seen
    ]
    if not is_named and not any("ст" in t.casefold() or "бап" in t.casefold() or "ч." in t.casefold() for t in seen):
        return 0.0
    return float(np.mean(good))


def _of(guess: Guess, name: str) -> Field:
    return guess.layer.field_named(name)


def _graded(guess: Guess, field: Field, column: str, score: float) -> bool:
    """Gravity by the numbers of the register: 0–4, with 5 and 6 for crime and misdemeanour beside it."""
    if field.codes is None or "very_grave" not in field.codes.good:
        return False
    texts = guess.texts(column)
    if not texts or not set(texts) <= set(GRAVITY):
        return False
    kinds = [c for c in guess.free() if normal(c) in _KINDS_OF_OFFENCE and set(guess.texts(c)) <= {"5", "6"}]
    guess.take(field.name, guess.make(f"@{field.name}", How.GRAVITY, column, *kinds[:1]), score * LIKELY, "by-values")
    return True


def _field(guess: Guess, field: Field, units: dict[str, str]) -> None:
    for score, column, reason in guess.named(field.name):
        _, unit = split_unit(column)
        if field.name.endswith("_deg") and _bearings(guess, field, column, score):
            return
        if field.name == "severity" and _graded(guess, field, column, score):
            return
        if field.name == "km" and _kilometres(guess, field, column, score):
            return
        factor = unit_factor(field.name, unit) if unit is not None else None
        fit = _fit(guess, field, column, unit=unit if factor is not None else None)
        if fit <= ENOUGH:
            continue
        guess.take(field.name, column, score * fit * SURE, reason)
        if field.type in {FieldType.INTEGER, FieldType.REAL}:
            if factor is not None and factor != 1.0 and unit is not None:
                units[field.name] = unit
            elif (
                unit is not None
                and factor is None
                and any(field.name.endswith(end) for end in ("_m", "_w", "_lm", "_kmh", "_deg"))
            ):
                guess.doubt(field.name, "unit-unclear", column=column, unit=unit)
        if fit < MOSTLY:
            code = "codes-unseen" if field.codes is not None else "values-unfit"
            guess.doubt(field.name, code, column=column, share=round(1 - _seen(guess, field, column, unit), 3))
        return


def _seen(guess: Guess, field: Field, column: str, unit: str | None) -> float:
    """Share of present values that are right as they are."""
    if field.codes is None:
        return _fit(guess, field, column, unit=unit)
    texts = as_text(guess.sample[column])
    _, unseen, _ = Vocabulary.of(field.codes).translate(guess.sample[column])
    return 1.0 - float(unseen.sum()) / max(len(texts) - texts.null_count, 1)


def _bearings(guess: Guess, field: Field, column: str, score: float) -> bool:
    texts = guess.texts(column)[:200]
    if not texts or guess.numbers(column) is not None:
        return False
    if np.mean([bearing(t) is not None for t in texts]) < MOSTLY:
        return False
    guess.take(field.name, guess.make(f"@{field.name}", How.BEARING, column), score * SURE, "by-values")
    return True


def _kilometres(guess: Guess, field: Field, column: str, score: float) -> bool:
    texts = guess.texts(column)[:200]
    if not any("+" in t for t in texts) or np.mean([kilometres(t) is not None for t in texts]) < MOSTLY:
        return False
    guess.take(field.name, guess.make(f"@{field.name}", How.KILOMETRES, column), score * SURE, "by-values")
    return True


def _by_codes(guess: Guess, field: Field) -> None:
    """Nobody called it so, but its values are the field's codes."""
    if field.codes is None:
        return
    for column in guess.free():
        texts = as_text(guess.sample[column])
        if texts.null_count < len(texts) and _seen(guess, field, column, None) > 0.95:
            guess.take(field.name, column, LIKELY, "by-values")
            return


def _fit(guess: Guess, field: Field, column: str, *, unit: str | None = None) -> float:
    """Share of the present values that the field could hold; a closed list that is not ours still may be translated."""
    values = guess.sample[column]
    present = len(values) - as_text(values).null_count
    if not present:
        return 0.6
    if field.type in {FieldType.INTEGER, FieldType.REAL}:
        numbers, _ = as_reals(values, name=field.name, unit=unit)
        low = field.minimum if field.minimum is not None else -np.inf
        high = field.maximum if field.maximum is not None else np.inf
        return float(((numbers >= low) & (numbers <= high)).sum() / present)
    if field.type is FieldType.DATE:
        return float(read_stamps(values).known.sum() / present)
    if field.codes is not None or field.type is FieldType.BOOLEAN:
        vocabulary = Vocabulary.of(field.codes) if field.codes is not None else Vocabulary.of_booleans()
        _, unseen, _ = vocabulary.translate(values)
        seen = 1.0 - float(unseen.sum()) / present
        return max(seen, 0.55) if field.required else seen
    return 1.0
