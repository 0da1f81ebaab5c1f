"""The quality report of an import: what was found in the rows, for people and as JSON."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Gap:
    """A hole between two neighbouring bars: their opens (UTC, ISO 8601) and the bars missing between."""

    after: str
    before: str
    n_missing: int


@dataclass(frozen=True)
class Jump:
    """A change of price from one bar to the next by `factor`, at `time` (UTC, ISO 8601)."""

    time: str
    line: int | None
    before: float
    after: float
    factor: float


@dataclass(frozen=True)
class Spike:
    """A price far off the bars around it, at `time` (UTC, ISO 8601): `column` of the bar, and the nearest price there.

    Nothing says whether it was traded.
    """

    time: str
    line: int | None
    column: str
    value: float
    usual: float


@dataclass
class QualityReport:
    """What was found in the rows of a file.

    Attributes:
        source: the file.
        n_rows: rows read.
        n_bars: bars kept.
        first: open of the first bar, UTC, ISO 8601.
        last: open of the last bar.
        n_gaps: holes in the hours in which the symbol trades.
        n_missing_bars: bars missing in all of them.
        gaps: the largest holes, largest first.
        n_exact_duplicates: rows that repeat another row (dropped by `repair`).
        n_out_of_order: rows that step back in time (sorted by `repair`).
        n_jumps: suspicious changes of price.
        jumps: the largest of them.
        n_spikes: bars with a price far off the bars around them.
        spikes: the farthest of them.
        n_flat: bars with one price and no volume.
        n_weekend: bars wholly within the FX weekend.
        n_ask_below_bid: bars whose ask opens or closes below the bid.
        weekly_opens: how often each time of the week, on the file's clock, opened a week.
        lowest: lowest price.
        highest: highest price.
        warnings: sentences for the user.
        repairs: what `repair` did, in words.
    """

    source: str = ""
    n_rows: int = 0
    n_bars: int = 0
    first: str = ""
    last: str = ""
    n_gaps: int = 0
    n_missing_bars: int = 0
    gaps: list[Gap] = field(default_factory=list)
    n_exact_duplicates: int = 0
    n_out_of_order: int = 0
    n_jumps: int = 0
    jumps: list[Jump] = field(default_factory=list)
    n_spikes: int = 0
    spikes: list[Spike] = field(default_factory=list)
    n_flat: int = 0
    n_weekend: int = 0
    n_ask_below_bid: int = 0
    weekly_opens: dict[str, int] = field(default_factory=dict)
    lowest: float = float("nan")
    highest: float = float("nan")
    warnings: list[str] = field(default_factory=list)
    repairs: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, object]:
        """The report as JSON-able values."""
        return dataclasses.asdict(self)

    def lines(self) -> list[str]:
        """The report as lines for a terminal."""
        out = [f"{self.n_bars:,} bars, {self.first} .. {self.last} UTC, prices {self.lowest:g} .. {self.highest:g}"]
        if self.n_gaps:
            out.append(f"{self.n_gaps:,} gaps in the trading week, {self.n_missing_bars:,} bars missing; the largest:")
            out += [f"  {gap.after} .. {gap.before}: {gap.n_missing:,} bars" for gap in self.gaps[:5]]
        else:
            out.append("no gaps in the trading week")
        if self.n_spikes:
            out.append(f"{self.n_spikes:,} bars with a price far off the bars around; the farthest:")
            out += [
                f"  {s.time}{'' if s.line is None else f' (line {s.line})'}: {s.column} {s.value:g}, around {s.usual:g}"
                for s in self.spikes[:5]
            ]
        if self.weekly_opens:
            out.append("weeks open at (file's clock): " + ", ".join(f"{k} {v}x" for k, v in self.weekly_opens.items()))
        out += [f"repaired: {text}" for text in self.repairs]
        out += [f"warning: {text}" for text in self.warnings]
        return out
