"""How registers call things, in Kazakh, Russian and English, written out, shortened, in Latin letters, with units."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

WORDS: dict[str, tuple[str, ...]] = {
    "@lon": ("lon", "lng", "long", "longitude", "долгота", "бойлық", "x", "easting", "xgcswgs84", "coord x", "point x", "geo x", "gps x",
             "координата x", "grid ref easting", "восточная координата"),
    "@lat": ("lat", "latitude", "широта", "ендік", "y", "northing", "ygcswgs84", "coord y", "point y", "geo y", "gps y",
             "координата y", "grid ref northing", "северная координата"),
    "@pair": ("координаты", "coordinates", "coords", "lat lon", "latlon", "lat lng", "lon lat", "location", "geo", "gps", "point", "точка",
              "координаттар", "координаталар", "широта долгота", "местоположение", "геолокация", "орналасуы"),
    "@wkt": ("wkt", "geometry", "geom", "the geom", "shape", "геометрия", "wkt geom"),
    "@id": ("id", "uid", "objectid", "fid", "globalid", "номер", "код записи", "ид", "нөмірі", "record id", "crime id", "номер записи",
            "инвентарный номер", "инв номер", "инв №", "тіркеу нөмірі", "код"),
    "@time": ("datetime", "date time", "timestamp", "occurred", "occurred local", "дата и время", "дата время", "дата совершения",
              "күні мен уақыты", "dat sover", "dat sover str", "date start", "время совершения", "жасалған уақыты", "дата и время дтп",
              "incident date", "occurrence date"),
    "@end": ("date end", "end", "occurred to", "occurred local to", "окончание", "дата окончания", "аяқталуы"),
    "@date": ("date", "day", "дата", "күні", "дата дтп", "rta date", "accident date", "жкo күні", "жасалған күні"),
    "@clock": ("time", "clock", "время", "уақыты", "сағаты", "время суток", "time 24hr", "hhmm", "время дтп", "fd1r05p1"),
    "@hour": ("hour", "hour of day", "час", "час суток", "сағат", "часы", "ustunde", "интервал часов", "часовой интервал"),
    "@month": ("month", "месяц", "ай", "период", "айы"),
    "@year": ("year", "год", "жыл", "жылы", "yr", "ujahr", "accident year"),
    "@month_of_year": ("month", "месяц", "ай", "айы", "umonat", "period", "mon"),
    "@day_of_month": ("day", "день", "число", "күн", "utag", "day of month"),
    "category": ("category", "crime type", "kind", "вид", "вид преступления", "вид дтп", "тип", "түрі", "санаты", "категория", "offense type",
                 "primary type", "вид происшествия", "қылмыс түрі", "жкo түрі", "fd1r08p1", "квалификация"),
    "kind": ("kind", "type", "category", "вид", "тип", "түрі", "категория", "тип камеры", "вид камеры", "вид объекта", "камера түрі"),
    "severity": ("severity", "тяжесть", "степень тяжести", "ауырлығы", "hard code", "ауырлық дәрежесі", "casualty severity", "accident severity"),
    "killed": ("killed", "deaths", "fatalities", "погибло", "погибшие", "қаза тапқандар", "қаза тапты", "количество погибших", "число погибших",
               "fd1r13p2", "қаза болғандар"),
    "injured": ("injured", "ранено", "раненые", "пострадавшие", "жараланғандар", "жараланды", "количество раненых", "число раненых",
                "число пострадавших", "fd1r13p1", "nb victime"),
    "article": ("article", "статья", "бап", "бабы", "статья ук", "статья ук рк", "crime code", "stat", "код преступления", "қк бабы"),
    "light": ("light", "освещение", "жарық", "lighting conditions", "условия освещения", "fd1r07p2", "ulichtverh"),
    "street_light": ("street light", "уличное освещение", "көше жарығы", "fd1r07p3"),
    "surface": ("surface", "покрытие", "road surface", "состояние покрытия", "жол жабыны", "fd1r07p1", "ustrzustand"),
    "weather": ("weather", "погода", "погодные условия", "ауа райы", "weather conditions", "fd1r072p1"),
    "defects": ("defects", "недостатки", "недостатки дороги", "кемшіліктер", "fd1r071p1"),
    "setting": ("setting", "место", "место дтп", "орны", "fd1r06p1"),
    "road_ref": ("road ref", "дорога", "номер дороги", "автодорога", "трасса", "жол", "тас жол", "road", "road number", "fd1r061p1"),
    "road_name": ("road name", "название дороги", "наименование дороги", "жол атауы"),
    "km": ("km", "километр", "км", "пикет", "chainage", "шақырым", "километраж", "fd1r061p2"),
    "district_code": ("district code", "код района", "аудан коды", "район", "fd1r06p2", "reg code", "bez"),
    "place_text": ("place text", "место совершения", "описание места", "адрес", "address", "мекенжай", "мекен жайы", "жасалған орны", "fe1r32p1"),
    "public_place": ("public place", "общественное место", "в общественном месте", "қоғамдық орын"),
    "registered_on": ("registered on", "дата регистрации", "тіркелген күні", "date registered", "dat vozb str", "дата возбуждения"),
    "name": ("name", "title", "название", "наименование", "атауы", "имя"),
    "name_ru": ("name ru", "название", "наименование", "наименование на русском", "название рус", "орысша атауы"),
    "name_kk": ("name kk", "name kz", "атауы", "наименование на казахском", "название каз", "қазақша атауы"),
    "name_en": ("name en", "название англ", "ағылшынша атауы", "name english"),
    "status": ("status", "state", "состояние", "статус", "жай күйі", "күйі", "техническое состояние", "исправность", "condition"),
    "height_m": ("height", "высота", "высота установки", "биіктігі", "высота опоры", "pole height", "mounting height", "орнату биіктігі"),
    "azimuth_deg": ("azimuth", "direction", "bearing", "азимут", "направление", "бағыты", "heading", "направление обзора", "бағыт"),
    "hfov_deg": ("hfov", "fov", "угол обзора", "view angle", "шолу бұрышы", "field of view"),
    "tilt_deg": ("tilt", "наклон", "угол наклона", "еңіс", "еңкею бұрышы"),
    "range_m": ("range", "дальность", "радиус", "қашықтығы", "дальность обзора", "радиус обзора"),
    "ir_range_m": ("ir range", "ик подсветка", "дальность ик подсветки", "ик дальность"),
    "width_px": ("width", "разрешение", "ширина кадра", "resolution"),
    "levels": ("levels", "floors", "этажность", "этажи", "қабаттар", "building levels", "қабат саны", "количество этажей", "storeys"),
    "population": ("population", "население", "численность населения", "халық саны", "численность", "халқы"),
    "power_w": ("power", "wattage", "мощность", "қуаты", "мощность лампы", "мощность светильника"),
    "flux_lm": ("flux", "lumens", "световой поток", "жарық ағыны"),
    "light_source": ("light source", "тип лампы", "источник света", "lamp type", "шам түрі", "жарық көзі"),
    "owner": ("owner", "operator", "владелец", "балансодержатель", "иесі", "собственник", "принадлежность", "баланс ұстаушы"),
    "connected": ("connected", "подключена", "подключена к цоу", "интегрирована", "қосылған"),
    "installed_on": ("installed on", "дата установки", "орнатылған күні", "install date", "дата ввода"),
    "verified_on": ("verified on", "дата проверки", "тексерілген күні", "дата обследования"),
    "code": ("code", "код", "като", "kato", "коды"),
    "max_speed_kmh": ("max speed", "maxspeed", "скорость", "ограничение скорости", "разрешенная скорость", "жылдамдық"),
    "speed_limit_kmh": ("speed limit", "ограничение скорости", "скоростной режим", "жылдамдық шегі"),
    "capacity": ("capacity", "вместимость", "число мест", "сыйымдылығы"),
    "use": ("use", "назначение", "building", "мақсаты"),
    "lit": ("lit", "освещение", "освещена", "жарықтандырылған"),
}  # fmt: skip
UNITS_WRITTEN = {
    "м": "m", "метр": "m", "метров": "m", "метры": "m", "метр.": "m", "см": "cm", "мм": "mm", "км": "km", "вт": "w", "ватт": "w",
    "квт": "kw", "лм": "lm", "град": "deg", "градус": "deg", "градусов": "deg", "°": "°", "км/ч": "km/h", "км/час": "km/h",
    "км/сағ": "km/h", "м/с": "m/s", "feet": "ft", "foot": "ft", "фут": "ft", "футы": "ft", "metres": "m", "meters": "m", "meter": "m",
    "watts": "w", "watt": "w", "miles": "mi", "degrees": "deg",
}  # fmt: skip
_UNIT = re.compile(
    r"^(?P<name>.+?)\s*(?:[,;]\s*(?P<after>[^,;()\[\]]{1,12})|[(\[]\s*(?P<within>[^()\[\]]{1,12})\s*[)\]])\s*$"
)
_LATIN = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z", "и": "i", "й": "y", "к": "k", "л": "l",
    "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh",
    "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya", "ә": "a", "ғ": "g", "қ": "k", "ң": "n", "ө": "o", "ұ": "u",
    "ү": "u", "һ": "h", "і": "i",
}  # fmt: skip
# Spellings of one sound in different transliterations, the longer first.
_SOUNDS = (
    ("shch", "s"), ("sch", "s"), ("sh", "s"), ("ch", "c"), ("zh", "z"), ("kh", "h"), ("gh", "g"), ("ts", "c"), ("yo", "e"), ("ye", "e"),
    ("je", "e"), ("iye", "ie"), ("yu", "u"), ("iu", "u"), ("ju", "u"), ("ya", "a"), ("ia", "a"), ("ja", "a"), ("y", "i"), ("j", "i"),
    ("q", "k"), ("w", "v"), ("x", "h"), ("ı", "i"), ("ś", "s"), ("ş", "s"), ("ä", "a"), ("ö", "o"), ("ü", "u"), ("ū", "u"), ("ğ", "g"), ("ñ", "n"),
)  # fmt: skip
EXACT, LATIN_LETTERS, SHORT, WITHIN = 1.0, 0.85, 0.65, 0.7


def normal(header: str) -> str:
    """A header as lower-case words: ``Time (24hr)`` → ``time 24hr``, ``dateStart`` → ``date start``."""
    spaced = re.sub(r"(?<=[a-zа-я])(?=[A-ZА-Я])", " ", header)
    return " ".join(re.findall(r"\w+", spaced.replace("_", " ").casefold()))


def split_unit(header: str) -> tuple[str, str | None]:
    """Name and unit of ``высота, м``, ``Height (ft)``; the unit in Latin letters, None = there is none."""
    found = _UNIT.fullmatch(header.strip())
    if found is None:
        return header, None
    unit = (found["after"] or found["within"]).strip().casefold()
    return found["name"], UNITS_WRITTEN.get(unit, unit)


def likeness(header: str, target: str, labels: Iterable[str] = ()) -> tuple[float, str]:
    """How much a header is called like a target, 0–1, and how it was seen.

    Returns
    -------
    (1, "by-name") for a name of the list, (1, "by-label") for one of ``labels`` (normalised titles in the product's languages), less for
    "by-latin" (dolgota), "by-short" (выс. уст.) and "by-part" (a word of it); (0, "") for none.
    """
    _, joined, last = header.rpartition(" / ")
    if joined and (found := likeness(last, target, labels))[0] > 0:
        return found  # a heading of several rows: the lowest says what the column is
    own = _known(target)
    name, unit = split_unit(header)
    for words in dict.fromkeys((normal(header), normal(name))):
        if words in own:
            return EXACT, "by-name"
        if words in labels:
            return EXACT, "by-label"
    words = normal(name if unit is not None else header)
    if len(words) > 2 and _sounds(words) in _sounding(target):
        return LATIN_LETTERS, "by-latin"
    if "." in header and any(_shortens(words, word) for word in own):
        return SHORT, "by-short"
    if any(len(word) > 3 and re.search(rf"\b{re.escape(word)}\b", words) for word in own):
        return WITHIN, "by-part"
    return 0.0, ""


@lru_cache(maxsize=512)
def _known(target: str) -> frozenset[str]:
    return frozenset({normal(target.lstrip("@")), *map(normal, WORDS.get(target, ()))})


@lru_cache(maxsize=512)
def _sounding(target: str) -> frozenset[str]:
    cyrillic = (word for word in _known(target) if re.search("[а-яәғқңөұүһі]", word))
    return frozenset(sound for word in cyrillic if len(sound := _sounds(word)) > 2)


def _sounds(words: str) -> str:
    latin = "".join(_LATIN.get(letter, letter) for letter in words)
    for spelling, sound in _SOUNDS:
        latin = latin.replace(spelling, sound)
    return re.sub(r"(.)\1", r"\1", latin).replace(" ", "")


def _shortens(words: str, full: str) -> bool:
    """Whether every word is the beginning of the word at its place: ``выс уст`` of ``высота установки``."""
    short, long = words.split(), full.split()
    return len(short) == len(long) and all(
        len(s) >= min(2, len(word)) and word.startswith(s) for s, word in zip(short, long, strict=True)
    )
