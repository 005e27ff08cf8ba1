"""What a market's TOML may say. Frozen pydantic models; paths stay as written."""

from __future__ import annotations

import keyword
import math
import re
from datetime import datetime, time
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from genomes.language.dimension import Dimension
from sandbox.fills import Costs, Fills
from sandbox.market.panel import CLOCK_FIELDS, OHLCV, span_ns

EMBEDDED = "embedded"
MARKETS = Path(__file__).resolve().parents[2] / "configs" / "markets"
MAX_WINDOW = 1_000_000
# What a strategy already finds on `m`, now or in a later issue: no column may hide it.
RESERVED = {*OHLCV, *CLOCK_FIELDS, "every", "role", "is_role", "listed", "symbol", "time"}


_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")  # what a serialised graph can name


def _check_span(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError('needs a span such as "7d"')  # noqa: TRY004 (pydantic wants ValueError)
    span_ns(value)
    return value


def _check_window(value: object) -> object:
    """Bars or a span, checked in one step: a union would tell of both its members."""
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        if not 1 <= value <= MAX_WINDOW:
            raise ValueError(f'needs 1 to {MAX_WINDOW:,} bars, or a span such as "400d"')
        return value
    try:
        return None if value is None else _check_span(value)
    except ValueError:
        raise ValueError(
            'needs a number of bars such as 400, or a span such as "400d" (units: min, h, d, w)'
        ) from None


def _check_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError('needs an IANA zone such as "UTC" or "America/New_York"') from None
    return name


def _check_dimension(text: str) -> str:
    Dimension.parse(text)
    return text


def _check_known(text: object) -> object:
    if text not in ("next_bar", "same_bar"):
        try:
            _check_span(text)
        except ValueError:
            raise ValueError(
                'needs "next_bar", "same_bar", or a span after its stamp such as "1d"'
            ) from None
    return text


def _check_format(text: str) -> str:
    if text.count("{}") != 1:
        raise ValueError('needs {} once, where the file\'s own name goes, as in "{}USDT"')
    return text


def _check_column_name(name: str) -> str:
    if _NAME.fullmatch(name) is None or keyword.iskeyword(name):
        raise ValueError(
            "needs a name that strategies can write as m.name: a letter, then up to 39 letters, "
            "digits and _"
        )
    if name in RESERVED:
        raise ValueError(f"m.{name} means something else already; choose another name")
    return name


def _moment(value: object) -> object:
    """TOML dates without a time of day are midnight."""
    if hasattr(value, "isoformat") and not isinstance(value, datetime):
        return f"{value}T00:00:00"
    if isinstance(value, str) and len(value) == 10:
        return f"{value}T00:00:00"
    return value


Span = Annotated[str, BeforeValidator(_check_span)]
Zone = Annotated[str, AfterValidator(_check_zone)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
ColumnName = Annotated[str, AfterValidator(_check_column_name)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Columns(_Part):
    """The file's own names of the bars' columns, where they cannot be inferred."""

    open: str | None = None
    high: str | None = None
    low: str | None = None
    close: str | None = None
    volume: str | None = None


class Calendar(_Part):
    """When a session begins, for bars_from_open, and the zone of all clock fields.

    Attributes:
        session_start: Time of day a session begins; midnight: a session is a calendar day.
        zone: Zone of session_start and of the clock fields; the market's `timezone` by default.
    """

    session_start: time = time(0)
    zone: Zone | None = None


class SplitConfig(_Part):
    """The split by time: fractions of the clock's stamps, or two dates.

    Attributes:
        train: Share of the stamps that fitness sees.
        validation: Share after it that the ladder asks.
        sealed: Share after it that no search loads.
        train_until: First moment after training, instead of the fractions.
        validation_until: First sealed moment, instead of the fractions.
        embargo_bars: Clock bars left out after training and after validation: at least the
            longest hold, so that no trade reaches from one part into the next.
    """

    train: float = Field(default=0.5, gt=0, lt=1)
    validation: float = Field(default=0.25, gt=0, lt=1)
    sealed: float = Field(default=0.25, ge=0, lt=1)
    train_until: Moment | None = None
    validation_until: Moment | None = None
    embargo_bars: int = Field(default=20, ge=0, le=100_000)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        dates = (self.train_until, self.validation_until)
        if (dates[0] is None) != (dates[1] is None):
            raise ValueError("needs both train_until and validation_until, or neither")
        total = self.train + self.validation + self.sealed
        if dates[0] is None and not math.isclose(total, 1.0, rel_tol=1e-9):
            raise ValueError(f"train + validation + sealed = {total:g}; needs a sum of 1")
        return self


class Column(_Part):
    """A further column: where it comes from, what it measures, and when it was known.

    Attributes:
        file: Its file, relative to the TOML; the market's own file by default.
        from_: Its name there (`from` in TOML); this table's name by default.
        time: The file's time column, where it cannot be inferred.
        symbol_column: The file's column of asset names, where it cannot be inferred.
        symbol: The one asset a file without asset names belongs to. A file with neither is
            broadcast to every asset.
        symbol_format: How a name there becomes a name of the market: "{}USDT".
        dimension: number, price, volume, or a product such as "price * volume".
        known: From when a value stamped s may be used. "same_bar": in the bar stamped s, at its
            close. "next_bar": one bar later; where the column's own bars are longer than the
            market's, one of those. A span: that long after s.
        pays_funding: Whether it is the rate longs pay at its stamps, charged by the books.
    """

    file: str | None = None
    from_: str | None = Field(default=None, alias="from")
    time: str | None = None
    symbol_column: str | None = None
    symbol: str | None = None
    symbol_format: Annotated[str, AfterValidator(_check_format)] | None = None
    dimension: Annotated[str, AfterValidator(_check_dimension)] = "number"
    known: Annotated[str, BeforeValidator(_check_known)] = "next_bar"
    pays_funding: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.file is None:
            given = [n for n in ("time", "symbol_column", "symbol_format") if getattr(self, n)]
            if given:
                raise ValueError(f"{', '.join(given)}: only for a column with a file of its own")
        if self.symbol is not None and (self.symbol_column or self.symbol_format):
            raise ValueError("symbol = one asset excludes symbol_column and symbol_format")
        return self


class MarketConfig(_Part):
    """A market: its bars, its further columns, what trading costs, and the split.

    Attributes:
        name: What reports call it.
        path: A file of bars, or a folder of them, relative to the TOML; or "embedded".
        format: How to read the files; by their content where left out.
        member: The file of a zip, or the sheet of a workbook, where it has several. Like all keys
            that say how a file is written, it is never dumped: the fingerprint tells what was read.
        names: The names of all columns of a text without a header; found from its bars where that
            is possible.
        layout: "closes": each column holds an asset's closes.
        time: The time column; inferred from common names where left out.
        clock: The column of the time of day, where the time column has dates only; inferred.
        time_format: strptime format of stamps that are text but not ISO 8601.
        decimal: What stands before the fraction of a text's numbers; inferred with `thousands`.
        thousands: What stands between groups of three digits there.
        adjusted: Whether a file's adjusted closes are used, with open, high and low scaled by them.
            Where left out they are, unless `columns` names prices.
        symbol: The column of asset names; inferred, and the file's name where there is none.
        columns: The file's names of open, high, low, close, volume.
        symbols: Only these assets; all where left out.
        exclude: Not these.
        min_bars: Assets with fewer bars before the sealed part are dropped, and reported.
        timezone: Zone of stamps that carry none.
        calendar: When sessions begin.
        stale_after: An asset without a bar for longer counts as not listed.
        max_window: Longest memory of a strategy, bars or a span; default 500 bars but at most
            15% of the training part. Scores begin that many bars after the start.
        bad_bars: Refuse a market with bad bars, or drop (and count) them.
        spikes: Keep (and count) bars with a price that comes back in the next one, or drop them:
            with hindsight, so only where such a price is wrong. Never dumped, like `decimal`.
        split: Training, validation, sealed.
        costs: Fees, slippage, impact, borrow.
        fills: Where orders fill.
        column: Further columns by name.
        folder: Where relative paths begin; set by the reader, never dumped, so that the same
            market has the same config on every machine.
        source: A `Source` of bars in place of the path's files; set from Python, never dumped.
    """

    name: str = "market"
    path: str
    format: Literal["csv", "parquet"] | None = None
    member: str | None = Field(default=None, exclude=True)
    names: tuple[str, ...] | None = Field(default=None, min_length=2, exclude=True)
    layout: Literal["closes"] | None = Field(default=None, exclude=True)
    time: str | None = None
    clock: str | None = Field(default=None, exclude=True)
    time_format: str | None = None
    adjusted: bool | None = Field(default=None, exclude=True)
    decimal: Literal[".", ","] = Field(default=".", exclude=True)
    thousands: Literal[",", ".", " ", "'"] | None = Field(default=None, exclude=True)
    symbol: str | None = None
    columns: Columns = Columns()
    symbols: tuple[str, ...] | None = Field(default=None, min_length=1)
    exclude: tuple[str, ...] = ()
    min_bars: int = Field(default=1, ge=1)
    timezone: Zone = "UTC"
    calendar: Calendar = Calendar()
    stale_after: Span = "7d"
    max_window: Annotated[int | str | None, BeforeValidator(_check_window)] = None
    bad_bars: Literal["refuse", "drop"] = "refuse"
    spikes: Literal["keep", "drop"] = Field(default="keep", exclude=True)
    split: SplitConfig = SplitConfig()
    costs: Costs = Costs()
    fills: Fills = Fills()
    column: dict[ColumnName, Column] = {}
    folder: Path = Field(Path(), exclude=True)
    source: Any = Field(default=None, exclude=True, repr=False)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.decimal == self.thousands:
            raise ValueError(f"decimal and thousands are both {self.decimal!r}; needs two marks")
        return self

    @property
    def zone(self) -> str:
        """The zone of the clock fields and of sessions."""
        return self.calendar.zone or self.timezone

    def place(self, path: str) -> Path:
        """Where a path of this config lies."""
        return self.folder / Path(path).expanduser()
