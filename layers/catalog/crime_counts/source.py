"""Sources the layer ``crime_counts`` knows."""

from layers.spec import How, Made, SourceMapping

_SAME = (
    "area_code",
    "area_name",
    "period_from",
    "period_to",
    "section",
    "line_code",
    "indicator",
    "article",
    "in_production",
    "registered",
    "registered_women",
    "registered_minors",
    "closed",
    "sent_to_court",
)

OWN = SourceMapping(
    id="qorgan-crime_counts",
    columns={name: name for name in _SAME},
    source_id="id",
    signature=frozenset({"indicator", "registered", "line_code"}),
)

# Form 1-M of the Committee on Legal Statistics, section 1 (sheets R1, R1-1 and R11): names indented by columns, the article in brackets
# behind the name. Neither area nor period stands in the workbook: say them in "constants" of a copy of this mapping.
_NAMES = ("Наименование показателей", "Наименование показателей_2", "Наименование показателей_3")
FORM_1M = SourceMapping(
    id="form-1m-section-1",
    columns={
        "line_code": "Шифр строки",
        "indicator": "@indicator",
        "article": "@article",
        "in_production": "Количество правонарушений, уголовные дела о которых находились в производстве в отчетном периоде",
        "registered": "Количество правонарушений, зарегистрированных в ЕРДР в отчетном периоде",
        "registered_women": "из графы 2 / в отношении женщин",
        "registered_minors": "из графы 2 / в отношении несовершеннолетних",
        "closed": "Количество правонарушений, уголовные дела о которых окончены производством в отчетном периоде",
        "sent_to_court": "Количество правонарушений, уголовные дела о которых направлены в суд в отчётном периоде",
    },
    constants={"section": "R1"},
    made={
        "@indicator": Made(how=How.LAST, of=_NAMES),
        "@article": Made(how=How.ARTICLE_IN_TEXT, of=_NAMES),
    },
    source_id="Шифр строки",
    signature=frozenset({"Наименование показателей", "Шифр строки", "из графы 2 / в отношении женщин"}),
    licence="not stated by the source",
    attribution="КПСиСУ ГП РК, форма № 1-М",
)

SOURCES = (OWN, FORM_1M)
