"""A strategy file taken apart (idea, parameters, functions, lines) and put together again.

What an edit does not touch keeps the text that its author wrote, comments and layout included: a
function as a whole, a line of a function that was touched elsewhere. The rest is printed.
"""

from __future__ import annotations

import ast
import json
import textwrap
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from genomes.genome import CHANGE_MARK
from genomes.language import VOCABULARY
from genomes.language.params import Bool, Choice, Float, Int, Param, Value
from genomes.variation.printer import WIDTH, statement
from genomes.variation.tree import children, loaded_names, parameters, stored_names

LAYERS = ("factor", "signal", "size", "exits")


@dataclass(frozen=True, slots=True)
class Line:
    """One statement of a function.

    Attributes:
        node: Its tree.
        text: As its author wrote it, comments above included; empty for one that is printed.
        comments: The comments above and inside it.
    """

    node: ast.stmt
    text: str = ""
    comments: tuple[str, ...] = ()

    def printed(self) -> str:
        """Its text, indented, without a newline at the end."""
        if self.text:
            return self.text
        return "\n".join([*(f"    {c}" for c in self.comments), statement(self.node)])

    def changed(self, node: ast.stmt) -> Line:
        """With another tree in its place."""
        return self if node is self.node else Line(node, "", self.comments)


@dataclass(frozen=True)
class Function:
    """One function of a file.

    Attributes:
        name: Its name.
        args: Its arguments.
        lines: Its statements.
        text: As its author wrote it, comments above included; empty for one that is printed.
        head: Its first line, and the comments above it.
    """

    name: str
    args: ast.arguments
    lines: tuple[Line, ...]
    text: str = ""
    head: str = ""

    @cached_property
    def tree(self) -> ast.FunctionDef:
        """What the interpreter walks."""
        return ast.FunctionDef(
            name=self.name, args=self.args, body=[line.node for line in self.lines],
            decorator_list=[], returns=None, type_comment=None,
        )  # fmt: skip

    @cached_property
    def given(self) -> tuple[str, ...]:
        """The names of its arguments."""
        return tuple(arg.arg for arg in self.args.args)

    @cached_property
    def loaded(self) -> frozenset[str]:
        """The names it reads."""
        return frozenset[str]().union(*(loaded_names(line.node) for line in self.lines))

    @cached_property
    def bound(self) -> frozenset[str]:
        """Its arguments and locals."""
        return frozenset(self.given).union(*(stored_names(line.node) for line in self.lines))

    @cached_property
    def parameters(self) -> frozenset[str]:
        """The declared parameters that it reads."""
        return frozenset[str]().union(*(parameters(line.node) for line in self.lines))

    @cached_property
    def places(self) -> list[tuple[Any, int, tuple[Any, ...]]]:
        """Its nodes in the order of the text, each with its line and the trees above it."""
        found: list[tuple[Any, int, tuple[Any, ...]]] = []
        for at, line in enumerate(self.lines):
            stack: list[tuple[Any, tuple[Any, ...]]] = [(line.node, ())]
            while stack:
                node, path = stack.pop()
                found.append((node, at, path))
                below = children(node)
                if below:
                    inside = (*path, node)
                    stack += [(child, inside) for child in reversed(below)]
        return found

    @property
    def taken(self) -> frozenset[str]:
        """The names that a new local may not have."""
        return self.loaded | self.bound

    @property
    def returned(self) -> ast.expr | None:
        """What it returns, if its last statement is its only return."""
        last = self.lines[-1].node
        if not isinstance(last, ast.Return) or any(_returns(line.node) for line in self.lines[:-1]):
            return None
        return last.value

    @cached_property
    def locals(self) -> dict[str, ast.expr]:
        """The values of the locals that are assigned in a line of their own; the last of each."""
        found: dict[str, ast.expr] = {}
        for line in self.lines:
            match line.node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    found[name] = value
                case _:
                    pass
        return found

    def with_lines(self, lines: tuple[Line, ...]) -> Function:
        """With other lines."""
        return replace(self, lines=lines, text="")

    def printed(self) -> str:
        """Its text, with a newline at the end."""
        if self.text:
            return self.text
        head = self.head or f"def {self.name}({', '.join(self.given)}):"
        return "\n".join([head, *(line.printed().strip("\n") for line in self.lines)]) + "\n"


def _returns(node: ast.stmt) -> bool:
    return isinstance(node, ast.For | ast.If | ast.Return) and any(
        isinstance(one, ast.Return) for one in ast.walk(node)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One declared parameter.

    Attributes:
        name: Its name in `p`.
        param: Its default and range.
        source: The declaration as written.
        above: Comment lines above it.
        beside: A comment beside it.
    """

    name: str
    param: Param
    source: str
    above: tuple[str, ...] = ()
    beside: str = ""

    @property
    def lines(self) -> list[str]:
        """Its lines inside PARAMS."""
        beside = f"  {self.beside}" if self.beside else ""
        above = [f"    {line}" for line in self.above]
        return [*above, f'    "{self.name}": {self.source},{beside}']


@dataclass(frozen=True)
class Program:
    """A strategy file in parts; every variation is a new Program.

    Attributes:
        idea: What the strategy is, in the docstring's words.
        change: What the last variation changed.
        above: Comment lines over the import.
        declared: The declared parameters, in order.
        layout: PARAMS as a person laid it out; empty once a declaration was touched.
        functions: The functions, in order.
    """

    idea: str = ""
    change: str = ""
    above: tuple[str, ...] = ()
    declared: tuple[Declared, ...] = ()
    layout: str = ""
    functions: tuple[Function, ...] = ()

    @cached_property
    def by_name(self) -> dict[str, Function]:
        """The functions by name."""
        return {f.name: f for f in self.functions}

    @cached_property
    def params(self) -> dict[str, Param]:
        """The declared parameters by name."""
        return {d.name: d.param for d in self.declared}

    def function(self, name: str) -> Function | None:
        """The function of that name."""
        return self.by_name.get(name)

    def with_function(self, new: Function) -> Program:
        """With a function in the place of the one of its name, or in the place its layer has."""
        if new.name in self.by_name:
            swapped = tuple(new if f.name == new.name else f for f in self.functions)
            return replace(self, functions=swapped)
        # a helper stands before the layers
        later = LAYERS[LAYERS.index(new.name) + 1 :] if new.name in LAYERS else LAYERS
        at = next((i for i, f in enumerate(self.functions) if f.name in later), len(self.functions))
        return replace(self, functions=(*self.functions[:at], new, *self.functions[at:]))

    def without_function(self, name: str) -> Program:
        """Without a function."""
        return replace(self, functions=tuple(f for f in self.functions if f.name != name))

    def with_param(self, name: str, param: Param) -> Program:
        """With a parameter declared, or declared anew with its comments kept."""
        source = declaration(param)
        old = next((d for d in self.declared if d.name == name), None)
        if old is None:
            return self.with_declared(Declared(name=name, param=param, source=source))
        new = replace(old, param=param, source=source)
        declared = tuple(new if d is old else d for d in self.declared)
        return replace(self, declared=declared, layout="")

    def with_declared(self, one: Declared) -> Program:
        """With a declaration of another program, word for word."""
        return replace(self, declared=(*self.declared, one), layout="")


def declaration(param: Param) -> str:
    """How a parameter is written: `Int(20, low=5, high=60)`."""
    match param:
        case Int():
            return f"Int({param.default}, low={param.low}, high={param.high})"
        case Float():
            log = ", log=True" if param.log else ""
            return f"Float({param.default!r}, low={param.low!r}, high={param.high!r}{log})"
        case Bool():
            return f"Bool({param.default})"
        case Choice():
            options = ", ".join(literal(o) for o in param.options)
            return f"Choice({literal(param.default)}, options=({options}))"


def literal(value: Value) -> str:
    """A value as it is written in PARAMS; an untrusted word cannot end the string it stands in."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


# -- to text ---------------------------------------------------------------------------------------


def text_of(program: Program) -> str:
    """The file of a tidy program, as the formatter would leave it."""
    parts = [docstring_text(program.idea, program.change) + "\n"]
    parts.append("".join(f"{line}\n" for line in program.above) + import_text(program))
    if program.layout:
        parts.append(program.layout)
    elif program.declared:
        lines = [line for one in program.declared for line in one.lines]
        parts.append("PARAMS = {\n" + "\n".join(lines) + "\n}\n")
    return "\n".join(parts) + "".join(f"\n\n{f.printed()}" for f in program.functions)


def docstring_text(idea: str, change: str) -> str:
    """A docstring as written, quotes included: the idea, and what was changed last."""
    idea, change = _quotable(idea), _quotable(change)
    lines = idea.split("\n")
    quotes = 3 if change or len(lines) > 1 else 6
    if len(lines[0]) + quotes > WIDTH or any(len(line) > WIDTH for line in lines):
        paragraphs = [
            _wrapped(paragraph, first=i == 0) for i, paragraph in enumerate(idea.split("\n\n"))
        ]
        idea = "\n\n".join(paragraphs)
    if change:
        note = _wrapped(CHANGE_MARK + change)
        return f'"""{idea}\n\n{note}\n"""' if idea else f'"""{note}\n"""'
    ends_apart = "\n" in idea or idea.endswith('"')
    return f'"""{idea}\n"""' if ends_apart else f'"""{idea}"""'


def _quotable(words: str) -> str:
    """Words, untrusted perhaps, that cannot end the docstring they stand in."""
    return words.replace("\\", "\\\\").replace('"""', "'''")


def _wrapped(paragraph: str, *, first: bool = False) -> str:
    return textwrap.fill(
        " ".join(paragraph.split()),
        WIDTH - 3,
        initial_indent="   " if first else "",
        break_long_words=False,
        break_on_hyphens=False,
    ).strip()


def import_text(program: Program) -> str:
    """The one import a strategy has: what it uses, classes first, each sorted."""
    used: set[str] = set()
    for function in program.functions:
        used |= function.loaded - function.bound
    used |= {type(one.param).__name__ for one in program.declared}
    names = sorted(
        (name for name in used if name in VOCABULARY and name not in program.by_name),
        key=lambda name: (name[0].islower(), name),
    )
    if not names:
        return ""
    line = f"from genomes.language import {', '.join(names)}\n"
    if len(line) <= WIDTH + 1:
        return line
    return "from genomes.language import (\n" + "".join(f"    {n},\n" for n in names) + ")\n"
