"""Our table of articles against the official form 1-M of Almaty: every article it counts is known, and means what its name says."""

from __future__ import annotations

import re
import zipfile
from xml.etree import ElementTree as ET

from geo_core.criminal_code import meaning, parse_article
from tests.fixtures.intake import shared

_NS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
# Words of a name that leave no choice of category.
_BY_NAME = (
    (r"^убийство", "murder"), (r"^кража", "theft"), (r"^скотокрадство", "livestock_theft"), (r"^грабеж", "robbery"),
    (r"^разбой", "assault_robbery"), (r"^мошенничество", "fraud"), (r"^мелкое хищение", "petty_theft"), (r"^присвоение или растрата", "embezzlement"),
    (r"^вымогательство", "extortion"), (r"^хулиганство", "hooliganism"), (r"^вандализм", "vandalism"), (r"^изнасилование", "sexual"),
    (r"^насильственные действия сексуального", "sexual"), (r"^умышленное причинение \w+ ?\w* вреда", "bodily_harm"), (r"^угроза \(", "threat"),
    (r"^нарушение неприкосновенности жилища", "trespass"), (r"автомобилем", "vehicle_crime"),
)  # fmt: skip


def test_every_article_of_the_form_is_known_and_means_what_its_name_says():
    with zipfile.ZipFile(shared("kz/crime_form_1m/Almaty.XLSX")) as book:
        table = ET.fromstring(book.read("xl/sharedStrings.xml"))
    texts = ["".join(part.text or "" for part in one.iter(f"{_NS}t")) for one in table]
    # "name (ст.188)": a row of one article
    rows = {
        m[2]: m[1].strip()
        for t in texts
        if (m := re.match(r"^(.+?)\s*\(\s*ст\.?\s*(\d{2,3}(?:-\d)?)\.?\s*\)\s*$", t.replace("\xa0", " ").strip()))
    }
    rows = {number: name for number, name in rows.items() if int(number[:3]) > 95}
    assert len(rows) > 330
    unknown, wrong, named = [], [], 0
    for number, name in rows.items():
        article = parse_article(f"ст.{number}")
        assert article is not None, number
        assert article.label == number
        found = meaning(article)
        if found is None:
            unknown.append(number)
            continue
        for pattern, category in _BY_NAME:
            if re.search(pattern, name.casefold()):
                named += 1
                if found.category != category:
                    wrong.append((number, name, found.category))
                break
    print(f"articles of the form: {len(rows)}; known: {len(rows) - len(unknown)}; judged by name: {named}")
    assert unknown == []
    assert wrong == []
    assert named >= 17
    # what the table calls verified stands in the form
    assert all(
        str(n) in rows or meaning(parse_article(str(n))).category == "other"
        for n in (106, 120, 187, 188, 190, 191, 192, 194, 293, 294)
    )
