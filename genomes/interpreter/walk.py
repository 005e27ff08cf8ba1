"""The walk over a strategy's functions: each statement and expression, as Python means it.

Only what the checker passes has a branch here; attributes, items, loops and arithmetic go through
the guards. `at` is the node that acts, so that a refusal names its place.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Generator, Iterable, Mapping
from typing import Any, ClassVar

from genomes.check.text import MAX_DEPTH
from genomes.interpreter.guards import Guards
from genomes.language.errors import LanguageError
from genomes.language.strategy import LAYERS

# Levels of expressions and statements that calls of the text's own functions may be inside each
# other. Python's own stack must never be what ends a reading: its room differs from place to place.
MAX_LEVELS = 400
FRAMES = 10 * MAX_LEVELS  # Python's frames for as many, and the caller's

Scope = dict[str, Any]
_Comprehension = ast.ListComp | ast.DictComp | ast.GeneratorExp

_SIGNS: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
    ast.Pow: "**", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^",
}  # fmt: skip
_UNARY: dict[type[ast.unaryop], str] = {ast.USub: "-", ast.UAdd: "+", ast.Invert: "~"}
_COMPARED: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Is: operator.is_, ast.IsNot: operator.is_not,
    ast.In: lambda x, y: x in y, ast.NotIn: lambda x, y: x not in y,
}  # fmt: skip


class _Returned:
    """How a block ends early, with what it returns."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


_BREAK, _CONTINUE = _Returned(None), _Returned(None)


class Walk:
    """The functions of one text, ready to be called.

    Args:
        guards: Fuel and bounds.

    Attributes:
        at: The node that acts; None where no function of the text does.
        layer: The layer that was called last; empty before the first.
        functions: What calls each.
    """

    def __init__(self, guards: Guards) -> None:
        self._guards = guards
        self._active: list[ast.FunctionDef] = []
        self._heights: dict[str, int] = {}
        self.at: ast.AST | None = None
        self.layer = ""
        self.functions: dict[str, Callable[..., Any]] = {}

    def define(self, functions: Mapping[str, ast.FunctionDef]) -> None:
        """Read the definitions of functions, by name; their defaults are computed now.

        Raises:
            LanguageError: A default is not to be computed.
        """
        for name, node in functions.items():
            self.functions[name] = self._own(node)
        self.at = None

    def _own(self, function: ast.FunctionDef) -> Callable[..., Any]:
        name = function.name
        names = [each.arg for each in function.args.args]
        defaults = {
            key: self._read(default, {})
            for key, default in zip(
                names[len(names) - len(function.args.defaults) :],
                function.args.defaults,
                strict=True,
            )
        }
        is_layer = name in LAYERS

        def call(*args: Any, **named: Any) -> Any:
            if is_layer:
                self.layer = name
            self._guards.spend(self._guards.step)
            scope = _bound(name, names, defaults, args, named)
            self._enter(function)
            caller = self.at
            ended = self._block(function.body, scope)
            self.at = caller
            self._active.pop()
            return None if ended is None else ended.value

        return call

    def _enter(self, function: ast.FunctionDef) -> None:
        """Note that a function is being called.

        Raises:
            LanguageError: The functions being called are too deep together.
        """
        self._active.append(function)
        if len(self._active) * MAX_DEPTH <= MAX_LEVELS:
            return  # the checker's limit on each is enough
        levels = 0
        for each in self._active:
            if each.name not in self._heights:
                self._heights[each.name] = _height(each)
            levels += self._heights[each.name]
        if levels > MAX_LEVELS:
            raise LanguageError(
                "too_deep", "calls functions inside functions too deeply",
                "name the parts, and call them one after the other",
            )  # fmt: skip

    # -- statements --------------------------------------------------------------------------------

    def _block(self, body: Iterable[Any], scope: Scope) -> _Returned | None:
        """Walk statements; how they end early, None where they do not."""
        for node in body:
            kind = type(node)
            if kind is ast.Assign:
                value = self._read(node.value, scope)
                for target in node.targets:
                    self.at = target
                    self._store(target, value, scope)
            elif kind is ast.Return:
                return _Returned(None if node.value is None else self._read(node.value, scope))
            elif kind is ast.If:
                test = self._read(node.test, scope)
                self.at = node.test
                ended = self._block(node.body if test else node.orelse, scope)
                if ended is not None:
                    return ended
            elif kind is ast.For:
                ended = self._for(node, scope)
                if ended is not None:
                    return ended
            elif kind is ast.AugAssign:
                before = self._name(node.target, scope)
                value = self._read(node.value, scope)
                self.at = node
                scope[node.target.id] = self._guards.binary(_SIGNS[type(node.op)], before, value)
            elif kind is ast.Break:
                return _BREAK
            elif kind is ast.Continue:
                return _CONTINUE
            elif not (kind is ast.Pass or _is_docstring(node)):
                raise TypeError(f"no walk over {kind.__name__}")
        return None

    def _for(self, node: ast.For, scope: Scope) -> _Returned | None:
        values = self._read(node.iter, scope)
        self.at = node.iter
        turns = self._guards.iterate(values)
        self.at = node
        for value in turns:
            self._store(node.target, value, scope)
            ended = self._block(node.body, scope)
            if ended is _BREAK:
                return None
            if ended is not None and ended is not _CONTINUE:
                return ended
            self.at = node
        return self._block(node.orelse, scope)

    def _store(self, target: Any, value: Any, scope: Scope) -> None:
        kind = type(target)
        if kind is ast.Name:
            scope[target.id] = value
        elif kind is ast.Tuple:
            values = list(self._guards.iterate(value))
            self.at = target
            wanted = len(target.elts)
            if len(values) < wanted:
                raise ValueError(
                    f"not enough values to unpack (expected {wanted}, got {len(values)})"
                )
            if len(values) > wanted:
                raise ValueError(f"too many values to unpack (expected {wanted})")
            for each, one in zip(target.elts, values, strict=True):
                self._store(each, one, scope)
        else:
            assert kind is ast.Subscript
            holder = self._read(target.value, scope)
            key = self._read(target.slice, scope)
            self.at = target
            self._guards.set_item(holder, key, value)

    # -- expressions -------------------------------------------------------------------------------

    def _read(self, node: ast.expr, scope: Scope) -> Any:
        return self._readings[type(node)](self, node, scope)

    def _constant(self, node: ast.Constant, _: Scope) -> Any:
        return node.value

    def _name(self, node: Any, scope: Scope) -> Any:
        name = node.id
        if name in scope:
            return scope[name]
        known = self.functions.get(name) or self._guards.named(name)
        if known is None:
            self.at = node
            raise UnboundLocalError(
                f"cannot access local variable '{name}' where it is not associated with a value"
            )
        return known

    def _call(self, node: ast.Call, scope: Scope) -> Any:
        function = self._read(node.func, scope)
        args = [
            self._generated(each, scope, node)
            if type(each) is ast.GeneratorExp
            else self._read(each, scope)
            for each in node.args
        ]
        if not node.keywords:
            self.at = node
            return function(*args)
        named = {str(each.arg): self._read(each.value, scope) for each in node.keywords}
        self.at = node
        return function(*args, **named)

    def _attribute(self, node: ast.Attribute, scope: Scope) -> Any:
        holder = self._read(node.value, scope)
        self.at = node
        return self._guards.attribute(holder, node.attr)

    def _arithmetic(self, node: ast.BinOp, scope: Scope) -> Any:
        left = self._read(node.left, scope)
        right = self._read(node.right, scope)
        self.at = node
        return self._guards.binary(_SIGNS[type(node.op)], left, right)

    def _unary(self, node: ast.UnaryOp, scope: Scope) -> Any:
        value = self._read(node.operand, scope)
        self.at = node
        sign = _UNARY.get(type(node.op))
        if sign is None:
            return not value
        is_literal = type(node.operand) is ast.Constant and isinstance(value, int | float)
        if is_literal and sign != "~":
            return -value if sign == "-" else +value
        return self._guards.unary(sign, value)

    def _compare(self, node: ast.Compare, scope: Scope) -> Any:
        left = self._operand(node.left, scope)
        is_chain, found = len(node.ops) > 1, True
        for op, each in zip(node.ops, node.comparators, strict=True):
            right = self._operand(each, scope)
            self.at = node
            found = _COMPARED[type(op)](left, right)
            if is_chain and each is not node.comparators[-1] and not found:
                return found
            left = right
        return found

    def _operand(self, node: ast.expr, scope: Scope) -> Any:
        value = self._read(node, scope)
        self.at = node
        return self._guards.operand(value)

    def _logic(self, node: ast.BoolOp, scope: Scope) -> Any:
        ends = type(node.op) is ast.Or
        value: Any = None
        for each in node.values:
            value = self._read(each, scope)
            if each is not node.values[-1]:
                self.at = node
                if bool(value) is ends:
                    return value
        return value

    def _choice(self, node: ast.IfExp, scope: Scope) -> Any:
        test = self._read(node.test, scope)
        self.at = node.test
        return self._read(node.body if test else node.orelse, scope)

    def _tuple(self, node: ast.Tuple, scope: Scope) -> tuple[Any, ...]:
        return tuple([self._read(each, scope) for each in node.elts])

    def _list(self, node: ast.List, scope: Scope) -> list[Any]:
        return [self._read(each, scope) for each in node.elts]

    def _dict(self, node: ast.Dict, scope: Scope) -> dict[Any, Any]:
        made: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            assert key is not None
            made[self._guards.key(self._read(key, scope))] = self._read(value, scope)
        return made

    def _item(self, node: ast.Subscript, scope: Scope) -> Any:
        holder = self._read(node.value, scope)
        index = node.slice
        if type(index) is ast.Slice:
            bounds = (index.lower, index.upper, index.step)
            key: Any = slice(*[None if e is None else self._read(e, scope) for e in bounds])
        else:
            key = self._read(index, scope)
        self.at = node
        return self._guards.item(holder, key)

    # -- comprehensions ----------------------------------------------------------------------------

    def _list_comprehension(self, node: ast.ListComp, scope: Scope) -> list[Any]:
        turns = self._turns(node, self._first(node.generators, scope), scope)
        return [self._read(node.elt, inner) for inner in turns]

    def _dict_comprehension(self, node: ast.DictComp, scope: Scope) -> dict[Any, Any]:
        made: dict[Any, Any] = {}
        for inner in self._turns(node, self._first(node.generators, scope), scope):
            key = self._read(node.key, inner)
            self.at = node.key
            key = self._guards.key(key)
            made[key] = self._read(node.value, inner)
        return made

    def _generated(
        self, node: ast.GeneratorExp, scope: Scope, call: ast.Call
    ) -> Generator[Any, None, None]:
        """What a generator gives to the builtin that it is an argument of, one by one."""
        first = self._first(node.generators, scope)

        def values() -> Generator[Any, None, None]:
            for inner in self._turns(node, first, scope):
                value = self._read(node.elt, inner)
                self.at = call  # which goes on with it
                yield value
            self.at = call

        return values()

    def _first(self, generators: list[ast.comprehension], scope: Scope) -> Iterable[Any]:
        """The turns of the outermost loop, which is read where the comprehension stands."""
        values = self._read(generators[0].iter, scope)
        self.at = generators[0].iter
        return self._guards.iterate(values)

    def _turns(
        self, node: _Comprehension, first: Iterable[Any], outer: Scope
    ) -> Generator[Scope, None, None]:
        """The scope of each turn: one dict, that all turns share and nothing outside sees."""
        self.at = node
        self._guards.spend(len(outer) // 64)
        scope = {**outer}
        for each in node.generators:
            for name in _stored(each.target):
                scope.pop(name, None)
        yield from self._nested(node, node.generators, first, scope)

    def _nested(
        self,
        node: _Comprehension,
        generators: list[ast.comprehension],
        turns: Iterable[Any],
        scope: Scope,
    ) -> Generator[Scope, None, None]:
        this, *others = generators
        self.at = node
        for value in turns:
            self._store(this.target, value, scope)
            if self._holds(this.ifs, scope):
                if others:
                    yield from self._nested(node, others, self._first(others, scope), scope)
                else:
                    yield scope
            self.at = node

    def _holds(self, tests: list[ast.expr], scope: Scope) -> bool:
        for each in tests:
            value = self._read(each, scope)
            self.at = each
            if not value:
                return False
        return True

    _readings: ClassVar[dict[type[ast.expr], Callable[[Walk, Any, Scope], Any]]] = {
        ast.Constant: _constant,
        ast.Name: _name,
        ast.Call: _call,
        ast.Attribute: _attribute,
        ast.BinOp: _arithmetic,
        ast.UnaryOp: _unary,
        ast.Compare: _compare,
        ast.BoolOp: _logic,
        ast.IfExp: _choice,
        ast.Tuple: _tuple,
        ast.List: _list,
        ast.Dict: _dict,
        ast.Subscript: _item,
        ast.ListComp: _list_comprehension,
        ast.DictComp: _dict_comprehension,
    }


def _bound(
    name: str,
    names: list[str],
    defaults: Mapping[str, Any],
    args: tuple[Any, ...],
    named: Mapping[str, Any],
) -> Scope:
    """The scope that a call begins with.

    Raises:
        LanguageError: The function does not take such arguments.
    """
    wrong = ""
    if len(args) > len(names):
        wrong = f"gets {len(args)} arguments"
    scope = {**defaults, **dict(zip(names, args, strict=False))}
    taken, given = (frozenset(names), frozenset(names[: len(args)])) if named else ((), ())
    for key, value in named.items():
        if key not in taken:
            wrong = wrong or f"gets an argument {key[:40]}"
        elif key in given:
            wrong = wrong or f"gets {key[:40]} twice"
        scope[key] = value
    missing = [each for each in names if each not in scope]
    if missing:
        wrong = wrong or f"gets no {missing[0][:40]}"
    if wrong:
        raise LanguageError(
            "arguments", f"{name[:40]}() {wrong}",
            f"it is defined as {name[:40]}({', '.join(names)[:200]})",
        )  # fmt: skip
    return scope


def _stored(target: ast.expr) -> list[str]:
    """The names that a target sets."""
    if isinstance(target, ast.Tuple):
        return [name for each in target.elts for name in _stored(each)]
    return [target.id] if isinstance(target, ast.Name) else []


def _height(node: ast.AST) -> int:
    """Levels of a bounded tree."""
    level, height = [node], 0
    while level:
        height += 1
        level = [each for one in level for each in ast.iter_child_nodes(one) if each._fields]
    return height


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
