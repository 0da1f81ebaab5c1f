"""What robots may touch, and what happens where they touch something that is not there.

A member that this program does not have is never passed over in silence: the run ends with the robot, its line and
the member. What only draws, rings or colours is accepted and ignored; it decides no trade.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from typing_extensions import override

from trading_ai.errors import EvaluationError


class UnsupportedMemberError(EvaluationError):
    """A robot uses a member of the platform that this program does not have.

    Attributes:
        robot: file of the robot.
        line: 1-based line in it; 0 where it is not known.
        member: the member, such as ``api.Symbol.DynamicLeverage``.
    """

    def __init__(self, robot: str, line: int, member: str, remedy: str = "") -> None:
        self.robot, self.line, self.member = robot, line, member
        super().__init__(
            f"{robot}, line {line}: {member} is not supported. "
            + (
                remedy
                or "Run the robot in cTrader, or write the line in other words; the how-to page lists what there is."
            )
        )


ROBOT_MARK = "__trading_ai_robot__"
"""Name in the globals of every module of a robot: tells its lines from ours."""


def unsupported(member: str, remedy: str = "") -> NoReturn:
    """Refuse a member, naming the robot's line that asks for it.

    Raises:
        UnsupportedMemberError: always.
    """
    frame = sys._getframe(1)
    while frame is not None and ROBOT_MARK not in frame.f_globals:
        frame = frame.f_back  # type: ignore[assignment]
    if frame is None:
        raise UnsupportedMemberError("the robot", 0, member, remedy)
    raise UnsupportedMemberError(Path(frame.f_code.co_filename).name, frame.f_lineno, member, remedy)


class Supported:
    """Base of what robots touch: an attribute that is not there is refused by name.

    Attributes:
        shown_as: what it is called in messages, such as ``api.Symbol``.
    """

    shown_as = ""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        unsupported(f"{self.shown_as or type(self).__name__}.{name}")


class Ignored:
    """Takes every attribute, call and assignment and does nothing: charts, notifications, colours."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _NOTHING

    @override
    def __setattr__(self, name: str, value: Any) -> None:
        """Nothing is kept."""

    def __call__(self, *_: Any, **__: Any) -> Any:
        """Nothing is done."""
        return _NOTHING

    def __getitem__(self, key: Any) -> Any:
        return _NOTHING

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __iadd__(self, other: Any) -> Any:
        return self

    def __isub__(self, other: Any) -> Any:
        return self

    def __or__(self, other: Any) -> Any:
        return self


_NOTHING = Ignored()
