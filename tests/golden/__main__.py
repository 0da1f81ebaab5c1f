"""Write the golden table anew: ``python -m tests.golden``. Numbers that changed need a new engine version first."""

from __future__ import annotations

import sys

from tests.golden.table import TABLE, compute, differences, read, write
from trading_ai.engine.version import ENGINE_VERSION

if __name__ == "__main__":
    found = compute()
    version, kept = read() if TABLE.is_file() else ("", {})
    changed = differences({name: row for name, row in found.items() if name in kept}, kept)
    if version == ENGINE_VERSION and changed:
        sys.exit(
            f"{len(changed)} numbers have changed and the engine's version is still {version}: raise it in "
            "engine/version.py and say why in CHANGELOG.md, then come again.\n" + "\n".join(changed[:9])
        )
    write(found)
    sys.stdout.write(f"{len(found)} rows written\n")
