"""Columns of a report's table: texts, numbers and times, refused at the row where one is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from trading_ai.importers.datetimes import (
    TimeFormat,
    guess_time_format,
    order_of_day_and_month,
    parse_times,
    why_no_time,
    with_day_first,
)
from trading_ai.importers.numbers import NumberStyle, numbers, style_of
from trading_ai.importers.trades.document import Document

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_LARGEST = 1e15
_NOTHING = {"", "-", "—", "–", "n/a", "N/A", "null", "None", "nan", "NaN", "NaT", "∅"}
_MINUS = str.maketrans({"−": "-", "–": "-"})
_ACCOUNTING = re.compile(r"^\((.+)\)$")


def plain(text: str) -> str:
    """A heading in lower case without anything but letters and digits of any alphabet; % becomes ``percent``."""
    return re.sub(r"[\W_]+", "", text.replace("%", "percent")).lower()


def cell(row: Sequence[str], at: int | None) -> str:
    """A cell of a row, or "" where the row ends before it."""
    return row[at].strip() if at is not None and 0 <= at < len(row) else ""


def one_number(text: str) -> float | None:
    """A number of a report that writes points for decimals and blanks for thousands; None where it is none."""
    text = text.translate(_MINUS).replace("\u00a0", " ").replace("\u202f", " ")
    if not re.fullmatch(r"\s*[+-]?\s*[\d  ]*\.?\d*\s*", text) or not any(c.isdigit() for c in text):
        return None
    value = float(text.replace(" ", ""))
    return value if abs(value) < _LARGEST else None


def needed_number(document: Document, cells: Sequence[str], row: int, at: int, name: str) -> float:
    """A number of a MetaTrader report, in cell `at` of a row.

    Raises:
        DataError: it is missing, or is no number.
    """
    text = cell(cells, at)
    value = one_number(text)
    if value is None:
        raise document.refuse(
            "is not a number" if text else "is missing", row=row, parameter=name, value=text or None,
            remedy="Export it again; it is cut off, or was changed",
        )  # fmt: skip
    return value


class Columns:
    """Some rows of a document, by the roles of their columns.

    Args:
        document: the file.
        rows: positions in `document.rows`, shape (n,).
        roles: column by role.
    """

    def __init__(self, document: Document, rows: Sequence[int], roles: Mapping[str, int]) -> None:
        self.document, self.rows, self.roles = document, rows, roles
        self._style: NumberStyle | None = None

    def __contains__(self, role: str) -> bool:
        return role in self.roles

    def texts(self, role: str) -> list[str]:
        """The texts of a column, shape (n,); empty ones where there is no such column."""
        at = self.roles.get(role)
        return [cell(self.document.rows[row], at) for row in self.rows]

    def settle_style(self, roles: Sequence[str]) -> None:
        """Judge by all columns of numbers together how they are written.

        Raises:
            DataError: 1,905 may be 1.905 as well as 1905, and no other number tells.
        """
        texts = [text for role in roles if role in self.roles for text in map(_prepared, self.texts(role)) if text]
        self._style = style_of(texts)
        if self._style.undecided:
            shown = next(text for text in texts if "," in text or "." in text)
            raise self.document.refuse(
                "has numbers whose sign may separate decimals or thousands", value=shown,
                remedy="Export it with points as decimal signs",
            )  # fmt: skip

    def numbers(self, role: str, *, needed: bool = True, name: str = "", lenient: bool = False) -> Floats:
        """A column of numbers, shape (n,); NaN where there is none and none is needed.

        Args:
            role: the column's role.
            needed: whether every row must have one.
            name: what to call the column in messages; the role if left out.
            lenient: whether a cell that is no number is NaN: of a column that is only a help, nothing is worth a
                refusal. A percent sign may follow a number.

        Raises:
            DataError: a cell is no number, infinite, or empty though one is needed.
        """
        if role not in self.roles:
            if needed:
                raise self.document.refuse("has no such column", parameter=name or role, remedy="Export all columns")
            return np.full(len(self.rows), np.nan)
        texts = [_prepared(text.removesuffix("%") if lenient else text) for text in self.texts(role)]
        style = self._style or style_of(text for text in texts if text)
        found, wrong = numbers(pl.Series(texts, dtype=pl.String), style)
        values: Floats = found.fill_null(float("nan")).to_numpy().astype(np.float64)
        bad = wrong.to_numpy() | (np.abs(values) >= _LARGEST)
        if lenient:
            return np.where(bad, np.nan, values)
        if needed:
            bad |= np.isnan(values)
        if bad.any():
            at = int(np.flatnonzero(bad)[0])
            shown = cell(self.document.rows[self.rows[at]], self.roles[role])
            raise self.document.refuse(
                "is missing" if not shown else "is not a number", row=self.rows[at], parameter=name or role,
                value=shown or None, remedy="Correct or remove the row (the file may be cut off)",
            )  # fmt: skip
        return values

    def times(self, role: str, *, day_first: bool | None = None) -> tuple[Ints, bool]:
        """A column of times: ns since 1970, shape (n,), and whether they carry their zone and so are UTC.

        Args:
            role: the column's role.
            day_first: what the format documents of 02/03/2026; None for nothing.

        Raises:
            DataError: a cell is no time of the column's form, or day and month cannot be told apart.
        """
        values = pl.Series([text.replace("\n", " ") for text in self.texts(role)], dtype=pl.String)
        # The longest tells most: some writers leave out a fraction of nought.
        samples = sorted(values.unique().to_list()[:1000], key=lambda text: (-len(text), text))
        form = guess_time_format(samples)
        if form is None:
            raise self._no_time(role, 0, "is not a time in a known form", "Export times as 2024-01-31 13:45:00")
        if form.undecided:
            form = self._decided(role, values, form, day_first)
        times, bad = parse_times(values, form)
        if bad.any():
            at = int(np.flatnonzero(bad)[0])
            rule, _ = why_no_time(values[at], form, samples[0])
            raise self._no_time(role, at, rule, "Correct or remove the row (the file may be cut off)")
        return times, form.zoned or form.is_epoch

    def _decided(self, role: str, values: pl.Series, form: TimeFormat, day_first: bool | None) -> TimeFormat:
        try:
            told = order_of_day_and_month(values)
        except ValueError:
            raise self._no_time(
                role, 0, "has dates with the day first and others with the month first", "Export one form of dates"
            ) from None
        told = day_first if told is None else told
        if told is None:
            raise self._no_time(
                role, 0, "could be day and month or month and day: no value in the file is above 12",
                "Export times as 2024-01-31 13:45:00",
            )  # fmt: skip
        return with_day_first(form, day_first=told)

    def _no_time(self, role: str, at: int, rule: str, remedy: str) -> Exception:
        row = self.rows[at] if self.rows else None
        value = None if row is None else cell(self.document.rows[row], self.roles.get(role))
        return self.document.refuse(rule, row=row, parameter=role, value=value or None, remedy=remedy)


def _prepared(text: str) -> str:
    text = text.translate(_MINUS).strip()
    if text in _NOTHING:
        return ""
    negative = _ACCOUNTING.match(text)
    return f"-{negative[1]}" if negative else text.removeprefix("+")


def header_of(
    document: Document, words: Mapping[str, Sequence[str]], needed: Sequence[str], *, first: int = 0, within: int = 200
) -> tuple[int, dict[str, int]] | None:
    """The first row that names all needed columns, and the column of each role; None where there is none.

    Args:
        document: the file.
        words: headings, as `plain` leaves them, by role; one that ends in ``*`` may go on, but not to ``percent``.
        needed: roles without which a row is no header.
        first: row to begin at.
        within: rows to look through.
    """
    for at in range(first, min(first + within, len(document.rows))):
        row = document.rows[at]
        if len(row) < len(needed):
            continue
        heads = [plain(text) for text in row]
        roles: dict[str, int] = {}
        for role, known in words.items():
            for word in known:
                fits = (
                    (
                        i
                        for i, head in enumerate(heads)
                        if head.startswith(word[:-1]) and not head.endswith("percent") and i not in roles.values()
                    )
                    if word.endswith("*")
                    else (i for i, head in enumerate(heads) if head == word and i not in roles.values())
                )
                found = next(fits, None)
                if found is not None:
                    roles[role] = found
                    break
        if all(role in roles for role in needed):
            return at, roles
    return None
