"""Every command once on the real sample, as a user types it: JSON contracts, exit codes, messages."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import subprocess
import sys

import polars as pl
import pytest

from tests.fakes.user_strategies import write_strategy
from tests.preloaded import run_command
from trading_ai.store.database import Database
from trading_ai.store.sql import SqlStore

GRID = ["--param", "stop_loss=20:80:2", "--param", "take_profit=40:200:10"]


class Shell:
    """Runs commands in a home of its own."""

    def __init__(self, folder):
        self.folder = folder
        # Parallel test runners set a width of their own, to which output would be wrapped.
        self.environment = os.environ | {"TRADING_AI_HOME": str(folder / "home"), "COLUMNS": ""}

    def run(self, *arguments, code=0, **environment):
        done = run_command(*arguments, env=self.environment | environment, cwd=self.folder)
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done

    def ask(self, *arguments, code=0, **environment):
        """Run with --json; stdout must be one document."""
        return json.loads(self.run(*arguments, "--json", code=code, **environment).stdout)

    def optimizations(self):
        """What is stored of all optimizations, read without a command."""
        with contextlib.closing(Database(f"sqlite:///{self.folder / 'home' / 'trading-ai.db'}")) as database:
            return SqlStore(database).optimizations()


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    return Shell(tmp_path_factory.mktemp("cli"))


@pytest.fixture(scope="module")
def dataset(shell):
    return shell.ask("data", "import", "--sample", "EURUSD")


@pytest.fixture(scope="module")
def backtest(shell, dataset):
    settings = ["--set", "fast=10", "--set", "slow=30", "--set", "stop_loss=40", "--set", "take_profit=100"]
    return shell.ask("backtest", "run", "--dataset", dataset["id"][:8], "--strategy", "sma_crossover", *settings)


@pytest.fixture(scope="module")
def optimization(shell, backtest):
    return shell.ask("optimize", backtest["id"][:8], *GRID, "--where", "total_trades >= 30", "--name", "first")


def test_help_names_every_command_and_exit_code(shell):
    text = shell.run("--help").stdout
    for word in (
        "data", "strategies", "backtest", "optimize", "list", "status", "results", "cancel", "resume", "report", "demo",
    ):  # fmt: skip
        assert f"  {word} " in text
    for code in ("0 done", "2 wrong input", "130 interrupted"):
        assert code in text


def imported(home, *commands):
    """Which of the heavy libraries, and which modules of commands, these have loaded when the last of them is done."""
    heavy = "{'numba', 'numpy', 'polars', 'sqlalchemy', 'plotly', 'pydantic', 'alembic', 'scipy', 'celery', 'fastapi'}"
    code = (
        f"import sys; from trading_ai.cli.main import run; code = max(run(one) for one in {list(commands)!r}); "
        f"found = {heavy} & set(sys.modules) | {{m for m in sys.modules if m.startswith('trading_ai.cli.')}}; "
        "sys.stderr.write(' '.join(found)); sys.exit(code)"
    )
    environment = os.environ | {"TRADING_AI_HOME": str(home), "COLUMNS": ""}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def test_help_imports_nothing_heavy_and_no_command(tmp_path):
    assert imported(tmp_path, ["--help"]) == {
        "trading_ai.cli.commands", "trading_ai.cli.examples", "trading_ai.cli.main", "trading_ai.cli.output",
    }  # fmt: skip


@pytest.mark.parametrize("group", ["data", "backtest", "keys"])
def test_help_of_a_group_imports_none_of_its_commands(tmp_path, group):
    found = imported(tmp_path, [group, "--help"]) - {"pydantic"}  # typer reads the program's own options with it
    own = ("commands", "examples", "main", "output")
    assert found == {f"trading_ai.cli.{name}" for name in own}


def test_what_only_looks_up_what_is_stored_loads_no_engine_and_no_figures(shell, optimization):
    commands = (
        ["list"], ["list", "--json"], ["status", optimization["id"]], ["status", optimization["id"], "--json"],
        ["data", "list"], ["data", "show", "latest"], ["backtest", "list"], ["backtest", "show", "latest"],
    )  # fmt: skip
    found = imported(shell.folder / "home", *commands)
    assert "numpy" in found
    assert not found & {"numba", "polars", "plotly", "scipy", "celery", "fastapi"}


def test_a_sweep_does_not_load_what_only_verdicts_need():
    heavy = "{'arch', 'statsmodels', 'pandas', 'scipy.stats', 'optuna', 'plotly'}"
    modules = "cli.running, trading_ai.cli.trials, trading_ai.optimization.shape, trading_ai.bootstrap"
    code = f"import sys, trading_ai.{modules}; sys.stderr.write(str(sorted({heavy} & set(sys.modules))))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]"


def test_a_verdict_and_a_report_do_not_load_statistics_that_take_a_second():
    heavy = "{'arch', 'statsmodels', 'pandas', 'scipy.stats'}"
    code = f"import sys, trading_ai.studies.assessment, trading_ai.reports.making; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_a_backtest_of_a_date_range(shell, dataset):
    run = ["backtest", "run", "--dataset", dataset["id"], "--strategy", "sma_crossover"]
    made = shell.ask(*run, "--from", "2017-06-01", "--to", "2017-09-01")
    assert (made["start"], made["end"]) == ("2017-06-01", "2017-09-01")
    trades = shell.ask("backtest", "trades", made["id"])["trades"]
    assert trades
    assert all("2017-06-01" <= t["entry_time"] <= t["exit_time"] < "2017-09-01" for t in trades)
    assert "2017-06-01 to 2017-09-01" in shell.run("backtest", "show", made["id"]).stdout
    refused = shell.ask(*run, "--from", "tomorrow", code=2)["error"]
    assert (refused["parameter"], refused["value"]) == ("--from", "tomorrow")
    beyond = shell.run(*run, "--from", "2030-01-01", code=2)
    assert "The bars open from 2017-" in beyond.stderr


def test_dataset_contract(shell, dataset):
    assert (dataset["symbol"], dataset["timeframe"], dataset["n_bars"]) == ("EURUSD", "H1", 6225)
    assert dataset["quality"]["n_bars"] == 6225
    again = shell.ask("data", "import", "--sample", "EURUSD")
    assert (again["id"], again["already_known"]) == (dataset["id"], True)
    assert shell.ask("data", "show", "latest")["id"] == dataset["id"]
    assert dataset["id"] in [d["id"] for d in shell.ask("data", "list")]
    assert "EURUSD" in shell.run("data", "list").stdout
    assert "missing" in shell.run("data", "show", dataset["id"][:6]).stdout


def test_import_shows_what_was_detected(shell):
    rows = "\n".join(f"2017.01.{day:02d};{1 + day / 1000};1.2;0.9;1.1;5" for day in (2, 3, 4, 5, 6, 9, 10))
    (shell.folder / "odd.csv").write_text("date;open;high;low;close;volume\n" + rows + "\n")
    options = [
        "--symbol",
        "ODDCOIN",
        "--pip-size",
        "0.01",
        "--digits",
        "3",
        "--lot-size",
        "1",
        "--quote-currency",
        "USD",
    ]
    done = shell.run("data", "import", "odd.csv", *options, "--timezone", "UTC")
    for word in ("semicolon", "date format", "timezone", "stated", "7 of ODDCOIN D1", "quality"):
        assert word in done.stdout
    found = shell.ask("data", "import", "odd.csv", *options, "--timezone", "UTC")
    assert found["detected"]["delimiter"] == "semicolon"
    assert shell.ask("data", "delete", found["id"]) == {"id": found["id"], "deleted": True}
    assert found["id"] not in [d["id"] for d in shell.ask("data", "list")]


def test_any_ticker_is_described_by_its_kind_and_times_may_be_ends(shell):
    rows = "".join(f"2021-03-0{day} {hour:02d}:00,50,51,49,50.25\n" for day in range(1, 6) for hour in range(10, 18))
    (shell.folder / "share.csv").write_text("time,open,high,low,close\n" + rows)
    command = ["data", "import", "share.csv", "--symbol", "sap.de", "--timezone", "Europe/Berlin"]
    error = shell.ask(*command, code=2)["error"]
    assert "--kind" in error["remedy"]
    found = shell.ask(*command, "--kind", "share", "--stamped", "end")
    assert (found["symbol"], found["first"]) == ("SAP.DE", "2021-03-01T08:00:00Z")
    assert any("quoted in EUR" in note for note in found["detected"]["notes"])
    shell.ask("data", "delete", found["id"])


def test_a_faulty_file_is_refused_with_its_line_and_nothing_is_kept(shell, dataset):
    good = "2017-01-02 00:00,1.1,1.2,1.0,1.1\n2017-01-02 01:00,1.1,1.2,1.0,1.1\n"
    (shell.folder / "bad.csv").write_text("time,open,high,low,close\n" + good + "2017-01-02 02:00,1.1,1.0,1.2,1.1\n")
    error = shell.ask("data", "import", "bad.csv", "--symbol", "EURUSD", "--timezone", "UTC", code=2)["error"]
    assert error["type"] == "DataError"
    assert error["line"] == 4
    assert len(shell.ask("data", "list")) == 1
    text = shell.run("data", "import", "bad.csv", "--symbol", "EURUSD", "--timezone", "UTC", code=2)
    assert "bad.csv:4" in text.stderr
    assert text.stdout == ""


def test_every_option_that_a_refusal_advises_is_a_flag(shell):
    gold = "a,b,c,d,e\n04-01-2021,190510,194620,190000,194230\n05-01-2021,194230,195500,193540,194970\n"
    (shell.folder / "gold.csv").write_text(gold, "utf-8")
    asked = ["data", "import", "gold.csv", "--symbol", "XAUUSD"]
    assert "columns" in shell.ask(*asked, code=2)["error"]["message"]
    asked += ["--columns", "time=a", "--columns", "open=b,high=c", "--columns", "low=3", "--columns", "close=e"]
    assert "--date-format" in shell.ask(*asked, code=2)["error"]["message"]
    asked += ["--date-format", "dd-mm-yyyy"]
    assert "--price-scale 0.01" in shell.ask(*asked, code=2)["error"]["message"]
    found = shell.ask(*asked, "--price-scale", "0.01")
    assert found["detected"]["columns"] == {"time": "a", "open": "b", "high": "c", "low": "d", "close": "e"}
    assert found["n_bars"] == 2
    shell.ask("data", "delete", found["id"])


def test_a_year_that_cannot_be_is_a_refusal_with_its_line(shell):
    rows = "".join(f"{year}-01-0{day},1.1,1.2,1.0,1.1\n" for year, day in ((2021, 4), (2021, 5), (9021, 6)))
    (shell.folder / "year.csv").write_text("Date,Open,High,Low,Close\n" + rows, "utf-8")
    error = shell.ask("data", "import", "year.csv", "--symbol", "EURUSD", code=2)["error"]
    assert error["line"] == 4


def test_strategies(shell, tmp_path):
    found = {s["name"]: s for s in shell.ask("strategies")}
    assert len(found) >= 6
    fast = next(p for p in found["sma_crossover"]["parameters"] if p["name"] == "fast")
    assert {"default", "minimum", "maximum", "unit"} <= set(fast)
    assert "stop_loss" in shell.run("strategies").stdout
    own = shell.ask("strategies", write_strategy(tmp_path))
    assert [p["name"] for p in own[0]["parameters"]] == ["period"]


def test_backtest_contract(shell, backtest, dataset):
    assert backtest["dataset_id"] == dataset["id"]
    assert backtest["parameters"]["stop_loss"] == 40
    assert backtest["timeframe"] == "H1"
    assert backtest["metrics"]["total_trades"] > 100
    assert shell.ask("backtest", "show", backtest["id"][:8]) == backtest
    assert backtest["id"] in [b["id"] for b in shell.ask("backtest", "list")]
    assert "sharpe_ratio" in shell.run("backtest", "show", "latest").stdout
    assert "sma_crossover" in shell.run("backtest", "list").stdout
    trades = shell.ask("backtest", "trades", backtest["id"])
    assert trades["total"] == len(trades["trades"]) == backtest["metrics"]["total_trades"]
    rows = list(csv.DictReader(io.StringIO(shell.run("backtest", "trades", backtest["id"], "--csv").stdout)))
    assert len(rows) == trades["total"]
    assert sum(float(r["net_profit"]) for r in rows) == pytest.approx(backtest["metrics"]["net_profit"])
    assert "take_profit" in shell.run("backtest", "trades", backtest["id"]).stdout


def test_every_backtest_option_reaches_the_engine(shell, dataset):
    options = (
        *("--capital", "5000", "--currency", "usd", "--lots", "0.2", "--spread", "1", "--slippage", "0.2"),
        *("--commission-per-lot", "3", "--commission-per-million", "5", "--commission-percent", "0.001"),
        *("--commission-per-trade", "0.1", "--swap-long", "-0.5", "--swap-short", "0.1", "--conversion-rate", "1"),
        *("--opposite", "close", "--same-bar", "target_first", "--direction", "long", "--max-positions", "2"),
        *("--timeframe", "H4", "--name", "full"),
    )
    made = shell.ask("backtest", "run", "--dataset", "latest", "--strategy", "rsi_reversal", *options)
    assert made["capital"] == 5000
    assert made["sizing"]["mode"] == "lots"
    assert made["costs"] == {
        "spread_pips": 1, "commission_per_lot": 3, "commission_per_million": 5, "commission_percent": 0.001,
        "commission_per_trade": 0.1, "slippage_pips": 0.2, "swap_long": -0.5, "swap_short": 0.1, "swap_unit": "pips",
        "conversion_rate": 1,
    }  # fmt: skip
    rules = made["rules"]
    assert (rules["opposite_signal"], rules["same_bar"], rules["direction"], rules["max_positions"]) == (
        "close", "target_first", "long", 2,
    )  # fmt: skip
    assert (made["timeframe"], made["name"]) == ("H4", "full")
    assert made["metrics"]["short_trades"] == 0
    assert made["metrics"]["commission_paid"] > 0
    assert shell.ask("backtest", "delete", made["id"])["deleted"] is True


def test_optimization_contract(shell, optimization, backtest):
    assert optimization["optimization_id"] == optimization["id"]
    assert (optimization["status"], optimization["n_combinations"], optimization["completed_tasks"]) == (
        "completed",
        527,
        527,
    )
    best = optimization["results"][0]
    assert best["rank"] == 1
    assert best["parameters"] == optimization["best"]["parameters"]
    assert set(best["parameters"]) == {"stop_loss", "take_profit"} == set(optimization["best_parameters"])
    scores = [trial["sharpe_ratio"] for trial in optimization["results"]]
    assert scores == sorted(scores, reverse=True)
    same = shell.ask("results", optimization["id"][:8], "--top", "10")
    assert same["results"] == optimization["results"]
    check = [f"--set={k}={v}" for k, v in (backtest["parameters"] | best["parameters"]).items()]
    alone = shell.ask("backtest", "run", "--dataset", backtest["dataset_id"], "--strategy", "sma_crossover", *check)
    for name, value in alone["metrics"].items():
        if value is None:  # undefined, and null in both
            assert best[name] is None, name
        else:
            assert value == pytest.approx(best[name], rel=1e-9), name


def test_optimize_says_the_number_of_combinations_before_it_runs_and_what_to_do_after(shell, backtest):
    done = shell.run("optimize", backtest["id"], *GRID, "--top", "3")
    said = done.stderr.splitlines()
    assert said[0].startswith("31 x 17 = 527 combinations")
    assert said[1].startswith("expected time:")
    assert "527 of 527" in done.stderr
    for text in ("Best 3 of 527 trials", "Best parameters: stop_loss=", "in-sample winner", "trading-ai report "):
        assert text in done.stdout


def test_random_search(shell, backtest):
    options = ["--method", "random_search", "--max-iterations", "40", "--objective", "max_drawdown", "--top", "40"]
    first, again = (shell.ask("optimize", backtest["id"], *GRID, *options, "--seed", "7") for _ in range(2))
    assert first["completed_tasks"] == 40
    assert first["results"] == again["results"]
    falls = [trial["max_drawdown"] for trial in first["results"]]
    assert falls == sorted(falls)


def test_list_and_status(shell, optimization):
    assert optimization["id"] in [o["id"] for o in shell.ask("list")]
    assert "completed" in shell.run("list").stdout
    assert shell.ask("status", optimization["id"])["progress_percent"] == 100
    assert "527 of 527" in shell.run("status", optimization["id"][:8]).stdout


def test_results_as_files(shell, optimization):
    written = shell.ask("results", optimization["id"], "--csv", "trials.csv", "--parquet", "trials.parquet")["written"]
    assert written == ["trials.csv", "trials.parquet"]
    frame = pl.read_parquet(shell.folder / "trials.parquet")
    assert frame.height == 527
    assert frame["rank"].to_list() == list(range(1, 528))
    assert pl.read_csv(shell.folder / "trials.csv")["sharpe_ratio"].to_list() == pytest.approx(
        frame["sharpe_ratio"].to_list(), nan_ok=True
    )
    assert "Best 5 of 527" in shell.run("results", optimization["id"], "--top", "5").stdout


def test_complete_ones_are_not_resumed_or_cancelled(shell, optimization):
    assert shell.ask("resume", optimization["id"])["status"] == "completed"
    error = shell.ask("cancel", optimization["id"], code=5)["error"]
    assert error["type"] == "StateError"
    assert error["exit_code"] == 5


def test_report(shell, optimization):
    made = shell.ask("report", optimization["id"], "--output", "deep/report.html")
    page = (shell.folder / "deep" / "report.html").read_text("utf-8")
    assert made["n_bytes"] == len(page.encode())
    assert "<h2" in page
    assert "--param" in page
    assert optimization["id"] in page


def test_failed_trials_are_told_and_the_rest_goes_on(shell, dataset, tmp_path):
    name = write_strategy(tmp_path)
    run = shell.ask("backtest", "run", "--dataset", dataset["id"], "--strategy", name)
    made = shell.ask("optimize", run["id"], "--param", "period=31:35:1", "--top", "9")
    assert (made["status"], made["completed_tasks"], made["failed_tasks"]) == ("completed", 5, 1)
    assert "is not liked" in made["results"][-1]["error"]
    assert made["results"][-1]["net_profit"] is None
    assert shell.ask("delete", made["id"])["deleted"] is True
    assert shell.run("status", made["id"], code=4).stderr.startswith("error: no optimization")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["status", "nothing"], 4, "no optimization with id 'nothing'. See trading-ai list."),
        (["backtest", "show", "nothing"], 4, "no backtest"),
        (["data", "show", "nothing"], 4, "no dataset"),
        (["data", "import"], 2, "either a file or --sample"),
        (["data", "import", "missing.csv", "--symbol", "EURUSD"], 2, "does not exist"),
        (["data", "import", "--sample", "GOLD"], 4, "Use one of EURUSD"),
        (["backtest", "run", "--dataset", "latest", "--strategy", "sma_crosover"], 2, "Did you mean sma_crossover"),
        (["backtest", "run", "--dataset", "latest", "--strategy", "macd", "--set", "quick=1"], 2, "Known: "),
        (
            ["backtest", "run", "--dataset", "latest", "--strategy", "macd", "--lots", "1", "--units", "9"],
            2,
            "only one",
        ),
        (["backtest", "run", "--dataset", "latest", "--strategy", "macd", "--opposite", "flip"], 2, "must be one of"),
        (["optimize", "BACKTEST", "--param", "stop=20:80:2"], 2, "Known: "),
        (["optimize", "BACKTEST", "--param", "stop_loss=80:20:2"], 2, "Swap the two"),
        (["optimize", "BACKTEST", "--param", "stop_loss=20:80:0"], 2, "above zero"),
        (["optimize", "BACKTEST", "--param", "stop_loss"], 2, "NAME=MIN:MAX:STEP"),
        (["optimize", "BACKTEST"], 2, "needs at least one"),
        (["optimize", "BACKTEST", *GRID, "--where", "luck > 3"], 2, "not a known metric"),
        (["optimize", "BACKTEST", *GRID, "--objective", "luck"], 2, "not a known metric"),
        (["optimize", "BACKTEST", *GRID, "--method", "luck"], 2, "random_search"),
        (
            ["optimize", "BACKTEST", "--param", "fast=1:5000:1", "--param", "stop_loss=1:9000:1"],
            2,
            "combinations, more",
        ),
        (["optimise"], 2, "No such command"),
        (["optimise"], 2, "Did you mean 'optimize'? Try"),
        (["data", "imprt"], 2, "Did you mean 'import'? Try"),
        (["optimize", "BACKTEST", "--workers", "many"], 2, "valid integer"),
    ],
)
def test_wrong_input_is_told_in_words_and_in_json(shell, backtest, arguments, code, message):
    given = [backtest["id"] if word == "BACKTEST" else word for word in arguments]
    before = shell.optimizations()
    done = shell.run(*given, code=code)
    assert message in done.stderr
    assert done.stdout == ""
    error = shell.ask(*given, code=code)["error"]
    assert message in error["message"]
    assert error["exit_code"] == code
    assert shell.optimizations() == before


def test_a_wrong_setting_is_named(shell):
    error = shell.ask("list", code=2, TRADING_AI_WORKERS="many")["error"]
    assert error["parameter"] == "TRADING_AI_WORKERS"


def test_demo_twice(tmp_path):
    shell = Shell(tmp_path)
    first = shell.run("demo")
    assert "31 x 17 = 527 combinations" in first.stderr
    assert "Best parameters: stop_loss=" in first.stdout
    assert (tmp_path / "report.html").stat().st_size > 1_000_000
    second = shell.run("demo")
    assert second.stdout == first.stdout
    assert len(shell.ask("list")) == 1
    assert len(shell.ask("backtest", "list")) == 1
