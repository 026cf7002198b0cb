"""What comes in and is mended, by mouse and keyboard in a real browser: a file in unknown metres to its report, a rejected row to its
end, a camera's pin, a new area, a table out and back, the search box, services; and no part of it slides sideways on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pyproj
import pytest
from playwright.sync_api import Locator, Page, expect

from etl import jobs as work
from layers import jobs
from layers.identity import LOCAL_ADMINISTRATOR, find_by_subject, transaction
from tests.api.conftest import city  # noqa: F401 - a fixture
from tests.browser.test_pages import app_url, context, english_in, opened, still  # noqa: F401 - fixtures
from tests.layers.city import City

pytestmark = pytest.mark.browser
HEADER = "дата;время;X;Y;вид преступления;номер"
AT = (76.9421, 52.2711)
Opened = Callable[..., Page]


class Api:
    """The served API as the local administrator, and what its worker would do."""

    def __init__(self, url: str, town: City) -> None:
        self.client = httpx.Client(base_url=f"{url}/api", timeout=30, trust_env=False)
        self.city = town

    def get(self, path: str) -> Any:
        answer = self.client.get(f"/w/city/{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, **given: Any) -> Any:
        answer = self.client.post(f"/w/city/{path}", **given)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def work_off(self) -> None:
        """Do what is queued, as the worker does it, without its process."""
        engines = self.city.engines
        me = find_by_subject(engines.app, LOCAL_ADMINISTRATOR)
        assert me is not None
        for job in self.get("jobs")["jobs"]:
            if job["state"] != "queued" or job["kind"] not in ("import", "mend"):
                continue
            with transaction(engines.app, me) as connection:
                whole = jobs.one(connection, job["id"])
                assert jobs.begin(connection, job["id"])
            path = Path(whole["params"].get("path") or "/nowhere/a/b")
            done = work.run(
                whole["kind"],
                work.Work(
                    engines=engines,
                    principal=me,
                    workspace=self.city.workspace,
                    params=whole["params"],
                    uploads=path.parents[1],
                    progress=lambda *_: None,
                ),
            )
            with transaction(engines.app, me) as connection:
                jobs.end(connection, job["id"], state="done", result=done)


@pytest.fixture(scope="module")
def api(app_url, city) -> Iterator[Api]:  # noqa: F811
    made = Api(app_url, city)
    yield made
    made.client.close()


@pytest.fixture
def camera(api: Api) -> int:
    wanted = {"values": {"kind": "fixed", "status": "works"}, "position": [76.95, 52.28], "reason": "new"}
    return int(api.post("layers/cameras/features", json=wanted)["id"])


def foreign(page: Page, *known: str) -> list[str]:
    """English on the page but for what the data say themselves, names of files and keys, and of coordinate systems."""
    allowed = re.compile(
        "|".join([r"EPSG:", r"\b(?:Delete|Enter)\b", r"\.xlsx", r"^\./run$", r"^Local administrator$", *known])
    )
    return [one for one in english_in(page) if not allowed.search(one)]


def part(page: Page, name: str) -> None:
    page.locator(".st-key-data_part button", has_text=re.compile(f"^{name}$")).click()
    still(page)


def choose(page: Page, key: str, title: str) -> None:
    """Take a choice of a select box by keyboard, as one types it."""
    field = page.locator(f'[class*="st-key-{key}"] input').first
    field.click()
    field.fill(title)
    page.keyboard.press("Enter")
    still(page)


def focused(page: Page) -> Locator:
    return page.locator(":focus")


def metres(n: int = 12) -> bytes:
    """A city around AT in metres of UTM zone 43, one row of a kind nobody knows."""
    east, north = pyproj.Transformer.from_crs(4326, 32643, always_xy=True).transform(*AT)
    rows = [
        f"2025-03-{i + 1:02};10:00;{east + 40 * i:.1f};{north + 30 * i:.1f};{'щ' if i == 5 else 'theft'};M{i}"
        for i in range(n)
    ]
    return "\n".join([HEADER, *rows, ""]).encode()


def test_a_file_in_unknown_metres_asks_for_its_coordinate_system_and_comes_to_its_report(opened, api):  # noqa: F811
    page = opened("/data?lang=ru", has_map=False)
    part(page, "Загрузить файл")
    page.locator("input[type=file]").set_input_files({"name": "сводка.csv", "mimeType": "text/csv", "buffer": metres()})
    page.wait_for_selector(".st-key-upload_load button")
    still(page)
    expect(page.get_by_text("Как прочитан файл").first).to_be_visible()
    choose(page, "crs_crimes", "32643")
    page.wait_for_selector(".map-root[data-state=ready]")
    assert foreign(page, "^theft$") == []  # as the file writes it
    page.locator(".st-key-upload_load button").click()
    page.wait_for_selector(".st-key-cancel_upload button")
    api.work_off()
    expect(page.get_by_text("Отчёт о загрузке")).to_be_visible()
    batch = max(one["id"] for one in api.get("imports?layer=crimes")["imports"])
    report = api.get(f"imports/{batch}")["report"]
    assert (report["read"], report["loaded"], report["rejected"]) == (12, 11, 1)
    first = next(
        row
        for row in api.get("layers/crimes/features?limit=1000")["features"]
        if row["properties"]["source_id"] == "M0"
    )
    assert first["geometry"]["coordinates"] == pytest.approx(AT, abs=2e-6)


def test_a_rejected_row_is_mended_to_its_end(opened, api):  # noqa: F811
    data = b"\xd0\xb4\xd0\xb0\xd1\x82\xd0\xb0;lon;lat;category;id\n2025-04-01;76.94;52.27;theft;Q1\n2025-04-02;76.94;52.27;zz;Q2\n"
    api.post("imports", files={"file": ("q.csv", data)}, data={"layer": "crimes"})
    api.work_off()
    batch = max(one["id"] for one in api.get("imports?layer=crimes")["imports"])
    page = opened("/data?lang=ru", has_map=False)
    part(page, "Загрузки")
    page.locator(f'tr[data-row="{batch}"]').click()
    still(page)
    page.locator(f".st-key-rejected_{batch} label").first.click()
    still(page)
    page.locator('[class*="st-key-rejected"] tr[data-row="2"]').click()
    field = page.locator(f".st-key-mend_{batch}_2_category input")
    field.fill("theft")
    field.press("Tab")
    page.get_by_role("button", name="Исправить и загрузить").click()
    page.wait_for_selector(".st-key-cancel_mend button")
    api.work_off()
    expect(page.get_by_text("Исправлена и загружена").first).to_be_visible()
    still(page)
    expect(page.get_by_text(re.compile("исправлено позже", re.IGNORECASE)).first).to_be_visible()
    assert api.get(f"imports/{batch}")["report"]["mended"] == 1
    rows = api.get("layers/crimes/features?limit=1000")["features"]
    assert [row["properties"]["category"] for row in rows if row["properties"]["source_id"] == "Q2"] == ["theft"]


def test_a_cameras_pin_is_moved_by_keyboard_saved_told_and_taken_back(opened, api, camera):  # noqa: F811
    page = opened(f"/?lang=ru&p=feature:cameras:{camera}&v=76.95,52.28,15")
    page.locator(".st-key-edit_open button").click()
    page.locator(".st-key-edit_move button").click()
    page.wait_for_selector(".map-handle")
    still(page)
    page.locator(".maplibregl-canvas").focus()
    for _ in range(8):
        page.keyboard.press("Tab")
        if page.evaluate(
            "() => { let at = document.activeElement; while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement; "
            "return at.classList.contains('map-handle'); }"
        ):
            break
    else:
        pytest.fail("Tab never came to the pin")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    page.wait_for_timeout(600)
    still(page)
    assert foreign(page) == []
    page.get_by_role("button", name="Сохранить").click()
    expect(page.get_by_text("Сохранено").first).to_be_visible()
    lon, lat = api.get(f"layers/cameras/features/{camera}")["geometry"]["coordinates"]
    assert lon - 76.95 == pytest.approx(30 * 360 / 512 / 2**15, rel=0.05)  # thirty pixels of a map of 512-pixel tiles
    assert lat == pytest.approx(52.28, abs=1e-5)
    page.locator(f".st-key-history_cameras_{camera} label").first.click()
    page.locator('[class*="st-key-undo_edit_"] button').click()
    expect(page.get_by_text("Правка отменена").first).to_be_visible()
    assert api.get(f"layers/cameras/features/{camera}")["geometry"]["coordinates"] == pytest.approx([76.95, 52.28])


def test_an_area_is_drawn_by_clicks_and_stored(opened, api):  # noqa: F811
    before = len(api.get("layers/areas/features")["features"])
    page = opened("/?lang=kk&v=76.95,52.28,14")
    page.get_by_role("button", name="Жазба қосу").click()
    choose(page, "add_layer", "Аумақтар")
    page.locator(".st-key-add_begin button").click()
    still(page)
    choose(page, "edit_", "Аудан")
    box = page.locator(".map-root").bounding_box()
    for across, down in ((0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6)):
        page.mouse.click(box["x"] + box["width"] * across, box["y"] + box["height"] * down)
        page.wait_for_timeout(150)
    expect(page.locator(".map-handle")).to_have_count(4)
    page.wait_for_timeout(500)
    still(page)
    assert foreign(page) == []
    page.get_by_role("button", name="Сақтау").click()
    page.wait_for_url(re.compile(r"p=feature"))
    rows = api.get("layers/areas/features")["features"]
    assert len(rows) == before + 1
    drawn = max(rows, key=lambda row: row["id"])["geometry"]
    assert drawn["type"] == "MultiPolygon"
    assert len(drawn["coordinates"][0][0]) == 5


def test_a_table_goes_out_is_changed_and_comes_back(opened, api, camera, tmp_path):  # noqa: F811
    page = opened("/data?lang=kk", has_map=False)
    part(page, "Түзетулер")
    choose(page, "table_edit_layer", "Бейнебақылау камералары")
    with page.expect_download() as coming:
        page.locator(".st-key-table_out_cameras button").click()
    path = tmp_path / "cameras.xlsx"
    coming.value.save_as(path)
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    rows = list(sheet.iter_rows())
    head = next(row for row in rows if any(cell.value == "height_m" or "биіктігі" in str(cell.value) for cell in row))
    column = next(cell.column for cell in head if cell.value == "height_m" or "биіктігі" in str(cell.value))
    line = next(row for row in rows if any(str(cell.value) == str(camera) for cell in row))
    sheet.cell(row=line[0].row, column=column).value = 6.5
    book.save(path)
    page.locator("input[type=file]").set_input_files(path)
    button = page.locator(".st-key-table_apply button")
    expect(button).to_be_enabled()
    assert foreign(page, "^new$") == []
    button.click()
    expect(button).to_have_count(0)
    still(page)
    assert api.get(f"layers/cameras/features/{camera}")["properties"]["height_m"] == 6.5


def test_the_search_box_is_used_without_a_mouse(opened):  # noqa: F811
    page = opened("/?lang=ru&v=76.95,52.28,12")
    page.locator(".maplibregl-canvas").focus()
    page.keyboard.press("/")
    page.keyboard.type("Курмангазы")
    expect(page.locator('[role="option"]').first).to_contain_text("Құрманғазы")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"v=(?!76\.95000%2C52\.28000)"))
    still(page)
    assert english_in(page) == []


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_no_part_of_the_page_of_data_slides_sideways_on_a_phone_or_speaks_english(
    opened,  # noqa: F811
    context,  # noqa: F811
    language,
):
    page = opened(
        f"/data?lang={language}",
        has_map=False,
        prepare=lambda one: one.set_viewport_size({"width": 360, "height": 740}),
    )
    page.wait_for_selector(".st-key-data_part button")
    buttons = page.locator(".st-key-data_part button")
    names = buttons.all_inner_texts()
    assert len(names) == 7
    for at in range(len(names)):
        buttons.nth(at).click()
        still(page)
        widths = page.evaluate(
            "() => [document.scrollingElement, document.querySelector('[data-testid=\"stMain\"]')].map((one) => one.scrollWidth)"
        )
        assert max(widths) <= 360, names[at]
        assert foreign(page, "^new$") == [], names[at]
