"""Write the golden table anew: ``python -m tests.golden``. Raise the engine's version first."""

from __future__ import annotations

import sys

from tests.golden.table import compute, write

if __name__ == "__main__":
    found = compute()
    write(found)
    sys.stdout.write(f"{len(found)} rows written\n")
