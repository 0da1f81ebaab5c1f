"""An embedder without a model: texts that share words are near."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

import numpy as np

from trading_ai.assistant.ports import Embedder, Vectors
from trading_ai.errors import TransientError

MEANS = {"halt": "stop", "broad": "wide"}
"""Words that mean the same to it, which no search by words knows."""


class BagOfWords(Embedder):
    """Each word points in a direction of its own.

    Args:
        name: what it is called.
        fails: whether it does not answer.
    """

    n_dimensions = 64

    def __init__(self, name: str = "bag/1", *, fails: bool = False) -> None:
        self._name, self.fails = name, fails
        self.seen: list[str] = []

    @property
    def name(self) -> str:
        return self._name

    def embed(self, texts: Sequence[str]) -> Vectors:
        if self.fails:
            raise TransientError("the server of the embedding model does not answer")
        self.seen.extend(texts)
        found = np.zeros((len(texts), self.n_dimensions), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower()):
                found[row] += np.random.default_rng(zlib.crc32(MEANS.get(word, word).encode())).normal(size=64)
            found[row] /= max(float(np.linalg.norm(found[row])), 1e-9)
        return found
