"""The quality of datasets: gaps, duplicates, bad ticks, warnings of the import."""

from __future__ import annotations

from typing_extensions import override

from trading_ai.assistant.desk import Desk, Unanswerable
from trading_ai.assistant.drafts import Draft, quoted
from trading_ai.assistant.tags import Heard
from trading_ai.assistant.topics.topic import ALWAYS, Topic
from trading_ai.documents.words import short

_CUES = ("quality", "gap", "duplicates", "spike")
_COUNTS = {
    "n_gaps": "gaps", "n_missing_bars": "missing bars", "n_exact_duplicates": "exact duplicates",
    "n_out_of_order": "bars out of order",
    "n_jumps": "jumps", "n_spikes": "bad ticks", "n_flat": "flat stretches", "n_weekend": "bars at weekends",
    "n_ask_below_bid": "bars whose ask is below the bid",
}  # fmt: skip


class Quality(Topic):
    """What the checks of an import saw."""

    name = "quality"
    accounts = ALWAYS | {
        "noun:dataset", "noun:bar", "noun:symbol", "agg", "limit", "order", "cue:failed",
        "cue:source", "metric", "cue:period",
        *(f"cue:{c}" for c in _CUES),
    }  # fmt: skip
    offers = ("are there gaps in the data?",)

    @override
    def fit(self, heard: Heard) -> float:
        if heard.has("noun", "trade", "trial", "backtest", "optimization", "winner", "run"):
            return 0.1
        if heard.cue("gap", "duplicates", "spike"):
            return 0.93
        data = heard.has("noun", "dataset", "bar") or heard.has("symbol")
        return 0.92 if heard.cue("quality") and data else 0.0

    @override
    def reading(self, heard: Heard) -> str:
        return "are there gaps in the data?"

    @override
    def answer(self, heard: Heard, desk: Desk, draft: Draft) -> None:
        where = [
            f"{slot} in ({', '.join(map(quoted, heard.values(slot)))})"
            for slot in ("symbol", "timeframe")
            if heard.values(slot)
        ]
        where += [f"dataset_id = {quoted(tag.value)}" for tag in heard.all("id_dataset")]
        condition = f" where {' and '.join(where)}" if where else ""
        counts = ", ".join(f"cast(quality->>'{name}' as bigint) as {name}" for name in _COUNTS)
        found = draft.query(
            f"select dataset_id, symbol, timeframe, n_bars, {counts}, quality->'warnings'->>0 as first_warning from "
            f"datasets{condition} "
            "order by created_at desc, dataset_id limit 20", dict.fromkeys(_COUNTS, "bars"),
        )  # fmt: skip
        if not len(found):
            raise Unanswerable("No dataset is like that.", ["which datasets are there?"])
        asked = {
            "gap": ("n_gaps", "n_missing_bars"),
            "duplicates": ("n_exact_duplicates",),
            "spike": ("n_spikes", "n_jumps"),
        }
        wanted = [name for cue, names in asked.items() if heard.cue(cue) for name in names] or list(_COUNTS)
        if heard.cue("gap") and (heard.has("order", "best", "worst") or heard.has("agg", "max")):
            _largest(condition, draft)
        for row in range(min(len(found), 5)):
            head = {"s": found.cell(row, "symbol"), "t": found.cell(row, "timeframe"), "n": found.cell(row, "n_bars")}
            known = [name for name in wanted if found.value(row, name) is not None]
            if not heard.cue("gap", "duplicates", "spike"):
                known = [name for name in known if found.value(row, name)]
            if not known:
                draft.say("{s} {t} ({n} bars): the checks found nothing.", **head)
                continue
            told = ", ".join(f"{_COUNTS[name]} {{{name}}}" for name in known)
            draft.say(f"{{s}} {{t}} ({{n}} bars): {told}.", **head, **{name: found.cell(row, name) for name in known})
            if heard.cue("spike") and found.value(row, "n_spikes"):
                _spikes(str(found.value(row, "dataset_id")), draft)
            if found.value(row, "first_warning") and heard.cue("gap", "quality"):
                draft.say("The import warned: {w}.", w=found.cell(row, "first_warning"))
        if len(found) > 1 and not where:
            draft.assume("All datasets, the newest first, as none was named")
        draft.offer(f"trading-ai data show {short(str(found.value(0, 'dataset_id')))}")
        del desk


def _spikes(dataset_id: str, draft: Draft) -> None:
    """What the checks of an import saw of each price that lies far off."""
    found = draft.query(
        "select unnest(from_json(quality->'spikes', '[\"json\"]')) as spike from datasets where dataset_id = "
        f"{quoted(dataset_id)} limit 5"
    )
    for row in range(len(found)):
        draft.say("The checks found: {s}.", s=found.cell(row, "spike"))


def _largest(condition: str, draft: Draft) -> None:
    """The largest gap of each dataset."""
    found = draft.query(
        "select symbol, timeframe, gap->>'after' as after, gap->>'before' as before, cast(gap->>'n_missing' as "
            "bigint) as "
        "n_missing from (select symbol, timeframe, created_at, dataset_id, quality->'gaps'->0 as gap from "
        f"datasets{condition}) order by created_at desc, dataset_id limit 20", {"n_missing": "bars"},
    )  # fmt: skip
    draft.assume("The largest gap as the checks of the import list them, the largest first")
    for row in range(len(found)):
        cells = {name: found.cell(row, name) for name in found.rows.columns}
        if found.value(row, "n_missing") is None:
            draft.say("{symbol} {timeframe}: the checks found no gap.", **cells)
        else:
            draft.say("{symbol} {timeframe}: {n_missing} bars are missing between {after} and {before}.", **cells)


QUALITY = Quality()
