"""An answer while it is written: queries with their cells, and sentences whose every figure is one of these."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from trading_ai.assistant.ports import Rows, Sql
from trading_ai.assistant.showing import shown, unit_of

MAX_ROWS = 200
"""Most rows of a cited query; whoever wants more asks its SQL."""

_CELL = re.compile(r"\{(c\d+\.r\d+\.[^{}]+)\}")


@dataclass(frozen=True)
class Cell:
    """A cell of a cited query.

    Attributes:
        place: query, row and column, such as ``c1.r0.sharpe_ratio``.
        value: what stands there; None where undefined.
        text: as people read it.
    """

    place: str
    value: Any
    text: str


@dataclass(frozen=True)
class Citation:
    """A query that an answer rests on.

    Attributes:
        id: ``c1`` for the first.
        sql: one SELECT; asked again over the same data it gives the same rows.
        rows: what it gave.
        units: unit of each column that the schema does not name.
        currency: of the account.
    """

    id: str
    sql: str
    rows: Rows
    units: Mapping[str, str] = field(default_factory=dict)
    currency: str = ""

    def __len__(self) -> int:
        return len(self.rows.rows)

    def value(self, row: int, column: str) -> Any:
        """What stands in a cell."""
        return self.rows.rows[row][self.rows.columns.index(column)]

    def cell(self, row: int, column: str) -> Cell:
        """A cell."""
        value = self.value(row, column)
        unit = self.units.get(column, unit_of(column))
        currency = self.currency
        if not currency and "account_currency" in self.rows.columns:
            currency = str(self.value(row, "account_currency"))
        return Cell(f"{self.id}.r{row}.{column}", value, shown(value, unit, currency))


@dataclass(frozen=True)
class Statement:
    """A sentence.

    Attributes:
        template: with cells as ``{c1.r0.column}``; what a language model may word anew.
        shown: text of each cell that stands there.
    """

    template: str
    shown: Mapping[str, str]

    @property
    def cells(self) -> tuple[str, ...]:
        """Places of its cells, in order."""
        return tuple(dict.fromkeys(_CELL.findall(self.template)))

    @property
    def text(self) -> str:
        """The sentence as people read it."""
        return _CELL.sub(lambda found: self.shown[found[1]], self.template)

    def renamed(self, citations: Mapping[str, str]) -> Statement:
        """The same sentence where its queries are called otherwise."""

        def place(old: str) -> str:
            query, _, rest = old.partition(".")
            return f"{citations.get(query, query)}.{rest}"

        template = _CELL.sub(lambda found: "{" + place(found[1]) + "}", self.template)
        return Statement(template, {place(old): text for old, text in self.shown.items()})


class Draft:
    """An answer while it is written.

    Args:
        sql: answers queries.
    """

    def __init__(self, sql: Sql) -> None:
        self._sql = sql
        self.citations: list[Citation] = []
        self.statements: list[Statement] = []
        self.assumptions: list[str] = []
        self.next: list[str] = []

    def query(
        self, sql: str, units: Mapping[str, str] | None = None, currency: str = "", max_rows: int = MAX_ROWS
    ) -> Citation:
        """Ask one SELECT and cite it.

        Args:
            sql: the query.
            units: units of columns that the schema does not name.
            currency: of the account, for money.
            max_rows: rows wanted at most.
        """
        rows = self._sql.ask(sql, max_rows)
        found = Citation(f"c{len(self.citations) + 1}", sql, rows, dict(units or {}), currency)
        self.citations.append(found)
        return found

    def say(self, template: str, **cells: Cell) -> None:
        """Add a sentence; ``{name}`` stands for the cell of that name."""
        for name, cell in cells.items():
            template = template.replace("{" + name + "}", "{" + cell.place + "}")
        self.statements.append(Statement(template, {cell.place: cell.text for cell in cells.values()}))

    def assume(self, text: str) -> None:
        """State what was taken for granted, once."""
        if text and text not in self.assumptions:
            self.assumptions.append(text)

    def offer(self, *texts: str) -> None:
        """Say what to do or look at next."""
        self.next.extend(text for text in texts if text not in self.next)


def quoted(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def column(name: str) -> str:
    """A column as SQL writes it."""
    return (
        name
        if re.fullmatch(r"[a-z_][a-z0-9_]*", name) and name not in _RESERVED
        else '"' + name.replace('"', '""') + '"'
    )


_RESERVED = frozenset({"end", "order", "group", "limit", "select", "where", "from", "case", "when", "all", "as", "in"})
