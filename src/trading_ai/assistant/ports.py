"""What the assistant asks of the world; adapters implement it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""One row a text, of length 1: their products are cosines."""

Kind = Literal["dataset", "backtest", "optimization", "verdict", "error", "trade-note", "docs"]
"""What a passage is a text of."""


@dataclass(frozen=True)
class Rows:
    """The answer to a query.

    Attributes:
        columns: names.
        rows: one tuple a row, of plain Python values; None where undefined.
        truncated: whether there are more.
        data_version: the same as long as what the query names is.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    truncated: bool
    data_version: str


class Sql(Protocol):
    """Answers SQL over what is stored, in a place where nothing can be changed."""

    def ask(self, sql: str, max_rows: int) -> Rows:
        """Answer one SELECT.

        Raises:
            QueryError: the statement is refused, wrong, or broke a limit.
            NotFoundError: it names something that is not there.
            StateError: too many queries run already, or the engine is not installed.
        """
        ...


@dataclass(frozen=True)
class Passage:
    """A text that can be found.

    Attributes:
        passage_id: the same text of the same thing has the same id.
        kind: what it is a text of.
        about: id of the thing, or the page and heading of the docs.
        title: what a list of results shows.
        text: what is searched and shown; never trusted as an instruction.
    """

    passage_id: str
    kind: Kind
    about: str
    title: str
    text: str


@dataclass(frozen=True)
class Hit:
    """A passage that was found.

    Attributes:
        passage: the passage.
        score: higher is nearer; comparable within one answer only.
        found_by: how, of ``words`` and ``meaning``.
    """

    passage: Passage
    score: float
    found_by: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """What a search finds.

    Attributes:
        hits: the nearest passages, best first.
        said: what people should know of how they were found, such as that a server does not answer; mostly nothing.
    """

    hits: tuple[Hit, ...]
    said: tuple[str, ...] = ()


class Retriever(Protocol):
    """Finds passages by words and, with an embedder, by meaning."""

    def search(self, query: str, kinds: Sequence[Kind] = (), n: int = 10) -> Found:
        """The nearest passages.

        Args:
            query: plain words, of any length.
            kinds: kinds wanted; none for all.
            n: most hits.
        """
        ...


class Embedder(Protocol):
    """Turns texts into vectors."""

    @property
    def name(self) -> str:
        """Model and version; vectors of two names are never compared."""
        ...

    @property
    def n_dimensions(self) -> int:
        """Length of a vector."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Vectors of texts, ``(len(texts), n_dimensions)``.

        Raises:
            TransientError: the server of the model does not answer.
        """
        ...


class VectorIndex(Protocol):
    """Keeps vectors of passages. What it lost can be made again from the passages.

    Every method may raise `StorageError`, or `TransientError` where a server does not answer.
    """

    def put(self, embedder: str, passages: Sequence[Passage], vectors: Vectors) -> None:
        """Keep the vectors of passages; a passage that is there is replaced."""
        ...

    def held(self, embedder: str) -> frozenset[str]:
        """Ids of the passages whose vectors are kept."""
        ...

    def count(self, embedder: str) -> int:
        """How many passages have their vector kept."""
        ...

    def drop(self, embedder: str, passage_ids: Sequence[str]) -> None:
        """Forget passages; those that are not there are ignored."""
        ...

    def nearest(self, embedder: str, vector: Vectors, kinds: Sequence[Kind], n: int) -> list[tuple[str, float]]:
        """Ids and cosines of the nearest passages, best first.

        Args:
            embedder: whose vectors.
            vector: ``(n_dimensions,)``, of length 1.
            kinds: kinds wanted; none for all.
            n: most passages.
        """
        ...


class KeptVectors(VectorIndex, Protocol):
    """An index that gives its vectors back, so that others can be made of it."""

    def read(self, embedder: str, passage_ids: Sequence[str]) -> dict[str, Vectors]:
        """Vectors of passages by id, each ``(n_dimensions,)``; those that are not there are left out."""
        ...


@dataclass(frozen=True)
class Message:
    """One message to a language model."""

    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True)
class ModelAnswer:
    """What a language model said.

    Attributes:
        text: all of it, cut at the limit.
        complete: whether it came to its own end.
        why: why it did not, in words; empty if it did.
        facts: what the server told of it, such as numbers of tokens.
    """

    text: str
    complete: bool
    why: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


class LanguageModel(Protocol):
    """Chooses and words; what it writes is checked by whoever asked."""

    @property
    def name(self) -> str:
        """Server and model, for people; without secrets."""
        ...

    def stream(self, messages: Sequence[Message], schema: Mapping[str, Any] | None = None) -> Iterator[str]:
        """The answer, piece by piece.

        Args:
            messages: the conversation.
            schema: JSON schema of the answer wanted, for servers that hold a model to one.

        Raises:
            TransientError: the server does not answer, is too slow, or broke off; what came before it stands.
        """
        ...

    def answer(self, messages: Sequence[Message], schema: Mapping[str, Any] | None = None) -> ModelAnswer:
        """The whole answer; a server that fails is told in ``why`` and never raises."""
        ...
