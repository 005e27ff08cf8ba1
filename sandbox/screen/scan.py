"""The scan: every atom, then every product of two, scored on training folds beside noise."""

from __future__ import annotations

from functools import cached_property
from hashlib import blake2b

import numpy as np

from sandbox.execute import Executor
from sandbox.market.panel import F64, I64, Panel
from sandbox.screen.atom import Atom
from sandbox.screen.bank import Drawn, bank
from sandbox.screen.earnings import Earnings, earnings
from sandbox.screen.helping import Help, help_for
from sandbox.screen.lanes import F32, Scored, Walker, joined, packed, shared
from sandbox.screen.noise import Noise, draw_signs
from sandbox.screen.paired import Paired
from sandbox.screen.result import Looks, Row, Screen
from sandbox.screen.support import neighbours, supported
from sandbox.screen.surroundings import columns_of
from sandbox.screen.thin import thinned
from sandbox.terms import Terms

MOST_ENTRIES = 240_000  # own bars of assets that atoms are computed on, and scored singly
MOST_PAIRED_ENTRIES = 32_000  # of the scan of products
MOST_PAIRED = 384  # atoms that are multiplied
MOST_OTHERS = 32  # of them, atoms that were not made for it but score well
KEPT_PRODUCTS = 200
TOO_GOOD_RATIO = 0.25  # Sharpe ratio per bar
TOO_GOOD_T = 8.0


class Screener:
    """Looks at one market: atoms and products once, then what would help a strategy, on demand.

    Args:
        panel: The market.
        terms: Window, folds, costs, fills and objective. Nothing outside the folds is scored.
        max_window: Own bars that an atom may look back on.
        seed: Of the signs that make the noise.
        threads: How many share the products; changes no bit of the result.
        cache_bytes: For values that atoms share while they are computed.

    Raises:
        ValueError: The folds do not begin with the window.
    """

    def __init__(
        self,
        panel: Panel,
        terms: Terms,
        *,
        max_window: int,
        seed: int = 0,
        threads: int = 1,
        cache_bytes: int = 128 << 20,
    ) -> None:
        self.panel, self.terms = panel, terms
        self._threads = threads
        self._scanned, self._kept = thinned(panel, MOST_ENTRIES)
        self._drawn, notes = bank(self._scanned, max_window=max_window)
        if self._scanned is not panel:
            notes.append(f"scanned {self._scanned.assets} of {panel.assets} assets")
        whole, cut = earnings(self._scanned, terms, most=MOST_ENTRIES)
        sample, cut_more = earnings(self._scanned, terms, most=MOST_PAIRED_ENTRIES)
        if cut:
            notes.append(f"single atoms were scored on {cut}")
        if cut_more:
            notes.append(f"products were scored on {cut_more}")
        if terms.objective.statistic != "sharpe":
            notes.append(f"scored by Sharpe ratio, which stands for {terms.objective.statistic}")
        if terms.costs.impact_bps > 0:
            notes.append("market impact is not part of the screen's costs")
        executor = Executor(self._scanned, cache_bytes=cache_bytes)
        scored, columns = self._singles(executor, self._walker(whole, seed), sample.rows)
        suspects = self._suspects(scored, whole)
        self._paired = self._choose(scored, columns, suspects, self._walker(sample, seed))
        self._singly = scored, suspects, notes

    @cached_property
    def screen(self) -> Screen:
        """What was found, the products included: they are looked at when this is first asked."""
        scored, suspects, notes = self._singly
        return self._result(scored, suspects, self._products(), notes)

    def help_for(self, weights: F64) -> Help:
        """What would help a strategy: gates, filters and second legs from the paired atoms.

        Args:
            weights: (N,) its target weights at the panel's packed bars; NaN counts as 0.

        Raises:
            ValueError: There are not N values.
        """
        if weights.shape != (self.panel.size,):
            raise ValueError(
                f"weights have shape {weights.shape}; needs ({self.panel.size},), "
                "one per packed bar"
            )
        return help_for(self._paired, weights[self._kept])

    def _walker(self, earned: Earnings, seed: int) -> Walker:
        return Walker(
            earned=earned,
            signs=draw_signs(earned, seed),
            objective=self.terms.objective,
            bars_per_year=self.panel.bars_per_year,
        )

    def _singles(
        self, executor: Executor, walker: Walker, sampled: I64
    ) -> tuple[Scored, list[F32]]:
        """Every atom by itself; two with the same positions are one, the first.

        Returns:
            Their scores, and their positions at the sampled packed bars.
        """
        from sandbox.kernels.screen_nb import LANES

        earned = walker.earned
        kept: list[Drawn] = []
        seen: set[bytes] = set()
        parts: list[Scored] = []
        columns: list[F32] = []
        block = np.zeros((len(earned.rows), LANES), dtype=np.float32)
        filled = 0
        for drawn in self._drawn:
            values = executor.evaluate(drawn.graph).weight.astype(np.float32)
            values[~np.isfinite(values)] = 0
            position = values[earned.rows]
            key = blake2b(position.tobytes(), digest_size=16).digest()
            if key in seen or not position.any():
                continue
            seen.add(key)
            kept.append(drawn)
            columns.append(values[sampled])
            block[:, filled] = position
            filled += 1
            if filled == LANES:
                parts.append(walker.walk(earned.per_asset, [block], np.ones(LANES, dtype=bool)))
                filled = 0
        if filled:
            part = walker.walk(earned.per_asset, [block], np.arange(LANES) < filled)
            parts.append(part.part(slice(filled)))
        self._drawn = kept
        if not parts:
            raise ValueError(
                "the screen has no atom to look at: the training bars are too few, or every field "
                "is constant; bring more bars"
            )
        return joined(parts), columns

    def _suspects(self, scored: Scored, earned: Earnings) -> set[int]:
        """Atoms that score as only the future does, and all others that read their columns."""
        mean = scored.folds.mean(axis=1)
        years = earned.lengths.sum() / self.panel.bars_per_year
        ratio = mean / np.sqrt(self.panel.bars_per_year)
        too_good = (ratio > TOO_GOOD_RATIO) & (mean * np.sqrt(years) > TOO_GOOD_T)
        found = set(np.flatnonzero(too_good).tolist())
        columns = frozenset(columns_of(self.panel))
        known = frozenset[str]().union(*(self._drawn[i].graph.fields & columns for i in found))
        return found | {i for i, each in enumerate(self._drawn) if each.graph.fields & known}

    def _choose(
        self, scored: Scored, columns: list[F32], suspects: set[int], walker: Walker
    ) -> Paired:
        """The atoms to pair: those made for it, then the best of the others."""
        made = [i for i, d in enumerate(self._drawn) if d.atom.rank < 2 and i not in suspects]
        made.sort(key=lambda i: (self._drawn[i].atom.rank, i))
        others = [i for i, d in enumerate(self._drawn) if d.atom.rank == 2 and i not in suspects]
        others.sort(key=lambda i: (-scored.score[i], i))
        numbers = tuple(sorted([*made[:MOST_PAIRED], *others[:MOST_OTHERS]][:MOST_PAIRED]))
        blocks = packed((columns[i] for i in numbers), len(walker.earned.rows), len(numbers))
        atoms = tuple(self._drawn[i].atom for i in numbers)
        return Paired(numbers, atoms, blocks, walker)

    def _products(self) -> tuple[list[tuple[int, int]], Scored]:
        """Every product of two of the paired atoms, in order."""
        from sandbox.kernels.screen_nb import LANES

        paired = self._paired
        n, earned = len(paired.numbers), paired.walker.earned
        found: list[Scored | None] = [None] * n

        def work(i: int) -> None:
            first = (i + 1) // LANES
            row = paired.blocks[i // LANES][:, i % LANES] * earned.per_asset
            places = np.arange(first * LANES, len(paired.blocks) * LANES)
            counted = (places > i) & (places < n)
            found[i] = paired.walker.walk(row, paired.blocks[first:], counted)

        shared(work, range(n - 1), self._threads)
        pairs: list[tuple[int, int]] = []
        parts: list[Scored] = []
        for i, part in enumerate(found):
            if part is None:
                continue
            first = (i + 1) // LANES * LANES
            here = slice(i + 1 - first, n - first)
            pairs += [(paired.numbers[i], paired.numbers[j]) for j in range(i + 1, n)]
            parts.append(part.part(here))
        return pairs, joined(parts)

    def _supported_products(self, multiplied: Scored) -> F64:
        """The support of every product, along the lookbacks of both factors."""
        n = len(self._paired.atoms)
        places = np.triu_indices(n, 1)
        score, side = np.zeros((n, n)), np.ones((n, n))
        for table, values in ((score, multiplied.score), (side, multiplied.turned)):
            table[places] = values
            table.T[places] = values
        near = neighbours(self._paired.atoms)
        return supported(supported(score, side, near).T, side, near)[places]

    def _result(
        self,
        scored: Scored,
        suspects: set[int],
        products: tuple[list[tuple[int, int]], Scored],
        notes: list[str],
    ) -> Screen:
        pairs, multiplied = products
        single, product = (
            Noise(tuple(float(x) for x in part.best)) for part in (scored, multiplied)
        )
        atoms = [drawn.atom for drawn in self._drawn]
        backed = supported(scored.score, scored.turned.astype(float), neighbours(atoms))
        rows = [
            _row(scored, i, (atom,), single, float(backed[i]), suspect=i in suspects)
            for i, atom in enumerate(atoms)
        ]
        rows.sort(key=lambda row: -row.score)
        backed = self._supported_products(multiplied)
        order = np.argsort(-multiplied.score, kind="stable")[:KEPT_PRODUCTS]
        best = [
            _row(multiplied, k, tuple(atoms[i] for i in pairs[k]), product, float(backed[k]))
            for k in order.tolist()
        ]
        return Screen(
            singles=tuple(rows),
            products=tuple(best),
            single_noise=single,
            product_noise=product,
            looks=Looks(atoms=len(atoms), products=len(pairs)),
            notes=tuple(notes),
            warnings=tuple(self._warnings(suspects, scored)),
        )

    def _warnings(self, suspects: set[int], scored: Scored) -> list[str]:
        known = columns_of(self.panel)
        said: dict[str, tuple[float, str]] = {}
        for i in sorted(suspects):
            columns = [name for name in known if name in self._drawn[i].graph.fields]
            name = f"column {' and '.join(columns)}" if columns else self._drawn[i].atom.text
            score = float(scored.folds[i].mean())
            if name not in said or score > said[name][0]:
                said[name] = (score, self._drawn[i].atom.text)
        return [
            f"{name} may know too much: {text} has a mean Sharpe ratio of {score:.1f}; check when "
            "its values were known (`known` in the market's config)"
            for name, (score, text) in said.items()
        ]


def _row(
    scored: Scored,
    i: int,
    atoms: tuple[Atom, ...],
    noise: Noise,
    support: float,
    *,
    suspect: bool = False,
) -> Row:
    score = float(scored.score[i])
    return Row(
        atoms=atoms,
        turned=bool(scored.turned[i] < 0),
        score=score,
        support=support,
        excess=score - noise.usual,
        above_noise=score > noise.line and not suspect,
        folds=tuple(float(x) for x in scored.folds[i]),
        suspect=suspect,
    )


def screen(
    panel: Panel, terms: Terms, *, max_window: int, seed: int = 0, threads: int = 1
) -> Screen:
    """What a market's training bars show of simple conditions; arguments as of `Screener`."""
    return Screener(panel, terms, max_window=max_window, seed=seed, threads=threads).screen
