"""Check a built documentation site: it asks no other host for anything, and every link within it leads somewhere.

Links to other sites are links, not requests, and are left alone. Run by ``make docs-site``.
"""

# A program that prints what it found.
# ruff: noqa: T201

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

REQUESTED = {
    "audio": ("src",),
    "embed": ("src",),
    "form": ("action",),
    "iframe": ("src",),
    "image": ("href", "xlink:href"),
    "img": ("src", "srcset"),
    "input": ("src",),
    "link": ("href",),
    "object": ("data",),
    "script": ("src",),
    "source": ("src", "srcset"),
    "track": ("src",),
    "use": ("href", "xlink:href"),
    "video": ("src", "poster"),
}
"""What a browser asks for of itself, by tag."""

ELSEWHERE = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
IN_STYLE = re.compile(r"""(?:url\(\s*['"]?|@import\s+['"])([^'")]+)""", re.IGNORECASE)
IN_SCRIPT = re.compile(
    r"""(?:fetch\(|import\(|importScripts\(|\bimport|new\s+Worker\(|\.src\s*=|\bfrom)\s*["'`]((?:https?:)?//[^"'`]+)"""
)


class Page(HTMLParser):
    """What a page asks for, links to and has anchors of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.requests: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self._raw = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one tag's addresses and anchors."""
        given = {name: value or "" for name, value in attrs}
        self.requests += [given[name] for name in REQUESTED.get(tag, ()) if name in given]
        self.requests += IN_STYLE.findall(given.get("style", ""))
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        self._raw = tag if tag in {"script", "style"} else ""

    def handle_data(self, data: str) -> None:
        """Note the addresses in scripts and styles that stand in the page."""
        pattern = {"script": IN_SCRIPT, "style": IN_STYLE}.get(self._raw)
        if pattern is not None:
            self.requests += pattern.findall(data)

    def handle_endtag(self, tag: str) -> None:
        """A script or style ends."""
        del tag
        self._raw = ""


def faults(site: Path) -> list[str]:
    """What is wrong with the site in a folder, one sentence for each fault."""
    pages = {path: Page(path.read_text("utf-8")) for path in sorted(site.rglob("*.html"))}
    found = [] if pages else [f"{site} holds no page"]
    asked = [(path, address) for path, page in pages.items() for address in page.requests]
    for path in sorted(site.rglob("*.css")):
        asked += [(path, address) for address in IN_STYLE.findall(path.read_text("utf-8"))]
    for path in sorted(site.rglob("*.js")):
        asked += [(path, address) for address in IN_SCRIPT.findall(path.read_text("utf-8"))]
    found += [
        f"{path.relative_to(site)} asks another host: {address}" for path, address in asked if ELSEWHERE.match(address)
    ]
    for path, page in pages.items():
        for link in page.links:
            if urlsplit(link).scheme or ELSEWHERE.match(link):
                continue
            there, _, anchor = link.partition("#")
            target = (path.parent / unquote(there.partition("?")[0])).resolve() if there else path.resolve()
            target = target / "index.html" if target.is_dir() else target
            if not target.exists():
                found.append(f"{path.relative_to(site)} links to {link}, which is not there")
            elif anchor and target in pages and unquote(anchor) not in pages[target].anchors:
                found.append(f"{path.relative_to(site)} links to {link}: no such anchor")
    return found


def main() -> int:
    """Check the site in the folder that the first argument names."""
    site = Path(sys.argv[1]).resolve()
    found = faults(site)
    print(
        "\n".join(found) or f"{len(list(site.rglob('*.html')))} pages ask no other host, and their links lead somewhere"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
