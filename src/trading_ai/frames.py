"""Tables of pandas and Polars into each other, without a further package; neither is imported before it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from trading_ai.errors import DataError, StateError

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

    AnyFrame: TypeAlias = pd.DataFrame | pl.DataFrame

_TIME = "time"


def library_of(value: object) -> str:
    """The library that a value is a table or column of, ``pandas`` or ``polars``; "" of neither."""
    for kind in type(value).__mro__:
        name = kind.__module__.partition(".")[0]
        if name in {"pandas", "polars"}:
            return name
    return ""


def is_frame(value: object) -> bool:
    """Whether a value is a DataFrame of pandas or Polars."""
    return bool(library_of(value)) and type(value).__name__ != "LazyFrame" and hasattr(type(value), "columns")


def as_pandas(frame: pl.DataFrame, index: str | None = None) -> pd.DataFrame:
    """The same table in pandas; times keep their zone, numbers that are missing become NaN.

    Args:
        frame: the table.
        index: column that becomes the index, or None for the numbers of the rows.

    Raises:
        StateError: pandas is not installed.
    """
    try:
        import pandas as pd  # noqa: PLC0415 - a third of a second that most callers do not need
    except ModuleNotFoundError as error:
        raise StateError("pandas is not installed. Install it (pip install pandas), or use to_polars()") from error
    import polars as pl  # noqa: PLC0415

    columns: dict[str, Any] = {}
    for column in frame.get_columns():
        kind = column.dtype
        if isinstance(kind, pl.Datetime):
            plain = pd.DatetimeIndex(column.dt.replace_time_zone(None).to_numpy())
            columns[column.name] = plain.tz_localize(kind.time_zone) if kind.time_zone else plain
        elif kind.is_numeric() or isinstance(kind, pl.Boolean | pl.Date):
            columns[column.name] = column.to_numpy()
        else:
            columns[column.name] = column.to_list()
    made = pd.DataFrame(columns)
    return made if index is None else made.set_index(index)


def as_polars(frame: AnyFrame) -> pl.DataFrame:
    """A table of either library in Polars, its index among the columns.

    Raises:
        DataError: it is no table, or two of its columns have one name.
    """
    import polars as pl  # noqa: PLC0415 - a fifth of a second that most callers do not need

    if isinstance(frame, pl.DataFrame):
        return frame
    if not is_frame(frame) or library_of(frame) != "pandas":
        wrong = type(frame).__name__
        collect = (
            "Collect it first, as in frame.collect()" if wrong == "LazyFrame" else "Give a table with a column each"
        )
        raise DataError(
            f"must be a file's path, or a DataFrame of pandas or Polars, not of {wrong}",
            parameter="path",
            remedy=collect,
        )
    return _from_pandas(frame)


def _from_pandas(frame: pd.DataFrame) -> pl.DataFrame:
    import pandas as pd  # noqa: PLC0415
    import polars as pl  # noqa: PLC0415

    if not isinstance(frame.index, pd.RangeIndex):
        names = [
            (_TIME if isinstance(frame.index.get_level_values(i), pd.DatetimeIndex | pd.PeriodIndex) else f"level{i}")
            if name is None
            else str(name)
            for i, name in enumerate(frame.index.names)
        ]
        taken = set(map(str, frame.columns))
        keep = [name for name in names if name not in taken]  # a column of the same name says the same
        frame = frame.rename_axis(index=names).reset_index(level=keep) if keep else frame
    series = []
    seen: set[str] = set()
    for i, name in enumerate(map(str, frame.columns)):
        if name in seen:
            raise DataError("has two columns of one name", parameter="columns", value=name, remedy="Drop one of them")
        seen.add(name)
        series.append(_column(name, frame.iloc[:, i]).rename(name))
    return pl.DataFrame(series)


def _column(name: str, values: pd.Series) -> pl.Series:
    import pandas as pd  # noqa: PLC0415
    import polars as pl  # noqa: PLC0415

    kind = values.dtype
    if isinstance(kind, pd.PeriodDtype):
        values = values.dt.to_timestamp()
        kind = values.dtype
    if isinstance(kind, pd.DatetimeTZDtype):
        plain = values.dt.tz_convert("UTC").dt.tz_localize(None)
        return pl.Series(name, plain.to_numpy().astype("datetime64[us]")).dt.replace_time_zone("UTC")
    if pd.api.types.is_datetime64_any_dtype(kind):
        return pl.Series(name, values.to_numpy().astype("datetime64[us]"))
    if pd.api.types.is_bool_dtype(kind):
        return pl.Series(name, values.astype("float64").to_numpy())
    if pd.api.types.is_integer_dtype(kind) and not values.isna().any():
        return pl.Series(name, values.to_numpy(dtype="int64"))
    if pd.api.types.is_numeric_dtype(kind):
        return pl.Series(name, values.to_numpy(dtype="float64", na_value=float("nan")))
    texts = [None if pd.isna(value) else value for value in values.tolist()]
    try:
        return pl.Series(name, texts)
    except (TypeError, ValueError, pl.exceptions.PolarsError):  # things of several kinds
        return pl.Series(name, [None if value is None else str(value) for value in texts])
