"""The shell commands that make an optimization's numbers again, from the table of options."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from trading_ai.evaluation.model import BacktestSpec
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.optimization.records import BacktestRecord, DatasetRecord, OptimizationRecord
from trading_ai.options import Group, Option, option, rows_of
from trading_ai.parameters import axis_text, value_text
from trading_ai.search.registry import METHODS

_SAMPLE = "sample "
_SHORT_ID = 12


def flag_words(flag: str, value: object) -> list[str]:
    """A flag and its value as they are typed, before the shell's quoting; numbers are read back to the last bit."""
    text = str(value)
    if isinstance(value, float):
        short = f"{value:g}"
        text = short if float(short) == value else repr(value)
    return [f"{flag}={text}"] if text.startswith("-") else [flag, text]


def typed(group: Group, values: object) -> list[str]:
    """What to type so that a command makes the same values: every flag whose value is not the default.

    Args:
        group: where the values are held.
        values: the dataclass that holds them.
    """
    words: list[str] = []
    for row in rows_of(group):
        if row.kind == "object" or not row.has_flag:
            continue
        value = row.plain(getattr(values, row.field))
        if row.named_by:
            mode = getattr(values, row.named_by)
            if (mode, value) != (option(group, row.named_by).default, row.default):
                words += flag_words("--" + mode.replace("_", "-"), value)
            continue
        if row.follows and value and str(getattr(values, row.follows)) == option(group, row.follows).default:
            words += flag_words(row.shown_flag, option(group, row.follows).default)  # or the next would be the first
        words += _words(row, value)
    return words


def _words(row: Option, value: Any) -> list[str]:
    if value is None or value == row.default:
        return []
    if row.kind == "yes_no":
        return [row.shown_flag if value else row.shown_off_flag]
    if row.kind == "texts":
        return [word for text in value for word in flag_words(row.shown_flag, text)]
    return flag_words(row.shown_flag, value)


def import_words(dataset: DatasetRecord) -> list[str]:
    """The command that imports a dataset, word by word; files are named without their folder."""
    words = ["trading-ai", "data", "import"]
    if dataset.source.startswith(_SAMPLE):
        return [*words, "--sample", dataset.source.removeprefix(_SAMPLE)]
    file = Path(dataset.source).name
    words += [f"./{file}" if file.startswith("-") else file, "--symbol", dataset.symbol]
    words += ["--timeframe", dataset.timeframe]
    if dataset.detected.get("timezone"):
        words += ["--timezone", str(dataset.detected["timezone"])]
    stated = dict(dataset.detected.get("stated") or {})
    if "stated" not in dataset.detected and dataset.detected.get("price_scale") not in (None, 1):
        stated["price_scale"] = dataset.detected["price_scale"]  # imported before what was said was kept
    if "stated" not in dataset.detected and dataset.detected.get("day_start_decided_by") == "stated":
        stated["day_start"] = dataset.detected["day_start"]
    for name, value in stated.items():
        if name not in {"symbol", "timeframe", "timezone"}:
            words += _said(name, value)
    return words


def _said(name: str, value: Any) -> list[str]:
    """An option of an import as it was typed."""
    flag = "--" + name.replace("_", "-")
    if isinstance(value, bool):
        return [flag] if value else []
    if isinstance(value, Mapping):
        value = [f"{key}={each}" for key, each in value.items()]
    every = value if isinstance(value, list | tuple) else [value]
    return [word for each in every for word in flag_words(flag, each)]


def backtest_words(spec: BacktestSpec, strategy: str) -> list[str]:
    """The command that runs a backtest, word by word.

    Args:
        spec: the backtest.
        strategy: its strategy, as named where the command is run.
    """
    words = ["trading-ai", "backtest", "run", "--dataset", spec.dataset_id[:_SHORT_ID]]
    words += flag_words("--strategy", strategy)
    for name, value in spec.parameters.items():
        words += ["--set", f"{name}={value_text(value)}"]
    words += typed("backtest", spec)
    words += typed("sizing", spec.sizing)
    words += typed("costs", spec.costs)
    return words + typed("rules", spec.rules)


def optimize_words(spec: OptimizationSpec) -> list[str]:
    """The command that runs an optimization of the newest backtest, word by word."""
    words = ["trading-ai", "optimize", "latest"]
    for axis in spec.space.axes:
        words += ["--param", axis_text(axis)]
    return words + typed("optimization", spec)


def commands(
    record: OptimizationRecord, backtest: BacktestRecord, datasets: Sequence[DatasetRecord], strategy: str
) -> tuple[str, ...]:
    """Shell commands that make the same numbers again: imports, the backtest, the optimization.

    Args:
        record: the optimization.
        backtest: the backtest that it starts from.
        datasets: every dataset that they use.
        strategy: the backtest's strategy, as named where the commands are run.
    """
    imports = dict.fromkeys(shlex.join(import_words(dataset)) for dataset in datasets)
    return (*imports, shlex.join(backtest_words(backtest.spec, strategy)), shlex.join(optimize_words(record.spec)))


def remarks(record: OptimizationRecord, backtest: BacktestRecord) -> tuple[str, ...]:
    """What commands cannot carry along, and has to be the same as well."""
    spec, found = record.spec, []
    if ".py" in backtest.spec.strategy or ".py:" in " ".join(map(str, spec.objectives)):
        found.append("Run the commands in the folder that has the strategy's and the objective's files.")
    if spec.datasets:
        found.append("Of each symbol the dataset imported last is taken: use a TRADING_AI_HOME of its own.")
    if spec.max_seconds is not None:
        found.append("The search may end by the clock: how many trials it has then depends on the machine.")
    if spec.warm_start and METHODS[spec.method].learns:
        found.append(
            "The search began with what earlier optimizations of the same ledger had tried, which the combinations to "
            "try count too: another ledger gives it another beginning."
        )
    return tuple(found)
