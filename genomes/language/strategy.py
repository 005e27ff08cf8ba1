"""Drawing: a strategy's functions, called once on symbols, become a graph."""

# pyright: reportPrivateUsage=false
# A strategy may call every public name of a symbol, so what the language itself needs is private.

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import CO_VARARGS, signature
from typing import Any

from genomes.language.dimension import Dimension
from genomes.language.errors import LanguageError
from genomes.language.graph import EXIT_RANGES, MAX_NODES, Builder, Graph, Known, check_output
from genomes.language.params import Param, ParamValues, Value, resolve
from genomes.language.series import LogSeries, Mask, Series, node_of
from genomes.language.symbol import Unfinished, check_init, name_of
from genomes.language.table import OPERATORS

LAYERS: dict[str, tuple[str, ...]] = {
    "factor": ("m", "p"),
    "signal": ("f", "m", "p"),
    "size": ("s", "m", "p"),
    "exits": ("m", "p"),
}
REQUIRED = ("factor", "signal")


class Market(Unfinished):
    """`m` in a strategy: the fields of the market, by name."""

    __slots__ = ("_builder", "_fields")
    _called = "m"
    _finish = "name a field: m.close"

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._fields: dict[str, Series] = {}

    def __getattr__(self, name: str) -> Series:
        known = self._fields.get(name)
        if known is not None:
            return known
        if name in _LATER:
            raise LanguageError("unknown_field", f"uses m.{name}", _LATER[name])
        if name in OPERATORS and name not in self._builder.fields:
            raise LanguageError(
                "unknown_field", f"m.{name} is not a field", f"write {OPERATORS[name].signature}"
            )
        found = self._fields[name] = Series(self._builder, self._builder.field(name))
        return found


_LATER = {
    "every": "slower bars are not in the language yet; use a longer window",
    "role": "roles are not in the language yet; use cross_mean(x) for the market as a whole",
    "is_role": "roles are not in the language yet; use cross_mean(x) for the market as a whole",
    "index": "a strategy sees no dates; use m.month, m.weekday or m.hour",
}


@check_init("Exits(stop_loss=0.05, take_profit=0.1, trailing_stop=0.08, max_held=20)")
@dataclass(frozen=True, slots=True)
class Exits:
    """Path-dependent exits, resolved by the kernel inside the bar; each a number or a Series.

    Attributes:
        stop_loss: Fraction of the entry price at which a losing trade is closed.
        take_profit: Fraction of the entry price at which a winning trade is closed.
        trailing_stop: Fraction below the best price since entry (above, for shorts).
        max_held: Own bars after which a trade is closed.
    """

    stop_loss: object = None
    take_profit: object = None
    trailing_stop: object = None
    max_held: object = None


def draw(
    namespace: Mapping[str, Any],
    values: Mapping[str, Value] | None,
    fields: Mapping[str, Dimension],
    *,
    max_nodes: int = MAX_NODES,
    known: Known | None = None,
    start: Graph | None = None,
) -> Graph:
    """Call a strategy's layers on symbols.

    Args:
        namespace: PARAMS (may be missing) and the functions factor, signal, size, exits.
        values: Parameter values in place of the defaults; None for the defaults.
        fields: The market's fields with their dimensions.
        max_nodes: Cap on the graph's nodes.
        known: As the graph's builder takes it.
        start: As the graph's builder takes it.

    Returns:
        The graph, canonically numbered.

    Raises:
        LanguageError: A rule was broken; the traceback holds the line of the strategy.
    """
    params: object = namespace.get("PARAMS", {})
    if not isinstance(params, dict):
        raise LanguageError(
            "parameter", f"PARAMS is {name_of(params)}", 'write PARAMS = {"n": ...}'
        )
    declared: dict[str, Param] = params
    p = ParamValues(resolve(declared, values))
    builder = Builder(fields, max_nodes=max_nodes, known=known, start=start)
    m = Market(builder)
    functions = {name: _layer(namespace, name) for name in LAYERS}
    outputs: dict[str, int] = {}

    factor = _series(builder, "factor", functions["factor"](m, p))
    outputs["factor"] = factor._node
    signal = _series(builder, "signal", functions["signal"](factor, m, p))
    check_output("signal", signal._info)
    clipped = signal._apply("clip_signal", signal._node)
    outputs["signal"] = clipped._node
    size = functions["size"]
    weight = (
        clipped._apply("equal_weight", clipped._node)
        if size is None
        else _series(builder, "size", size(clipped, m, p))
    )
    check_output("weight", weight._info)
    outputs["weight"] = weight._node
    if functions["exits"] is not None:
        outputs.update(_exits(builder, functions["exits"](m, p)))
    return builder.finish(outputs)


def _layer(namespace: Mapping[str, Any], name: str) -> Any:
    found: Callable[..., Any] | None = namespace.get(name)
    if found is None and name not in REQUIRED:
        return None
    if not callable(found):
        raise LanguageError(
            "layer", f"has no function {name}", f"define {name}({', '.join(LAYERS[name])})"
        )
    code = getattr(found, "__code__", None)
    if code is not None and not code.co_kwonlyargcount:  # as the signature says, at once
        takes_all = code.co_flags & CO_VARARGS and not code.co_argcount
        if takes_all or code.co_argcount == len(LAYERS[name]):
            return found
    try:
        signature(found).bind(*LAYERS[name])
    except TypeError:
        takes = ", ".join(signature(found).parameters)
        raise LanguageError(
            "layer", f"{name}() takes ({takes})", f"define {name}({', '.join(LAYERS[name])})"
        ) from None
    return found


def _series(builder: Builder, layer: str, value: object) -> Series:
    if isinstance(value, LogSeries):
        raise value.refuse()
    if isinstance(value, Mask):
        return value._number()
    if isinstance(value, Series):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Series(builder, builder.const(value))
    raise LanguageError(
        "layer", f"{layer}() returns {name_of(value)}", "return a Series (or a Mask: 1 and 0)"
    )


def _exits(builder: Builder, exits: object) -> dict[str, int]:
    if not isinstance(exits, Exits):
        raise LanguageError(
            "layer", f"exits() returns {name_of(exits)}", "return Exits(stop_loss=0.05, ...)"
        )
    outputs: dict[str, int] = {}
    for name in EXIT_RANGES:
        value = getattr(exits, name)
        if value is None:
            continue
        if isinstance(value, bool | Mask):
            raise LanguageError(
                "kind", f"Exits has {name_of(value)} for {name}", "give a Series or a plain number"
            )
        outputs[name] = node_of(builder, value, f"{name} of Exits")
        check_output(name, builder.nodes[outputs[name]])
    return outputs
