"""Deals into trades: which entry an exit closes, where a report has a line for each and not their tie."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from trading_ai.errors import DataError
from trading_ai.importers.trades.document import Document

_CENT = 0.0101
_VOLUME = 1e-9


@dataclass(frozen=True)
class Deal:
    """One execution.

    Attributes:
        row: its row of the document.
        time_ns: on the report's clock.
        symbol: of what.
        direction: +1 bought, -1 sold.
        entry: whether it opens; False if it closes, None if it closes and opens the other side with what is left.
        volume: size, above 0.
        price: fill.
        commission: paid, account currency, >= 0.
        swap: credit (+) or charge (-).
        profit: of the closed part, account currency.
        stop_loss: price, or NaN.
        take_profit: price, or NaN.
        reason: exit reason.
    """

    row: int
    time_ns: int
    symbol: str
    direction: int
    entry: bool | None
    volume: float
    price: float
    commission: float
    swap: float
    profit: float
    stop_loss: float = math.nan
    take_profit: float = math.nan
    reason: int = -1


@dataclass
class _Position:
    deal: Deal
    left: float
    commission: float  # of what is left


@dataclass
class Paired:
    """What became of deals.

    Attributes:
        rows: a trade each, by the fields of `found.FOUND`.
        symbols: each trade's symbol.
        n_open: positions that were left open.
        n_doubtful: exits that several positions could belong to, and whose profit did not tell which.
        n_by_profit: exits whose profit told another position than the first one opened.
    """

    rows: list[dict[str, float]]
    symbols: list[str]
    n_open: int = 0
    n_doubtful: int = 0
    n_by_profit: int = 0


def pair_deals(deals: Sequence[Deal], document: Document) -> Paired:
    """Tie exits to entries.

    An exit belongs to a position of its symbol and the other side. Of several the profit tells which: it is the
    difference of prices times the volume times what a lot is worth, which exits that can belong to one position only
    have told. Where it does not tell, it is the first one opened.

    Args:
        deals: in order of time.
        document: the file, for messages.

    Raises:
        DataError: an exit closes what was never opened.
    """
    found = Paired([], [])
    open_: dict[str, list[_Position]] = {}
    worth: dict[str, float] = {}  # account currency for one of volume and one of price
    for deal in deals:
        positions = open_.setdefault(deal.symbol, [])
        if deal.entry is True:
            positions.append(_Position(deal, deal.volume, deal.commission))
            continue
        facing = [p for p in positions if p.deal.direction == -deal.direction]
        closed = min(deal.volume, sum(p.left for p in facing))
        if closed < deal.volume - _VOLUME and (deal.entry is False or not facing):
            raise _never_opened(deal, document)
        parts = _parts(deal, closed, facing, worth.get(deal.symbol), found)
        if len(parts) == 1:
            position = parts[0][0]
            move = (deal.price - position.deal.price) * position.deal.direction * closed
            if len(facing) == 1 and abs(deal.profit) > 100 * _CENT and move * deal.profit > 0.0:
                worth[deal.symbol] = deal.profit / move
        _close(deal, closed, parts, found)
        open_[deal.symbol] = [p for p in positions if p.left > _VOLUME]
        left = deal.volume - closed
        if deal.entry is None and left > _VOLUME:
            share = deal.commission * left / deal.volume
            open_[deal.symbol].append(_Position(deal, left, share))
    found.n_open = sum(map(len, open_.values()))
    return found


def _parts(
    deal: Deal, closed: float, facing: list[_Position], worth: float | None, found: Paired
) -> list[tuple[_Position, float]]:
    """The positions that a deal closes, and how much of each."""
    whole = [p for p in facing if p.left >= closed - _VOLUME]
    if whole:
        chosen = whole[0]
        if len(whole) > 1 and worth is not None:
            errors = [abs((deal.price - p.deal.price) * p.deal.direction * closed * worth - deal.profit) for p in whole]
            best = min(range(len(whole)), key=lambda i: (round(errors[i], 3), abs(whole[i].left - closed) > _VOLUME, i))
            if errors[best] <= max(_CENT, 2e-3 * abs(deal.profit)):
                found.n_by_profit += best != 0
                chosen = whole[best]
            else:
                found.n_doubtful += 1
        elif len(whole) > 1:
            found.n_doubtful += 1
        return [(chosen, closed)]
    parts, left = [], closed
    for position in facing:
        part = min(position.left, left)
        if part > _VOLUME:
            parts.append((position, part))
            left -= part
    return parts


def _close(deal: Deal, closed: float, parts: list[tuple[_Position, float]], found: Paired) -> None:
    moves = [(deal.price - p.deal.price) * p.deal.direction * part for p, part in parts]
    total, rest = sum(moves), deal.profit
    for i, ((position, part), move) in enumerate(zip(parts, moves, strict=True)):
        last = i == len(parts) - 1
        share = part / closed
        gross = rest if last else round(deal.profit * (move / total if abs(total) > 1e-12 else share), 2)
        rest -= gross
        paid = position.commission * part / position.left
        commission = paid + deal.commission * part / deal.volume
        swap = deal.swap * share
        position.commission -= paid
        position.left -= part
        found.rows.append(
            {
                "entry_time_ns": position.deal.time_ns, "exit_time_ns": deal.time_ns,
                "direction": position.deal.direction, "exit_reason": deal.reason, "size": part,
                "entry_price": position.deal.price, "exit_price": deal.price,
                "stop_loss": position.deal.stop_loss, "take_profit": position.deal.take_profit,
                "gross_profit": gross, "commission": commission, "swap": swap,
                "net_profit": gross - commission + swap, "row": deal.row,
            }
        )  # fmt: skip
        found.symbols.append(deal.symbol)


def _never_opened(deal: Deal, document: Document) -> DataError:
    return document.refuse(
        "closes more than is open", row=deal.row, parameter="volume", value=deal.volume,
        remedy="Export the whole report; an entry before it is missing",
    )  # fmt: skip
