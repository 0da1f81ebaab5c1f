"""The code of an event strategy, rewritten so that it can be compiled: the same source, its `ctx` and `self` resolved.

`on_bar(self, ctx)` becomes a function of arrays and numbers. What it reads of `self` becomes an argument, what it sets
is handed from bar to bar, and what it calls of `ctx` becomes a call of compiled code. Line numbers stay the user's.
"""

from __future__ import annotations

import ast
import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

from typing_extensions import override

from trading_ai._syntax import expression_tree
from trading_ai.engine.event_reading import CannotCompileError, asked_for_truth, check_only_looked_at

_BARS = ("open", "high", "low", "close", "volume")
_SERIES = {"opens": "open", "highs": "high", "lows": "low", "closes": "close", "volumes": "volume"}
_ACCOUNT = {
    "balance": "d.account[e.BALANCE]", "equity": "equity_now(d)", "margin": "margin_now(d)",
    "free_margin": "(equity_now(d) - margin_now(d))", "trades": "int(d.account[e.N_CLOSED])", "bar": "bar",
    "time": "bar_time[bar]", "day": "bar_day[bar]", "bid": "bid_now(d)", "ask": "ask_now(d)",
    "tick": "int(d.account[e.TICK])",
}  # fmt: skip
_POSITION = {
    "side": "of_oldest(d, SIDE, 0.0)", "size": "(of_oldest(d, UNITS, 0.0) / d.account[e.LOT])",
    "entry": "of_oldest(d, ENTRY, np.nan)", "stop": "finite_or_nan(of_oldest(d, STOP, np.nan))",
    "target": "finite_or_nan(of_oldest(d, TARGET, np.nan))", "profit": "profit_now(d)",
    "bars": "(int(d.account[e.NOW]) - int(of_oldest(d, ENTRY_BAR, d.account[e.NOW])))",
}  # fmt: skip
_TRADE = {
    "side": "of_last_trade(d, 0)", "size": "(of_last_trade(d, 1) / d.account[e.LOT])", "entry": "of_last_trade(d, 2)",
    "exit": "of_last_trade(d, 3)", "net_profit": "of_last_trade(d, 4)",
}  # fmt: skip
_PRICES = ("size", "limit", "stop_price", "stop", "target")
_DISTANCES = ("stop_pips", "target_pips", "trail", "trail_pips", "expiry", "reverse", "pyramiding")
_IS_OPEN = "(d.account[e.N_OPEN] > 0.0)"
_COUNTS = {"positions": "int(d.account[e.N_OPEN])", "orders": "n_waiting(d)"}
"""How many there are: all that compiled code knows of lists of objects."""
_HAS_TRADED = "(d.account[e.N_CLOSED] > 0.0)"
BUILT_IN = {"abs", "min", "max", "len", "range", "int", "float", "bool", "round", "True", "False", "None"}
"""Names of Python's own that compiled code may use."""
OWN = "u_"
"""What names of the user's begin with in the rewritten code, so that none is one of the code's around it."""


class Rewriting(ast.NodeTransformer):
    """Rewrites the body of `on_bar`, and that of `on_tick`.

    Args:
        names: what `self` and `ctx` are called there.
        values: the strategy's attributes after `on_start`: a `Series` counts as "series", one of other bars as
            "other series", `OtherBars` as "other bars", an array as "array", a number or text as "number".
        states: attributes that they set.

    Attributes:
        arguments: source of each argument that the rewritten function needs besides the desk, by name: ``self.length``
            or ``ctx.atr(14)``, in the order of first use.
        groups: number of each group of orders.
    """

    def __init__(self, names: tuple[str, str], values: Mapping[str, str], states: tuple[str, ...]) -> None:
        self._self, self._ctx = names
        self._values, self._states = values, states
        self.arguments: dict[str, ast.expr] = {}
        self.groups: dict[Any, int] = {}
        self._asked: set[int] = set()
        self._stored: Counter[str] = Counter()
        self._aliases: dict[str, ast.expr] = {}
        self._method = "on_bar"

    def look_at(self, function: ast.FunctionDef, method: str) -> None:
        """Look at the whole of the function of that name once, before its statements are visited."""
        self._method, self._aliases = method, {}
        self._asked = asked_for_truth(function)
        self._stored = Counter(
            node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        )
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and self._is_position(node):
                self._stored[node.targets[0].id] -= 1

    # --- statements --------------------------------------------------------------------------------------

    @override
    def visit_Return(self, node: ast.Return) -> Any:
        if node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None):
            raise CannotCompileError(node.lineno, f"{self._method} returns a value")
        return ast.copy_location(self.final(), node)

    def final(self) -> ast.Return:
        """What the function ends with: the state."""
        elements: list[ast.expr] = [ast.Name(f"v_{name}", ast.Load()) for name in self._states]
        return ast.Return(ast.Tuple([*elements, ast.Constant(0)], ast.Load()))

    @override
    def visit_Assign(self, node: ast.Assign) -> Any:
        target = node.targets[0]
        if isinstance(target, ast.Name) and self._is_position(node):
            if self._stored[target.id]:
                raise CannotCompileError(node.lineno, f"{target.id} is a position here and something else elsewhere")
            self._aliases[target.id] = node.value  # it is the same object until the next bar
            return ast.copy_location(ast.Pass(), node)
        return self.generic_visit(node)

    @override
    def visit_Expr(self, node: ast.Expr) -> Any:
        if isinstance(node.value, ast.Constant):
            return ast.copy_location(ast.Pass(), node)  # a docstring
        if isinstance(node.value, ast.Call):
            made = self._action(node.value)
            if made is not None:
                return ast.copy_location(made, node)
        return self.generic_visit(node)

    # --- expressions -------------------------------------------------------------------------------------

    @override
    def visit_Name(self, node: ast.Name) -> Any:
        if node.id in self._aliases:
            self._require_truth(node, "a position")
            return self._expression(_IS_OPEN, node)
        if node.id in {self._self, self._ctx}:
            raise CannotCompileError(node.lineno, f"{node.id} is used as a whole")
        if node.id in BUILT_IN:
            return node
        return ast.copy_location(ast.Name(OWN + node.id, node.ctx), node)

    @override
    def visit_Constant(self, node: ast.Constant) -> Any:
        if node.value is None:
            raise CannotCompileError(node.lineno, "None is a value here")
        return node

    @override
    def visit_Compare(self, node: ast.Compare) -> Any:
        is_none = (
            len(node.ops) == 1 and isinstance(node.comparators[0], ast.Constant) and (node.comparators[0].value is None)
        )
        if is_none and isinstance(node.ops[0], ast.Is | ast.IsNot) and self._is_ctx(node.left, "last_trade"):
            has_traded = self._expression(_HAS_TRADED, node)
            if isinstance(node.ops[0], ast.IsNot):
                return has_traded
            return ast.copy_location(ast.UnaryOp(ast.Not(), has_traded), node)
        return self.generic_visit(node)

    @override
    def visit_Attribute(self, node: ast.Attribute) -> Any:
        of = node.value
        if isinstance(of, ast.Name) and of.id in self._aliases:
            of = self._aliases[of.id]
        if isinstance(of, ast.Name) and of.id == self._ctx:
            return self._of_ctx(node)
        if isinstance(of, ast.Name) and of.id == self._self:
            return self._of_self(node)
        if self._kind_of(of) == "other bars":
            if node.attr in _BARS:
                return self._of_other(of, node.attr, ast.Constant(-1), node)
            check_only_looked_at(node, self._kind_of)
            raise CannotCompileError(node.lineno, f"{ast.unparse(node)} without [-1] or another place, or not known")
        for name, known in (("position", _POSITION), ("last_trade", _TRADE)):
            if self._is_ctx(of, name):
                if node.attr not in known:
                    raise CannotCompileError(node.lineno, f"ctx.{name}.{node.attr}")
                return self._expression(known[node.attr], node)
        return self.generic_visit(node)

    @override
    def visit_Subscript(self, node: ast.Subscript) -> Any:
        values, of = self._series(node.value), node.value
        is_other = self._kind_of(of) == "other series"
        is_price = isinstance(of, ast.Attribute) and of.attr in _SERIES and self._kind_of(of.value) == "other bars"
        if values is None and not is_other and not is_price:
            return self.generic_visit(node)
        if isinstance(node.slice, ast.Slice):
            raise CannotCompileError(node.lineno, "a slice of a series")
        if is_other:
            return self._of_other(of, "", self.visit(node.slice), node)
        if is_price:
            assert isinstance(of, ast.Attribute)
            return self._of_other(of.value, _SERIES[of.attr], self.visit(node.slice), node)
        assert values is not None
        call = ast.Call(
            ast.Name("at", ast.Load()),
            [ast.Name("d", ast.Load()), values, ast.Name("bar", ast.Load()), self.visit(node.slice)], [],
        )  # fmt: skip
        return ast.copy_location(call, node)

    @override
    def visit_Call(self, node: ast.Call) -> Any:
        if self._is_ctx(node.func, "atr") and len(node.args) == 1 and not node.keywords:
            self._require_fixed(node.args[0])
            values = self._argument(f"atr_{ast.unparse(node.args[0])}", node)
            made = ast.Subscript(values, ast.Name("bar", ast.Load()), ast.Load())
            return ast.copy_location(made, node)
        if isinstance(node.func, ast.Name) and node.func.id == "len" and len(node.args) == 1:
            for name, count in _COUNTS.items():
                if self._is_ctx(node.args[0], name):
                    return self._expression(count, node)
        if isinstance(node.func, ast.Name) and node.func.id == "round" and (len(node.args) > 1 or node.keywords):
            if len(node.args) != 2 or node.keywords:
                raise CannotCompileError(node.lineno, "round with other arguments than a number and its digits")
            digits = [self.visit(argument) for argument in node.args]
            return ast.copy_location(ast.Call(ast.Name("round_to", ast.Load()), digits, []), node)
        if isinstance(node.func, ast.Name) and node.func.id == "int" and len(node.args) == 1:
            number = [self.visit(argument) for argument in node.args]
            return ast.copy_location(ast.Call(ast.Name("whole_number", ast.Load()), number, []), node)
        check_only_looked_at(node.func, self._kind_of)
        if isinstance(node.func, ast.Attribute) and self._root(node.func) in {self._ctx, self._self, *self._aliases}:
            raise CannotCompileError(node.lineno, f"{ast.unparse(node.func)}(...) is used as a value, or is not known")
        return self.generic_visit(node)

    # --- inside ------------------------------------------------------------------------------------------

    def _is_position(self, node: ast.Assign) -> bool:
        return len(node.targets) == 1 and self._is_ctx(node.value, "position")

    def _is_ctx(self, node: ast.expr, attribute: str) -> bool:
        return (
            isinstance(node, ast.Attribute)
            and node.attr == attribute
            and isinstance(node.value, ast.Name)
            and node.value.id == self._ctx
        )

    def _root(self, node: ast.expr) -> str:
        while isinstance(node, ast.Attribute):
            node = node.value
        return node.id if isinstance(node, ast.Name) else ""

    def _expression(self, text: str, near: ast.AST) -> ast.expr:
        made = expression_tree(text)
        for each in ast.walk(made):
            ast.copy_location(each, near)
        return made

    def _require_truth(self, node: ast.expr, what: str) -> None:
        """A position or a trade is an object, which compiled code has not: it knows whether there is one."""
        if id(node) not in self._asked:
            raise CannotCompileError(node.lineno, f"{what} is used as a whole, not only asked for")

    def _argument(self, name: str, source: ast.expr) -> ast.Name:
        name = first = "".join(c if c.isalnum() else "_" for c in name)
        number = 1
        # `self.n + 1` and `self.n - 1` are the same letters.
        while name in self.arguments and ast.unparse(self.arguments[name]) != ast.unparse(source):
            number += 1
            name = f"{first}_{number}"
        self.arguments.setdefault(name, source)
        return ast.Name(name, ast.Load())

    def _of_ctx(self, node: ast.Attribute) -> ast.expr:
        if node.attr in _BARS:
            values = self._argument(f"bar_{node.attr}", node)
            return ast.copy_location(ast.Subscript(values, ast.Name("bar", ast.Load()), ast.Load()), node)
        if node.attr == "position":
            self._require_truth(node, "a position")
            return self._expression(_IS_OPEN, node)
        if node.attr == "last_trade":
            self._require_truth(node, "a trade")
            return self._expression(_HAS_TRADED, node)
        if node.attr in _COUNTS:
            self._require_truth(node, f"ctx.{node.attr}")
            return self._expression(f"({_COUNTS[node.attr]} > 0)", node)
        if node.attr in {"time", "day"}:
            self._argument(f"bar_{node.attr}", node)
        if node.attr in _ACCOUNT:
            return self._expression(_ACCOUNT[node.attr], node)
        raise CannotCompileError(node.lineno, f"ctx.{node.attr}")

    def _of_self(self, node: ast.Attribute) -> ast.expr:
        if node.attr in self._states:
            return ast.copy_location(ast.Name(f"v_{node.attr}", node.ctx), node)
        kind = self._values.get(node.attr)
        if kind in {"number", "array"}:
            return ast.copy_location(self._argument(f"p_{node.attr}", node), node)
        if kind in {"series", "other series"}:
            raise CannotCompileError(node.lineno, f"self.{node.attr} without [-1] or another place")
        raise CannotCompileError(node.lineno, f"self.{node.attr} is no number, array or series that on_start sets")

    def _series(self, node: ast.expr) -> ast.expr | None:
        if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
            return None
        if node.value.id == self._ctx and node.attr in _SERIES:
            return self._argument(
                f"bar_{_SERIES[node.attr]}", ast.Attribute(node.value, _SERIES[node.attr], ast.Load())
            )
        if node.value.id == self._self and self._values.get(node.attr) == "series":
            return self._argument(f"s_{node.attr}", node)
        return None

    def _kind_of(self, node: ast.expr) -> str:
        is_own = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == self._self
        return self._values.get(node.attr, "") if is_own and isinstance(node, ast.Attribute) else ""

    def _of_other(self, of: ast.expr, price: str, key: ast.expr, near: ast.expr) -> ast.expr:
        """A value of a series of other bars, or of their price of that name: the last finished one has the key -1."""
        assert isinstance(of, ast.Attribute)
        if of.attr in self._states:
            raise CannotCompileError(near.lineno, f"self.{of.attr} is set by {self._method}")
        source = ast.Attribute(ast.Attribute(of, "prices", ast.Load()), price, ast.Load()) if price else of
        values = self._argument(f"o_{of.attr}_{price}", source)
        known = self._argument(f"k_{of.attr}", ast.Attribute(of, "known", ast.Load()))
        given: list[ast.expr] = [ast.Name("d", ast.Load()), values, known, ast.Name("bar", ast.Load()), key]
        return ast.copy_location(ast.Call(ast.Name("at_known", ast.Load()), given, []), near)

    def _require_fixed(self, node: ast.expr) -> None:
        """An argument that is the same at each bar: made of plain values and of attributes that on_bar does not set."""
        for each in ast.walk(node):
            if isinstance(each, ast.Attribute) and self._root(each) == self._self and each.attr not in self._states:
                continue
            if isinstance(each, ast.Name) and each.id != self._self:
                raise CannotCompileError(node.lineno, "ctx.atr of a number that may change from bar to bar")
            if isinstance(each, ast.Call | ast.Attribute | ast.Subscript):
                raise CannotCompileError(node.lineno, "ctx.atr of a number that may change from bar to bar")

    def _action(self, call: ast.Call) -> ast.stmt | None:
        """A call that stands by itself: an order, an exit, a change of the position."""
        function = call.func
        if not isinstance(function, ast.Attribute):
            return None
        of = function.value
        if isinstance(of, ast.Name) and of.id in self._aliases:
            of = self._aliases[of.id]
        name, line = function.attr, call.lineno
        given = {k.arg: k.value for k in call.keywords}
        if None in given:
            raise CannotCompileError(line, "arguments are given as **")
        if isinstance(of, ast.Name) and of.id == self._ctx:
            if name in {"buy", "sell"}:
                return self._order(1.0 if name == "buy" else -1.0, call)
            if name == "exit":
                values = self._named(call, ("size", "side"))
                size = [values["size"]] if "size" in values else []
                return self._do("exit_some" if size else "exit_all", *size, values.get("side"))
            if name == "cancel_all" and not call.args and not given:
                return self._do("cancel_all")
        if self._is_ctx(of, "position"):
            if name == "close":
                size = [*self._named(call, ("size",)).values()]
                return self._do("close_part" if size else "close_oldest", *size)
            if name == "trail" and (call.args or given):
                return self._do("trail_oldest", self._named(call, ("distance",))["distance"])
            if name == "reserve":
                values = self._named(call, ("size", "stop", "target", "trail"))
                known = ("size", "stop", "target")
                levels = [values.get(key, ast.Constant(0.0)) for key in (*known, "trail")]
                sum_given = sum(1 << i for i, key in enumerate(known) if key in values)
                return self._do("reserve", *levels, ast.Constant(sum_given))
            if name == "modify":
                values = self._named(call, ("stop", "target"))
                moves: list[ast.stmt] = [self._do(f"move_{key}", value) for key, value in values.items()]
                return ast.If(ast.Constant(True), moves or [ast.Pass()], [])
        return None

    def _named(self, call: ast.Call, names: tuple[str, ...]) -> dict[str, ast.expr]:
        """Arguments by name, rewritten, those that are None left out."""
        values: dict[str, ast.expr] = dict(zip(names, call.args, strict=False))
        values |= {k.arg: k.value for k in call.keywords if k.arg is not None}
        if len(call.args) > len(names) or not values.keys() <= set(names):
            raise CannotCompileError(call.lineno, f"{ast.unparse(call.func)} with {ast.unparse(call)}")
        return {
            key: self.visit(value)
            for key, value in values.items()
            if not (isinstance(value, ast.Constant) and value.value is None)
        }

    def _do(self, name: str, *values: ast.expr | None) -> ast.Expr:
        given: list[ast.expr] = [ast.Constant(0.0) if value is None else value for value in values]
        return ast.Expr(ast.Call(ast.Name(name, ast.Load()), [ast.Name("d", ast.Load()), *given], []))

    def _order(self, side: float, call: ast.Call) -> ast.stmt:
        if any(k.arg == "targets" for k in call.keywords):
            raise CannotCompileError(call.lineno, "an order with several targets")
        oco = next((k.value for k in call.keywords if k.arg == "oco"), None)
        others = ast.Call(call.func, call.args, [k for k in call.keywords if k.arg != "oco"])
        values = self._named(ast.copy_location(others, call), (*_PRICES[:1], *_PRICES[1:], *_DISTANCES))
        if len(call.args) > 1:
            raise CannotCompileError(call.lineno, "only the size of an order may stand without its name")
        group: ast.expr = ast.Constant(0.0)
        if oco is not None and not (isinstance(oco, ast.Constant) and oco.value is None):
            if not isinstance(oco, ast.Constant):
                raise CannotCompileError(call.lineno, "oco is no plain name or number")
            group = ast.Constant(float(self.groups.setdefault(oco.value, len(self.groups) + 1)))
        if "reverse" in values:
            values["reverse"] = ast.IfExp(values["reverse"], ast.Constant(1.0), ast.Constant(0.0))
        given = sum(1 << i for i, name in enumerate(_PRICES) if name in values)
        nan = ast.Attribute(ast.Name("np", ast.Load()), "nan", ast.Load())
        prices: list[ast.expr] = [values.get(name, nan) for name in _PRICES]
        distances: list[ast.expr] = [values.get(name, ast.Constant(0.0)) for name in _DISTANCES]
        made = [
            ast.Name("d", ast.Load()), ast.Name("bar", ast.Load()), ast.Constant(side), *prices, *distances, group,
            ast.Constant(given),
        ]  # fmt: skip
        assert not math.isnan(side)
        return ast.Expr(ast.Call(ast.Name("order", ast.Load()), made, []))
