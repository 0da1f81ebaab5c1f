"""The tables of an HTML report: rows of texts, the title, and JSON that the page carries.

Reports are written by programs and hold plain tables; other mark-up is passed over. One expression finds the tags, in
time that grows with the size of the page whatever stands in it, which general parsers do not promise.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

from trading_ai.importers.trades.document import check_cells

# A tag that is cut by the next "<" is no tag: nothing is looked at twice.
_TAG = re.compile(r"<(/?)(tr|td|th|table|script|style|title)\b([^<>]*)>", re.IGNORECASE)
_ANY_TAG = re.compile(r"<[^<>]*>")
_BREAK = re.compile(r"<br\b[^<>]*>", re.IGNORECASE)
_BLANKS = re.compile(r"\s+")
_HIDDEN = re.compile(r"""class\s*=\s*["']?hidden\b""", re.IGNORECASE)
_JSON_SCRIPT = re.compile(r"""type\s*=\s*["']?application/json""", re.IGNORECASE)


@dataclass
class Page:
    """What was found in a page.

    Attributes:
        rows: texts of the cells of every row of every table.
        lines: line of each row's beginning, 1-based.
        scripts: texts of the page's JSON scripts.
        title: the page's title.
    """

    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    title: str = ""


def read_page(text: str, source: str) -> Page:
    r"""The tables of a page.

    Cells of the class ``hidden`` are left out, as browsers do; a cell's line breaks become ``\\n``.

    Args:
        text: the page.
        source: what to call it in messages.

    Raises:
        DataError: it holds more cells than any report.
    """
    page = Page()
    row: list[str] | None = None
    cell: int | None = None  # where the open cell's text begins
    hidden = False
    raw, raw_from, raw_is_json = "", 0, False
    line, counted, n_cells = 1, 0, 0

    def close_cell(end: int) -> None:
        nonlocal cell, n_cells
        if cell is not None and row is not None and not hidden:
            row.append(_text(text[cell:end]))
            n_cells += 1
        cell = None

    def close_row(end: int) -> None:
        nonlocal row
        close_cell(end)
        if row:
            page.rows.append(row)
        elif row is not None:
            page.lines.pop()
        row = None

    for tag in _TAG.finditer(text):
        closing, name, attributes = tag[1] == "/", tag[2].lower(), tag[3]
        if raw:
            if closing and name == raw:
                inside = text[raw_from : tag.start()]
                if raw == "title":
                    page.title = page.title or _text(inside)
                elif raw_is_json:
                    page.scripts.append(inside)
                raw = ""
            continue
        if name in {"script", "style", "title"}:
            if not closing:
                raw, raw_from, raw_is_json = name, tag.end(), bool(_JSON_SCRIPT.search(attributes))
            continue
        if name in {"table", "tr"}:
            close_row(tag.start())
            if name == "tr" and not closing:
                line += text.count("\n", counted, tag.start())
                counted = tag.start()
                page.lines.append(line)
                row = []
        else:
            close_cell(tag.start())
            if not closing and row is not None:
                cell, hidden = tag.end(), bool(_HIDDEN.search(attributes))
        check_cells(n_cells, source)
    close_row(len(text))
    return page


def _text(inside: str) -> str:
    if "<" in inside:
        inside = _ANY_TAG.sub("", _BREAK.sub("\n", inside))
    if "&" in inside:
        inside = html.unescape(inside)
    lines = (_BLANKS.sub(" ", part).strip() for part in inside.split("\n"))
    return "\n".join(part for part in lines if part)
