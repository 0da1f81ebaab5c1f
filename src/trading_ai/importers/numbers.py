"""How a table writes its numbers: decimal sign, thousands separators, currency signs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_BLANKS = " \u00a0\u202f"
_MARKS = r"(?:[$€£¥₽₹₺₩₿]|zł|kr\.?|Fr\.?|[A-Z]{3})"
_CORE = re.compile(rf"[+-]?(?:\d[\d.,'’{_BLANKS}]*|[.,]\d+)(?:[eE][+-]?\d+)?")
_FIELD = re.compile(rf"(?:{_MARKS}\s*)?(?P<core>{_CORE.pattern})\s*{_MARKS}?")
_GROUPED = re.compile(rf"[+-]?\d{{1,3}}(?:[.,'’{_BLANKS}]\d{{3}})+(?:[.,]\d*)?")
_COUNT = {"K": 1e3, "M": 1e6, "B": 1e9}


@dataclass(frozen=True)
class NumberStyle:
    """How numbers are written.

    Attributes:
        decimal: ``.`` or ``,``.
        grouped: whether thousands are separated.
        marked: whether currency signs stand beside the numbers.
        undecided: whether 1,905 may be 1.905 as well as 1905.
    """

    decimal: str = "."
    grouped: bool = False
    marked: bool = False
    undecided: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether a number is digits and one decimal sign, nothing else."""
        return not (self.grouped or self.marked)

    @property
    def pattern(self) -> str:
        """A regular expression of one number in this style."""
        between = rf"[{'.' if self.decimal == ',' else ','}'’{_BLANKS}]"
        whole = rf"(?:\d{{1,3}}(?:{between}\d{{3}})+|\d+)"
        sign = re.escape(self.decimal)
        number = rf"[+-]?(?:{whole}(?:{sign}\d*)?|{sign}\d+)(?:[eE][+-]?\d+)?"
        return rf"^\s*(?:{_MARKS}\s*)?(?P<n>{number})\s*{_MARKS}?\s*$"


def is_number(text: str) -> bool:
    """Whether a text is a number in any style."""
    if _PLAIN.fullmatch(text):
        return True
    match = _FIELD.fullmatch(text)
    if match is None:
        return False
    core = match["core"]
    signs = [c for c in core if not c.isdigit() and c not in "+-eE"]
    return not signs or signs in ([","], ["."]) or _GROUPED.fullmatch(core) is not None


def style_of(texts: Iterable[str]) -> NumberStyle:
    """The style of some numbers, judged by all of them together."""
    decimals = {".": False, ",": False}  # seen where it can be nothing but a decimal sign
    groups = {".": False, ",": False}  # seen where it can be nothing but a thousands separator
    either = {".": False, ",": False}
    grouped = marked = False
    for text in texts:
        if _PLAIN.fullmatch(text):
            point = text.find(".")
            if point >= 0:
                exact = re.fullmatch(r"[+-]?[1-9]\d{0,2}\.\d{3}", text) is None
                decimals["."] |= exact
                either["."] |= not exact
            continue
        match = _FIELD.fullmatch(text)
        if match is None or not is_number(text):  # 2021.01.03 is no number with two separators
            continue
        core = match["core"]
        marked |= core != text.strip()
        if any(c in core for c in "'’" + _BLANKS):
            grouped = True
        points, commas = core.count("."), core.count(",")
        if points and commas:
            last = "." if core.rfind(".") > core.rfind(",") else ","
            decimals[last] = True
            groups["," if last == "." else "."] = True
        elif points + commas > 1:
            groups["." if points else ","] = True
        elif points + commas == 1:
            sign = "." if points else ","
            exact = re.fullmatch(rf"[+-]?[1-9]\d{{0,2}}{re.escape(sign)}\d{{3}}", core) is None
            decimals[sign] |= exact
            either[sign] |= not exact
    if decimals[","] and not decimals["."]:
        return NumberStyle(",", grouped or groups["."] or either["."], marked)
    if decimals["."] or groups[","]:
        return NumberStyle(".", grouped or groups[","] or either[","], marked)
    if groups["."]:
        return NumberStyle(",", grouped=True, marked=marked)
    if either[","]:
        return NumberStyle(",", grouped, marked, undecided=not either["."])
    return NumberStyle(".", grouped, marked)


def numbers(values: pl.Series, style: NumberStyle, *, counts: bool = False) -> tuple[pl.Series, pl.Series]:
    """Read texts in a style.

    Args:
        values: the texts, shape (n,).
        style: how they are written.
        counts: whether they are counts, such as a volume: ``172.34K`` is one, ``-`` is none.

    Returns:
        The numbers, null where there is none, and which texts are something else than a number or nothing.
    """
    texts = values.str.strip_chars()
    factor = None
    if counts:
        unit = texts.str.extract(r"([KMB])$", 1)
        factor = unit.replace_strict(_COUNT, default=1.0, return_dtype=pl.Float64)
        texts = texts.str.strip_suffix("K").str.strip_suffix("M").str.strip_suffix("B")
        nothing = texts.is_in(["-", "--", "n/a", "N/A", "nan", "NaN", "null"])
        texts = texts.set(nothing.fill_null(value=False), None)
    core = texts.str.extract(style.pattern, 1)
    core = core.str.replace_all(rf"[{'.' if style.decimal == ',' else ','}'’{_BLANKS}]", "")
    if style.decimal == ",":
        core = core.str.replace(",", ".", literal=True)
    found = core.cast(pl.Float64, strict=False)
    if factor is not None:
        found = found * factor
    wrong = found.is_null() & texts.is_not_null() & (texts != "")
    return found, wrong.fill_null(value=False)
