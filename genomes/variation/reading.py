"""A strategy read: its graph, and its typed places, each with its kind, dimension, scale and use.

The interpreter walks our trees as it walks a checked text behind the walls, so a graph is the one
that the jail would draw from the printed text, without printing and reading it again.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from genomes.interpreter.caps import Caps
from genomes.interpreter.guards import Guards
from genomes.interpreter.walk import FRAMES, Scope, Walk
from genomes.language.analysis.direction import leaning
from genomes.language.analysis.essence import COMBINES, Facts, facts_of
from genomes.language.analysis.intervals import Interval, intervals
from genomes.language.dimension import Dimension
from genomes.language.errors import LanguageError
from genomes.language.graph import BEHAVIOUR, Graph, Known, Node
from genomes.language.series import Mask, Series
from genomes.language.strategy import draw
from genomes.language.table import OPERATORS, Kind, Scale, Trait, having
from genomes.variation.program import LAYERS, Line, Program
from genomes.variation.scale import CLOCK, scales_of
from genomes.variation.sites import Reason, Setting, Site
from genomes.variation.source import LayoutError, parse
from genomes.variation.tree import children, walk, word_of

REMEMBERED = 512  # readings, some 30 KB each: their functions are shared, see `source`
_FUEL = Caps().fuel
_SAME_TWICE = having(Trait.DIFFERS)


class _Trusting(Guards):
    """The guards of a text that was checked and drawn before, or that we write: fuel only."""

    def _called(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        return function


class _Noting(Walk):
    """The interpreter's walk, with a note of what each expression stood for."""

    def __init__(self, guards: Guards) -> None:
        super().__init__(guards)
        self.seen: dict[int, Any] = {}
        self.before: dict[int, list[Any]] = {}

    def _read(self, node: ast.expr, scope: Scope) -> Any:
        value = self._readings[type(node)](self, node, scope)
        kind = type(value)
        if kind is Series or kind is Mask or kind is int or kind is float:
            at = id(node)
            if at in self.seen:
                self.before.setdefault(at, []).append(self.seen[at])
            self.seen[at] = value
        return value


@dataclass
class Reading:
    """A program understood: its graph, or why it has none, and what its expressions stand for.

    Attributes:
        program: The program.
        graph: What it draws with its defaults; None where it does not.
        reason: Why it does not draw.
        seen: The value of each expression when it was last read, by id().
        before: Its values before that, where it was read more than once.
        rows: Lines of the text it was read from; 0 for a program that was none yet.
    """

    program: Program
    graph: Graph | None
    reason: Reason | None
    seen: dict[int, Any] = field(repr=False)
    before: dict[int, list[Any]] = field(repr=False)
    rows: int = 0

    @property
    def drawn(self) -> Graph:
        """The graph, where there is one."""
        assert self.graph is not None  # only those are varied
        return self.graph

    @cached_property
    def facts(self) -> Facts:
        """What the graph can do."""
        return facts_of(self.drawn, self.ranges)

    @cached_property
    def ranges(self) -> list[Interval]:
        """Where the values of every node of the graph can lie."""
        return intervals(self.drawn)

    @cached_property
    def direction(self) -> int:
        """1 where the factor rises with the price (a trend), -1 where it falls, else 0."""
        return leaning(self.drawn, self.drawn.outputs["factor"], self.ranges) or 0

    @cached_property
    def words(self) -> set[str]:
        """The operators, fields and exits that the behaviour is made of."""
        outputs = self.drawn.outputs
        found = {name for name in BEHAVIOUR if name in outputs}
        below = self.drawn.below([outputs[name] for name in found])
        return found | {str(n.statics[0]) if n.op == "field" else n.op for n in below}

    @cached_property
    def sides(self) -> list[bytes]:
        """The digests of the signal's sides, as it combines them from left to right."""
        parts = self.drawn.below([self.drawn.outputs["signal"]], COMBINES)
        return [node.digest for node in parts if node.op == "as_number"]

    def reads_clock(self, output: str = "factor") -> bool:
        """Whether an output depends on the calendar or the time of day."""
        below = self.drawn.below([self.drawn.outputs[output]])
        return any(node.op == "field" and node.statics[0] in CLOCK for node in below)

    @cached_property
    def scales(self) -> list[Scale]:
        """The scale of every node of the graph."""
        return scales_of(self.drawn)

    @cached_property
    def sites(self) -> tuple[Site, ...]:
        """The expressions in the order of the text."""
        return tuple(_sites(self))

    def live(self, *kinds: Kind) -> list[Site]:
        """The sites of some kinds that the behaviour depends on."""
        return [s for s in self.sites if s.live and s.kind in kinds]

    def needless(self, lines: Iterable[Line]) -> set[bytes]:
        """Digests of values that expressions of some lines only repeat, or combine with themselves.

        `abs(abs(x))`, `x * 1`, `x - x`.
        """
        found: set[bytes] = set()
        for line in lines:
            for node in walk(line.node):
                value = self.symbol(node)
                if value is None or isinstance(node, ast.Name | ast.IfExp | ast.Subscript):
                    continue
                parts = [self.symbol(part) for part in _operands(node)]
                digests = [part.digest for part in parts if part is not None]
                if value.digest in digests and word_of(node) not in self.program.by_name:
                    found.add(value.digest)
                if value.op in _SAME_TWICE and len(digests) > len(set(digests)):
                    found.add(value.digest)
        return found

    def symbol(self, node: ast.AST) -> Node | None:
        """The node of the graph that an expression drew last."""
        return _symbol(self.seen.get(id(node)))


@lru_cache(maxsize=REMEMBERED)
def _read(text: str, fields: tuple[tuple[str, Dimension], ...], max_window: int) -> Reading:
    try:
        program = parse(text)
    except LayoutError as error:
        return Reading(Program(), None, Reason(rule="layout", found=str(error)), {}, {})
    reading = understand(program, Setting(fields=dict(fields), max_window=max_window))
    reading.rows = text.count("\n")
    return reading


def read(text: str, setting: Setting) -> Reading:
    """The reading of a text; kept for the texts asked for last."""
    return _read(text, tuple(setting.fields.items()), setting.max_window)


_known: dict[tuple[tuple[str, Dimension], ...], Known] = {}


def understand(program: Program, setting: Setting, parent: Reading | None = None) -> Reading:
    """Draw the graph of a program from its trees.

    Args:
        program: The program.
        setting: The market.
        parent: What it was made from: a factor that both share is taken from there.
    """
    if sys.getrecursionlimit() < FRAMES:  # as the jail's reader: one bound, wherever it is called
        sys.setrecursionlimit(FRAMES)
    known = _known.setdefault(tuple(setting.fields.items()), {})
    notes = _Noting(_Trusting(_FUEL, 1))
    start = parent.graph if parent is not None else None
    graph: Graph | None = None
    reason: Reason | None = None
    try:
        notes.define({f.name: f.tree for f in program.functions})
        layers: dict[str, Any] = {n: f for n, f in notes.functions.items() if n in LAYERS}
        if parent is not None and start is not None and _same_factor(program, parent.program):
            layers["factor"] = _repeated(start)
        layers["PARAMS"] = program.params
        graph = draw(layers, None, setting.fields, known=known, start=start)
        reason = objection(graph, setting)
    except LanguageError as error:
        reason = Reason(rule=error.rule, found=error.found)
    except (ArithmeticError, TypeError, ValueError, LookupError, RecursionError,
            NameError, AssertionError) as error:  # fmt: skip
        reason = Reason(rule="error", found=f"{type(error).__name__}: {error}")
    notes.functions.clear()  # closures on the walk: a circle that only the collector would free
    return Reading(program, None if reason else graph, reason, notes.seen, notes.before)


def _same_factor(one: Program, other: Program) -> bool:
    """Whether two programs share all that a factor is drawn from."""
    waiting, seen = ["factor"], set[str]()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        function = one.by_name.get(name)
        if function is None or function is not other.by_name.get(name):
            return False
        if any(one.params.get(p) != other.params.get(p) for p in function.parameters):
            return False
        waiting += [n for n in function.loaded - function.bound - seen if n in one.by_name]
    return True


def _repeated(graph: Graph) -> Callable[[Any, Any], Series]:
    """A factor that is the one of the graph from which drawing starts."""
    return lambda m, p: Series(m._builder, graph.outputs["factor"])  # pyright: ignore[reportPrivateUsage]


def objection(graph: Graph, setting: Setting) -> Reason | None:
    """Why a drawn graph is not worth an evaluation."""
    if graph.warm_up > setting.max_window:
        return Reason(rule="max_window", found=f"needs {graph.warm_up} bars before it is known")
    for node in graph.nodes:
        if node.statics and node.op in OPERATORS:
            for arg, value in zip(OPERATORS[node.op].statics, node.statics, strict=True):
                if arg.kind is Kind.BARS and int(value) > setting.max_window:
                    return Reason(rule="max_window", found=f"{node.op}() looks back {value} bars")
    if not any(node.op == "field" for node in graph.below([graph.outputs["weight"]])):
        return Reason(rule="constant", found="the weight does not depend on the market")
    return None


def _symbol(value: Any) -> Node | None:
    return value._info if isinstance(value, Series | Mask) else None  # pyright: ignore[reportPrivateUsage]


def _operands(node: Any) -> Iterator[Any]:
    for child in children(node):
        if isinstance(child, ast.keyword):
            yield child.value
        elif isinstance(child, ast.Attribute) and isinstance(node, ast.Call) and child is node.func:
            yield child.value  # the x of x.shift(1)
        else:
            yield child


# -- places ----------------------------------------------------------------------------------------


def _sites(reading: Reading) -> Iterator[Site]:
    graph = reading.graph
    index: dict[bytes, int] = {}
    live: set[bytes] = set()
    if graph is not None:
        index = {node.digest: i for i, node in enumerate(graph.nodes)}
        roots = [graph.outputs[name] for name in BEHAVIOUR if name in graph.outputs]
        live = {node.digest for node in graph.below(roots)}
    scales = reading.scales if graph is not None else []
    for function in reading.program.functions:
        for node, line, path in function.places:
            value = reading.seen.get(id(node))
            if value is None:
                continue
            drawn = _symbol(value)
            if drawn is None:
                yield Site(
                    node, function.name, line, path, Kind.NUMBER, None, Scale.CONSTANT, "",
                    b"", -1, value, _in_live(path, reading, live),
                )  # fmt: skip
                continue
            is_live = drawn.digest in live
            if id(node) in reading.before:
                others = [_symbol(other) for other in reading.before[id(node)]]
                if any(o is None or (o[3], o[4]) != (drawn[3], drawn[4]) for o in others):
                    continue  # of another kind or dimension at another turn
                is_live = is_live or any(o is not None and o.digest in live for o in others)
            at = index.get(drawn.digest, -1)
            yield Site(
                node, function.name, line, path, drawn.kind, drawn.dimension,
                scales[at] if at >= 0 else Scale.CONSTANT, drawn.op, drawn.digest, at, None,
                is_live,
            )  # fmt: skip


def _in_live(path: tuple[Any, ...], reading: Reading, live: set[bytes]) -> bool:
    for above in reversed(path):
        if word_of(above) == "Exits":
            return True
        node = reading.symbol(above)
        if node is not None:
            return node.digest in live
    return False
