"""The map in a real browser: what is painted, what comes back to Python, what happens when the service is away."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import h3
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from geo_core.cell_wire import decode_cells
from tests.browser.conftest import ROOT, Start
from tests.browser.map_service import CENTRE, LONG_ID, RESOLUTION, MapService, map_service

WAIT_MS = 40_000

pytestmark = pytest.mark.browser
expect.set_options(timeout=WAIT_MS)


@pytest.fixture(scope="module")
def service() -> Iterator[MapService]:
    with map_service() as running:
        yield running


@pytest.fixture(scope="module")
def app_url(start: Start, service: MapService) -> str:
    options = {
        "server.port": "{port}",
        "server.address": "127.0.0.1",
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
    }
    return start(
        ["streamlit", "run", "tests/browser/map_page.py", *(f"--{name}={value}" for name, value in options.items())],
        health="/_stcore/health",
        environment={"QORGAN_TEST_SERVICE": service.url, "PYTHONPATH": str(ROOT)},
    )


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One context, so that the bundle is compiled once."""
    made = browser.new_context(viewport={"width": 1100, "height": 720})
    yield made
    made.close()


@pytest.fixture
def opened(context: BrowserContext, app_url: str, service: MapService) -> Iterator[Callable[..., Page]]:
    """Open a case of the test page; every address any page asked is in ``page.asked`` and checked at the end."""
    pages: list[Page] = []
    asked: list[str] = []
    service.away = False
    service.asked.clear()

    def open_case(case: str, *, ready: bool = True) -> Page:
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.set_default_timeout(WAIT_MS)
        pages.append(page)
        page.goto(f"{app_url}/?case={case}")
        if ready:
            page.wait_for_selector(".map-root[data-state=ready]")
        return page

    yield open_case
    for page in pages:
        page.close()
    outside = [url for url in asked if not re.match(r"(http|ws)://127\.0\.0\.1:\d+/|blob:|data:", url)]
    assert outside == []
    assert asked


def told(page: Page, wanted: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    """What Python has got, as soon as it is what is wanted."""
    for _ in range(WAIT_MS // 100):
        text = page.locator("code").first.inner_text() if page.locator("code").count() else "{}"
        answer: dict[str, Any] = json.loads(text)
        if answer and wanted(answer):
            return answer
        page.wait_for_timeout(100)
    pytest.fail(f"Python was not told in time; last: {text}")


def map_box(page: Page) -> dict[str, float]:
    box = page.locator(".map-root").bounding_box()
    assert box is not None
    return {"x": box["x"], "y": box["y"], "width": box["width"], "height": box["height"]}


def pixels(page: Page) -> NDArray[np.uint8]:
    """The map as (height, width, 3) bytes."""
    png = page.locator(".map-root").screenshot()
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def test_cells_tiles_and_names_are_painted_and_the_legend_tells_their_classes(opened: Callable[..., Page]) -> None:
    page = opened("cells")
    assert page.locator(".map-root").get_attribute("data-cells") == "397"
    picture = pixels(page)
    colours = np.unique(picture.reshape(-1, 3), axis=0)
    assert len(colours) > 200
    reds = ((picture[..., 0] > 150) & (picture[..., 1] < 110)).mean()
    assert reds > 0.02
    dots = (picture[..., 2].astype(int) - picture[..., 0] > 120).mean()
    assert 0.001 < dots < 0.05  # half of the lamps: the other kind is filtered out
    legend = page.locator(".map-legend")
    expect(legend).to_contain_text("Қылмыстар")
    assert legend.locator("section[data-layer=cells] li").all_inner_texts() == [
        "тіркелмеген (0)",
        "1–2",
        "3–5",
        "6–15",
        "16–40",
        "41–118",
        "дерек жоқ",
        "дербес деректерді қорғау үшін жасырылған",
    ]
    expect(page.locator(".map-attribution")).to_have_text("© OpenStreetMap contributors")


def test_a_click_brings_its_place_and_the_cell_under_it_to_python(
    opened: Callable[..., Page], service: MapService
) -> None:
    page = opened("cells")
    box = map_box(page)
    # the middle of the map is the view's centre: nothing of ours converts pixels here
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    last = told(page, lambda answer: answer["last"])["last"]
    assert last["click"]["longitude"] == pytest.approx(CENTRE[0], abs=1e-3)
    assert last["click"]["latitude"] == pytest.approx(CENTRE[1], abs=1e-3)
    if last["pick"]["layer_id"] == "lamps":  # a lamp stands in the very middle unless it is filtered out
        pytest.fail("a lamp that is filtered out was picked")
    picked = last["pick"]["object"]
    assert picked["cell"] == h3.latlng_to_cell(CENTRE[1], CENTRE[0], RESOLUTION)
    table = decode_cells(service.cells)
    row = int(np.flatnonzero(table.cells == np.uint64(h3.str_to_int(picked["cell"])))[0])
    assert picked["values"]["crimes"] == table.values["crimes"][row] == 42.0
    share = table.values["seen_share"][row]
    assert picked["values"]["seen_share"] == (None if np.isnan(share) else pytest.approx(share))


def test_a_feature_of_the_tiles_is_picked_with_its_properties(opened: Callable[..., Page]) -> None:
    page = opened("cells")
    box = map_box(page)
    px_per_degree = 512 * 2**12.6 / 360
    page.mouse.click(box["x"] + box["width"] / 2 + 0.004 * px_per_degree, box["y"] + box["height"] / 2)
    pick = told(page, lambda answer: answer["last"])["last"]["pick"]
    assert pick["layer_id"] == "lamps"
    # the id has 63 bits: as a number it would lose its last digits and open another card
    assert pick["object"] | {"layerName": None} == {"id": str(LONG_ID), "lamp": "1/0", "kind": "led", "layerName": None}


def test_the_ground_is_drawn_from_vector_tiles_of_the_styles_own_service(
    opened: Callable[..., Page], service: MapService
) -> None:
    page = opened("ground")
    picture = pixels(page).astype(int)
    green = (picture[..., 1] - picture[..., 0] > 100) & (picture[..., 1] - picture[..., 2] > 100)
    assert 0.001 < green.mean() < 0.05
    assert [address for address in service.asked if address.startswith("/tiles/12/")]


def test_every_cell_in_sight_is_where_h3_says_it_is(opened: Callable[..., Page], service: MapService) -> None:
    page = opened("quantiles")
    box, table = map_box(page), decode_cells(service.cells)
    view = told(page, lambda answer: answer["view"])["view"]
    west, south, east, north = view["bounds"]
    rng = np.random.default_rng(3)
    names = [h3.int_to_str(int(cell)) for cell in table.cells]
    places = [(name, h3.cell_to_latlng(name)) for name in names]
    inside = [
        (name, lat, lon)
        for name, (lat, lon) in places
        if south + 0.004 < lat < north - 0.004 and west + 0.04 < lon < east - 0.01
    ]
    for index in rng.choice(len(inside), 4, replace=False):
        name, lat, lon = inside[int(index)]
        page.mouse.click(
            box["x"] + box["width"] * (lon - west) / (east - west),
            box["y"] + box["height"] * (north - lat) / (north - south),  # 4 km of Mercator are straight enough
        )
        last = told(page, lambda a, name=name: a["last"] and a["last"]["pick"]["object"]["cell"] == name)["last"]  # type: ignore[misc]
        state = last["pick"]["object"]["states"]["crimes"]
        row = names.index(name)
        hidden = bool(table.hidden["crimes"][row])
        assert state == ("hidden" if hidden else "unknown" if np.isnan(table.values["crimes"][row]) else "known")


def test_a_moved_view_comes_back_and_a_rerun_does_not_move_the_map(opened: Callable[..., Page]) -> None:
    page = opened("quantiles")
    first = told(page, lambda answer: answer["view"])
    box = map_box(page)
    x, y = box["x"] + box["width"] * 0.6, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 150, y, steps=6)
    page.wait_for_timeout(200)
    page.mouse.up()
    moved = told(page, lambda answer: answer["view"]["longitude"] > first["view"]["longitude"] + 0.005)
    view = moved["view"]
    west, south, east, north = view["bounds"]
    assert west < view["longitude"] < east
    assert south < view["latitude"] < north
    canvas = page.locator("canvas.maplibregl-canvas").element_handle()
    page.get_by_text("seen_share", exact=True).click()  # another rerun, the same token
    expect(page.locator(".map-legend")).to_contain_text("Камера көретін үлес")
    page.wait_for_timeout(800)
    after = told(page, lambda answer: answer["runs"] > moved["runs"])
    assert after["view"] == view
    assert canvas is not None
    assert canvas.evaluate("c => c.isConnected")  # never built anew
    page.get_by_text("east", exact=True).click()  # a new token
    jumped = told(page, lambda answer: answer["view"]["zoom"] == 13.5)["view"]
    assert (jumped["longitude"], jumped["latitude"]) == (77.02, 52.3)


def test_another_measure_recolours_without_asking_again(opened: Callable[..., Page], service: MapService) -> None:
    page = opened("quantiles")
    before = pixels(page)
    assert service.asked.count("/cells") == 1
    page.get_by_text("seen_share", exact=True).click()
    legend = page.locator(".map-legend section[data-layer=cells]")
    expect(legend).to_contain_text("%")
    page.wait_for_timeout(1000)
    after = pixels(page)
    assert service.asked.count("/cells") == 1
    blues = (after[..., 2].astype(int) - after[..., 0] > 60).mean()
    assert blues > 0.05
    assert (before != after).any(axis=2).mean() > 0.2
    assert legend.locator("li").first.inner_text().endswith("%")


def test_while_the_service_is_away_the_map_says_so_and_recovers_by_itself(
    opened: Callable[..., Page], service: MapService
) -> None:
    service.away = True
    page = opened("quantiles", ready=False)
    notice = page.locator(".notice")
    expect(notice).to_contain_text("Сервермен байланыс жоқ")
    expect(notice.get_by_role("button")).to_have_text("Қайталау")
    expect(page.locator(".progress")).to_be_visible()
    service.away = False
    page.wait_for_selector(".map-root[data-state=ready]")
    expect(notice).to_be_hidden()
    expect(page.locator(".progress")).to_be_hidden()
    assert page.locator(".map-root").get_attribute("data-cells") == "397"
    assert service.asked.count("/cells") >= 2


def test_a_refusal_shows_the_services_own_sentence(opened: Callable[..., Page]) -> None:
    page = opened("refused")
    expect(page.locator(".notice span")).to_have_text("Сервер бас тартты. Мұндай қабат жоқ.")


@pytest.mark.parametrize("case", ["outside", "icons"])
def test_an_address_outside_is_refused_in_words_and_never_asked(opened: Callable[..., Page], case: str) -> None:
    page = opened(case)
    expect(page.locator(".notice span")).to_contain_text("Сервер бас тартты.")
    expect(page.locator(".notice span")).to_contain_text("example.org")
    page.wait_for_timeout(500)  # that nothing was asked is checked for every page when it is closed


def test_no_cells_are_said_in_words(opened: Callable[..., Page]) -> None:
    page = opened("empty")
    expect(page.locator(".notice span")).to_have_text("Бұл жерде және осы кезеңде көрсететін ештеңе жоқ.")


def test_the_map_works_by_keyboard_with_a_visible_focus(opened: Callable[..., Page]) -> None:
    page = opened("quantiles")
    first = told(page, lambda answer: answer["view"])["view"]
    canvas = page.locator("canvas.maplibregl-canvas")
    page.get_by_role("radio", name="east").focus()
    for _ in range(8):  # by the Tab key, as a reader would
        page.keyboard.press("Tab")
        if canvas.evaluate("c => c.getRootNode().activeElement === c"):
            break
    assert canvas.evaluate("c => c.getRootNode().activeElement === c")
    assert canvas.get_attribute("aria-label") == "Қала картасы"
    expect(page.locator(".map-cross")).to_be_visible()
    assert page.locator(".map-root").evaluate("e => getComputedStyle(e, '::after').borderTopWidth") == "3px"
    page.keyboard.press("Enter")
    last = told(page, lambda answer: answer["last"])["last"]
    assert last["click"]["longitude"] == pytest.approx(CENTRE[0], abs=1e-3)
    assert last["pick"]["object"]["cell"] == h3.latlng_to_cell(CENTRE[1], CENTRE[0], RESOLUTION)
    page.keyboard.press("ArrowRight")
    told(page, lambda answer: answer["view"]["longitude"] > first["longitude"] + 0.001)
    page.keyboard.press("+")
    told(page, lambda answer: answer["view"]["zoom"] > first["zoom"] + 0.5)


def test_the_stock_layers_of_pydeck_are_drawn_and_picked(opened: Callable[..., Page]) -> None:
    page = opened("stock")
    page.wait_for_timeout(500)
    picture = pixels(page)
    green = (picture[..., 1].astype(int) - picture[..., 0] > 80) & (picture[..., 2] < 60)
    assert green.mean() > 0.001
    box = map_box(page)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    pick = told(page, lambda answer: answer["last"] and answer["last"]["pick"])["last"]["pick"]
    assert pick["layer_id"] == "dot"
    assert pick["object"]["name"] == "Ғ"


def test_every_kazakh_letter_of_a_label_is_drawn(opened: Callable[..., Page]) -> None:
    """18 letters and the gap leave 18 or more separate strokes of ink on the line (Ү and І never touch a neighbour)."""
    page = opened("labels")
    page.wait_for_timeout(500)
    picture = pixels(page)
    ink = (picture.max(axis=2) < 110) & (picture.max(axis=2) > 0)
    middle = ink[100:420, 200:900]
    columns = middle.any(axis=0)
    strokes = int(np.count_nonzero(np.diff(columns.astype(int)) == 1))
    assert strokes >= 17


@pytest.mark.parametrize("size", [(360, 740), (560, 640)])
def test_on_a_small_map_the_legend_starts_folded_and_keeps_what_the_reader_chose(
    browser: Browser, app_url: str, size: tuple[int, int]
) -> None:
    narrow = browser.new_context(viewport={"width": size[0], "height": size[1]}, has_touch=size[0] == 360)
    page = narrow.new_page()
    page.set_default_timeout(WAIT_MS)
    page.goto(f"{app_url}/?case=quantiles")
    page.wait_for_selector(".map-root[data-state=ready]")
    whole, box = map_box(page), page.locator(".legend-box").bounding_box()
    assert box is not None
    assert box["width"] * box["height"] < 0.15 * whole["width"] * whole["height"]
    summary = page.locator(".legend-box summary")
    expect(page.locator(".legend-box section").first).to_be_hidden()
    if size[0] == 360:
        summary.tap()
    else:
        summary.focus()
        page.keyboard.press("Enter")
    expect(page.locator(".legend-box section").first).to_be_visible()
    page.get_by_text("seen_share", exact=True).click()  # a rerun draws the legend anew
    expect(page.locator(".map-legend")).to_contain_text("Камера көретін үлес")
    expect(page.locator(".legend-box section").first).to_be_visible()
    page.reload()
    page.wait_for_selector(".map-root[data-state=ready]")
    expect(page.locator(".legend-box section").first).to_be_visible()
    narrow.close()


def test_a_legend_drawn_anew_leaves_the_focus_where_it_was(opened: Callable[..., Page]) -> None:
    page = opened("quantiles")
    before = told(page, lambda answer: answer["view"])["runs"]
    summary = page.locator(".legend-box summary")
    summary.focus()
    box = map_box(page)
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.3)
    page.mouse.wheel(0, -300)
    told(page, lambda answer: answer["runs"] > before)
    assert summary.evaluate("e => e.getRootNode().activeElement === e")
