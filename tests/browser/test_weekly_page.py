"""The weekly page in a real Chromium: what it fetches, what runs in it, whether it fits, whether it can be read."""

from __future__ import annotations

import runpy
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dagster_project.reports.quality import write_quality
from dagster_project.reports.weekly import write_weekly

pytestmark = pytest.mark.browser
ARGUMENTS = [
    *["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
    *["--disable-background-networking", "--disable-component-update", "--disable-sync"],
]
WIDTHS = (320, 390, 700, 767, 768, 1024, 1280, 1600)
FIXTURE = Path(__file__).parents[1] / "reports" / "reports_world.py"
MIN_TEXT_CONTRAST = 4.5  # WCAG 2.2, 1.4.3
MIN_MARK_CONTRAST = 3.0  # WCAG 2.2, 1.4.11

# Colours as the browser computed them, of everything that is visible: texts by their colour or fill, bars by their fill.
COLOURS = """() => {
  const shown = element => element.getClientRects().length > 0;
  const own = element => [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
  const ground = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (colour !== 'rgba(0, 0, 0, 0)' && colour !== 'transparent') return colour;
    }
    return 'none';
  };
  const found = [];
  for (const element of document.querySelectorAll('main *')) {
    if (!shown(element) || !own(element) || ['title', 'desc'].includes(element.tagName)) continue;
    const style = getComputedStyle(element);
    const inSvg = element instanceof SVGElement;
    if (element.closest('.banner')) continue;
    found.push(['text', inSvg ? style.fill : style.color, ground(element), element.textContent.slice(0, 40)]);
  }
  for (const bar of document.querySelectorAll('.chart .mark-rect path'))
    if (shown(bar)) found.push(['mark', getComputedStyle(bar).fill, ground(bar), 'bar']);
  for (const line of document.querySelectorAll('.chart pattern line'))
    found.push(['mark', getComputedStyle(line).stroke, ground(line.closest('figure')), 'hatch']);
  return found;
}"""
# A text that leaves its own SVG is cut there, without any overflow that the page could notice.
CUT_TEXTS = """() => [...document.querySelectorAll('.chart svg')].filter(svg => svg.getClientRects().length).flatMap(svg => {
  const box = svg.getBoundingClientRect();
  return [...svg.querySelectorAll('text')].filter(text => {
    const own = text.getBoundingClientRect();
    return own.left < box.left - 1 || own.right > box.right + 1 || own.top < box.top - 1 || own.bottom > box.bottom + 1;
  }).map(text => text.textContent);
})"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if not found:
        pytest.skip("no Chromium on this machine: apt-get install chromium, or put google-chrome on the PATH")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same page clean, and with an attack in every text field of a rehearsal."""
    made = runpy.run_path(str(FIXTURE))
    worlds = {"clean": made["World"](estimated=0.62), "hostile": made["World"](is_hostile=True, is_rehearsal=True)}
    folder = tmp_path_factory.mktemp("pages")
    written = {}
    for name, world in worlds.items():
        database = made["build_release"](folder / f"{name}.duckdb", world)
        written[name] = write_weekly(database, None, folder / name).html
        written[f"{name} quality"] = write_quality(database, None, folder / name).html
    return written


@pytest.fixture(params=["clean", "hostile", "clean quality", "hostile quality"])
def html(request: pytest.FixtureRequest, pages: dict[str, Path]) -> Path:
    return pages[request.param]


def opened(browser: Any, html: Path, width: int = 1280, **options: Any) -> tuple[Any, list[str], list[str]]:
    page = browser.new_page(viewport={"width": width, "height": 900}, **options)
    requests: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.goto(html.as_uri())
    return page, requests, complaints


def unfold(page: Any) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")


def luminance(colour: str) -> float:
    channels = [float(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


# Without its content security policy too: the escaping has to hold by itself.
@pytest.mark.parametrize("bypass_csp", [False, True])
def test_nothing_is_fetched_and_nothing_runs(browser: Any, html: Path, bypass_csp: bool) -> None:
    page, requests, complaints = opened(browser, html, bypass_csp=bypass_csp)
    unfold(page)
    page.mouse.move(600, 700)
    page.wait_for_timeout(200)
    assert [url for url in requests if url != html.as_uri() and not url.startswith("data:")] == []
    assert complaints == []
    assert page.evaluate("window.__ran") is None
    assert page.evaluate("document.scripts.length") == 0
    page.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_fits(browser: Any, html: Path, width: int, tmp_path: Path) -> None:
    page, _, _ = opened(browser, html, width)
    unfold(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CUT_TEXTS) == []
    page.screenshot(path=tmp_path / f"{html.parents[1].name}-{width}.png", full_page=True)
    page.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_charts_are_images_with_names(browser: Any, pages: dict[str, Path], width: int) -> None:
    page, _, _ = opened(browser, pages["clean"], width)
    images = page.get_by_role("img")
    assert images.count() == 3
    names = [images.nth(index).get_attribute("aria-label") for index in range(3)]
    assert names[0].startswith("Downloads by country: text and image-text models. Horizontal bars")
    assert names[2].startswith("The 15 most downloaded labs")
    assert all(images.nth(index).bounding_box()["height"] > 300 for index in range(3))
    assert page.get_by_role("heading", level=1).count() == 1
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_everything_can_be_read(browser: Any, html: Path, scheme: str, width: int) -> None:
    page, _, _ = opened(browser, html, width, color_scheme=scheme)
    unfold(page)
    found = page.evaluate(COLOURS)
    assert len(found) > 100, "there is nothing to look at"
    assert (luminance(found[0][2]) < 0.05) == (scheme == "dark")
    weak = {
        (kind, colour, ground, text)
        for kind, colour, ground, text in found
        if not colour.startswith("url")
        and contrast(colour, ground) < (MIN_TEXT_CONTRAST if kind == "text" else MIN_MARK_CONTRAST)
    }
    assert weak == set()
    page.close()


def test_the_rehearsal_banner_is_seen_first(browser: Any, pages: dict[str, Path]) -> None:
    page, _, _ = opened(browser, pages["hostile"], 390)
    box = page.locator(".banner").bounding_box()
    assert (box["x"], box["y"], box["width"]) == (0, 0, 390)
    assert page.title().startswith("REHEARSAL: ")
    for stripe in ("--banner", "--stripe"):
        colour = page.evaluate(f"getComputedStyle(document.querySelector('.banner')).getPropertyValue('{stripe}')")
        red, green, blue = (int(colour.strip()[at : at + 2], 16) for at in (1, 3, 5))
        assert contrast("rgb(255, 255, 255)", f"rgb({red}, {green}, {blue})") > MIN_TEXT_CONTRAST
    page.close()


def test_print_is_light_whole_and_wide(browser: Any, pages: dict[str, Path], tmp_path: Path) -> None:
    page, _, _ = opened(browser, pages["clean"], 390, color_scheme="dark")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--ink')").strip() == "#1f1d1a"
    assert page.locator(".wide").first.is_visible()
    assert page.locator("table").first.is_visible()
    page.pdf(path=tmp_path / "weekly.pdf", format="A4")
    assert (tmp_path / "weekly.pdf").stat().st_size > 20_000
    page.close()
