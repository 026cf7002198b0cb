"""Articles of the Criminal Code of Kazakhstan: read as registers write them, and what they mean for the layer of crimes."""

from geo_core.criminal_code.articles import Article, parse_article, parse_crime_code
from geo_core.criminal_code.meaning import (
    FIRST_YEAR_OF_2014,
    GRAVITY,
    Meaning,
    category_is_sensitive,
    gravity,
    is_sensitive,
    meaning,
)

__all__ = [
    "FIRST_YEAR_OF_2014",
    "GRAVITY",
    "Article",
    "Meaning",
    "category_is_sensitive",
    "gravity",
    "is_sensitive",
    "meaning",
    "parse_article",
    "parse_crime_code",
]
