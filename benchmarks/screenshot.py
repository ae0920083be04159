"""Take a picture of a report: ``python benchmarks/screenshot.py REPORT.html OUT.png [--width 1600] [--dark]``."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

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


def shoot(report: Path, out: Path, width: int, height: int | None, *, dark: bool) -> None:
    """Write a PNG of the page: the whole of it, or its first ``height`` pixels."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or "/usr/bin/chromium", args=list(ARGUMENTS)
        )
        page = browser.new_page(
            viewport={"width": width, "height": height or 1000},
            color_scheme="dark" if dark else "light",
            device_scale_factor=1,
        )
        page.goto(report.resolve().as_uri())
        page.screenshot(path=out, full_page=height is None)
        browser.close()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--width", type=int, default=1600)
    parser.add_argument("--height", type=int, default=None, help="first screen only; default the whole page")
    parser.add_argument("--dark", action="store_true")
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    shoot(options.report, options.out, options.width, options.height, dark=options.dark)


if __name__ == "__main__":
    main()
