"""Make the pictures of the documentation from a running application with the demo in it.

``./run --detach`` first, then ``python docs/make_screenshots.py [http://127.0.0.1:8501]``.
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).resolve().parent / "screenshots"
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WAIT_MS = 90_000
OFFICE, PHONE = (1366, 768), (360, 740)
COLOURS = 256  # enough for hexagons and text, a third of the bytes
Step = Callable[[Page], None]


def settled(page: Page) -> None:
    """The script has run, the map is drawn."""
    page.wait_for_selector('.stApp[data-test-script-state="notRunning"]')
    if page.locator(".map-root").count():
        page.wait_for_selector(".map-root[data-state=ready]")
    page.wait_for_timeout(1500)


def worst_street(page: Page) -> None:
    """The first street of the gap, on the map."""
    page.locator("tr[data-row]").first.click()
    settled(page)
    page.wait_for_timeout(2500)


def middle(page: Page) -> None:
    """A click on the map."""
    box = page.locator(".map-root").bounding_box()
    if box is not None:
        page.mouse.click(box["x"] + 0.66 * box["width"], box["y"] + 0.42 * box["height"])
    settled(page)


def legend(page: Page) -> None:
    """What the colours mean; a map of this size starts with it folded."""
    page.locator(".legend-box summary").click()
    page.wait_for_timeout(500)


def compute(page: Page) -> None:
    """A plan from the form to its certificate."""
    page.locator('.st-key-panel [data-testid="stFormSubmitButton"] button').click()
    page.wait_for_selector(".qorgan-h >> nth=2")
    page.wait_for_url("**plan=*")
    settled(page)


PICTURES: tuple[tuple[str, str, tuple[int, int], tuple[Step, ...]], ...] = (
    ("situation-kk", "/?lang=kk&theme=light", OFFICE, (middle,)),
    ("situation-ru", "/?lang=ru&theme=light&h=22-5", OFFICE, (legend,)),
    ("situation-en", "/?lang=en&theme=light&u=segments", OFFICE, ()),
    ("gap-ru", "/?lang=ru&theme=light&t=gap", OFFICE, (worst_street,)),
    ("plan-kk", "/?lang=kk&theme=light&t=plan", OFFICE, (compute,)),
    (
        "compare-ru-dark",
        "/?lang=ru&theme=dark&t=compare&b=2024-01-01..2024-12-31&a=2025-01-01..2025-12-31",
        OFFICE,
        (),
    ),
    ("data-kk", "/data?lang=kk&theme=light", OFFICE, ()),
    ("phone-kk", "/?lang=kk&theme=light", PHONE, ()),
)


def main(base: str) -> None:
    """Take every picture."""
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for name, path, (width, height), steps in PICTURES:
            scheme = "dark" if "dark" in name else "light"
            context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
            page = context.new_page()
            page.set_default_timeout(WAIT_MS)
            started = time.monotonic()
            page.goto(base + path)
            page.wait_for_selector('.stApp[data-test-script-state="notRunning"]')
            if not path.startswith("/data"):
                page.wait_for_selector(".map-root[data-state=ready]")
            drawn = time.monotonic() - started
            settled(page)
            for step in steps:
                step(page)
            page.mouse.move(2, 2)
            page.wait_for_timeout(1200)
            picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            target = FOLDER / f"{name}.png"
            picture.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE).save(target, optimize=True)
            print(f"{target.name}: drawn in {drawn:.1f} s, {target.stat().st_size // 1024} kB")
            context.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/") if len(sys.argv) > 1 else "http://127.0.0.1:8501")
