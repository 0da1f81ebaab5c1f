"""What an import brings with it: heavy libraries only where they are needed."""

from __future__ import annotations

import subprocess
import sys


def test_figures_import_without_plotly() -> None:
    code = "import sys, trading_ai.figures, trading_ai.figures.theme; sys.exit('plotly' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_names_of_search_methods_come_without_their_libraries() -> None:
    heavy = "{'optuna', 'cmaes', 'scipy', 'numba'}"
    code = f"import sys, trading_ai.search.registry; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
