"""Answers that were made lately, for all who ask for the same: many look at one optimization, which needs the cores."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

_MOST, _MOST_BYTES = 256, 64 << 20
_SHARE = 10.0
"""How many times as long as it took to make it an answer that is going out of date may stay."""


@dataclass
class _Answer:
    lock: threading.Lock = field(default_factory=threading.Lock)
    state: object = None
    content: bytes | None = None
    made_at: float = 0.0
    seconds: float = 0.0


class Answers:
    """Texts by what was asked, each with the state of what it was made of; made once, however many ask meanwhile.

    Args:
        clock: seconds since some moment.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[Hashable, _Answer] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, key: Hashable, state: object, make: Callable[[], bytes], *, moves: bool = False) -> bytes:
        """The answer to a question: as it was made of that state, or made now.

        Args:
            key: the question.
            state: what the answer is made of; an equal state has the same answer.
            make: makes it; what it raises is raised, and not kept.
            moves: whether the state changes all the time: an answer then stays for as long as making it does not become
                what the server mainly does.
        """
        with self._lock:
            answer = self._kept.pop(key, None) or _Answer()
            self._kept[key] = answer
        with answer.lock:
            age = self._clock() - answer.made_at
            is_good = answer.state == state or (moves and age < _SHARE * answer.seconds)
            if answer.content is None or not is_good:
                began = self._clock()
                answer.content, answer.state = make(), state
                answer.made_at = self._clock()
                answer.seconds = answer.made_at - began
                self._make_room()
            return answer.content

    def _make_room(self) -> None:
        with self._lock:
            size = sum(len(each.content or b"") for each in self._kept.values())
            while len(self._kept) > 1 and (len(self._kept) > _MOST or size > _MOST_BYTES):
                _, gone = self._kept.popitem(last=False)
                size -= len(gone.content or b"")
