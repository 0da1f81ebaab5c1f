"""What is stored, for `import trading_ai as ta`: ``ta.sql`` asks everything that commands and APIs have kept."""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import TYPE_CHECKING

from trading_ai.bootstrap import Application, read_settings

if TYPE_CHECKING:
    import polars as pl


def sql(query: str, *, max_rows: int | None = None) -> pl.DataFrame:
    """Ask what is stored in SQL: one SELECT in DuckDB's dialect, over the tables of the reference page on SQL.

    ``ta.sql("select * from trials('latest') order by rank limit 10")``

    Args:
        query: the question; nothing can be changed by it.
        max_rows: rows wanted at most; as many as the settings allow if left out, and a warning says if there are more.

    Returns:
        The rows; times are UTC, undefined numbers null.

    Raises:
        QueryError: the statement is refused, wrong, or broke a limit of the settings.
        NotFoundError: it names a dataset, a backtest or an optimization that is not there.
        StateError: DuckDB is not installed.
    """
    from trading_ai.sqlbox.formats import frame_of  # noqa: PLC0415 - polars takes 0.2 s

    answer = application().sql.ask(query, max_rows)
    frame = frame_of(answer)
    if answer.truncated and max_rows is None:
        warnings.warn(f"the answer has more than {frame.height:,} rows: the others are left out", stacklevel=2)
    return frame


def application() -> Application:
    """The application of the environment, as commands have it; the same one while the environment says the same."""
    settings = read_settings()
    return _application(f"{hash(settings.url)} {settings.model_dump_json()}")


@lru_cache(maxsize=1)
def _application(_: str) -> Application:
    """The application of the environment: while that says the same, the process of the last query is asked again."""
    return Application(read_settings())
