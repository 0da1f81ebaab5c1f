"""What an evaluation's numbers belong to: engine, strategy and data. Numbers of two of them never mix."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Identity:
    """All that decides the numbers of an optimization's trials, besides what its record holds itself.

    Attributes:
        engine_version: version of the engine.
        strategy_hash: identity of the strategy's code, hex.
        dataset_ids: content hashes of the bars, sorted.
    """

    engine_version: str
    strategy_hash: str
    dataset_ids: tuple[str, ...]

    def difference(self, other: Identity) -> str:
        """What another one has otherwise, in words; "" where they are the same.

        Args:
            other: that of whoever wants to evaluate, or has evaluated.
        """
        if other.engine_version != self.engine_version:
            return f"engine version {other.engine_version}, and the optimization is of {self.engine_version}"
        if other.strategy_hash != self.strategy_hash:
            return f"strategy {other.strategy_hash[:12]}, and the optimization is of {self.strategy_hash[:12]}"
        if other.dataset_ids != self.dataset_ids:
            return f"data {_short(other.dataset_ids)}, and the optimization is of {_short(self.dataset_ids)}"
        return ""

    def to_json(self) -> str:
        """As a text that `from_json` reads back."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Identity:
        """Read what `to_json` wrote."""
        data = json.loads(text)
        return cls(data["engine_version"], data["strategy_hash"], tuple(data["dataset_ids"]))


def _short(dataset_ids: tuple[str, ...]) -> str:
    return ", ".join(each[:12] for each in dataset_ids) or "none"
