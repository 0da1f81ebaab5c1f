"""The one door to Numba: every compiled function of the package is made by `njit` below.

Compiled code is kept on disk (beside the package, or under ``NUMBA_CACHE_DIR``) under a digest of everything it was
compiled from, never uses fast-math (results must equal the plain twins bit for bit), never starts threads of its own,
and releases the GIL. With ``NUMBA_DISABLE_JIT=1`` nothing is compiled: see `_jit_plain`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any, NamedTuple, cast, get_type_hints

import numba
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.dispatcher import Dispatcher
from numba.core.errors import NumbaError, TypingError
from numba.extending import intrinsic as _intrinsic

from trading_ai import _jit_plain
from trading_ai._compiled_cache import keep_compiled
from trading_ai._jit_borrowed import borrowed_kind

CompilerError = NumbaError
"""What the compiler raises at a function's first call, where it cannot compile it."""


def njit(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile `function` on first call, kept on disk, without the GIL and without fast-math."""
    decorate = numba.njit(nogil=True, fastmath=False, error_model="numpy")
    return cast("Callable[..., Any]", keep_compiled(decorate(function)))


def njit_once(function: Callable[..., Any]) -> Callable[..., Any]:
    """As `njit`, but a constant argument is no type of its own: one machine code serves calls with any constants.

    For large functions, of which the compiler would otherwise make one for each mixture of constants.
    """
    made = njit(function)
    if isinstance(made, Dispatcher):
        dispatcher, unliteral = cast("Any", made), cast("Any", types.unliteral)
        usual = dispatcher.get_call_template

        def template(args: Any, kws: Any) -> Any:
            return usual(tuple(map(unliteral, args)), {key: unliteral(kind) for key, kind in kws.items()})

        dispatcher.get_call_template = template
    return made


def njit_users(function: Callable[..., Any], *, within: bool = False) -> Callable[..., Any]:
    """Compile a user's function as Python means it: a division by zero and a wrong index raise.

    Args:
        function: the function.
        within: take its code into that of what calls it, which is to call it once.
    """
    decorate = numba.njit(nogil=True, fastmath=False, error_model="python", boundscheck=True, forceinline=within)
    return cast("Callable[..., Any]", keep_compiled(decorate(function)))


def njit_spread(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that takes named tuples, so that Python calls it with their fields one after the other.

    At each call Numba finds the type of every argument: in 0.2 microseconds for an array, in twice that for an array in
    a plain tuple, in a microsecond for one in a named tuple. So what is compiled here takes arrays only and makes the
    tuples itself, where they cost nothing: their fields become local variables.

    Args:
        function: its parameters that are annotated with a named tuple class are spread. The order of the arguments
            then follows from its signature and those classes, and is written down nowhere else.
    """
    parameters, passed = [], []
    names: dict[str, Any] = {
        "body": numba.njit(nogil=True, fastmath=False, error_model="numpy", inline="always")(function)
    }
    kinds = get_type_hints(function)
    for name in inspect.signature(function).parameters:
        kind = kinds.get(name)
        fields = [f"{name}_{field}" for field in getattr(kind, "_fields", ())]
        parameters += fields or [name]
        passed.append(f"{kind.__name__}({', '.join(fields)})" if kind is not None and fields else name)
        if kind is not None and fields:
            names[kind.__name__] = kind
    # Named after the function and its file, because compiled code on disk is.
    source = f"def {function.__name__}({', '.join(parameters)}):\n    return body({', '.join(passed)})"
    exec(compile(source, inspect.getfile(function), "exec"), names)
    spread = cast("FunctionType", names[function.__name__])
    spread.__module__, spread.__qualname__, spread.__doc__ = (
        function.__module__,
        function.__qualname__,
        function.__doc__,
    )
    return njit(spread)


def intrinsic(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that the compiler replaces by instructions; called without its first argument."""
    if getattr(numba.config, "DISABLE_JIT", 0):
        return cast("Callable[..., Any]", getattr(_jit_plain, function.__name__))
    return cast("Callable[..., Any]", _intrinsic(function))


@intrinsic
def select(_context: Any, condition: Any, if_true: Any, _if_false: Any) -> Any:
    """One of two values, both of them computed.

    An `if` becomes a branch, and in a loop of many of them the compiler then stores through masks: half the speed.
    """

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.select(*args)

    return if_true(condition, if_true, if_true), generate


# Compiled code can be given any number of arrays, of which each call uses some others, by their addresses.


def _at(kind: Any, element: Any) -> Any:
    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        pointer = builder.gep(builder.inttoptr(args[0], element.as_pointer()), [args[1]])
        return builder.load(pointer, align=1)  # a part of an array may begin anywhere

    return kind(types.int64, types.intp), generate


@intrinsic
def number_at(_context: Any, _address: Any, _i: Any) -> Any:
    """Float64 number `_i` of the array whose data are at `_address`."""
    return _at(types.float64, ir.DoubleType())


@intrinsic
def byte_at(_context: Any, _address: Any, _i: Any) -> Any:
    """Int8 number `_i` of the array whose data are at `_address`; also of an array of booleans."""
    return _at(types.int8, ir.IntType(8))


@intrinsic
def word_at(_context: Any, _address: Any, _i: Any) -> Any:
    """Eight bytes as one int64, number `_i` of the array whose data are at `_address`."""
    return _at(types.int64, ir.IntType(64))


@njit
def address_of(array: Any) -> int:
    """Address of an array's data, which is its address for as long as the array lives."""
    found: int = array.ctypes.data
    return found


def _no_owner(context: Any, builder: Any, kind: Any, array: Any, to: Any) -> Any:
    given, held = context.make_array(kind)(context, builder, array), context.make_array(to)(context, builder)
    for part in ("data", "shape", "strides", "itemsize", "nitems"):
        setattr(held, part, getattr(given, part))
    held.meminfo, held.parent = held.meminfo.type(None), held.parent.type(None)
    return held._getvalue()


@intrinsic
def borrowed(_context: Any, array: Any) -> Any:
    """An array that another holds for as long as this is used, see `BorrowedArray`."""
    to = borrowed_kind(array)

    def generate(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return _no_owner(context, builder, array, args[0], to)

    return to(array), generate


@intrinsic
def unowned(_context: Any, value: Any) -> Any:
    """As `borrowed`, for code that may do anything with it: its type stays; and a number stays as it is."""

    def generate(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return _no_owner(context, builder, value, args[0], value) if isinstance(value, types.Array) else args[0]

    return value(value), generate


# What is called by its address stands in no other function's code: it is compiled once, whoever calls it.


class Far(NamedTuple):
    """A compiled function that others call by its address.

    Attributes:
        call: for compiled code: takes the address, then the arguments, and returns what the function does.
        address: compiles it, or loads it from the disk, and gives its address, valid while the process lives.
    """

    call: Callable[..., Any]
    address: Callable[[], int]


def kind_of(example: object) -> Any:
    """The compiler's type of a value."""
    return cast("Any", numba.typeof)(example)


def kind_of_borrowed(example: Any) -> Any:
    """The compiler's type of a named tuple of arrays, each of them `borrowed`."""
    kinds: Any = types.NamedTuple
    return kinds([borrowed_kind(kind_of(each)) for each in example], type(example))


def far(function: Callable[..., Any], returns: Any, *kinds: Any) -> Far:
    """Let compiled code call a compiled function by its address, instead of taking its code into its own.

    Numba links what a function calls into it, and optimizes all of it anew. That makes calls quick, and compiling long
    where a small function calls a large one.

    Args:
        function: made by `njit`; it must not be redefined afterwards.
        returns: an example of what it returns, or None.
        kinds: the types of its arguments, from `kind_of`. Numbers are converted to them.
    """
    if not isinstance(function, Dispatcher):  # where compiling is switched off
        return Far(lambda _address, *arguments: function(*arguments), lambda: 0)
    result = types.none if returns is None else kind_of(returns)
    dispatcher = cast("Any", function)

    def typing(_context: Any, _address: Any, *given: Any) -> Any:
        # The function is named so that it, and all that it calls, belongs to what its callers are compiled from.
        if len(given) != len(kinds) or not all(map(_passes, given, kinds)):
            raise TypingError(f"{dispatcher.__name__} cannot be called with {given}")

        def generate(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
            call: Any = context.call_conv
            values: Any = cgutils.unpack_tuple  # type: ignore[no-untyped-call,unused-ignore]
            place = call.get_function_type(result, kinds).as_pointer()
            passed = [
                context.cast(builder, value, was, kind)
                for value, was, kind in zip(values(builder, args[1], len(kinds)), given, kinds, strict=True)
            ]
            status, made = call.call_function(builder, builder.inttoptr(args[0], place), result, kinds, passed)
            unlikely: Any = cgutils.if_unlikely  # type: ignore[no-untyped-call,unused-ignore]
            with unlikely(builder, status.is_error):
                call.return_status_propagate(builder, status)
            return context.get_dummy_value() if returns is None else made

        together: Any = types.StarArgTuple
        return result(types.int64, together.from_types(given)), generate

    def address() -> int:
        dispatcher.compile(kinds)
        made = dispatcher.overloads[kinds]
        if made.signature.return_type != result:
            raise AssertionError(f"{dispatcher.__name__} returns {made.signature.return_type}, not {result}")
        return int(made.library.get_pointer_to_function(made.fndesc.llvm_func_name))

    return Far(cast("Callable[..., Any]", _intrinsic(typing)), address)


def _passes(given: Any, kind: Any) -> bool:
    """Whether an argument is of this type, or a number that becomes one without loss."""
    plain = cast("Any", types.unliteral)(given)
    return bool(plain == kind or (isinstance(plain, types.Number | types.Boolean) and kind == types.float64))


# Threads that share an array meet only through the four functions below: the compiler and the processor may
# reorder anything else.

NOT_BEGUN, BEGUN, READY = _jit_plain.NOT_BEGUN, _jit_plain.BEGUN, _jit_plain.READY


@intrinsic
def take(_context: Any, counter: Any, _n: Any) -> Any:
    """Add `_n` to the int64 `counter[0]` and return what it was: no two threads take the same."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        return builder.atomic_rmw("add", data, args[1], "seq_cst")

    return types.int64(counter, types.int64), generate


def _place(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    held = context.make_array(array_type)(context, builder, array)
    item: Any = cgutils.get_item_pointer  # type: ignore[no-untyped-call,unused-ignore]
    return item(context, builder, array_type, held, [index], wraparound=False, boundscheck=False)


@intrinsic
def is_ready(_context: Any, flags: Any, _i: Any) -> Any:
    """Whether the uint8 `flags[_i]` is READY; if so, all that was written before it is seen."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        flag = builder.load_atomic(_place(context, builder, signature.args[0], *args), "acquire", 1)
        return builder.icmp_unsigned("==", flag, flag.type(READY))

    return types.boolean(flags, types.intp), generate


@intrinsic
def begin(_context: Any, flags: Any, _i: Any) -> Any:
    """Turn `flags[_i]` from NOT_BEGUN to BEGUN; False if another thread has done so."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = _place(context, builder, signature.args[0], *args)
        kind = place.type.pointee
        return builder.extract_value(builder.cmpxchg(place, kind(NOT_BEGUN), kind(BEGUN), "seq_cst", "seq_cst"), 1)

    return types.boolean(flags, types.intp), generate


@intrinsic
def set_ready(_context: Any, flags: Any, _i: Any) -> Any:
    """Turn `flags[_i]` to READY, after everything written before."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = _place(context, builder, signature.args[0], *args)
        builder.store_atomic(place.type.pointee(READY), place, "release", 1)
        return context.get_dummy_value()

    return types.void(flags, types.intp), generate


@njit
def wait_ready(flags: Any, i: int, rounds: int, settle: int) -> int:
    """Look up to `rounds` times whether the uint8 `flags[i]` is READY, and `settle` times more once it is.

    Returns:
        How often it was READY.
    """
    n_ready = 0
    for _ in range(rounds):
        if is_ready(flags, i):
            break
    for _ in range(settle):
        n_ready += is_ready(flags, i)
    return n_ready
