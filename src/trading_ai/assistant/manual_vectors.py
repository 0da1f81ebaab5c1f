"""Vectors of the documentation, shipped with the package, so that nothing is embedded when it is installed.

A line for each passage: its id and 384 whole numbers from -127 to 127, which give its direction (a cosine is off by
less than 0.01); the first line names the embedder. Lines are in the order of the ids, so that a changed page changes
its own lines only.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from trading_ai.assistant.ports import Vectors

FILE = "manual_vectors.txt"
"""Written by `make docs` beside this module."""

_STEPS = 127.0


def written(embedder: str, vectors: Mapping[str, NDArray[np.float32]]) -> str:
    """Vectors by passage's id as the text of `FILE`."""
    lines = [embedder]
    for key in sorted(vectors):
        steps = np.rint(vectors[key] * (_STEPS / np.abs(vectors[key]).max())).astype(np.int8)
        lines.append(f"{key} {base64.b64encode(steps.tobytes()).decode()}")
    return "\n".join(lines) + "\n"


def read(text: str) -> tuple[str, tuple[str, ...], Vectors]:
    """What `written` wrote: the embedder, ids in order, and their vectors of length 1."""
    embedder, *lines = text.splitlines()
    ids = tuple(line.partition(" ")[0] for line in lines)
    steps = [np.frombuffer(base64.b64decode(line.partition(" ")[2]), dtype=np.int8) for line in lines]
    found = np.array(steps, dtype=np.float32).reshape(len(ids), -1)
    return embedder, ids, found / np.linalg.norm(found, axis=1, keepdims=True)


@cache
def manual_vectors() -> tuple[str, tuple[str, ...], Vectors]:
    """The vectors that came with the package, as `read` gives them."""
    return read(files("trading_ai.assistant").joinpath(FILE).read_text(encoding="utf-8"))
