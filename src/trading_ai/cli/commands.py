"""The table of commands. A command's module is imported when the command is called, so that `--help` needs none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typing_extensions import override

from trading_ai.cli.examples import EXAMPLES

COMPLETE_VARIABLE = "_TRADING_AI_COMPLETE"
"""Set by a shell that asks how a line may go on."""


class Listed(NamedTuple):
    """A command that can be called.

    Attributes:
        home: its module in `trading_ai.cli` and its function there, ``module:function``.
        help: the first paragraph of the function's docstring.
        group: the word before its name, or "" for none.
        name: the word that calls it.
    """

    home: str
    help: str
    group: str
    name: str

    def load(self) -> Callable[..., None]:
        """The function; imports its module."""
        module, _, function = self.home.partition(":")
        found: Callable[..., None] = getattr(import_module(f"trading_ai.cli.{module}"), function)
        return found


def _listed(words: str, home: str, text: str) -> Listed:
    group, _, name = words.rpartition(" ")
    return Listed(home, text, group, name)


GROUPS = {
    "data": "Import, fetch, append, list, show and delete market data.",
    "backtest": "Run, import, list and show backtests.",
    "strategy": "Publish, list, show, download and delete strategies that workers fetch by themselves.",
    "keys": "Make, list and revoke API keys.",
}
"""Groups of commands with their help; they are shown after the commands that have none."""

COMMANDS = (
    _listed(
        "strategies", "strategies:list_strategies", "List strategies with their parameters, bounds, defaults and units."
    ),
    _listed(
        "look-ahead",
        "look_ahead:look_ahead",
        "Check that a strategy's signals do not change when later bars are taken away.",
    ),
    _listed(
        "check-robots",
        "robots:check",
        "Run every cTrader robot of a folder on some bars, and list what each one did or lacks.",
    ),
    _listed(
        "cbotset",
        "robots:cbotset",
        "Print the flags that give a .cbotset file's values to a robot, and its ranges to a search.",
    ),
    _listed(
        "optimize", "running:optimize", "Try every combination of some parameters of a backtest and rank the results."
    ),
    _listed(
        "import-passes",
        "passes:import_passes",
        "Keep an optimization that was made elsewhere and judge it by its passes; nothing of it can be run again.",
    ),
    _listed("list", "optimizations:list_optimizations", "List optimizations, newest first."),
    _listed("status", "optimizations:status", "Show an optimization's progress."),
    _listed("results", "trials:results", "Show the ranked trials, or write all of them to a file."),
    _listed("cancel", "optimizations:cancel", "Cancel an optimization for good; finished trials are kept."),
    _listed("resume", "running:resume", "Go on with a paused or killed optimization; no trial is lost or repeated."),
    _listed("pause", "optimizations:pause", "Pause an optimization, whichever process runs it; `resume` goes on."),
    _listed(
        "prioritize",
        "optimizations:prioritize",
        "Give an optimization more, or less, of the workers that others wait for too.",
    ),
    _listed("delete", "optimizations:delete", "Delete an optimization with its trials."),
    _listed(
        "report",
        "report:report",
        "Write one HTML file with every figure and table, which opens offline; or a PDF of it.",
    ),
    _listed(
        "robustness",
        "robustness:robustness",
        "Judge the best trial: survives, fragile or likely luck, with every criterion.",
    ),
    _listed(
        "walk-forward",
        "walk_forward:walk_forward",
        "Optimize each training window anew and trade its winner on the days that follow.",
    ),
    _listed("verify", "robustness:verify", "Run a stored trial again and compare every metric to the last bit."),
    _listed("export", "export:export", "Write a trial's parameters for the platform that will trade them."),
    _listed(
        "demo",
        "demo:demo",
        "Sweep 527 combinations of stop and target of a moving-average cross over real EURUSD bars.",
    ),
    _listed(
        "watch",
        "watch:watch",
        "Watch an optimization until it ends: progress, the best trials, how all of them spread.",
    ),
    _listed("open", "opening:open_report", "Make the report of an optimization and open it in the browser."),
    _listed(
        "init", "init:init", "Ask a few questions, and end with a first result: data, strategy, costs, parameters."
    ),
    _listed(
        "doctor", "doctor:doctor", "Check what is installed, kept, reachable and slow, and say what to do about it."
    ),
    _listed("completion", "completion:completion", "Print the script that completes commands and options in a shell."),
    _listed(
        "search", "search:search", "Find passages of the documentation and of what is stored, by words and by meaning."
    ),
    _listed(
        "note",
        "notes:note",
        "Note something down about a run, or list and delete notes; `search` and `ask` find them.",
    ),
    _listed("index", "index:index", "Bring the vectors of search by meaning to what is stored now."),
    _listed("mcp", "mcp:mcp", "Answer an agent over stdin and stdout by the Model Context Protocol (MCP)."),
    _listed("sql", "sql:sql", "Ask everything that is stored in SQL, and print or write the answer."),
    _listed("ask", "ask:ask", "Ask a question in plain language; every figure of the answer is a cell of a query."),
    _listed(
        "insights",
        "insights:insights",
        "Say what matters in an optimization, ranked, each with its evidence and what to do next.",
    ),
    _listed("serve", "services:serve", "Serve the APIs; without a broker, optimizations run on this machine."),
    _listed(
        "worker",
        "worker:worker",
        "Evaluate chunks that the broker tells of, until stopped; needs the database's and the broker's URL only.",
    ),
    _listed(
        "flower",
        "flower:flower",
        "Show workers and tasks in Flower; needs the broker's URL only, and opens no database.",
    ),
    _listed(
        "migrate",
        "migrate:migrate",
        "Create the tables, or bring them to this version; doing it again changes nothing.",
    ),
    _listed(
        "data import",
        "importing:import_file",
        "Read, check and keep a file of bars; a file with a structural fault is refused.",
    ),
    _listed(
        "data fetch",
        "fetching:fetch_bars",
        "Fetch bars of an exchange or of Yahoo and keep them; called again, it goes on where it ended.",
    ),
    _listed(
        "data append",
        "appending:append",
        "Add the bars of a file behind a dataset: a new dataset, which names the old one.",
    ),
    _listed("data list", "data:list_datasets", "List datasets, newest first."),
    _listed("data show", "data:show", "Show a dataset: what was detected, and its quality report."),
    _listed("data delete", "data:delete", "Delete a dataset that no backtest uses."),
    _listed("backtest run", "backtests:run", "Run a strategy with one set of parameters and keep the result."),
    _listed(
        "backtest import",
        "trade_imports:import_backtests",
        "Keep backtests that were made elsewhere: reports and lists of trades of other platforms.",
    ),
    _listed(
        "backtest differences",
        "trade_imports:differences",
        "Set the trades that a backtest replays beside what its bars and their own levels alone make of them.",
    ),
    _listed("backtest list", "backtests:list_backtests", "List backtests, newest first."),
    _listed("backtest show", "backtests:show", "Show a backtest's settings and metrics."),
    _listed("backtest trades", "backtests:trades", "List a backtest's trades."),
    _listed("backtest log", "backtests:log", "Print what the strategy of a backtest wrote into its log."),
    _listed("backtest delete", "backtests:delete", "Delete a backtest that no optimization uses."),
    _listed(
        "strategy publish",
        "bundles:publish",
        "Keep a strategy's files in the database, from where workers fetch them; --strategy bundle:NAME runs it.",
    ),
    _listed("strategy pack", "bundles:pack", "Write a strategy's files as one archive, to be published elsewhere."),
    _listed("strategy list", "bundles:list_bundles", "List published strategies, newest first."),
    _listed("strategy show", "bundles:show", "Show a published strategy: files, requirements, parameters."),
    _listed("strategy download", "bundles:download", "Write the files of a published strategy into a folder."),
    _listed("strategy delete", "bundles:delete", "Delete a published strategy that no backtest uses."),
    _listed("keys create", "keys:create_key", "Make a key; it is shown once."),
    _listed("keys list", "keys:list_keys", "List keys, revoked ones too."),
    _listed("keys revoke", "keys:revoke_key", "Revoke a key for good."),
)
"""Every command, in the order in which help shows them."""


SECTIONS = {
    "Begin": ("init", "demo", "doctor", "strategies", "data", "backtest", "open"),
    "Search": ("optimize", "watch", "status", "pause", "resume", "cancel", "list", "results"),
    "Luck or not": ("robustness", "walk-forward", "look-ahead", "verify", "report"),
    "Ask": ("ask", "insights", "search", "note", "index", "sql", "mcp"),
    "From and to other platforms": ("export", "import-passes", "check-robots", "cbotset"),
    "Many machines": ("serve", "worker", "flower", "prioritize", "strategy", "keys", "migrate"),
    "Keep in order": ("delete", "completion"),
}
"""Commands and groups by what one does first; whatever is in none is shown last."""


def _metavar(parameter: Any) -> str | None:
    """What stands for an option's value in help: a word that people know, and the bounds where there are any."""
    if getattr(parameter, "is_flag", False) or getattr(parameter, "param_type_name", "") != "option":
        return None
    descriptor = getattr(parameter, "type_descriptor", None)  # newer versions of typer
    kind = str(descriptor.annotation if descriptor is not None else parameter.type.name).lower()
    for word, shown in (("path", "FILE"), ("file", "FILE"), ("int", "N"), ("float", "NUMBER"), ("str", "TEXT")):
        if word in kind:
            return shown
    return "TEXT" if "text" in kind else None


def _with_example(command: Any, words: str) -> Any:
    """The command with an example in its help, and words that people know for the types of its values."""
    example = EXAMPLES.get(words)
    if example:
        command.epilog = f"Example: {example}"
    for parameter in command.params:
        if parameter.metavar is None:
            parameter.metavar = _metavar(parameter)
    return command


class _Commands(Mapping[str, Any]):
    """The commands of a group by name; asking for one imports its module."""

    def __init__(self, group: str) -> None:
        self.group = group
        self.listed = {row.name: row for row in COMMANDS if row.group == group}
        self.groups = {} if group else GROUPS

    @override
    def __getitem__(self, name: str) -> Any:
        if name in self.groups:
            return CommandGroup(name=name, help=self.groups[name], no_args_is_help=True, rich_markup_mode=None)
        single = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
        single.command(name)(self.listed[name].load())
        words = f"{self.group} {name}".strip()
        return _with_example(typer.main.get_command(single), words)

    @override
    def __iter__(self) -> Iterator[str]:
        yield from self.listed
        yield from self.groups

    @override
    def __len__(self) -> int:
        return len(self.listed) + len(self.groups)

    def help_of(self, name: str) -> str:
        """The help of a command or group; imports nothing."""
        return self.groups[name] if name in self.groups else self.listed[name].help


class CommandGroup(TyperGroup):
    """The program, or one of `GROUPS`: finds its commands in the table, and shows their help from there."""

    def __init__(self, *, name: str | None = None, **attributes: Any) -> None:
        super().__init__(name=name, **attributes)
        self._listed = _Commands(name if name in GROUPS else "")
        self.commands = self._listed  # type: ignore[assignment]  # nothing is added to it

    @override
    def list_commands(self, ctx: Any) -> list[str]:
        return list(self._listed)

    @override
    def format_commands(self, ctx: Any, formatter: Any) -> None:
        # As click does of commands that it has: the first sentence of each.
        limit = formatter.width - 6 - max(map(len, self._listed))
        left = list(self._listed)  # asking the mapping whether it has a name would import the command
        sections = SECTIONS if self._listed.groups else {}
        for title, names in sections.items():
            self._write(formatter, title, [name for name in names if name in left], limit)
        self._write(
            formatter, "More" if sections else "Commands", [n for n in left if n not in _PLACED or not sections], limit
        )

    def _write(self, formatter: Any, title: str, names: list[str], limit: int) -> None:
        if names:
            with formatter.section(title):
                formatter.write_dl(
                    [
                        (name, TyperCommand(name, help=self._listed.help_of(name)).get_short_help_str(limit))
                        for name in names
                    ]
                )


_PLACED = {name for names in SECTIONS.values() for name in names}
