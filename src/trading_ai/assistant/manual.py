"""The documentation as passages: cut at its headings, and shipped with the package."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from trading_ai.assistant.ports import Passage

FILE = "manual.json"
"""Written by `make docs` beside this module, so that an installed package has it too."""

LONGEST = 1_600
"""Characters of a passage; a longer section is cut between its paragraphs."""

_HEADING = re.compile(r"^(#{1,4})\s+(.*?)\s*#*$")
_FENCE = re.compile(r"^\s*(```|~~~)")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_PICTURE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


def cut(pages: Mapping[str, str]) -> list[Passage]:
    """Passages of pages, in their order.

    Args:
        pages: Markdown by the page's path, such as ``docs/how-to/get-bars.md``.
    """
    return [passage for page, text in pages.items() for passage in _passages(page, text)]


def written(passages: list[Passage]) -> str:
    """Passages as the text of `FILE`."""
    rows = [[p.about, p.title, p.text] for p in passages]
    return json.dumps(rows, indent=0, ensure_ascii=False) + "\n"


@cache
def manual() -> tuple[Passage, ...]:
    """Every passage of the documentation that came with the package."""
    return read(files("trading_ai.assistant").joinpath(FILE).read_text(encoding="utf-8"))


def read(text: str) -> tuple[Passage, ...]:
    """What `written` wrote."""
    return tuple(_passage(*row) for row in json.loads(text))


def _passage(about: str, title: str, text: str) -> Passage:
    key = hashlib.sha256(f"docs\0{about}\0{text}".encode()).hexdigest()[:24]
    return Passage(key, "docs", about, title, text)


def _passages(page: str, text: str) -> Iterator[Passage]:
    """A passage for each section, under the headings that it stands below."""
    path: list[str] = []
    lines: list[str] = []
    fenced = False

    def ended() -> Iterator[Passage]:
        body = _plain("\n".join(lines))
        anchor = f"{page}#{_anchor(path[-1])}" if len(path) > 1 else page
        for part in parts(body):
            yield _passage(anchor, ": ".join(path) if path else page, part)

    for line in _COMMENT.sub("", text).splitlines():
        if _FENCE.match(line):
            fenced = not fenced
        found = None if fenced else _HEADING.match(line)
        if found is None:
            lines.append(line)
            continue
        yield from ended()
        lines = []
        level = len(found[1])
        path = [*path[: level - 1], _plain(found[2])]
    yield from ended()


def _plain(text: str) -> str:
    """Markdown without links, pictures and marks; code stays as it is."""
    return _LINK.sub(r"\1", _PICTURE.sub("", text)).replace("**", "").replace("`", "").strip()


def parts(text: str) -> Iterator[str]:
    """A text in parts of at most `LONGEST` characters, cut between paragraphs, else between lines."""
    part = ""
    for paragraph in re.split(r"\n\s*\n", text):
        for piece in [paragraph] if len(paragraph) <= LONGEST else paragraph.split("\n"):
            if part and len(part) + len(piece) + 2 > LONGEST:
                yield part
                part = ""
            part = f"{part}\n\n{piece[:LONGEST]}".strip()
    if part:
        yield part


def _anchor(heading: str) -> str:
    """The anchor of a heading, as forges make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
