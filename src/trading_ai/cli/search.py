"""`trading-ai search`: passages of the documentation and of what is stored, by words and by meaning."""

from __future__ import annotations

from typing import cast, get_args

import typer

from trading_ai.assistant.ports import Kind
from trading_ai.bootstrap import Application
from trading_ai.cli.arguments import AS_JSON
from trading_ai.cli.output import note, print_json, say
from trading_ai.documents.search_answers import search_json
from trading_ai.errors import InputError, did_you_mean

_EXCERPT = 200
KINDS = get_args(Kind)


def kinds_of(text: str) -> tuple[Kind, ...]:
    """Kinds, comma-separated.

    Raises:
        InputError: one of them is none.
    """
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names:
        if name not in KINDS:
            raise InputError(
                "is no kind",
                parameter="--kind",
                value=name,
                remedy=f"{did_you_mean(name, KINDS)}Use {', '.join(KINDS)}",
            )
    return cast("tuple[Kind, ...]", names)


def search(
    *,
    query: str = typer.Argument(..., metavar="WORDS", help="What to look for, in plain words."),
    kind: str = typer.Option("", "--kind", help=f"Of which kinds, comma-separated: {', '.join(KINDS)}."),
    top: int = typer.Option(10, min=1, max=100, help="Most passages."),
    as_json: bool = AS_JSON,
) -> None:
    """Find passages of the documentation and of what is stored, by words and by meaning."""
    wanted = kinds_of(kind)
    application = Application()
    try:
        found = application.retriever.search(query, wanted, top)
    finally:
        application.sql.close()
    if as_json:
        print_json(search_json(found))
        return
    for place, hit in enumerate(found.hits, 1):
        text = " ".join(hit.passage.text.split())
        say(f"{place}. {hit.passage.title}  ({hit.passage.kind}: {hit.passage.about})")
        say(f"   {text[:_EXCERPT]}{'...' if len(text) > _EXCERPT else ''}")
    for told in found.said:
        note(told)
    if not found.hits:
        note("nothing is found for these words")
