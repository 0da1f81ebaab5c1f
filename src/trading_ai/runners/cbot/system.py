"""The types of the platform's own library that robots name: moments, spans of time, delegates, events."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from typing_extensions import override

from trading_ai.errors import EvaluationError
from trading_ai.runners.cbot.enums import DayOfWeek
from trading_ai.runners.cbot.unsupported import Supported, unsupported

_TICKS_PER_SECOND = 10_000_000
_FORMS = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}


class TimeSpan(timedelta):
    """A span of time with the members of C#'s; it adds to moments and compares like one of Python's."""

    def __new__(cls, *parts: float) -> TimeSpan:
        """One argument is ticks of 100 ns, three are h, m, s, four are d, h, m, s."""
        if len(parts) == 1:
            return timedelta.__new__(cls, microseconds=parts[0] / 10)
        days, hours, minutes, seconds = ([0, *parts] if len(parts) == 3 else [*parts, 0, 0, 0, 0])[:4]
        return timedelta.__new__(cls, days=days, hours=hours, minutes=minutes, seconds=seconds)

    @classmethod
    def of(cls, span: timedelta) -> TimeSpan:
        """The same span, with these members."""
        return timedelta.__new__(cls, days=span.days, seconds=span.seconds, microseconds=span.microseconds)

    @classmethod
    def FromDays(cls, value: float) -> TimeSpan:
        """A span of so many days."""
        return cls.of(timedelta(days=value))

    @classmethod
    def FromHours(cls, value: float) -> TimeSpan:
        """A span of so many hours."""
        return cls.of(timedelta(hours=value))

    @classmethod
    def FromMinutes(cls, value: float) -> TimeSpan:
        """A span of so many minutes."""
        return cls.of(timedelta(minutes=value))

    @classmethod
    def FromSeconds(cls, value: float) -> TimeSpan:
        """A span of so many seconds."""
        return cls.of(timedelta(seconds=value))

    @classmethod
    def FromMilliseconds(cls, value: float) -> TimeSpan:
        """A span of so many milliseconds."""
        return cls.of(timedelta(milliseconds=value))

    @classmethod
    def Parse(cls, text: str) -> TimeSpan:
        """Read ``[-][d.]hh:mm[:ss[.fff]]`` or whole days, as C# does.

        Raises:
            EvaluationError: the text is no span.
        """
        found = re.fullmatch(r"\s*(-?)(?:(\d+)\.)?(\d+):(\d+)(?::(\d+(?:\.\d+)?))?\s*", text)
        if found is None:
            if re.fullmatch(r"\s*-?\d+\s*", text):
                return cls.FromDays(int(text))
            raise EvaluationError(f"{text!r} is no span of time: write hh:mm:ss or d.hh:mm:ss")
        sign, days, hours, minutes, seconds = found.groups()
        span = timedelta(days=int(days or 0), hours=int(hours), minutes=int(minutes), seconds=float(seconds or 0))
        return cls.of(-span if sign else span)

    def Add(self, other: timedelta) -> TimeSpan:
        """Both together."""
        return TimeSpan.of(super().__add__(other))

    def Subtract(self, other: timedelta) -> TimeSpan:
        """This one without another."""
        return TimeSpan.of(super().__sub__(other))

    @override
    def __add__(self, other: Any) -> Any:
        found = super().__add__(other)
        return TimeSpan.of(found) if isinstance(found, timedelta) else found

    @override
    def __sub__(self, other: Any) -> Any:
        found = super().__sub__(other)
        return TimeSpan.of(found) if isinstance(found, timedelta) else found

    @override
    def __neg__(self) -> TimeSpan:
        return TimeSpan.of(super().__neg__())

    @property
    def _whole(self) -> int:
        return int(self.total_seconds())

    @property
    def Days(self) -> int:
        """Whole days."""
        return int(self.total_seconds() / 86400)

    @property
    def Hours(self) -> int:
        """Hours beyond the whole days."""
        return int(self._whole / 3600) % 24 if self._whole >= 0 else -(int(-self._whole / 3600) % 24)

    @property
    def Minutes(self) -> int:
        """Minutes beyond the whole hours."""
        return int(self._whole / 60) % 60 if self._whole >= 0 else -(int(-self._whole / 60) % 60)

    @property
    def Seconds(self) -> int:
        """Seconds beyond the whole minutes."""
        return self._whole % 60 if self._whole >= 0 else -(-self._whole % 60)

    @property
    def TotalDays(self) -> float:
        """The span in days."""
        return self.total_seconds() / 86400

    @property
    def TotalHours(self) -> float:
        """The span in hours."""
        return self.total_seconds() / 3600

    @property
    def TotalMinutes(self) -> float:
        """The span in minutes."""
        return self.total_seconds() / 60

    @property
    def TotalSeconds(self) -> float:
        """The span in seconds."""
        return self.total_seconds()

    @property
    def TotalMilliseconds(self) -> float:
        """The span in milliseconds."""
        return self.total_seconds() * 1e3

    @property
    def Ticks(self) -> int:
        """The span in units of 100 ns."""
        return round(self.total_seconds() * _TICKS_PER_SECOND)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        unsupported(f"TimeSpan.{name}")


TimeSpan.Zero = TimeSpan(0)  # type: ignore[attr-defined]


class DateTime(datetime):
    """A moment in UTC with the members of C#'s; it compares and formats like one of Python's."""

    @classmethod
    def at(cls, time_ns: int) -> DateTime:
        """The moment of nanoseconds since 1970, UTC; what lies below a microsecond is cut."""
        seconds, ns = divmod(time_ns, 1_000_000_000)
        moment = datetime.fromtimestamp(seconds, UTC)
        parts = (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
        return cls(*parts, ns // 1000)

    @property
    def ns(self) -> int:
        """Nanoseconds since 1970, UTC."""
        return int((self - datetime(1970, 1, 1)) / timedelta(microseconds=1)) * 1000

    def Add(self, span: timedelta) -> DateTime:
        """This moment and a span."""
        return self + span

    def Subtract(self, other: Any) -> Any:
        """The span since another moment, or the moment a span before."""
        return self - other

    def AddDays(self, n: float) -> DateTime:
        """Days later."""
        return self + timedelta(days=n)

    def AddHours(self, n: float) -> DateTime:
        """Hours later."""
        return self + timedelta(hours=n)

    def AddMinutes(self, n: float) -> DateTime:
        """Minutes later."""
        return self + timedelta(minutes=n)

    def AddSeconds(self, n: float) -> DateTime:
        """Seconds later."""
        return self + timedelta(seconds=n)

    @override
    def __sub__(self, other: Any) -> Any:
        found = super().__sub__(other)
        return TimeSpan.of(found) if isinstance(found, timedelta) else found

    @property
    def Year(self) -> int:
        """Year."""
        return self.year

    @property
    def Month(self) -> int:
        """Month, 1 to 12."""
        return self.month

    @property
    def Day(self) -> int:
        """Day of the month."""
        return self.day

    @property
    def Hour(self) -> int:
        """Hour, 0 to 23."""
        return self.hour

    @property
    def Minute(self) -> int:
        """Minute."""
        return self.minute

    @property
    def Second(self) -> int:
        """Second."""
        return self.second

    @property
    def DayOfWeek(self) -> Any:
        """Day of the week; Sunday is the first."""
        return list(DayOfWeek)[(self.weekday() + 1) % 7]

    @property
    def DayOfYear(self) -> int:
        """Day of the year, 1 to 366."""
        return self.timetuple().tm_yday

    @property
    def Date(self) -> DateTime:
        """The midnight that begins its day."""
        return self.replace(hour=0, minute=0, second=0, microsecond=0)

    @property
    def TimeOfDay(self) -> TimeSpan:
        """The span since its midnight."""
        return TimeSpan.of(self - self.Date)

    def ToString(self, form: str = "yyyy-MM-dd HH:mm:ss") -> str:
        """The moment as text, in a form of years, months, days, hours, minutes and seconds as C# writes it."""
        if any(run[0] not in _FORMS for run in re.finditer(r"([A-Za-z])\1*", form)):
            unsupported(f"DateTime.ToString({form!r})", "Write it with yyyy, MM, dd, HH, mm and ss.")
        return re.sub("yyyy|MM|dd|HH|mm|ss", lambda part: self.strftime(_FORMS[part[0]]), form)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        unsupported(f"DateTime.{name}")


class Delegate:
    """``Action[T](function)`` and its like: the function itself."""

    def __class_getitem__(cls, _: Any) -> type[Delegate]:
        return cls

    def __new__(cls, function: Callable[..., Any]) -> Any:
        """The function."""
        return function


class Event(Supported):
    """Something that robots subscribe to with ``+=`` and leave with ``-=``.

    Attributes:
        handlers: what is called, in the order of subscription; read it before looping, robots change it.
    """

    def __init__(self, shown_as: str = "event") -> None:
        self.shown_as = shown_as
        self.handlers: tuple[Callable[..., Any], ...] = ()

    def __iadd__(self, handler: Callable[..., Any]) -> Event:
        self.handlers = (*self.handlers, handler)
        return self

    def __isub__(self, handler: Callable[..., Any]) -> Event:
        kept = list(self.handlers)
        if handler in kept:
            kept.remove(handler)
        self.handlers = tuple(kept)
        return self

    def fire(self, arguments: Any) -> None:
        """Call every handler."""
        for handler in self.handlers:
            handler(arguments)


class Arguments(Supported):
    """What a handler of an event is given: named values."""

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)
        self.shown_as = "args"


class Uri(str):
    """An address; only its text is kept, nothing is fetched."""

    __slots__ = ()
