"""Real bars that come with the package; `sample_data/ATTRIBUTION.md` says where from."""

from __future__ import annotations

from importlib import resources

from trading_ai.errors import NotFoundError
from trading_ai.importers import parquet
from trading_ai.market.bars import Bars
from trading_ai.market.symbol_table import symbol
from trading_ai.market.timeframe import timeframe

# name: file, symbol, timeframe
_SAMPLES = {"EURUSD": ("EURUSD_H1_2017.parquet", "EURUSD", "H1")}


def load_sample(name: str = "EURUSD") -> Bars:
    """Real bars that come with the package: EURUSD H1 of 2017, 6,225 bars.

    The source holds ask prices, which serve here as the bars' only price.

    Raises:
        NotFoundError: no sample of that name.
    """
    found = _SAMPLES.get(name.upper())
    if found is None:
        raise NotFoundError("sample", name, "Use one of " + ", ".join(_SAMPLES))
    file, symbol_name, length = found
    data = resources.files("trading_ai").joinpath("sample_data", file).read_bytes()
    raw = parquet.read(data, source=file)
    columns = (raw.columns[column] for column in ("open", "high", "low", "close", "volume"))
    return Bars(symbol(symbol_name), timeframe(length), raw.time_ns, *columns)
