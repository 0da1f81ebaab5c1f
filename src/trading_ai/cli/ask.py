"""`trading-ai ask`: a question in plain language."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from trading_ai.bootstrap import Application
from trading_ai.cli.arguments import AS_JSON
from trading_ai.cli.output import note, print_json, say
from trading_ai.errors import InputError

if TYPE_CHECKING:
    from trading_ai.assistant.answers import Answer


def _show(answer: Answer, *, queries: bool) -> None:
    for text in answer.texts:
        say(text)
    for text in answer.assumptions:
        say(f"  ({text})")
    if answer.choices:
        say("Did you mean:" if answer.status == "clarify" else "Can be asked:")
        for text in answer.choices:
            say(f'  trading-ai ask "{text}"')
    for citation in answer.citations if queries else ():
        say(f"{citation.id}  {citation.sql}")
    if answer.next:
        say("Next: " + "\n      ".join(answer.next))


def ask(
    *,
    question: str = typer.Argument("", metavar="QUESTION", help="The question; left out: one a line from stdin."),
    run: str = typer.Option("", "--run", metavar="ID", help="The run that it is about: an id, a prefix, a name."),
    conversation: str = typer.Option("", metavar="TEXT", help="What the answer before gave with --json: a follow-up."),
    queries: bool = typer.Option(False, "--sql", help="Print the queries that the answer rests on."),
    as_json: bool = AS_JSON,
) -> None:
    """Ask a question in plain language; every figure of the answer is a cell of a query."""
    application = Application()
    try:
        if question.strip():
            answer = application.assistant.ask(question, run, conversation)
            if as_json:
                print_json(answer.to_json())
            else:
                _show(answer, queries=queries)
            return
        if as_json:
            raise InputError("needs a question", parameter="--json", remedy='Example: trading-ai ask "..." --json')
        _converse(application, run, conversation, queries=queries)
    finally:
        application.sql.close()


def _converse(application: Application, run: str, conversation: str, *, queries: bool) -> None:
    """Questions from stdin, each a follow-up of the one before if it sounds like one."""
    if sys.stdin.isatty():
        note("Ask; an empty line ends.")
    for line in sys.stdin:
        if not line.strip():
            return
        answer = application.assistant.ask(line.strip(), run, conversation)
        conversation = answer.conversation or conversation
        _show(answer, queries=queries)
        say()
