"""The typed places of a strategy: each expression's kind, dimension, scale and use; and trials."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import libcst as cst

from genomes.language.analysis.essence import Facts, facts_of
from genomes.language.dimension import Dimension
from genomes.language.errors import LanguageError
from genomes.language.graph import BEHAVIOUR, Graph, Node
from genomes.language.operators import OPERATORS
from genomes.language.series import Mask, Series
from genomes.language.strategy import draw
from genomes.language.table import Kind
from genomes.variation.edit import children, code_of, loaded_names
from genomes.variation.program import LAYERS, Program, parse
from genomes.variation.scale import Scale, scales_of
from genomes.variation.trace import FAILURES, GiveUp, Seen, Tracer, Use

_SAME_TWICE = frozenset(
    [
        "sub",
        "div",
        "min",
        "max",
        "lt",
        "le",
        "eq",
        "ne",
        "correlation",
        "covariance",
        "beta",
        "residual",
        "crossover",
        "crossunder",
        "where",
        "fill",
        "hold",
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What variation knows of the market.

    Attributes:
        fields: The market's fields with their dimensions.
        max_window: Bars that no window and no warm-up may exceed.
    """

    fields: Mapping[str, Dimension]
    max_window: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a text would be refused, or is not worth an evaluation.

    Attributes:
        rule: A short word.
        found: What was found.
    """

    rule: str
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One expression of a strategy.

    Attributes:
        node: Its tree.
        function: The function it stands in.
        path: The trees above it, the function first.
        kind: Series, Mask, or a plain number known when the graph is drawn.
        dimension: Of a Series; None fits every dimension.
        scale: The usual size of its values.
        op: The graph node it drew last: an operator, `field`, `const`; empty for plain numbers.
        digest: That node's digest; equal digests are equal values.
        index: That node in the graph; -1 where nothing uses it.
        number: The value of a plain number.
        live: Whether the strategy's behaviour depends on it.
        use: How the expression around it uses it.
    """

    node: cst.BaseExpression
    function: str
    path: tuple[cst.CSTNode, ...]
    kind: Kind
    dimension: Dimension | None
    scale: Scale
    op: str
    digest: bytes
    index: int
    number: float | None
    live: bool
    use: Use | None

    @property
    def text(self) -> str:
        """Its code on one line."""
        return " ".join(code_of(self.node).split())

    @property
    def names(self) -> set[str]:
        """The names it reads."""
        return loaded_names(self.node)

    @property
    def field(self) -> str:
        """The field it reads, if it is `m.close` and the like; else empty."""
        match self.node:
            case cst.Attribute(value=cst.Name(value="m"), attr=cst.Name(value=name)):
                return name
            case _:
                return ""

    @property
    def is_asked_for(self) -> bool:
        """Whether an operator asks for just that field there: the high in atr(high, ...)."""
        use = self.use
        return use is not None and any(
            arg.name == use.argument and arg.dimension in ("price", "volume")
            for arg in (OPERATORS[use.operator].args if use.operator in OPERATORS else ())
        )

    @property
    def parent(self) -> cst.CSTNode:
        """The tree right above it."""
        return self.path[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A program understood: its graph, or why it has none, and its typed places.

    Attributes:
        program: The program.
        graph: What it draws with its defaults; None where it does not.
        reason: Why it does not draw.
        sites: Its expressions in the order of the text.
        needless: Digests of values that an operator leaves as they are: abs(abs(x)), x * 1.
        lines: Of the text it was read from; 0 for a program that was none yet.
        facts: What the graph can do; None without a graph, or before it was asked.
    """

    program: Program
    graph: Graph | None
    reason: Reason | None
    sites: tuple[Site, ...]
    needless: frozenset[bytes]
    lines: int = 0
    facts: Facts | None = None

    def live(self, *kinds: Kind) -> list[Site]:
        """The sites of some kinds that the behaviour depends on."""
        return [s for s in self.sites if s.live and s.kind in kinds]


@lru_cache(maxsize=512)
def _read(text: str, fields: tuple[tuple[str, Dimension], ...], max_window: int) -> Reading:
    try:
        program = parse(text)
    except (GiveUp, cst.ParserSyntaxError) as error:
        reason = Reason(rule="layout", found=str(error))
        return Reading(
            program=Program(idea=""), graph=None, reason=reason, sites=(), needless=frozenset()
        )
    reading = understand(program, Setting(fields=dict(fields), max_window=max_window))
    facts = facts_of(reading.graph) if reading.graph is not None else None
    return replace(reading, lines=text.count("\n"), facts=facts)


def read(text: str, setting: Setting) -> Reading:
    """The reading of a text; kept for the texts asked for last."""
    return _read(text, tuple(setting.fields.items()), setting.max_window)


def trial(text: str, setting: Setting) -> Graph | Reason:
    """What a text draws in this process, without being executed, or why it is not worth sending."""
    reading = read(text, setting)
    return reading.graph or reading.reason or Reason(rule="layout", found="nothing drawn")


def understand(program: Program, setting: Setting, *, places: bool = True) -> Reading:
    """Trace a program on symbols.

    Args:
        program: Its trees must not repeat a node.
        setting: The market.
        places: Whether sites are wanted; without them it takes half the time.
    """
    functions = program.by_name
    tracer = Tracer(functions)
    graph: Graph | None = None
    reason: Reason | None = None
    try:
        graph = draw(_namespace(program, tracer), None, setting.fields)
        reason = objection(graph, setting)
    except LanguageError as error:
        reason = Reason(rule=error.rule, found=error.found)
    except FAILURES as error:
        reason = Reason(rule="given_up", found=f"{type(error).__name__}: {error}")
    needless = _needless(tracer) if graph is not None else frozenset[bytes]()
    sites = tuple(_sites(program, tracer, graph)) if places else ()
    return Reading(
        program=program,
        graph=None if reason else graph,
        reason=reason,
        sites=sites,
        needless=needless,
    )


def _namespace(program: Program, tracer: Tracer) -> dict[str, Any]:
    def layer(tree: cst.FunctionDef) -> Any:
        return lambda *args: tracer.call(tree, args, {})  # pyright: ignore[reportUnknownLambdaType]

    namespace: dict[str, Any] = {"PARAMS": program.params}
    for name in LAYERS:
        tree = program.function(name)
        if tree is not None:
            namespace[name] = layer(tree)
    return namespace


def objection(graph: Graph, setting: Setting) -> Reason | None:
    """Why a drawn graph is not worth an evaluation."""
    if graph.warm_up > setting.max_window:
        return Reason(rule="max_window", found=f"needs {graph.warm_up} bars before it is known")
    for node in graph.nodes:
        if node.op in OPERATORS:
            for arg, value in zip(OPERATORS[node.op].statics, node.statics, strict=True):
                if arg.kind is Kind.BARS and int(value) > setting.max_window:
                    return Reason(rule="max_window", found=f"{node.op}() looks back {value} bars")
    if not any(node.op == "field" for node in graph.below([graph.outputs["weight"]])):
        return Reason(rule="constant", found="the weight does not depend on the market")
    return None


def _symbol(value: Any) -> Node | None:
    return value._info if isinstance(value, Series | Mask) else None  # pyright: ignore[reportPrivateUsage]


def _needless(tracer: Tracer) -> frozenset[bytes]:
    """Digests of values that an expression only repeats, or combines with themselves."""
    found: set[bytes] = set()
    for seen in tracer.seen.values():
        node = _symbol(seen.values[-1])
        if node is None or isinstance(seen.node, cst.Name | cst.IfExp | cst.Subscript):
            continue
        parts = [_symbol(part) for part in _operands(seen.node, tracer)]
        digests = [part.digest for part in parts if part is not None]
        if node.digest in digests and not _calls_helper(seen.node, tracer):
            found.add(node.digest)
        if node.op in _SAME_TWICE and len(digests) > len(set(digests)):
            found.add(node.digest)
    return frozenset(found)


def _operands(node: cst.CSTNode, tracer: Tracer) -> Iterator[Any]:
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        owner = tracer.seen.get(id(node.func.value))
        if owner is not None:
            yield owner.values[-1]
    for child in children(node):
        inner = child.value if isinstance(child, cst.Arg) else child
        inner = inner.comparator if isinstance(inner, cst.ComparisonTarget) else inner
        seen = tracer.seen.get(id(inner))
        if seen is not None:
            yield seen.values[-1]


def _calls_helper(node: cst.CSTNode, tracer: Tracer) -> bool:
    return (
        isinstance(node, cst.Call)
        and isinstance(node.func, cst.Name)
        and node.func.value in tracer.functions
    )


# -- places ----------------------------------------------------------------------------------------


def _sites(program: Program, tracer: Tracer, graph: Graph | None) -> Iterator[Site]:
    index: dict[bytes, int] = {}
    live: set[bytes] = set()
    scales: list[Scale] = []
    if graph is not None:
        index = {node.digest: i for i, node in enumerate(graph.nodes)}
        roots = [graph.outputs[name] for name in BEHAVIOUR if name in graph.outputs]
        live = {node.digest for node in graph.below(roots)}
        scales = scales_of(graph)
    for tree in program.functions:
        for node, path in _with_paths(tree.body, (tree,)):
            seen = tracer.seen.get(id(node))
            if seen is not None:
                site = _site(seen, tree.name.value, path, index, live, scales, tracer)
                if site is not None:
                    yield site


def _with_paths(
    node: cst.CSTNode, path: tuple[cst.CSTNode, ...]
) -> Iterator[tuple[cst.CSTNode, tuple[cst.CSTNode, ...]]]:
    yield node, path
    below = (*path, node)
    for child in children(node):
        yield from _with_paths(child, below)


def _site(
    seen: Seen,
    function: str,
    path: tuple[cst.CSTNode, ...],
    index: dict[bytes, int],
    live: set[bytes],
    scales: list[Scale],
    tracer: Tracer,
) -> Site | None:
    value = seen.values[-1]
    node = _symbol(value)
    if node is None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return Site(
            node=seen.node, function=function, path=path, kind=Kind.NUMBER, dimension=None,
            scale=Scale.CONSTANT, op="", digest=b"", index=-1, number=value,
            live=_in_live(path, tracer, live), use=seen.use,
        )  # fmt: skip
    for other in seen.values[:-1]:
        same = _symbol(other)
        if same is None or (same.kind, same.dimension) != (node.kind, node.dimension):
            return None
    at = index.get(node.digest, -1)
    return Site(
        node=seen.node, function=function, path=path, kind=node.kind, dimension=node.dimension,
        scale=scales[at] if at >= 0 else Scale.CONSTANT, op=node.op, digest=node.digest, index=at,
        number=None, use=seen.use,
        live=any((s := _symbol(v)) is not None and s.digest in live for v in seen.values),
    )  # fmt: skip


def _in_live(path: tuple[cst.CSTNode, ...], tracer: Tracer, live: set[bytes]) -> bool:
    for above in reversed(path):
        if (
            isinstance(above, cst.Call)
            and isinstance(above.func, cst.Name)
            and above.func.value == "Exits"
        ):
            return True
        seen = tracer.seen.get(id(above))
        node = _symbol(seen.values[-1]) if seen is not None else None
        if node is not None:
            return node.digest in live
    return False
