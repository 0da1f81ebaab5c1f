"""Small tables in HTML, for results that a notebook shows by themselves.

They take their colours from the page that they stand in and have no script, so that they are legible on a light and on
a dark page, in any notebook, and in what is exported from one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

_LINE = "1px solid rgba(128,128,128,.35)"
_CELL = "padding:2px 10px 2px 0;text-align:{align};white-space:nowrap;background:transparent;color:inherit;border:0"
_HEAD = f"font-weight:600;opacity:.75;border-bottom:{_LINE}"
_WRAPS = ";white-space:normal;max-width:36em"
_CAPTION = "caption-side:top;text-align:left;color:inherit;padding:2px 0;font-weight:600"


def card(
    title: str, facts: Iterable[tuple[str, str]] = (), tables: Iterable[str] = (), notes: Iterable[str] = ()
) -> str:
    """A titled box of facts, tables and remarks.

    Args:
        title: plain text, as everything else but `tables`.
        facts: a name and its value, each.
        tables: what `table` made.
        notes: sentences under it.
    """
    listed = "".join(
        f'<tr style="background:transparent"><th scope="row" style="{_CELL.format(align="left")};font-weight:400;'
        f'opacity:.75">{escape(name)}</th><td style="{_CELL.format(align="left")};white-space:normal">{escape(value)}'
        "</td></tr>"
        for name, value in facts
    )
    shown = f'<table style="border-collapse:collapse;margin:4px 0;font-size:inherit">{listed}</table>' if listed else ""
    said = "".join(f'<div style="margin-top:4px;max-width:72em">{escape(note)}</div>' for note in notes)
    return (
        f'<div style="font-size:13px;line-height:1.45;padding:6px 0;overflow-x:auto">'
        f"<strong>{escape(title)}</strong>{shown}{''.join(tables)}{said}</div>"
    )


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, left: int = 1, caption: str = "") -> str:
    """A table of texts.

    Args:
        heads: one heading a column.
        rows: one text a column.
        left: columns that are aligned to the left, from the first on; the others hold numbers.
        caption: what it shows, or "".
    """

    def cells(tag: str, texts: Sequence[str], more: str) -> str:
        sides = ["left" if i < left else "right" for i in range(len(texts))]
        return "".join(
            f'<{tag} style="{_CELL.format(align=side)}{_WRAPS if side == "left" else ""};'
            f'font-variant-numeric:tabular-nums{more}">{escape(text)}</{tag}>'
            for text, side in zip(texts, sides, strict=True)
        )

    body = "".join(f'<tr style="background:transparent">{cells("td", row, "")}</tr>' for row in rows)
    said = f'<caption style="{_CAPTION}">{escape(caption)}</caption>' if caption else ""
    return (
        f'<table style="border-collapse:collapse;margin:6px 0;font-size:inherit">{said}'
        f"<thead><tr>{cells('th', heads, ';' + _HEAD)}</tr></thead><tbody>{body}</tbody></table>"
    )


def amount(value: float, unit: str = "ratio") -> str:
    """A number for people, by the unit of its metric; "n/a" where it is undefined."""
    if value != value:  # noqa: PLR0124 - NaN
        return "n/a"
    digits = {"count": 0, "money": 2, "percent": 2, "days": 1, "bars": 1}.get(unit, 3)
    return f"{value:z,.{digits}f}" + (" %" if unit == "percent" else "")
