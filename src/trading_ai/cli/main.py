"""The command `trading-ai`: its own options, errors as exit codes."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from typing import Any

import typer

from trading_ai import __version__
from trading_ai.cli.commands import COMPLETE_VARIABLE, CommandGroup
from trading_ai.cli.output import note, print_json
from trading_ai.errors import StorageError, TradingAIError

EXIT_CODES = """
Exit codes: 0 done; 1 unexpected error; 2 wrong input, nothing was done; 4 no such dataset, backtest or
optimization; 5 its state does not allow that; 6 nothing could be evaluated; 7 the database or a file could not be
used; 8 no trial ranks, so there is no winner; 130 interrupted (an optimization is paused, `trading-ai resume ID`
goes on).
"""

app = typer.Typer(
    name="trading-ai",
    cls=CommandGroup,
    help="Sweep a trading strategy over years of bars: import data, run a backtest, optimize, report.\n\n"
    "IDs may be a unique prefix, the name given with --name, or `latest`.",
    epilog=EXIT_CODES,
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def options(
    context: typer.Context,
    *,
    version: bool = typer.Option(False, "--version", help="Print the version and leave."),
) -> None:
    """Options of the command itself."""
    if version:
        typer.echo(__version__)
        raise typer.Exit
    if context.invoked_subcommand is None:
        from trading_ai.cli.overview import overview  # noqa: PLC0415 - it opens the database

        overview()


def _fail(error: dict[str, Any], code: int, *, as_json: bool) -> int:
    if as_json:
        print_json({"error": error | {"exit_code": code}})
    else:
        note(f"error: {error['message']}")
    return code


def _describe(error: TradingAIError) -> dict[str, Any]:
    described: dict[str, Any] = {"type": type(error).__name__, "message": str(error)}
    for name in ("parameter", "value", "rule", "remedy", "file", "line", "kind", "identifier"):
        value = getattr(error, name, None)
        if value not in (None, ""):
            described[name] = value
    return described


def _unexpected(error: Exception, *, as_json: bool) -> int:
    if os.environ.get("TRADING_AI_LOG_LEVEL", "").upper() == "DEBUG":
        raise error
    text = f"unexpected {type(error).__name__}: {error}. TRADING_AI_LOG_LEVEL=DEBUG shows where"
    return _fail({"type": type(error).__name__, "message": text}, 1, as_json=as_json)


def _seen_enough() -> int:
    """The reader of a pipe, such as head, has seen enough: that is no error."""
    _discard_output()
    return 0


def _unwritable(error: OSError) -> int:
    """What was to be printed found no place, on a full disk say: the exit code of a file that could not be used."""
    _discard_output()
    note(f"error: the output could not be written: {error.strerror}")
    return StorageError.exit_code


def _discard_output() -> None:
    """Let what is still to be written vanish: it would fail once more when the interpreter ends."""
    with suppress(OSError, ValueError):  # a stdout that is no file, in a test say
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)


def run(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    if COMPLETE_VARIABLE in os.environ:
        from typer.completion import get_completion_inspect_parameters  # noqa: PLC0415 - of shells only

        get_completion_inspect_parameters()  # makes the shells known
    as_json = "--json" in given
    try:
        code = app(given, prog_name="trading-ai", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except typer.Exit as leaving:
        return leaving.exit_code
    except TradingAIError as error:
        from trading_ai.cli.wording import in_flags  # noqa: PLC0415 - help and what succeeds need no table of options

        return _fail(_describe(in_flags(error)), error.exit_code, as_json=as_json)
    except (KeyboardInterrupt, typer.Abort):
        return _fail({"type": "Interrupted", "message": "interrupted"}, 130, as_json=as_json)
    except BrokenPipeError:
        return _seen_enough()
    except SystemExit as leaving:
        # That is how click leaves where a pipe is closed; it puts something in the place of stdout then.
        if type(sys.stdout).__name__ == "PacifyFlushWrapper":
            return _seen_enough()
        return leaving.code if isinstance(leaving.code, int) else 1
    except OSError as error:
        if error.filename is not None:
            return _unexpected(error, as_json=as_json)
        return _unwritable(error)
    except Exception as error:  # noqa: BLE001 - the last resort: whatever it is becomes a line and an exit code
        # Imported here: typer's own exception types live in whichever click it brings.
        if type(error).__name__ == "NoArgsIsHelpError":
            note(str(getattr(error, "message", error)))
            return 2
        if hasattr(error, "format_message") and hasattr(error, "exit_code"):
            context = getattr(error, "ctx", None)
            hint = f" Try: {context.command_path} --help" if context is not None else ""
            said = error.format_message().rstrip(".")
            said += "" if said.endswith("?") else "." if hint else ""
            return _fail({"type": "UsageError", "message": said + hint}, 2, as_json=as_json)
        return _unexpected(error, as_json=as_json)


def main() -> None:
    """Entry point of the console script."""
    if hasattr(signal, "SIGTERM"):
        # A polite end from outside is treated like Ctrl-C: chunks under way are saved.
        signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    code = run()
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = _seen_enough()
    except OSError as error:
        code = _unwritable(error)
    sys.exit(code)


if __name__ == "__main__":
    main()
