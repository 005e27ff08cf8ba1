"""A strategy's text taken apart (idea, parameters, functions) and put together again."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import libcst as cst

from genomes.genome import CHANGE_MARK, split_docstring
from genomes.language import VOCABULARY
from genomes.language.params import Bool, Choice, Float, Int, Param
from genomes.variation.edit import WIDTH, bound_names, code_of, loaded_names
from genomes.variation.trace import FAILURES, GiveUp, Tracer

LAYERS = ("factor", "signal", "size", "exits")


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
        return [f"    {line}" for line in self.above] + [
            f'    "{self.name}": {self.source},{beside}'
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
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

    idea: str
    change: str = ""
    above: tuple[str, ...] = ()
    declared: tuple[Declared, ...] = ()
    layout: str = ""
    functions: tuple[cst.FunctionDef, ...] = ()

    @property
    def by_name(self) -> dict[str, cst.FunctionDef]:
        """The functions by name."""
        return {f.name.value: f for f in self.functions}

    @property
    def params(self) -> dict[str, Param]:
        """The declared parameters by name."""
        return {d.name: d.param for d in self.declared}

    def function(self, name: str) -> cst.FunctionDef | None:
        """The function of that name."""
        return self.by_name.get(name)

    def with_function(self, tree: cst.FunctionDef) -> Program:
        """With a function in the place of the one of its name, or in the place its layer has."""
        name = tree.name.value
        if name in self.by_name:
            swapped = tuple(tree if f.name.value == name else f for f in self.functions)
            return replace(self, functions=swapped)
        at = len(self.functions)
        if name in LAYERS:
            later = LAYERS[LAYERS.index(name) + 1 :]
            at = next((i for i, f in enumerate(self.functions) if f.name.value in later), at)
        else:  # a helper stands before the layers
            at = next((i for i, f in enumerate(self.functions) if f.name.value in LAYERS), at)
        return replace(self, functions=(*self.functions[:at], tree, *self.functions[at:]))

    def without_function(self, name: str) -> Program:
        """Without a function."""
        return replace(self, functions=tuple(f for f in self.functions if f.name.value != name))

    def with_param(self, name: str, param: Param) -> Program:
        """With a parameter declared, or declared anew with its comments kept."""
        source = declaration(param)
        old = next((d for d in self.declared if d.name == name), None)
        if old is not None:
            new = replace(old, param=param, source=source)
            declared = tuple(new if d is old else d for d in self.declared)
        else:
            declared = (*self.declared, Declared(name=name, param=param, source=source))
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
            options = ", ".join(_literal(o) for o in param.options)
            return f"Choice({_literal(param.default)}, options=({options}))"


def _literal(value: float | str) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


# -- from text -------------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def parse(text: str) -> Program:
    """A file's parts; the trees are shared by everyone who parses the same text.

    Raises:
        GiveUp: The file is not laid out as a strategy is.
        cst.ParserSyntaxError: The text is not Python.
    """
    module = cst.parse_module(text)
    program = Program(idea="")
    functions: list[cst.FunctionDef] = []
    for position, statement in enumerate(module.body):
        match statement:
            case cst.FunctionDef():
                functions.append(statement)
            case cst.SimpleStatementLine(body=[cst.Expr(value=cst.SimpleString() as string)]) if (
                position == 0
            ):
                idea, change = split_docstring(_clean(str(string.evaluated_value)))
                program = replace(program, idea=idea, change=change)
            case cst.SimpleStatementLine(body=[cst.ImportFrom()]):
                program = replace(program, above=_comments(statement.leading_lines))
            case cst.SimpleStatementLine(
                body=[cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))], value=v)]
            ):
                if name != "PARAMS" or not isinstance(v, cst.Dict):
                    raise GiveUp(f"top-level {name}")
                above = "".join(f"{line}\n" for line in _comments(statement.leading_lines))
                layout = above + code_of(statement.with_changes(leading_lines=()))
                declared = _declared(v)
                program = replace(program, declared=declared, layout=layout)
            case _:
                raise GiveUp(f"top-level {type(statement).__name__}")
    return replace(program, functions=tuple(functions))


def _clean(doc: str) -> str:
    head, _, rest = doc.partition("\n")
    return f"{head.strip()}\n{textwrap.dedent(rest)}".strip()


def _comments(lines: Any) -> tuple[str, ...]:
    return tuple(line.comment.value for line in lines if line.comment is not None)


def _declared(tree: cst.Dict) -> tuple[Declared, ...]:
    tracer = Tracer({})
    found: list[Declared] = []
    before: Any = tree.lbrace.whitespace_after
    for element in tree.elements:
        if not isinstance(element, cst.DictElement):
            raise GiveUp("a starred dict")
        after: Any = tree.rbrace.whitespace_before
        if isinstance(element.comma, cst.Comma) and element is not tree.elements[-1]:
            after = element.comma.whitespace_after
        try:
            name: Any = tracer.value(element.key, {})
            param: Any = tracer.value(element.value, {})
        except FAILURES as error:
            raise GiveUp(f"PARAMS: {error}") from None
        if not isinstance(param, Int | Float | Bool | Choice):
            raise GiveUp(f"PARAMS: {name} is not a parameter")
        comment = (
            after.first_line.comment if isinstance(after, cst.ParenthesizedWhitespace) else None
        )
        above = (
            _comments(before.empty_lines) if isinstance(before, cst.ParenthesizedWhitespace) else ()
        )
        found.append(
            Declared(
                name=str(name),
                param=param,
                source=" ".join(code_of(element.value).split()),
                above=above,
                beside=comment.value if comment is not None else "",
            )
        )
        before = after
    return tuple(found)


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
    head = "\n".join(parts)
    return head + "".join(f"\n\n{_function_text(f)}" for f in program.functions)


def _function_text(tree: cst.FunctionDef) -> str:
    above = "".join(f"{line}\n" for line in _comments(tree.leading_lines))
    return above + code_of(tree.with_changes(leading_lines=())).strip("\n") + "\n"


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
    used: dict[str, None] = {}
    for tree in program.functions:
        used.update(dict.fromkeys(loaded_names(tree) - bound_names(tree)))
    sources = [d.source for d in program.declared] if not program.layout else [program.layout]
    for kind in ("Bool", "Choice", "Float", "Int"):
        if any(f"{kind}(" in source for source in sources):
            used[kind] = None
    own = program.by_name
    names = sorted(
        (name for name in used if name in VOCABULARY and name not in own),
        key=lambda name: (name[0].islower(), name),
    )
    line = f"from genomes.language import {', '.join(names)}\n"
    if len(line) <= WIDTH + 1:
        return line
    return "from genomes.language import (\n" + "".join(f"    {n},\n" for n in names) + ")\n"
