"""The page in real Chromium: no request, no error, nothing wider than the screen, light and dark, and on paper."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from assay.analysis.base import Analysis
from assay.evidence.facts import Facts
from assay.evidence.lock import Lock
from assay.report.html import render_html

Evidence = tuple[Analysis, Lock, Facts]
CHROMIUM = shutil.which("chromium")
ARGUMENTS = (
    "--no-sandbox",
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (Debian package chromium)"),
]

# How far the darkest and lightest colour of text and page lie apart, as WCAG defines contrast.
CONTRAST = """
() => {
  const parse = (c) => c.match(/[\\d.]+/g).slice(0, 3).map(Number).map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  const light = (c) => { const [r, g, b] = parse(c); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const paper = light(getComputedStyle(document.body).backgroundColor);
  const ratio = (c) => { const l = light(c); return (Math.max(l, paper) + 0.05) / (Math.min(l, paper) + 0.05); };
  const seen = {};
  for (const part of ["body", ".note", ".missing .value", "figcaption", "nav a", "summary", ".control .value"]) {
    const element = document.querySelector(part);
    if (element) seen[part] = ratio(getComputedStyle(element).color);
  }
  const word = document.querySelector("svg text");
  seen.svg = ratio(getComputedStyle(word).fill);
  return seen;
}
"""

WIDER = """
() => [...document.querySelectorAll("body *")].filter((e) => {
  if (e.closest(".scroll, nav ul, details:not([open]), svg, caption")) return false;
  const box = e.getBoundingClientRect();
  return box.width > 0 && (box.right > innerWidth + 1 || box.left < -1);
}).map((e) => e.tagName + "." + e.className)
"""


# Labels of charts that a reader would see cut off, and captions that stand on end.
CUT = """
() => [
  ...[...document.querySelectorAll("svg")].filter((svg) => svg.getBoundingClientRect().width > 0).flatMap((svg) => {
    const frame = svg.getBoundingClientRect();
    return [...svg.querySelectorAll("text")].filter((text) => {
      const box = text.getBoundingClientRect();
      return box.left < frame.left - 1 || box.right > frame.right + 1;
    }).map((text) => text.textContent);
  }),
  ...[...document.querySelectorAll("caption")].filter((caption) => {
    const box = caption.getBoundingClientRect();
    return box.width > 1 && box.height > 60;
  }).map((caption) => caption.textContent),
]
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield running
        await running.close()


class Watched:
    """A page with everything it asked for and complained about."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(dialog.message))


async def opened(browser: Browser, path: Path, width: int, *, dark: bool = False) -> Watched:
    page = await browser.new_page(
        viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light", java_script_enabled=True
    )
    watched = Watched(page)
    await page.goto(path.as_uri())
    return watched


@pytest.fixture(scope="module")
def by_hand_page(by_hand_evidence: Evidence) -> str:
    return render_html(*by_hand_evidence)


@pytest.fixture
def report(by_hand_page: str, tmp_path: Path) -> Path:
    path = tmp_path / "report.html"
    path.write_text(by_hand_page, encoding="utf-8")
    return path


async def test_asks_for_nothing_and_complains_of_nothing(browser: Browser, report: Path) -> None:
    watched = await opened(browser, report, 1600)
    for summary in await watched.page.query_selector_all("summary"):
        await summary.click()
    await asyncio.sleep(0.2)
    assert watched.requests == [report.as_uri()]
    assert watched.complaints == []
    assert await watched.page.title() == "SIMULATED: synthetic \N{EN DASH} Assay report"


@pytest.mark.parametrize("width", [390, 768, 1100, 1600])
@pytest.mark.parametrize("dark", [False, True])
async def test_fits_the_screen(browser: Browser, report: Path, width: int, dark: bool) -> None:
    page = (await opened(browser, report, width, dark=dark)).page
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert await page.evaluate(WIDER) == []
    assert await page.evaluate(CUT) == []
    shown = "narrow" if width <= 720 else "wide"
    hidden = "wide" if width <= 720 else "narrow"
    assert await page.locator(f"svg.{shown}").first.is_visible()
    assert not await page.locator(f"svg.{hidden}").first.is_visible()
    smallest = await page.evaluate(
        "Math.min(...[...document.querySelectorAll('main *')].filter(e => !e.children.length && e.textContent.trim()"
        " && e.getClientRects().length).map(e => parseFloat(getComputedStyle(e).fontSize)))"
    )
    assert smallest >= 9.5


@pytest.mark.parametrize("width", [390, 1600])
async def test_a_report_of_agents_fits_too(browser: Browser, agents_page: str, tmp_path: Path, width: int) -> None:
    path = tmp_path / "agents.html"
    path.write_text(agents_page, encoding="utf-8")
    watched = await opened(browser, path, width, dark=True)
    for summary in await watched.page.query_selector_all("summary"):
        await summary.click()
    assert await watched.page.evaluate("document.documentElement.scrollWidth") <= width
    assert await watched.page.evaluate(WIDER) == []
    assert await watched.page.evaluate(CUT) == []
    assert watched.complaints == []
    assert await watched.page.locator(".stamp").last.is_visible()


@pytest.mark.parametrize("dark", [False, True])
async def test_text_stands_out_from_the_page(browser: Browser, report: Path, dark: bool) -> None:
    page = (await opened(browser, report, 1600, dark=dark)).page
    contrast = await page.evaluate(CONTRAST)
    low = {part: round(ratio, 1) for part, ratio in contrast.items() if ratio < 4.5}
    assert low == {}
    dark_page = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (dark_page == "rgb(20, 24, 29)") is dark


async def test_answer_is_on_the_first_screen(browser: Browser, report: Path) -> None:
    for width in (390, 1600):
        page = (await opened(browser, report, width)).page
        box = await page.locator("p.verdict").bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < 900


async def test_tables_are_complete_on_paper(browser: Browser, report: Path) -> None:
    page = (await opened(browser, report, 1000)).page
    await page.emulate_media(media="print")
    folded = page.locator("details.fold table").first
    assert await folded.is_visible()
    box = await folded.bounding_box()
    assert box is not None
    assert box["height"] > 40


@pytest.fixture
def hostile_report(hostile_page: str, tmp_path: Path) -> Path:
    path = tmp_path / "hostile.html"
    path.write_text(hostile_page, encoding="utf-8")
    return path


async def test_hostile_text_runs_nothing(browser: Browser, hostile_report: Path) -> None:
    for width in (390, 1600):
        watched = await opened(browser, hostile_report, width)
        assert watched.requests == [hostile_report.as_uri()]
        assert watched.complaints == []
        assert await watched.page.locator("script, img").count() == 0
        assert await watched.page.evaluate("document.documentElement.scrollWidth") <= width


async def test_numbers_are_read_as_they_were_written(
    browser: Browser, report: Path, by_hand_page: str, tables: Callable[[str], dict[str, list[list[tuple[str, str]]]]]
) -> None:
    page = (await opened(browser, report, 1600)).page
    cells = await page.locator("#table-arms tbody tr").first.locator(".value").all_inner_texts()
    assert cells == [value for value, _ in tables(by_hand_page)["table-arms"][0]]
