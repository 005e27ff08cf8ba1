"""What a screen found: rows that can be written down as strategies, their noise, and the looks."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from sandbox.screen.atom import Atom
from sandbox.screen.noise import Noise
from sandbox.screen.written import expression, said, strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A single atom, or the product of two, as a position by itself.

    Attributes:
        atoms: One or two.
        turned: Whether the position is held the other way round.
        score: The folds' aggregate, net of costs: the objective's, without the charge for nodes.
        support: Half of the score, and half of what the neighbouring lookbacks score.
        excess: The score less the median of the best of as many looks at noise.
        above_noise: Whether the score is above what the best of as many looks at noise passes in
            one market of forty.
        folds: The Sharpe ratio of each fold.
        suspect: Whether it scores as only the future does; never above noise.
    """

    atoms: tuple[Atom, ...]
    turned: bool
    score: float
    support: float
    excess: float
    above_noise: bool
    folds: tuple[float, ...]
    suspect: bool = False

    @property
    def text(self) -> str:
        """The position as an expression of the language."""
        return expression(self.atoms, turned=self.turned)

    @property
    def phrase(self) -> str:
        """The position in plain English."""
        return said(self.atoms, turned=self.turned)

    @property
    def strategy(self) -> str:
        """The position as a strategy file."""
        return strategy(self.atoms, turned=self.turned)

    @property
    def error(self) -> float:
        """Standard error of the folds' mean; nan for one fold."""
        n = len(self.folds)
        if n < 2:
            return math.nan
        mean = math.fsum(self.folds) / n
        return math.sqrt(math.fsum((f - mean) ** 2 for f in self.folds) / (n - 1) / n)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """How many positions were looked at, for the ledger: each with its better side."""

    atoms: int
    products: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.atoms + self.products


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """What one market's training bars show.

    Attributes:
        singles: Every atom, best score first.
        products: The best products, best score first.
        single_noise: The best single atom in each flipped world.
        product_noise: The best product there.
        looks: How many positions were looked at.
        notes: What was left out or cut, a line each.
        warnings: Columns that may know too much, a line each.
    """

    singles: tuple[Row, ...]
    products: tuple[Row, ...]
    single_noise: Noise
    product_noise: Noise
    looks: Looks
    notes: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def best(self) -> Row | None:
        """The best supported row of the table whose best row has the higher excess; no suspect."""
        single = [row for row in self.singles if not row.suspect]
        tables = [rows for rows in (single, self.products) if rows]
        if not tables:
            return None
        table = max(tables, key=lambda rows: rows[0].excess)
        return max(table, key=lambda row: row.support)

    @property
    def found(self) -> tuple[Row, ...]:
        """The rows above noise, highest excess first."""
        rows = [row for row in (*self.singles, *self.products) if row.above_noise]
        return tuple(sorted(rows, key=lambda row: -row.excess))

    @property
    def records(self) -> list[dict[str, Any]]:
        """Every row as plain values: singles, then products."""
        return [as_record(row) for row in (*self.singles, *self.products)]

    def as_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, as JSON holds them."""
        return {
            "singles": [as_record(row) for row in self.singles],
            "products": [as_record(row) for row in self.products],
            "single_noise": list(self.single_noise.best),
            "product_noise": list(self.product_noise.best),
            "looks": asdict(self.looks),
            "notes": list(self.notes),
            "warnings": list(self.warnings),
        }


def as_record(row: Row) -> dict[str, Any]:
    """A row as JSON holds it."""
    return {
        "kind": "single" if len(row.atoms) == 1 else "product",
        "text": row.text,
        "phrase": row.phrase,
        "score": row.score,
        "support": row.support,
        "excess": row.excess,
        "above_noise": row.above_noise,
        "error": row.error,
        "folds": list(row.folds),
        "suspect": row.suspect,
        "turned": row.turned,
        "atoms": [asdict(atom) for atom in row.atoms],
    }
