"""The split by time: training, validation, sealed, as places on the clock. Pure NumPy, no I/O."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sandbox.market.config import MarketConfig
from sandbox.market.errors import MarketError
from sandbox.market.panel import DAY_NS, I64, YEAR_DAYS, bars_per_year, span_ns, stamp_text

FOLDS = 6
DEFAULT_WINDOW = 500
DEFAULT_WINDOW_SHARE = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Clock indices of the parts; every end is exclusive.

    The panel of a search ends at validation_end: what lies beyond is known by its place only.

    Attributes:
        train_start: 0.
        score_from: First scored bar: train_start + max_window.
        train_end: End of training.
        validation_start: First bar of validation, embargo_bars after training.
        validation_end: End of validation.
        sealed_start: First sealed bar, embargo_bars after validation.
        sealed_end: How many clock bars the whole market has.
        max_window: Longest memory of a strategy, clock bars.
        embargo_bars: Clock bars between two parts.
    """

    train_start: int
    score_from: int
    train_end: int
    validation_start: int
    validation_end: int
    sealed_start: int
    sealed_end: int
    max_window: int
    embargo_bars: int

    def fold_edges(self, n: int = FOLDS) -> I64:
        """Edges of n contiguous folds over the scored training bars.

        Returns:
            (n + 1,) clock indices from score_from to train_end; lengths differ by at most one.

        Raises:
            ValueError: n is below 1, or there are fewer scored bars than folds.
        """
        return fold_edges(self.score_from, self.train_end, n)


def fold_edges(start: int, stop: int, n: int) -> I64:
    """(n + 1,) edges of n contiguous folds from one clock bar to another, of about one length.

    Raises:
        ValueError: n is below 1, or there are fewer bars than folds.
    """
    bars = stop - start
    if not 1 <= n <= bars:
        raise ValueError(f"{n} folds over {bars} scored bars; needs 1 to {bars}")
    return start + (np.arange(n + 1, dtype=np.int64) * bars) // n


def place_split(clock: I64, config: MarketConfig) -> Split:
    """Where the parts lie on the whole market's clock.

    Args:
        clock: (T,) all unique stamps, the sealed ones too: stamps only.
        config: Says fractions or dates, embargo and max_window.

    Raises:
        MarketError: A part is empty, or max_window leaves too few training bars to score.
    """
    n, want = len(clock), config.split
    if want.train_until is None or want.validation_until is None:
        train_end = round(n * want.train)
        validation_end = round(n * (want.train + want.validation)) if want.sealed else n
    else:
        _check_dates(clock, config)
        train_end, validation_end = (
            int(np.searchsorted(clock, _moment_ns(moment, config.timezone)))
            for moment in (want.train_until, want.validation_until)
        )
    window = _window(clock[:train_end], config.max_window)
    embargo = want.embargo_bars
    span = f"{stamp_text(clock[0])} to {stamp_text(clock[-1])}" if n else "none"
    problems: list[str] = []
    scored = train_end - window
    if scored < FOLDS:
        problems.append(
            f"{config.name}: training has {train_end} of {n} clock bars ({span}) and max_window is "
            f"{window}, which leaves {max(scored, 0)} to score; needs at least {FOLDS}. "
            "Lower max_window, raise split.train, or bring more bars"
        )
    if validation_end - train_end <= embargo:
        problems.append(
            f"{config.name}: validation has {validation_end - train_end} of {n} clock bars ({span})"
            f", the embargo takes {embargo}; needs at least one more. Lower split.embargo_bars, "
            "raise split.validation, or bring more bars"
        )
    if problems:
        raise MarketError(problems)
    return Split(
        train_start=0,
        score_from=window,
        train_end=train_end,
        validation_start=train_end + embargo,
        validation_end=validation_end,
        sealed_start=min(validation_end + embargo, n),
        sealed_end=n,
        max_window=window,
        embargo_bars=embargo,
    )


def move_split(split: Split, whole: I64, loaded: I64, cut: int) -> Split:
    """The split on the clock of the loaded panel, which lacks stamps whose bars were all dropped.

    Args:
        split: Places on `whole`.
        whole: (T,) the clock the split was placed on.
        loaded: The panel's clock, a subset of whole[:cut].
        cut: How many of the whole clock's bars were to be loaded.
    """
    if len(loaded) == cut:
        return split

    def moved(place: int) -> int:
        if place >= cut:
            return place - (cut - len(loaded))
        return int(np.searchsorted(loaded, whole[place]))

    return Split(
        train_start=0,
        score_from=split.max_window,
        train_end=moved(split.train_end),
        validation_start=moved(split.validation_start),
        validation_end=moved(split.validation_end),
        sealed_start=moved(split.sealed_start),
        sealed_end=moved(split.sealed_end),
        max_window=split.max_window,
        embargo_bars=split.embargo_bars,
    )


def _check_dates(clock: I64, config: MarketConfig) -> None:
    """The dates of a split are in order, and training holds a bar and ends before the last.

    Raises:
        MarketError: They are not.
    """
    train, validation = config.split.train_until, config.split.validation_until
    ends = [_moment_ns(moment, config.timezone) for moment in (train, validation)]
    said = f"{config.name}: split.train_until ({_date_text(train)})"
    if ends[0] >= ends[1]:
        how = "lies after" if ends[0] > ends[1] else "is the same as"
        raise MarketError(
            f"{said} {how} split.validation_until ({_date_text(validation)}); training ends before "
            "validation does: swap them, or move one"
        )
    if len(clock) and ends[0] > clock[-1]:
        raise MarketError(
            f"{said} lies after the last bar ({stamp_text(clock[-1])}), so validation has no bars; "
            "move it back"
        )
    if len(clock) and ends[0] <= clock[0]:
        raise MarketError(
            f"{said} does not lie after the first bar ({stamp_text(clock[0])}), so training has no "
            "bars; move it on"
        )


def _date_text(moment: object) -> str:
    return str(moment).removesuffix(" 00:00:00")


def _window(train: I64, wanted: int | str | None) -> int:
    if isinstance(wanted, int):
        return wanted
    if isinstance(wanted, str):
        bars = span_ns(wanted) / (DAY_NS * YEAR_DAYS) * bars_per_year(train)
        return max(1, round(bars)) if len(train) > 1 else 1
    return max(1, min(DEFAULT_WINDOW, int(len(train) * DEFAULT_WINDOW_SHARE)))


def _moment_ns(moment: object, zone: str) -> int:
    import pandas as pd

    stamp = pd.Timestamp(moment)  # pyright: ignore[reportArgumentType]
    stamp = stamp.tz_localize(zone) if stamp.tzinfo is None else stamp
    return stamp.as_unit("ns").value
