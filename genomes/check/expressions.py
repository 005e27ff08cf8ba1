"""The expressions that a strategy's functions may consist of: names, calls, members, operators."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from genomes.check import advice
from genomes.check.names import (
    CALLABLE,
    CONSUMERS,
    FIELD,
    MARKET,
    METHOD_NAMES,
    PARAM_KINDS,
    PARAMETERS,
    RESERVED,
    WORDS,
)
from genomes.check.report import Report, quote
from genomes.check.shape import Shape
from genomes.language.strategy import LAYERS

POWERS = (-1, 0.5, 1, 2, 3, 4)

_EXPRESSIONS: dict[str, tuple[str, str]] = {
    "Lambda": ("writes a lambda", "write a helper function at the top level"),
    "NamedExpr": ("assigns with :=", "assign on a line of its own"),
    "Yield": ("yields", "return a Series"),
    "YieldFrom": ("yields", "return a Series"),
    "Await": ("awaits", "call the operator as it is"),
    "JoinedStr": ("writes an f-string", "a strategy makes no text: remove it"),
    "TemplateStr": ("writes a t-string", "a strategy makes no text: remove it"),
    "Set": ("writes a set", "write a tuple or a list"),
    "SetComp": ("writes a set comprehension", "write a list: [... for x in ...]"),
    "Starred": ("spreads with *", "write the values one by one"),
}
_SIGNS: dict[type[ast.operator], tuple[str, str]] = {
    ast.LShift: ("<<", "write x * 2"),
    ast.RShift: (">>", "write x / 2"),
    ast.MatMult: ("@", "write the products and sums out"),
}


class Expressions:
    """Reads expressions node by node; what is not listed is refused by name."""

    def __init__(self, report: Report, shape: Shape) -> None:
        self._report = report
        self._shape = shape
        self._layer = False
        self._arguments: frozenset[str] = frozenset()
        self._locals: frozenset[str] = frozenset()

    def enter(self, name: str) -> None:
        """What follows stands in that function of the file."""
        self._layer = name in LAYERS
        self._arguments = frozenset(each.arg for each in self._shape.functions[name].args.args)
        names = self._shape.parts[name].kinds.get(ast.Name, ())
        self._locals = self._arguments.union(
            [each.id for each in names if type(each.ctx) is ast.Store]
        )

    def _refuse(self, node: ast.AST, rule: str, found: str, instead: str) -> None:
        self._report.at(node, rule, found, instead)

    def read_all(self, nodes: Iterable[ast.expr]) -> None:
        """Read several."""
        for node in nodes:
            self.read(node)

    def read(self, node: ast.expr) -> None:
        """Read one expression and all below it."""
        reading = self._readings.get(type(node))
        if reading is not None:
            reading(self, node)
            return
        found, instead = _EXPRESSIONS.get(
            type(node).__name__, (f"uses {type(node).__name__}", "remove it")
        )
        self._refuse(node, "expression", found, instead)

    def _constant(self, node: ast.Constant) -> None:
        """All literals were read first."""

    def _member(self, node: ast.Attribute) -> None:
        self._attribute(node, called=False)

    def _arithmetic(self, node: ast.BinOp) -> None:
        self.read(node.left)
        self.read(node.right)
        self.sign(node, node.op, node.right)

    def _unary(self, node: ast.UnaryOp) -> None:
        self.read(node.operand)

    def _logic(self, node: ast.BoolOp) -> None:
        self.read_all(node.values)

    def _choice(self, node: ast.IfExp) -> None:
        self.read_all((node.test, node.body, node.orelse))

    def _sequence(self, node: ast.Tuple | ast.List) -> None:
        self.read_all(node.elts)

    def _list_comprehension(self, node: ast.ListComp) -> None:
        self._comprehension(node.generators)
        self.read(node.elt)

    def _dict_comprehension(self, node: ast.DictComp) -> None:
        self._comprehension(node.generators)
        self.read_all((node.key, node.value))

    def _generator(self, node: ast.GeneratorExp) -> None:
        self._refuse(node, "expression", "writes a generator", "write a list: [... for x in ...]")

    # -- what is named -----------------------------------------------------------------------------

    def _name(self, node: ast.Name) -> None:
        name = node.id
        if name in self._locals:
            return
        if name in CALLABLE or name in self._shape.names:
            self._refuse(
                node, "call", f"uses the function {quote(name)} as a value",
                advice.call_of(name) if name in WORDS else f"call it: {quote(name)}(...)",
            )  # fmt: skip
        else:
            self._unknown(node, name)

    def _unknown(self, node: ast.Name, name: str) -> None:
        if name in PARAM_KINDS:
            self._refuse(
                node, "parameter", f"uses {name} inside a function",
                f'declare it at the top: PARAMS = {{"window": {name}(...)}}, and write p.window',
            )  # fmt: skip
        else:
            self._refuse(
                node, "unknown_name", f"uses {quote(name)}, which means nothing here",
                advice.LISTED if self._report.crowded else advice.for_name(name),
            )  # fmt: skip

    def _call(self, node: ast.Call) -> None:
        func = node.func
        if type(func) is ast.Name:
            if not (func.id in CALLABLE or func.id in self._shape.names):
                self._not_callable(node, func)
        elif type(func) is ast.Attribute:
            self._attribute(func, called=True)
        else:
            self._refuse(node, "call", "calls the result of an expression", "call by name")
            self.read(func)
        for each in node.args:
            if type(each) is ast.Starred:
                self._refuse(each, "call", "spreads arguments with *", "write them one by one")
            elif type(each) is ast.GeneratorExp and (
                isinstance(node.func, ast.Name) and node.func.id in CONSUMERS
            ):
                self._comprehension(each.generators)
                self.read(each.elt)
            else:
                self.read(each)
        given: set[str] = set()
        for keyword in node.keywords:
            if keyword.arg is None:
                self._refuse(node, "call", "spreads arguments with **", "write them one by one")
            elif keyword.arg in given:
                self._refuse(
                    keyword, "syntax", f"gives the argument {quote(keyword.arg)} twice",
                    "give each argument once",
                )  # fmt: skip
            else:
                given.add(keyword.arg)
            self.read(keyword.value)

    def _not_callable(self, node: ast.Call, func: ast.Name) -> None:
        if func.id in self._locals:
            found = f"calls {quote(func.id)}, a value"
            self._refuse(node, "call", found, "call a function by name")
        else:
            self._unknown(func, func.id)

    def _attribute(self, node: ast.Attribute, *, called: bool) -> None:
        attr, value = node.attr, node.value
        if attr.startswith("_"):
            instead = f"nothing hidden is there; {advice.LISTED}"
            self._report.at_member(node, "attribute", f"uses .{quote(attr)}", instead)
            self.read(value)
            return
        if type(value) is ast.Name and value.id in self._locals:
            name = value.id
            if self._layer and name == MARKET:
                self._field(node, attr, called)
            elif self._layer and name == PARAMETERS:
                self._parameter(node, attr, called)
            elif attr not in METHOD_NAMES and (
                self._layer or name not in self._arguments or not FIELD.fullmatch(attr)
            ):
                self._method(node, attr)
            return
        match value:
            case ast.Name(id=name) if name in advice.MODULES:
                self._refuse(
                    value, "unknown_name", f"uses {name}.{quote(attr)}",
                    advice.for_member(name, attr),
                )  # fmt: skip
            case ast.Attribute(value=ast.Name(id=name)) if (
                name in advice.MODULES and name not in self._locals
            ):
                self._refuse(
                    value.value, "unknown_name", f"uses {name}.{quote(value.attr)}.{quote(attr)}",
                    advice.for_member(name, attr, value.attr),
                )  # fmt: skip
            case _:
                before = len(self._report)
                self.read(value)
                if attr not in METHOD_NAMES and len(self._report) == before:
                    self._method(node, attr)

    def _method(self, node: ast.Attribute, attr: str) -> None:
        found, instead = f"uses .{quote(attr)}", advice.for_method(attr)
        self._report.at_member(node, "unknown_method", found, instead)

    def _field(self, node: ast.Attribute, attr: str, called: bool) -> None:
        if called:
            if attr.lower() in WORDS:
                instead = advice.call_of(attr.lower())
            elif attr in ("get", "every", "role", "is_role"):
                instead = advice.for_method(attr)
            else:
                instead = "fields are values, written m.close"
            self._report.at_member(node, "unknown_field", f"calls m.{quote(attr)}()", instead)
        elif not FIELD.fullmatch(attr):
            self._report.at_member(
                node, "unknown_field", f"uses m.{quote(attr)}",
                f"fields are lower case: write m.{quote(attr).lower()}",
            )  # fmt: skip

    def _parameter(self, node: ast.Attribute, attr: str, called: bool) -> None:
        if called:
            instead = "parameters are plain numbers: write p.window"
            self._report.at_member(node, "call", f"calls p.{quote(attr)}()", instead)
        elif attr not in self._shape.declared:
            known = ", ".join(self._shape.declared) or "none are declared"
            self._report.at_member(
                node, "unknown_parameter", f"uses p.{quote(attr)}, which PARAMS does not declare",
                f'declare it: PARAMS = {{"{quote(attr)}": Int(20, low=5, high=60)}}, '
                f"or use one of: {known}",
            )  # fmt: skip

    def sign(self, node: ast.AST, op: ast.operator, right: ast.expr) -> None:
        """Read an operator between two values, or one that changes a value in place."""
        if type(op) in _SIGNS:
            sign, instead = _SIGNS[type(op)]
            self._refuse(node, "operator", f"uses {sign}", instead)
        elif type(op) is ast.Pow:
            match right:
                case ast.Constant(value=int() | float() as power):
                    pass
                case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as n)):
                    power = -n
                case _:
                    return  # a parameter: the guards look at its value
            if power not in POWERS:
                self._refuse(
                    node, "power", "raises to a power that is not in the language",
                    "powers are 2, 3, 4, -1 and 0.5; else use exp(y * log(x))",
                )  # fmt: skip

    def _compare(self, node: ast.Compare) -> None:
        self.read_all((node.left, *node.comparators))
        for op, right in zip(node.ops, node.comparators, strict=True):
            if type(op) in (ast.Is, ast.IsNot) and not (
                isinstance(right, ast.Constant) and right.value is None
            ):
                self._refuse(node, "operator", "compares with is", "write == or !=")

    def _dict(self, node: ast.Dict) -> None:
        for key in node.keys:
            if not (isinstance(key, ast.Constant) and isinstance(key.value, str | int | float)):
                self._refuse(
                    key or node, "literal", "writes a dict with computed keys",
                    "write strings or numbers as keys",
                )  # fmt: skip
        self.read_all(node.values)

    def _subscript(self, node: ast.Subscript) -> None:
        match node.value, node.slice:
            case ast.Name(id="m" | "df" | "data" | "bars"), ast.Constant(value=str(name)):
                self._refuse(
                    node, "indexing", f"takes a field by {quote(name)!r} in brackets",
                    f"write m.{quote(name).lower()}",
                )  # fmt: skip
                return
            case ast.Name(id="p" | "params" | "PARAMS"), ast.Constant(value=str(name)):
                self._refuse(
                    node, "indexing", f"takes a parameter by {quote(name)!r} in brackets",
                    f"write p.{quote(name)}",
                )  # fmt: skip
                return
            case ast.Attribute(value=ast.Name(id="m")), _ if self._layer:
                self._refuse(
                    node, "indexing", "indexes a Series",
                    "use x.shift(n) for n bars ago; the last value is x itself",
                )  # fmt: skip
                return
            case _:
                self.read(node.value)
        index = node.slice
        if isinstance(index, ast.Slice):
            self.read_all(e for e in (index.lower, index.upper, index.step) if e is not None)
        elif isinstance(index, ast.Tuple):
            self._refuse(node, "indexing", "indexes with several numbers", "write x[i][j]")
        else:
            self.read(index)

    def _comprehension(self, generators: Iterable[ast.comprehension]) -> None:
        for each in generators:
            if each.is_async:
                self._refuse(each.iter, "expression", "uses async for", "write for")
            self.read(each.iter)
            self.store(each.target)
            self.read_all(each.ifs)

    # -- what is set -------------------------------------------------------------------------------

    def store(self, node: ast.expr) -> None:
        """Read a target of =, of for, or of a comprehension."""
        match node:
            case ast.Name(id="_"):
                pass
            case ast.Name(id=name) if name.startswith("_"):
                self._refuse(
                    node, "rebinding", f"names a value {quote(name)}",
                    f"names do not begin with an underscore: write {quote(name.strip('_')) or 'x'}",
                )  # fmt: skip
            case ast.Name(id=name) if name in RESERVED or name in self._shape.names:
                self._refuse(
                    node, "rebinding", f"names a value {name}, which the language or the file has",
                    f"choose another name, such as {name}_value",
                )  # fmt: skip
            case ast.Name(id=name) if name in (MARKET, PARAMETERS) and name in self._arguments:
                what = "the market" if name == MARKET else "the parameters"
                self._refuse(
                    node, "rebinding", f"names a value {name}, which is {what}",
                    "choose another name",
                )  # fmt: skip
            case ast.Name():
                pass
            case ast.Tuple(elts=elements):
                for each in elements:
                    self.store(each)
            case ast.Subscript(value=value, slice=index):
                self.read(value)
                if isinstance(index, ast.Slice):
                    self._refuse(node, "indexing", "changes a slice", "build a new list")
                else:
                    self.read(index)
            case ast.Attribute(attr=attr):
                self._report.at_member(
                    node, "attribute", f"sets .{quote(attr)}", "values never change: name a new one"
                )
            case ast.List():
                self._refuse(node, "statement", "unpacks into a list", "write a, b = ...")
            case _:
                self.read(node)

    _readings: ClassVar[dict[type[ast.expr], Callable[[Expressions, Any], None]]] = {
        ast.Constant: _constant,
        ast.Name: _name,
        ast.Attribute: _member,
        ast.Call: _call,
        ast.BinOp: _arithmetic,
        ast.UnaryOp: _unary,
        ast.BoolOp: _logic,
        ast.Compare: _compare,
        ast.IfExp: _choice,
        ast.Tuple: _sequence,
        ast.List: _sequence,
        ast.Dict: _dict,
        ast.Subscript: _subscript,
        ast.ListComp: _list_comprehension,
        ast.DictComp: _dict_comprehension,
        ast.GeneratorExp: _generator,
    }
