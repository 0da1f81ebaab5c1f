"""Run a user's own Python file once and keep it as a module."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from trading_ai.errors import StrategyError


def load_file(path: Path, parameter: str) -> ModuleType:
    """The module made of a file; the same path with the same content is run once.

    Args:
        path: a Python file.
        parameter: what errors call it.

    Raises:
        StrategyError: there is no such file, or it raised.
    """
    if not path.is_file():
        raise StrategyError("no such file", parameter=parameter, value=str(path), remedy="Give path/to/file.py:NAME")
    source = path.read_bytes()
    digest = hashlib.sha256(str(path.resolve()).encode() + source).hexdigest()[:16]
    module_name = f"trading_ai_user_strategy_{digest}"
    module = sys.modules.get(module_name)
    if module is not None:
        return module
    spec = importlib.util.spec_from_file_location(module_name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever a user's file raises is reported as theirs
        del sys.modules[module_name]
        raise StrategyError(
            f"the file could not be run: {type(error).__name__}: {error}", parameter=parameter, value=str(path)
        ) from error
    return module
