"""A page as PDF, printed by the browser of this machine: nothing else draws the figures as the page has them."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from trading_ai.errors import StateError, StorageError

BROWSERS = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge", "microsoft-edge",
    "brave-browser",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)  # fmt: skip
"""Browsers that print from the command line, in the order they are looked for."""

SECONDS = 180.0
"""Longest that printing may take."""


def find_browser() -> str | None:
    """The first browser that is installed, or None."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def write_pdf(page: str, output: Path, browser: str | None = None) -> Path:
    """Print a page to a PDF file; an unfinished file never stays behind.

    Args:
        page: a document of `Page.rendered`; its figures are all drawn, as on a light page.
        output: the file to write.
        browser: the browser's program; the first that is found if None.

    Raises:
        StateError: there is no browser, or it does not print.
        StorageError: the file could not be written.
    """
    program = browser or find_browser()
    if program is None:
        raise StateError(
            "a PDF needs Chromium, Chrome or Edge, and none is installed: install one, or write the HTML report and "
            "print it from any browser"
        )
    with tempfile.TemporaryDirectory(prefix="trading-ai-pdf-") as name:
        folder = Path(name)
        source, made = folder / "page.html", folder / "page.pdf"
        source.write_text(page, encoding="utf-8")
        command = [
            program, "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking",
            "--disable-extensions", "--no-sandbox",  # of a page that was made here, whose policy forbids all requests
            f"--user-data-dir={folder / 'profile'}", "--no-pdf-header-footer", "--virtual-time-budget=60000",
            f"--print-to-pdf={made}", f"{source.as_uri()}#print",
        ]  # fmt: skip
        try:
            ended = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            raise StateError(f"{Path(program).name} did not print within {SECONDS:.0f} s") from None
        if not made.exists() or not made.stat().st_size:
            last = (ended.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise StateError(f"{Path(program).name} printed nothing: {last}")
        partial = output.with_name(output.name + ".partial")
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(made, partial)
            partial.replace(output)
        except OSError as error:
            raise StorageError(f"the report could not be written to {output}: {error.strerror}") from error
    return output
