"""The bank: a market's atoms, each read on symbols, with the graph of its position."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from genomes.interpreter.guards import Guards
from genomes.interpreter.walk import Walk
from genomes.language.errors import LanguageError
from genomes.language.graph import Builder, Graph
from genomes.language.series import node_of
from genomes.language.strategy import Market
from sandbox.market.panel import Panel
from sandbox.screen.atom import Atom
from sandbox.screen.families import price_atoms
from sandbox.screen.surroundings import clock_atoms, column_atoms, columns_of, other_atoms

_MOST_NODES = 200_000
_FUEL = 10_000_000
MANY_COLUMNS = 3


@dataclass(frozen=True, slots=True)
class Drawn:
    """An atom and the graph of its signal, held in -1..1."""

    atom: Atom
    graph: Graph


def bank(panel: Panel, *, max_window: int) -> tuple[list[Drawn], list[str]]:
    """The atoms of a market, and a line on each thing that was left out.

    Args:
        panel: The market; only which fields it has, which times its clock shows, the signs of its
            columns and the number of its assets are looked at.
        max_window: Own bars that an atom may need before it is known.

    Returns:
        Atoms in a fixed order, no two of them with the same graph.
    """
    notes: list[str] = []
    columns: list[str] = []
    for name in columns_of(panel):
        values = panel.fields[name]
        known = values[values == values]
        if known.size == 0 or known.min() == known.max():
            notes.append(f"m.{name} is constant or unknown throughout: left out")
        else:
            columns.append(name)
    volume = panel.fields.get("volume")
    has_volume = volume is not None and bool((volume > 0).any()) and volume.min() != volume.max()
    if volume is not None and not has_volume:
        notes.append("m.volume is constant: left out")
    if panel.assets == 1:
        notes.append("one asset: nothing is compared across assets")
    made = [*price_atoms(has_volume=has_volume, longest=max_window), *clock_atoms(panel)]
    for name in columns:
        many = len(columns) > MANY_COLUMNS
        made += column_atoms(panel, name, longest=max_window, many=many)
    made += other_atoms(panel, columns, longest=max_window)
    return _draw(made, panel, max_window, notes), notes


def _draw(atoms: Iterable[Atom], panel: Panel, max_window: int, notes: list[str]) -> list[Drawn]:
    found: list[Drawn] = []
    seen: set[bytes] = set()
    long = 0
    builder = Builder(panel.dimensions, max_nodes=_MOST_NODES)
    walk = Walk(Guards(_FUEL, 1))
    m = Market(builder)
    atoms = list(atoms)
    body = ast.parse("\n".join(f"def atom_{i}(m): return {a.text}" for i, a in enumerate(atoms)))
    walk.define({node.name: node for node in body.body if isinstance(node, ast.FunctionDef)})
    for i, atom in enumerate(atoms):
        try:
            node = node_of(builder, walk.functions[f"atom_{i}"](m), "an atom")
        except LanguageError as error:
            raise ValueError(f"the screen's own atom is refused: {atom.text}: {error}") from error
        signal = builder.apply("clip_signal", (node,))
        said = builder.nodes[signal]
        if said.digest in seen:
            continue
        seen.add(said.digest)
        if said.first_valid > max_window:
            long += 1
            continue
        found.append(Drawn(atom, builder.finish({"weight": signal})))
    if long:
        notes.append(
            f"{long} atoms need more than this market's {max_window} bars of memory: left out"
        )
    return found
