"""TA-Lib without pandas until somebody uses pandas.

TA-Lib's package imports pandas where it is installed, which takes half a second of every command's start, for the sake
of callers that pass its Series. It is imported without, and told of Series once pandas is there.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any


def import_talib() -> ModuleType:
    """TA-Lib's module."""
    if "talib" in sys.modules or "pandas" in sys.modules:
        return importlib.import_module("talib")
    modules: dict[str, Any] = sys.modules
    modules["pandas"] = None  # an import of it fails meanwhile
    try:
        return importlib.import_module("talib")
    finally:
        del modules["pandas"]


def accept_series() -> None:
    """Let TA-Lib take the Series of pandas, if both have been imported."""
    talib, pandas = sys.modules.get("talib"), sys.modules.get("pandas")
    if talib is not None and pandas is not None and getattr(talib, "_pd_Series", None) is None:
        talib.__dict__["_pd_Series"] = pandas.__dict__["Series"]
