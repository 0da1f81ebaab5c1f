"""Cursors: where a page of trials goes on, as a text that a client sends back and need not understand."""

from __future__ import annotations

import base64
import binascii
import json
import math
from dataclasses import dataclass
from typing import Literal

from typing_extensions import override

from trading_ai.errors import ParameterError
from trading_ai.optimization.paging import N_GROUPS, Key, Order

Direction = Literal["after", "before"]
FRONT = "pareto front"
"""What the table of a Pareto front is called; its keys are places on the front."""

_NAMES: dict[str, Direction] = {"a": "after", "b": "before"}


@dataclass(frozen=True)
class Cursor:
    """Where a page begins or ends.

    Attributes:
        table: what the table is sorted by, as in the request, "" for the ranking.
        direction: whether the page comes after the key or before it.
        key: the key.
    """

    table: str
    direction: Direction
    key: Key

    @override
    def __str__(self) -> str:
        content = [self.table, self.direction[0], self.key.group, self.key.value.hex(), self.key.index]
        return base64.urlsafe_b64encode(json.dumps(content, separators=(",", ":")).encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str, table: str) -> Cursor:
        """Read a text.

        Args:
            text: as `str` wrote it.
            table: what the table is sorted by, which has to be the same.

        Raises:
            ParameterError: it is no cursor, or one of another table.
        """
        try:
            content = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            found, direction, group, value, index = content
            key, whole = Key(group, float.fromhex(value), index), type(group) is type(index) is int
            made = cls(str(found), _NAMES[direction], key)
        except (ValueError, TypeError, KeyError, binascii.Error, OverflowError, RecursionError):
            made, whole = None, False
        if made is None or not whole or not _is_possible(made.key):
            raise ParameterError(
                "is no cursor of an answer", parameter="cursor", value=text, remedy="Take next or previous of a page."
            )
        if made.table != table:
            raise ParameterError(
                f"is of a table sorted by {made.table or 'the objective'}",
                parameter="cursor",
                value=text,
                remedy="Send it with the same sort.",
            )
        return made


def _is_possible(key: Key) -> bool:
    return 0 <= key.group < N_GROUPS and 0 <= key.index < 2**63 and not math.isnan(key.value)


def order_of(sort: str | None) -> Order:
    """The order of a sort, which names a known metric."""
    return Order() if sort is None else Order(sort.removeprefix("-"), descending=sort.startswith("-"))


def around(table: str, keys: tuple[Key, Key] | None, offset: int, n: int, total: int) -> tuple[str | None, str | None]:
    """Cursors of the page before and of the page after one; None where there is none.

    Args:
        table: what the table is sorted by.
        keys: of the page's first and last trial, None of an empty one.
        offset: trials before the page.
        n: trials on it.
        total: trials of all pages together.
    """
    if keys is None:
        return None, None
    previous = str(Cursor(table, "before", keys[0])) if offset > 0 else None
    following = str(Cursor(table, "after", keys[1])) if offset + n < total else None
    return previous, following
