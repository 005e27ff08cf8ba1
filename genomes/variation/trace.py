"""Tracing a strategy's LibCST tree on the language's own symbols: what each expression meant.

Nothing is exec'd: only the constructs below are known, and each is done by the language's own
functions. What the tracer does not know it gives up on, by name.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import libcst as cst

from genomes.language import VOCABULARY
from genomes.language.errors import LanguageError
from genomes.language.operators import OPERATORS
from genomes.language.params import ParamValues
from genomes.language.series import METHODS
from genomes.language.strategy import Exits, Market
from genomes.language.words import WORDS

MAX_STEPS = 20_000
MAX_CALLS = 20  # nested
_MAX_BITS = 256

_BINARY: dict[type, Callable[[Any, Any], Any]] = {
    cst.Add: operator.add,
    cst.Subtract: operator.sub,
    cst.Multiply: operator.mul,
    cst.Divide: operator.truediv,
    cst.FloorDivide: operator.floordiv,
    cst.Modulo: operator.mod,
    cst.Power: operator.pow,
    cst.BitAnd: operator.and_,
    cst.BitOr: operator.or_,
    cst.BitXor: operator.xor,
}
_AUGMENTED: dict[type, Callable[[Any, Any], Any]] = {
    cst.AddAssign: operator.add,
    cst.SubtractAssign: operator.sub,
    cst.MultiplyAssign: operator.mul,
    cst.DivideAssign: operator.truediv,
    cst.BitAndAssign: operator.and_,
    cst.BitOrAssign: operator.or_,
}
_UNARY: dict[type, Callable[[Any], Any]] = {
    cst.Minus: operator.neg,
    cst.Plus: operator.pos,
    cst.BitInvert: operator.invert,
    cst.Not: operator.not_,
}
_COMPARE: dict[type, Callable[[Any, Any], Any]] = {
    cst.LessThan: operator.lt,
    cst.LessThanEqual: operator.le,
    cst.GreaterThan: operator.gt,
    cst.GreaterThanEqual: operator.ge,
    cst.Equal: operator.eq,
    cst.NotEqual: operator.ne,
    cst.Is: operator.is_,
    cst.IsNot: operator.is_not,
    cst.In: lambda x, y: x in y,
    cst.NotIn: lambda x, y: x not in y,
}


class GiveUp(Exception):  # noqa: N818 - no error of the strategy, a limit of the tracer
    """The tree has a construct the tracer does not know, or runs too long."""


def _range(*args: Any) -> Any:
    found = range(*args)
    if len(found) > MAX_STEPS:
        raise GiveUp("a long range")
    return found


_BUILTINS: dict[str, Any] = {
    "True": True,
    "False": False,
    "None": None,
    "abs": WORDS["abs"],
    "min": WORDS["min"],
    "max": WORDS["max"],
    "range": _range,
    "all": all,
    "any": any,
    "len": len,
    "sum": sum,
    "round": round,
    "int": int,
    "float": float,
    "bool": bool,
    "zip": zip,
    "enumerate": enumerate,
    "list": list,
    "tuple": tuple,
    "dict": dict,
    "sorted": sorted,
    "reversed": reversed,
}
_BARS_METHODS = {"shift": "lag", "diff": "change", "pct_change": "returns", "rolling": "sma"}


class _Returned(Exception):  # noqa: N818
    def __init__(self, value: object) -> None:
        self.value = value


class _Jump(Exception):  # noqa: N818
    def __init__(self, out: bool) -> None:
        self.out = out


@dataclass(frozen=True, slots=True)
class Use:
    """How an expression is used by the one around it.

    Attributes:
        operator: A row of the table, `compare`, or `Exits`.
        argument: Which argument it is there; for `compare` empty.
        other: For `compare`, the value on the other side.
    """

    operator: str
    argument: str = ""
    other: object = None


@dataclass(slots=True)
class Seen:
    """What one expression of the tree stood for.

    Attributes:
        node: The expression.
        values: Its symbols, one for each time it was evaluated.
        use: How the expression around it uses it, where that is known.
    """

    node: cst.BaseExpression
    values: list[Any]
    use: Use | None = None


@dataclass(frozen=True, slots=True)
class _Function:
    """A function of the file as a value."""

    tree: cst.FunctionDef


@dataclass(slots=True)
class Tracer:
    """Evaluates expressions and calls functions of one file.

    Attributes:
        functions: The file's functions by name.
        seen: By id() of the expression; in the order of evaluation.
    """

    functions: Mapping[str, cst.FunctionDef]
    seen: dict[int, Seen] = field(default_factory=dict[int, Seen])
    _steps: int = 0
    _depth: int = 0

    def call(self, tree: cst.FunctionDef, args: Iterable[Any], named: Mapping[str, Any]) -> Any:
        """The value a function of the file returns.

        Raises:
            GiveUp: It uses what the tracer does not know.
            LanguageError: It breaks a rule of the language.
        """
        if self._depth >= MAX_CALLS:
            raise GiveUp("calls nested too deep")
        given = tree.params
        if given.kwonly_params or given.posonly_params or isinstance(given.star_arg, cst.Param):
            raise GiveUp("unusual arguments")
        names = [p.name.value for p in given.params]
        scope: dict[str, Any] = dict(zip(names, args, strict=False))
        scope.update(named)
        for param in given.params:
            if param.name.value not in scope:
                if param.default is None:
                    raise LanguageError(
                        "arguments",
                        f"{tree.name.value}() misses {param.name.value}",
                        f"write {tree.name.value}({', '.join(names)})",
                    )
                scope[param.name.value] = self.value(param.default, {})
        self._depth += 1
        try:
            self._block(tree.body, scope)
        except _Returned as returned:
            return returned.value
        finally:
            self._depth -= 1
        return None

    # -- statements --------------------------------------------------------------------------------

    def _block(self, body: cst.BaseSuite, scope: dict[str, Any]) -> None:
        for statement in body.body:
            self._statement(statement, scope)

    def _statement(self, statement: cst.CSTNode, scope: dict[str, Any]) -> None:
        match statement:
            case cst.SimpleStatementLine():
                for part in statement.body:
                    self._statement(part, scope)
            case cst.Return():
                raise _Returned(
                    None if statement.value is None else self.value(statement.value, scope)
                )
            case cst.Assign():
                value = self.value(statement.value, scope)
                for target in statement.targets:
                    self._assign(target.target, value, scope)
            case cst.AnnAssign() if statement.value is not None:
                self._assign(statement.target, self.value(statement.value, scope), scope)
            case cst.AugAssign() if isinstance(statement.target, cst.Name):
                done = _AUGMENTED.get(type(statement.operator))
                if done is None:
                    raise GiveUp(type(statement.operator).__name__)
                old = self._name(statement.target.value, scope)
                scope[statement.target.value] = done(old, self.value(statement.value, scope))
            case cst.If():
                if self.value(statement.test, scope):
                    self._block(statement.body, scope)
                elif isinstance(statement.orelse, cst.Else):
                    self._block(statement.orelse.body, scope)
                elif statement.orelse is not None:
                    self._statement(statement.orelse, scope)
            case cst.For() if statement.orelse is None:
                for value in self.value(statement.iter, scope):
                    self._step()
                    self._assign(statement.target, value, scope)
                    try:
                        self._block(statement.body, scope)
                    except _Jump as jump:
                        if jump.out:
                            break
            case cst.Expr():
                if not isinstance(statement.value, cst.SimpleString | cst.ConcatenatedString):
                    self.value(statement.value, scope)
            case cst.Pass():
                pass
            case cst.Break() | cst.Continue():
                raise _Jump(isinstance(statement, cst.Break))
            case _:
                raise GiveUp(type(statement).__name__)

    def _assign(self, target: cst.CSTNode, value: Any, scope: dict[str, Any]) -> None:
        match target:
            case cst.Name():
                scope[target.value] = value
            case cst.Tuple() | cst.List():
                values = list(value)
                if len(values) != len(target.elements):
                    raise GiveUp("uneven assignment")
                for element, part in zip(target.elements, values, strict=True):
                    self._assign(element.value, part, scope)
            case _:
                raise GiveUp(f"assignment to {type(target).__name__}")

    def _step(self) -> None:
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise GiveUp("runs too long")

    # -- expressions -------------------------------------------------------------------------------

    def value(self, node: cst.BaseExpression, scope: dict[str, Any]) -> Any:
        """What an expression stands for, with a note of it in `seen`.

        Raises:
            GiveUp: It uses what the tracer does not know.
            LanguageError: It breaks a rule of the language.
        """
        self._step()
        known = _KNOWN.get(type(node))
        if known is None:
            raise GiveUp(type(node).__name__)
        value = known(self, node, scope)
        if isinstance(value, int) and value.bit_length() > _MAX_BITS:
            raise GiveUp("numbers too large")
        record = self.seen.get(id(node))
        if record is None:
            self.seen[id(node)] = Seen(node, [value])
        else:
            record.values.append(value)
        return value

    def _used(self, node: cst.BaseExpression, use: Use) -> None:
        record = self.seen.get(id(node))
        if record is not None:
            record.use = use

    def _name(self, name: str, scope: Mapping[str, Any]) -> Any:
        if name in scope:
            return scope[name]
        if name in self.functions:
            return _Function(self.functions[name])
        if name in _BUILTINS:
            return _BUILTINS[name]
        if name in VOCABULARY:
            return VOCABULARY[name]
        raise GiveUp(f"unknown name {name}")

    def _attribute(self, node: cst.Attribute, scope: dict[str, Any]) -> Any:
        owner = self.value(node.value, scope)
        name = node.attr.value
        if name.startswith("_"):
            raise GiveUp("private attribute")
        if isinstance(owner, Market | ParamValues):
            return getattr(owner, name)
        if name in METHODS.get(type(owner), ()):
            return getattr(owner, name)
        if isinstance(owner, dict) and name in ("items", "keys", "values", "get"):
            return getattr(cast("dict[Any, Any]", owner), name)
        if type(owner) in METHODS:
            return getattr(owner, name)  # raises, with what to write instead
        raise GiveUp(f"attribute {name}")

    def _call(self, node: cst.Call, scope: dict[str, Any]) -> Any:
        function = self.value(node.func, scope)
        args: list[Any] = []
        named: dict[str, Any] = {}
        for arg in node.args:
            if arg.star == "*":
                args.extend(self.value(arg.value, scope))
            elif arg.star:
                named.update(self.value(arg.value, scope))
            elif arg.keyword is not None:
                named[arg.keyword.value] = self.value(arg.value, scope)
            else:
                args.append(self.value(arg.value, scope))
        self._note_uses(node)
        if isinstance(function, _Function):
            return self.call(function.tree, args, named)
        if not callable(function):
            raise GiveUp("calls what is not a function")
        return function(*args, **named)

    def _note_uses(self, node: cst.Call) -> None:
        match node.func:
            case cst.Name(value=("Exits" | "min" | "max") as word):
                for arg in node.args:
                    self._used(arg.value, Use(word, arg.keyword.value if arg.keyword else ""))
            case cst.Name(value=word) if word in OPERATORS:
                names = [a.name for a in OPERATORS[word].args]
                for arg, name in zip(node.args, names, strict=False):
                    self._used(arg.value, Use(word, arg.keyword.value if arg.keyword else name))
            case cst.Attribute(attr=cst.Name(value=method), value=owner) if method in _BARS_METHODS:
                self._used(owner, Use(_BARS_METHODS[method], "x"))
                for arg in node.args[:1]:
                    self._used(arg.value, Use(_BARS_METHODS[method], "n"))
            case _:
                pass

    def _compare(self, node: cst.Comparison, scope: dict[str, Any]) -> Any:
        left_node = node.left
        left = self.value(left_node, scope)
        result: Any = True
        for position, target in enumerate(node.comparisons):
            right = self.value(target.comparator, scope)
            self._used(left_node, Use("compare", "", right))
            self._used(target.comparator, Use("compare", "", left))
            compare = _COMPARE.get(type(target.operator))
            if compare is None:
                raise GiveUp(type(target.operator).__name__)
            result = compare(left, right)
            if position + 1 < len(node.comparisons) and not result:
                return result
            left, left_node = right, target.comparator
        return result

    def _binary(self, node: cst.BinaryOperation, scope: dict[str, Any]) -> Any:
        done = _BINARY.get(type(node.operator))
        if done is None:
            raise GiveUp(type(node.operator).__name__)
        left, right = self.value(node.left, scope), self.value(node.right, scope)
        if done is operator.pow and isinstance(right, int | float) and abs(right) > 64:
            raise GiveUp("a large power")
        if any(isinstance(side, str | list | tuple | dict) for side in (left, right)):
            raise GiveUp("arithmetic on text or lists")
        return done(left, right)

    def _unary(self, node: cst.UnaryOperation, scope: dict[str, Any]) -> Any:
        return _UNARY[type(node.operator)](self.value(node.expression, scope))

    def _boolean(self, node: cst.BooleanOperation, scope: dict[str, Any]) -> Any:
        left = self.value(node.left, scope)
        if isinstance(node.operator, cst.And):
            return left and self.value(node.right, scope)
        return left or self.value(node.right, scope)

    def _if(self, node: cst.IfExp, scope: dict[str, Any]) -> Any:
        return self.value(node.body if self.value(node.test, scope) else node.orelse, scope)

    def _sequence(self, node: cst.Tuple | cst.List, scope: dict[str, Any]) -> Any:
        values: list[Any] = []
        for element in node.elements:
            if isinstance(element, cst.StarredElement):
                values.extend(self.value(element.value, scope))
            else:
                values.append(self.value(element.value, scope))
        return tuple(values) if isinstance(node, cst.Tuple) else values

    def _dict(self, node: cst.Dict, scope: dict[str, Any]) -> Any:
        values: dict[Any, Any] = {}
        for element in node.elements:
            if not isinstance(element, cst.DictElement):
                raise GiveUp("a starred dict")
            values[self.value(element.key, scope)] = self.value(element.value, scope)
        return values

    def _subscript(self, node: cst.Subscript, scope: dict[str, Any]) -> Any:
        owner = self.value(node.value, scope)
        match node.slice:
            case [cst.SubscriptElement(slice=cst.Index() as index)]:
                return owner[self.value(index.value, scope)]
            case _:
                raise GiveUp("a slice")

    def _comprehension(
        self, node: cst.ListComp | cst.GeneratorExp, scope: dict[str, Any]
    ) -> list[Any]:
        found: list[Any] = []
        self._loop(
            node.for_in, dict(scope), lambda inner: found.append(self.value(node.elt, inner))
        )
        return found

    def _dict_comprehension(self, node: cst.DictComp, scope: dict[str, Any]) -> dict[Any, Any]:
        found: dict[Any, Any] = {}

        def add(inner: dict[str, Any]) -> None:
            found[self.value(node.key, inner)] = self.value(node.value, inner)

        self._loop(node.for_in, dict(scope), add)
        return found

    def _loop(
        self, loop: cst.CompFor, scope: dict[str, Any], body: Callable[[dict[str, Any]], object]
    ) -> None:
        for value in self.value(loop.iter, scope):
            self._step()
            self._assign(loop.target, value, scope)
            if all(self.value(test.test, scope) for test in loop.ifs):
                if loop.inner_for_in is None:
                    body(scope)
                else:
                    self._loop(loop.inner_for_in, scope, body)


_KNOWN: dict[type, Callable[[Tracer, Any, dict[str, Any]], Any]] = {
    cst.Name: lambda self, node, scope: self._name(node.value, scope),  # pyright: ignore[reportPrivateUsage]
    cst.Integer: lambda self, node, scope: int(node.value, 0),
    cst.Float: lambda self, node, scope: float(node.value),
    cst.SimpleString: lambda self, node, scope: node.evaluated_value,
    cst.Attribute: Tracer._attribute,  # pyright: ignore[reportPrivateUsage]
    cst.Call: Tracer._call,  # pyright: ignore[reportPrivateUsage]
    cst.Comparison: Tracer._compare,  # pyright: ignore[reportPrivateUsage]
    cst.BinaryOperation: Tracer._binary,  # pyright: ignore[reportPrivateUsage]
    cst.UnaryOperation: Tracer._unary,  # pyright: ignore[reportPrivateUsage]
    cst.BooleanOperation: Tracer._boolean,  # pyright: ignore[reportPrivateUsage]
    cst.IfExp: Tracer._if,  # pyright: ignore[reportPrivateUsage]
    cst.Tuple: Tracer._sequence,  # pyright: ignore[reportPrivateUsage]
    cst.List: Tracer._sequence,  # pyright: ignore[reportPrivateUsage]
    cst.Dict: Tracer._dict,  # pyright: ignore[reportPrivateUsage]
    cst.Subscript: Tracer._subscript,  # pyright: ignore[reportPrivateUsage]
    cst.ListComp: Tracer._comprehension,  # pyright: ignore[reportPrivateUsage]
    cst.GeneratorExp: Tracer._comprehension,  # pyright: ignore[reportPrivateUsage]
    cst.DictComp: Tracer._dict_comprehension,  # pyright: ignore[reportPrivateUsage]
}

FAILURES = (
    GiveUp,
    LanguageError,
    ArithmeticError,
    TypeError,
    ValueError,
    LookupError,
    RecursionError,
)

__all__ = ["FAILURES", "Exits", "GiveUp", "Seen", "Tracer", "Use"]
