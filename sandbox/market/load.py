"""Loading a market: what a search may see of it, judged, packed and fingerprinted."""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np

from sandbox.market.assemble import Feeds, frame_feeds, pack
from sandbox.market.config import MarketConfig
from sandbox.market.errors import Finding, MarketError, bad_bars
from sandbox.market.judge import judge
from sandbox.market.panel import F64, I64, OHLCV, Panel, bars_per_year
from sandbox.market.remark import remarks
from sandbox.market.rows import NO_STAMP, Rows
from sandbox.market.source import Source, missing_file, read_column, source_of
from sandbox.market.split import Split, move_split, place_split
from sandbox.market.splits import splits

Through = Literal["train", "validation", "sealed"]
_FILES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A part of the split in time.

    Attributes:
        name: train, validation or sealed.
        start: First stamp, UTC nanoseconds.
        end: Last stamp; below start where the part is empty.
        bars: Clock bars in it.
    """

    name: str
    start: int
    end: int
    bars: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """A loaded market.

    Attributes:
        name: As in its config.
        panel: Its bars up to the end of `through`.
        split: The parts, as indices of the panel's clock.
        config: What it was loaded by.
        fingerprint: SHA-256, hex, of the panel and the split: the same data have the same one in
            any process.
        findings: What is worth knowing about the bars; bad ones only where they were dropped.
        periods: Train, validation and sealed in time, as the files' stamps have them.
        unused: Columns of the files that no field was made of.
    """

    name: str
    panel: Panel
    split: Split
    config: MarketConfig
    fingerprint: str
    findings: tuple[Finding, ...]
    periods: tuple[Period, Period, Period]
    unused: tuple[str, ...]


def load(
    config: MarketConfig, *, through: Through = "validation", source: Source | None = None
) -> Market:
    """Read a market up to the end of a part.

    The split is placed on stamps alone; rows beyond the part are never loaded, so a search that
    loads through "validation" holds no sealed price in any process. Which assets belong to the
    market (`min_bars`), and `bars_per_year`, are counted before the sealed part, and are the same
    whatever is loaded; an asset without a bar in what is loaded is left out.

    Args:
        config: The market.
        through: The last part to load.
        source: Where its bars come from; None: where the config says.

    Raises:
        MarketError: The source cannot be read as the config says, holds too few bars, or holds bad
            bars while `bad_bars = "refuse"`. All problems at once.
    """
    source = source or source_of(config)
    stamps = source.stamps()
    if (stamps.stamp == NO_STAMP).all():
        raise MarketError(_no_bars(config, stamps))
    keep, dropped = _assets(stamps, config)
    clock = _clock(stamps, keep)
    if len(clock) == 0:
        raise MarketError(_no_bars(config, stamps))
    split = place_split(clock, config)
    cut = {"train": split.train_end, "validation": split.validation_end, "sealed": len(clock)}
    until = int(clock[cut[through]]) if cut[through] < len(clock) else None
    rows = source.rows(until=until, keep=keep)
    own = [name for name, column in config.column.items() if column.file is None]
    if lacking := [n for n in (*OHLCV[:4], *own) if n not in rows.values]:
        raise MarketError(
            f"{config.name}: its source gives no {', '.join(lacking)}; needs "
            f"{', '.join((*OHLCV[:4], *own))}"
        )
    judgement = judge(rows, drop_spikes=config.spikes == "drop")
    bad = [f"  {f.text}" for f in judgement.findings if f.bad]
    if judgement.drop.all():
        none = f"{config.name}: every bar is bad, so no bars are left to load:"
        raise MarketError([none, *bad])
    if bad and config.bad_bars == "refuse":
        some = (
            f"{config.name}: {bad_bars(judgement.findings)}; fix the file, or write bad_bars = "
            '"drop" in the market\'s TOML to leave them out (unsorted ones are sorted) and have '
            "them counted:"
        )
        raise MarketError([some, *bad])
    feeds = _feeds(config, tuple(sorted(keep)), until)
    yearly = bars_per_year(clock[: split.validation_end])
    panel = pack(rows.take(~judgement.drop), config, feeds, yearly)
    placed = move_split(split, clock, panel.clock, cut[through])
    return Market(
        name=config.name,
        panel=panel,
        split=placed,
        config=config,
        fingerprint=fingerprint(panel, placed),
        findings=(
            *_read_as(rows),
            *judgement.findings,
            *dropped,
            *remarks(panel, config),
            *splits(panel),
        ),
        periods=_periods(clock, split),
        unused=stamps.unused,
    )


def fingerprint(panel: Panel, split: Split) -> str:
    """SHA-256, hex, of everything a measurement depends on: symbols, stamps, fields, split."""
    digest = hashlib.sha256()

    def add(name: str, array: F64 | I64 | None) -> None:
        digest.update(f"{name}:{0 if array is None else len(array)}\n".encode())
        if array is None:
            return
        if array.dtype.kind == "f":  # one NaN, one zero
            array = np.where(np.isnan(array), np.nan, array + 0.0)
        digest.update(np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes())

    digest.update(repr(panel.symbols).encode())
    add("clock", panel.clock)
    add("offsets", panel.offsets)
    add("bar", panel.bar.astype(np.int64))
    add("listed", panel.listed.astype(np.int64))
    for name in sorted(panel.fields):
        add(f"{name} [{panel.dimensions[name]}]", panel.fields[name])
    add("funding", panel.funding)
    digest.update(repr((sorted(asdict(split).items()), panel.bars_per_year)).encode())
    return digest.hexdigest()


def _assets(stamps: Rows, config: MarketConfig) -> tuple[frozenset[str], list[Finding]]:
    """The assets to load, and remarks on those with too few bars."""
    present = [s for s in stamps.symbols if s]
    problems: list[str] = []
    for key, asked in (("symbols", config.symbols or ()), ("exclude", config.exclude)):
        for symbol in asked:
            if symbol not in present:
                close = difflib.get_close_matches(symbol, present, n=1, cutoff=0.5)
                hint = f"did you mean {close[0]!r}?" if close else f"it has {_few(present)}"
                problems.append(f"{config.name}: {key} = {symbol!r} is not in the files; {hint}")
    if problems:
        raise MarketError(problems)
    chosen = frozenset(config.symbols or stamps.symbols) - set(config.exclude)
    if not chosen - {""} and config.exclude:
        raise MarketError(f"{config.name}: exclude leaves no asset ({_few(present)})")
    clock = _clock(stamps, chosen)
    if config.min_bars == 1 or len(clock) == 0:
        return chosen, []
    before = int(clock[place_split(clock, config).validation_end - 1])
    counts = np.bincount(stamps.code[stamps.stamp <= before], minlength=len(stamps.symbols))
    count = dict(zip(stamps.symbols, counts.tolist(), strict=True))
    short = sorted(s for s in chosen if count[s] < config.min_bars)
    if len(short) == len(chosen):
        raise MarketError(
            f"{config.name}: min_bars = {config.min_bars} leaves no asset; the longest has "
            f"{max(count[s] for s in chosen)} bars before the sealed part"
        )
    findings = [
        Finding(
            kind="too_few_bars",
            symbol=s,
            stamps=(),
            count=count[s],
            text=f"{s}: {count[s]} bars before the sealed part, left out by min_bars = "
            f"{config.min_bars}",
        )
        for s in short
    ]
    return chosen - set(short), findings


def _clock(stamps: Rows, keep: frozenset[str]) -> I64:
    kept = np.array([s in keep for s in stamps.symbols], dtype=bool)
    if len(stamps.stamp) == 0:
        return stamps.stamp
    return np.unique(stamps.stamp[kept[stamps.code] & (stamps.stamp != NO_STAMP)])


def _feeds(config: MarketConfig, symbols: tuple[str, ...], until: int | None) -> dict[str, Feeds]:
    feeds: dict[str, Feeds] = {}
    problems: list[str] = []
    for name, column in config.column.items():
        if column.file is None:
            continue
        path = config.place(column.file)
        if not path.is_file():
            problems.append(missing_file(config, f"column.{name}.file", column.file))
            continue
        try:
            frame = read_column(path, name, config, until)
            feeds[name] = frame_feeds(frame, name, column, config, symbols)
        except MarketError as error:
            problems += error.problems
    if problems:
        raise MarketError(problems)
    return feeds


def _periods(clock: I64, split: Split) -> tuple[Period, Period, Period]:
    def period(name: str, start: int, end: int) -> Period:
        if start >= end:
            return Period(name=name, start=int(clock[-1]) + 1, end=int(clock[-1]), bars=0)
        return Period(name=name, start=int(clock[start]), end=int(clock[end - 1]), bars=end - start)

    return (
        period("train", split.train_start, split.train_end),
        period("validation", split.validation_start, split.validation_end),
        period("sealed", split.sealed_start, split.sealed_end),
    )


def _no_bars(config: MarketConfig, stamps: Rows) -> list[str]:
    """Why a market has no bar with a readable stamp, part by part of its source."""
    problems = list(stamps.silent)
    if len(problems) > _FILES:
        more = f"and {len(problems) - _FILES} more files without a bar that can be read"
        problems = [*problems[:_FILES], more]
    return problems or [f"{config.name}: its files hold no bar with a readable stamp"]


def _read_as(rows: Rows) -> list[Finding]:
    """How the source was read, where that is not the usual way."""
    return [Finding(kind="read_as", symbol="", stamps=(), count=1, text=t) for t in rows.said]


def _few(names: list[str]) -> str:
    return ", ".join(names[:8]) + ("..." if len(names) > 8 else "")
