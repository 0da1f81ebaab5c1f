"""The compiler's type of an array that somebody else holds for as long as it is used: no references are counted to it.

Numba counts references to arrays, at each call that it does not take into the code around it, by instructions that wait
for all processors, and each count is a branch more to be compiled. Where functions hand each other ten arrays at each
bar, three quarters of the time went there. A type whose parts hold no counter has nothing to be counted.
"""

from __future__ import annotations

from typing import Any, cast

from numba.core import types
from numba.core.datamodel import models
from numba.extending import register_model
from typing_extensions import override

_types: Any = types
_Array: Any = types.Array


class BorrowedArray(_Array):  # type: ignore[misc]
    """An array whose owner is elsewhere; compiled code uses it as any other, and its parts are borrowed as well."""

    def __init__(self, dtype: Any, ndim: int, layout: str, readonly: bool = False, aligned: bool = True) -> None:
        name = (
            f"borrowed {'readonly ' if readonly else ''}{'' if aligned else 'unaligned '}({dtype}, {ndim}d, {layout})"
        )
        super().__init__(dtype, ndim, layout, readonly=readonly, name=name, aligned=aligned)

    @override
    def copy(
        self, dtype: Any = None, ndim: int | None = None, layout: str | None = None, readonly: bool | None = None
    ) -> Any:
        return BorrowedArray(
            self.dtype if dtype is None else dtype,
            self.ndim if ndim is None else ndim,
            self.layout if layout is None else layout,
            not self.mutable if readonly is None else readonly,
            self.aligned,
        )

    @override
    def unify(self, typingctx: Any, other: Any) -> Any:
        made = super().unify(typingctx, other) if isinstance(other, BorrowedArray) else None
        return None if made is None else borrowed_kind(made)

    @override
    def can_convert_to(self, typingctx: Any, other: Any) -> Any:
        return super().can_convert_to(typingctx, other) if isinstance(other, BorrowedArray) else None

    @override
    def __repr__(self) -> str:
        return f"<{self.name}>"  # compiled code is kept by it


def borrowed_kind(kind: Any) -> Any:
    """The borrowed twin of an array's type."""
    return BorrowedArray(kind.dtype, kind.ndim, kind.layout, not kind.mutable, kind.aligned)


@cast("Any", register_model)(BorrowedArray)
class BorrowedModel(cast("Any", models.StructModel)):  # type: ignore[misc]
    """The parts of any array, at the same places; the two that could own it are plain pointers, and null."""

    def __init__(self, manager: Any, kind: Any) -> None:
        lengths = _types.UniTuple(types.intp, kind.ndim)
        members = [
            ("meminfo", types.voidptr), ("parent", types.voidptr), ("nitems", types.intp), ("itemsize", types.intp),
            ("data", _types.CPointer(kind.dtype)), ("shape", lengths), ("strides", lengths),
        ]  # fmt: skip
        super().__init__(manager, kind, members)
