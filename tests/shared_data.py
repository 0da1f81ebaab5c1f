"""Real market data that is never committed: where it is on this machine, and how tests skip without it.

The folder is named by TRADING_AI_SHARED, or lies beside the checkout as ../shared.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("TRADING_AI_SHARED") or Path(__file__).resolve().parents[2] / "shared")
DATA = SHARED / "data"

needs_shared_data = pytest.mark.skipif(not DATA.is_dir(), reason="the folder of real data is not on this machine")
