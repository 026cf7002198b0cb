"""The whole application in a real browser: nothing asked from outside on any page, no English where Kazakh or Russian is spoken,
a link opens what was seen, the keyboard reaches everything, and an absent API leaves a page that can be used."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.api.conftest import city  # noqa: F401 - a fixture
from tests.browser.conftest import Start

WAIT_MS = 60_000
OWN = re.compile(r"(http|ws)://127\.0\.0\.1:\d+/|blob:|data:")
# What stays Latin in every language: names of formats, of the product, of the languages, and what the data themselves say.
LATIN = re.compile(
    r"Qorgan|English|CSV|GeoJSON|GeoPackage|GeoParquet|Parquet|Shapefile|OSM|PBF|SHA-256|CC0|OpenStreetMap|city|test|synthetic|km²?\b"
    r"|[a-z_]+\.(?:csv|geojson|parquet|test)|[0-9a-f]{12,64}|(?:https?|ftp):\S+",
    re.IGNORECASE,
)
# file endings are written in capitals
WORD = re.compile(r"(?![A-Z]+\b)[A-Za-z]{3,}")
PARTS = ["layers", "upload", "services", "edits", "imports", "jobs", "workspaces"]
TOOLS = ["place", "gap", "plan", "compare"]

pytestmark = pytest.mark.browser
expect.set_options(timeout=WAIT_MS)


@pytest.fixture(scope="module")
def app_url(start: Start, city, module_database, tmp_path_factory) -> str:  # noqa: F811
    return start(
        ["uvicorn", "asgi:app", "--host", "127.0.0.1", "--port", "{port}", "--no-access-log"],
        health="/api/health",
        environment={
            "DATABASE_URL": str(module_database.app),
            "QORGAN_HOME": str(tmp_path_factory.mktemp("home")),
            "QORGAN_HOST": "127.0.0.1",
            "QORGAN_PORT": "{port}",
        },
    )


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One context, so that scripts are compiled once."""
    made = browser.new_context(viewport={"width": 1366, "height": 768}, locale="en-US")
    yield made
    made.close()


@pytest.fixture
def opened(context: BrowserContext, app_url: str) -> Iterator[Callable[..., Page]]:
    """Open a page of the application; every address any page asked is looked at when the test ends."""
    pages: list[Page] = []
    asked: list[str] = []

    def open_page(path: str, *, has_map: bool = True, prepare: Callable[[Page], None] | None = None) -> Page:
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.set_default_timeout(WAIT_MS)
        pages.append(page)
        if prepare is not None:
            prepare(page)
        page.goto(app_url + path)
        if has_map:
            page.wait_for_selector(".map-root[data-state=ready]")
        still(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert [url for url in asked if not OWN.match(url)] == []
    assert len(asked) > 20


def still(page: Page) -> None:
    """Wait until the script has run and what it said is drawn."""
    page.wait_for_selector('.stApp[data-test-script-state="notRunning"]')
    page.wait_for_timeout(400)


def english_in(page: Page) -> list[str]:
    """Latin words a reader sees or hears: texts, and names of controls."""
    found = page.evaluate(
        """() => {
          const texts = [];
          const walk = (root) => {
            for (const element of root.querySelectorAll('*')) {
              if (element.shadowRoot) walk(element.shadowRoot);
              if (element.closest('script, style, noscript, [data-testid="stIconMaterial"], [role="img"]')) continue;
              const box = element.getBoundingClientRect();
              const shown = box.width > 0 && box.height > 0 && getComputedStyle(element).visibility !== 'hidden';
              if (!shown) continue;
              for (const node of element.childNodes) if (node.nodeType === 3 && node.nodeValue.trim()) texts.push(node.nodeValue.trim());
              for (const name of ['aria-label', 'title', 'placeholder']) if (element.getAttribute(name)) texts.push(element.getAttribute(name));
            }
          };
          walk(document);
          return texts;
        }"""
    )
    return sorted({text for text in found if WORD.search(LATIN.sub("", text))})


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_no_english_is_left_on_any_page(opened, language):
    page = opened(f"/?lang={language}")
    assert english_in(page) == []
    for button in page.locator(".st-key-filters button").all():
        button.click()
        page.wait_for_timeout(500)
        assert english_in(page) == []
        page.keyboard.press("Escape")
    for tool in range(1, len(TOOLS)):
        page.locator(".st-key-tool button").nth(tool).click()
        still(page)
        assert english_in(page) == []
    page.close()
    page = opened(f"/data?lang={language}", has_map=False)
    page.wait_for_selector(".st-key-data_part button")
    for part in range(len(PARTS)):
        page.locator(".st-key-data_part button").nth(part).click()
        still(page)
        assert english_in(page) == []


def test_the_api_gives_the_map_every_cell_it_asks_for(opened):
    page = opened("/?lang=ru&v=76.95,52.28,12.5")
    assert int(page.locator(".map-root").get_attribute("data-cells")) > 20
    assert page.locator(".notice:visible").count() == 0


def test_a_territory_is_made_on_the_page_and_opens_empty(opened):
    page = opened("/data?lang=kk", has_map=False)
    page.locator(".st-key-data_part button").last.click()
    page.wait_for_selector(".st-key-workspace_make button")
    page.locator(".st-key-workspace_make button").click()
    expect(page.get_by_text("Толтырыңыз:")).to_be_visible()
    page.locator(".st-key-workspace_title_kk input").fill("Екібастұз")
    page.locator(".st-key-workspace_slug input").fill("ekibastuz")
    for side, degrees in {"west": "75.2", "south": "51.6", "east": "75.5", "north": "51.8"}.items():
        page.locator(f".st-key-workspace_{side} input").fill(degrees)
        page.keyboard.press("Tab")
    still(page)
    assert english_in(page) == []
    page.locator(".st-key-workspace_make button").click()
    page.wait_for_url(re.compile(r"w=ekibastuz"))
    again = opened("/?lang=kk&w=ekibastuz", has_map=False)
    expect(again.get_by_text("Бұл аумақта әзірге дерек жоқ")).to_be_visible()
    expect(again.locator(".st-key-open_demo button")).to_be_visible()  # the other one is made up, too
    assert english_in(again) == []


def test_a_click_opens_the_card_and_its_link_opens_the_same(opened):
    page = opened("/?lang=kk&v=76.95,52.28,12.5")
    box = page.locator(".map-root").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.5)
    page.wait_for_url(re.compile(r"p=cell"))
    title = page.locator(".qorgan-card-title")
    expect(title).to_contain_text("Ұяшық")
    again = opened(page.url.removeprefix(re.match(r"http://[^/]+", page.url)[0]))
    expect(again.locator(".qorgan-card-title")).to_have_text(title.inner_text())


def test_a_filter_never_moves_the_map_and_another_zoom_draws_other_cells(opened):
    page = opened("/?lang=ru&v=76.95,52.28,12.5")
    page.locator(".maplibregl-ctrl-zoom-in").click()
    page.wait_for_url(re.compile(r"v=76\.95000%2C52\.28000%2C13\.50"))
    still(page)
    page.locator(".st-key-filters button").nth(1).click()
    page.locator(".st-key-hours_night button").click()
    page.wait_for_url(re.compile(r"h=22-5"))
    still(page)
    assert "v=76.95000%2C52.28000%2C13.50" in page.url


def test_the_calendar_speaks_the_readers_language_and_sets_the_period(opened):
    page = opened("/?lang=kk")
    page.locator(".st-key-filters button").first.click()
    select = page.locator(".bar select")
    expect(select).to_be_visible()
    assert select.locator("option").first.inner_text() == "қаңтар"
    page.locator("button[data-day]").nth(4).click()
    page.locator("button[data-day]").nth(9).click()
    page.wait_for_url(re.compile(r"d=2024-12-05..2024-12-10"))


def test_the_theme_is_the_readers_and_stands_in_the_address(opened):
    page = opened("/?lang=ru")
    assert page.evaluate("document.documentElement.dataset.qorganTheme") == "light"
    page.locator(".st-key-dark_theme label").click()
    page.wait_for_function("document.documentElement.dataset.qorganTheme === 'dark'")
    page.wait_for_selector(".map-root[data-theme=dark][data-state=ready]")
    assert "theme=dark" in page.url
    assert page.evaluate("document.documentElement.lang") == "ru"


def test_a_narrow_phone_shows_the_map_without_sliding_sideways(opened, browser, app_url):
    phone = browser.new_context(viewport={"width": 360, "height": 740}, locale="kk-KZ")
    try:
        page = phone.new_page()
        page.set_default_timeout(WAIT_MS)
        page.goto(f"{app_url}/?lang=kk")
        page.wait_for_selector(".map-root[data-state=ready]")
        still(page)
        box = page.locator(".map-root").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360
        assert box["y"] < 400
        assert page.evaluate("document.scrollingElement.scrollWidth") <= 360
        panel = page.locator(".st-key-panel").bounding_box()
        assert panel["y"] >= box["y"] + box["height"]
    finally:
        phone.close()
    opened("/?lang=kk")  # counts the requests of a page like it


def test_the_keyboard_reaches_filters_map_and_tools_and_shows_where_it_is(opened):
    page = opened("/?lang=ru")
    reached = set()
    for _ in range(70):
        page.keyboard.press("Tab")
        where, outline = page.evaluate(
            """() => {
              const keyed = document.activeElement.closest('[class*="st-key-"]');
              let at = document.activeElement;
              while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
              const key = at.classList.contains('maplibregl-canvas') ? 'map' : [...(keyed?.classList ?? [])].find((c) => c.startsWith('st-key-'));
              return [key ?? at.tagName, getComputedStyle(at).outlineStyle + getComputedStyle(at).boxShadow];
            }"""
        )
        reached.add(where)
        if where not in ("map", "BODY"):
            assert outline != "nonenone", f"nothing shows that the focus is on {where}"
    assert {"st-key-filters", "st-key-tool", "map", "st-key-language"} <= reached


def test_an_api_that_is_cut_off_leaves_a_page_that_speaks_and_recovers(opened):
    page = opened("/?lang=kk")
    page.route(re.compile(r"/api/.*/cells"), lambda route: route.abort())
    page.locator(".maplibregl-ctrl-zoom-in").click()
    page.locator(".maplibregl-ctrl-zoom-in").click()
    notice = page.locator('.notice[data-kind="away"]')
    expect(notice).to_contain_text("Сервермен байланыс жоқ")
    assert english_in(page) == []
    page.unroute_all()
    notice.locator("button").click()
    page.wait_for_selector(".map-root[data-state=ready]")


def test_a_file_goes_from_proposal_to_a_job_that_can_be_left_and_cancelled(opened, tmp_path):
    path = tmp_path / "crimes.csv"
    path.write_text(
        "дата;время;долгота;широта;вид преступления;номер\n2024-03-01;21:15;76.94;52.27;theft;A1\n2024-03-02;;76.95;52.28;щ;A2\n",
        encoding="utf-8",
    )
    page = opened("/data?lang=ru", has_map=False)
    page.locator(".st-key-data_part button").nth(PARTS.index("upload")).click()
    page.locator("input[type=file]").set_input_files(path)
    page.wait_for_selector(".st-key-upload_load button")
    still(page)
    assert english_in(page) == ["theft"]  # as the file writes it
    expect(page.get_by_text("2024-03-02").first).to_be_visible()
    expect(page.get_by_text("«щ»").first).to_be_visible()  # an unseen code is named, with a choice beside it
    page.locator(".st-key-upload_load button").click()
    page.wait_for_selector(".st-key-cancel_upload button")  # no worker runs here: the job waits
    page.locator(".st-key-data_part button").nth(PARTS.index("jobs")).click()
    page.wait_for_selector('[class*="st-key-cancel_"] button')
    page.locator(".st-key-data_part button").nth(PARTS.index("upload")).click()
    page.wait_for_selector(".st-key-cancel_upload button")
    page.wait_for_timeout(1500)
    page.locator(".st-key-cancel_upload button").click()
    expect(page.get_by_text("Задание отменено")).to_be_visible()
