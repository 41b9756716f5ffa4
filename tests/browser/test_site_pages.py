"""The site in a real Chromium: what it fetches, what runs in it, whether it fits, whether it can be read."""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dagster_project import pipeline

pytestmark = pytest.mark.browser
ARGUMENTS = [
    *["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
    *["--disable-background-networking", "--disable-component-update", "--disable-sync"],
]
WIDTHS = (320, 390, 767, 768, 1280, 1600)
FIXTURES = Path(__file__).parents[1] / "reports"
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
    // A number in a disc or a cell stands on its own mark, whose colours test_lines holds apart.
    if (inSvg && style.fill === ground(element)) continue;
    if (element.closest('.banner') || element.classList.contains('sr')) continue;
    found.push(['text', inSvg ? style.fill : style.color, ground(element), element.textContent.slice(0, 40)]);
  }
  for (const bar of document.querySelectorAll('[id^=countries-] .mark-rect path, [id^=labs-] .mark-rect path'))
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
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One site of a rehearsal with an attack in every text field and every chart: built once, looked at from all sides."""
    sys.path.insert(0, str(FIXTURES))
    test_site = importlib.import_module("test_site")
    home = tmp_path_factory.mktemp("site")
    world = replace(test_site.RICH, is_hostile=True, is_rehearsal=True, estimated=0.62)
    test_site.publish(home, world, "REHEARSAL-2026-W47-x")
    return pipeline.site(test_site.settings_of(home)).folder.resolve()


def every_page(site: Path) -> list[Path]:
    return sorted(site.rglob("*.html"))


def kinds(site: Path) -> list[Path]:
    """One page of each kind: two labs differ in their numbers, not in their layout."""
    chosen = ["index", "latest/index", "latest/country", "latest/lab", "latest/lineage", "latest/claims"]
    chosen += ["latest/geography", "latest/quality", "countries/index", "countries/CN", "labs/index", "labs/qwen"]
    chosen += ["weeks/index", "weeks/2026-W47/index", "cards/index", "method/index", "method/registry", "data/index"]
    return [site / f"{name}.html" for name in [*chosen, "data/marts.share_by_country", "downloads"]]


def listen(page: Any) -> tuple[list[str], list[str]]:
    requests: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    return requests, complaints


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
def test_nothing_is_fetched_and_nothing_runs_on_any_page(browser: Any, site: Path, bypass_csp: bool) -> None:
    context = browser.new_context(bypass_csp=bypass_csp, offline=True)
    page = context.new_page()
    requests, complaints = listen(page)
    for html in every_page(site):
        page.goto(html.as_uri())
        unfold(page)
        assert page.evaluate("window.__ran") is None, html
        assert page.evaluate("document.scripts.length") == 0, html
    page.wait_for_timeout(200)
    ours = site.as_uri()
    assert [url for url in requests if not url.startswith((ours, "data:"))] == []
    assert complaints == []
    context.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_overflows_and_no_text_is_cut(browser: Any, site: Path, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    for html in kinds(site):
        page.goto(html.as_uri())
        unfold(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, html
        assert page.evaluate(CUT_TEXTS) == [], html
        captions = page.locator("caption").all_text_contents()
        assert [text for text in captions if text.rstrip().endswith("…")] == [], html
    page.close()


def test_charts_are_there_with_names(browser: Any, site: Path) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    found = {
        "latest/index": 4,
        "latest/country": 2,
        "latest/lab": 3,
        "latest/lineage": 2,
        "latest/geography": 1,
        "labs/qwen": 1,
    }
    for name, charts in found.items():
        page.goto((site / f"{name}.html").as_uri())
        images = page.get_by_role("img")
        assert images.count() == charts, name
        for index in range(charts):
            label = images.nth(index).get_attribute("aria-label")
            assert label.startswith("REHEARSAL: not the real Hub. "), label
            assert images.nth(index).bounding_box()["height"] > 150
    page.goto((site / "cards/index.html").as_uri())
    sizes = page.evaluate(
        "[...document.images].map(each => { each.loading = 'eager'; return [each.alt.length > 40, each.width] })"
    )
    assert len(sizes) == 9
    assert all(told and width > 300 for told, width in sizes)
    page.close()


def test_every_page_has_one_heading_a_language_and_named_links(browser: Any, site: Path) -> None:
    page = browser.new_page()
    for html in kinds(site):
        page.goto(html.as_uri())
        assert page.evaluate("document.documentElement.lang") == "en"
        assert page.evaluate("document.querySelectorAll('h1').length") == 1, html
        assert page.evaluate("document.querySelectorAll('main').length") == 1
        assert (
            page.evaluate(
                "[...document.querySelectorAll('a')].filter(a => !a.textContent.trim() && !a.querySelector('img[alt]')).length"
            )
            == 0
        )
        assert page.evaluate("document.querySelectorAll('th:not([scope])').length") == 0, html
        doubles = (
            "[...document.querySelectorAll('[id]')].map(e => e.id).filter((id, at, all) => all.indexOf(id) !== at)"
        )
        assert page.evaluate(doubles) == [], html
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read(browser: Any, site: Path, scheme: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    for html in kinds(site):
        page.goto(html.as_uri())
        unfold(page)
        found = page.evaluate(COLOURS)
        assert len(found) > 5, f"{html}: there is nothing to look at"
        assert (luminance(found[0][2]) < 0.05) == (scheme == "dark")
        weak = {
            (kind, colour, ground, text)
            for kind, colour, ground, text in found
            if not colour.startswith("url")
            and contrast(colour, ground) < (MIN_TEXT_CONTRAST if kind == "text" else MIN_MARK_CONTRAST)
        }
        assert weak == set(), html
    page.close()


def test_the_rehearsal_banner_is_seen_first(browser: Any, site: Path) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 900})
    page.goto((site / "index.html").as_uri())
    box = page.locator(".banner").bounding_box()
    assert (box["x"], box["width"]) == (0, 390)
    assert box["y"] < 150, "under the way through the site, and above all else"
    for stripe in ("--banner", "--stripe"):
        colour = page.evaluate(f"getComputedStyle(document.querySelector('.banner')).getPropertyValue('{stripe}')")
        red, green, blue = (int(colour.strip()[at : at + 2], 16) for at in (1, 3, 5))
        assert contrast("rgb(255, 255, 255)", f"rgb({red}, {green}, {blue})") > MIN_TEXT_CONTRAST
    page.close()


def test_print_is_light_whole_and_wide(browser: Any, site: Path, tmp_path: Path) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 900}, color_scheme="dark")
    page.goto((site / "latest/index.html").as_uri())
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--ink')").strip() == "#1f1d1a"
    assert page.locator(".wide").first.is_visible()
    assert page.locator("table").first.is_visible()
    assert not page.locator("nav").is_visible()
    page.pdf(path=tmp_path / "weekly.pdf", format="A4")
    assert (tmp_path / "weekly.pdf").stat().st_size > 20_000
    page.close()
