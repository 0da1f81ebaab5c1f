"""`trading-ai index`: vectors of what is stored, for search by meaning."""

from __future__ import annotations

from dataclasses import asdict

import typer

from trading_ai.assistant.indexing import Indexed
from trading_ai.bootstrap import Application
from trading_ai.cli.arguments import AS_JSON
from trading_ai.cli.output import note, print_json, say


def index(
    *,
    rebuild: bool = typer.Option(
        False, "--rebuild", help="Forget every vector, here and in ChromaDB, and make all anew."
    ),
    as_json: bool = AS_JSON,
) -> None:
    """Bring the vectors of search by meaning to what is stored now.

    A search embeds what is new by itself, for a second; this does it for everything, and fills ChromaDB, where one is
    set, from the database. Whatever is lost is made again.
    """
    application = Application()
    found = application.index
    try:
        if found is None:
            done = Indexed()
        else:
            passages = application.word_search.passages()
            done = found.rebuild(passages) if rebuild else found.refresh(passages)
    finally:
        application.sql.close()
    if as_json:
        print_json(asdict(done))
        return
    if found is None:
        note('search goes by words: pip install "trading-ai-system[assistant]" adds search by meaning')
        return
    say(f"{done.n_passages:,} passages have a vector of {done.embedder}")
    say(f"embedded {done.n_embedded:,}, dropped {done.n_dropped:,}, copied to ChromaDB {done.n_copied:,}")
