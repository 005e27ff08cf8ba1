"""Costs and fill conventions: what a trade costs and where it fills, each choice with a name."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Engine = Literal["pessimistic", "vectorbt", "backtesting.py", "freqtrade"]


class Costs(BaseModel):
    """What trading costs. Never zero unless somebody wrote so.

    Attributes:
        fee_bps: Fee per traded notional, basis points.
        slippage_bps: Adverse price move of every fill, basis points.
        impact_bps: Further adverse move at a trade of the whole bar's volume, proportional to the
            traded share of it (a share above 1, or an unknown volume, counts as 1); 0 is off.
        borrow_bps_per_year: Paid on short notional, basis points a year.
        capital: Equity at the start, in the currency of the prices. It matters for impact and for
            orders in shares only; every figure is relative to it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    fee_bps: float = Field(default=5.0, ge=0, le=1000)
    slippage_bps: float = Field(default=2.0, ge=0, le=1000)
    impact_bps: float = Field(default=0.0, ge=0, le=100_000)
    borrow_bps_per_year: float = Field(default=0.0, ge=0, le=100_000)
    capital: float = Field(default=1_000_000.0, gt=0, le=1e15)


class Fills(BaseModel):
    """Where orders fill and how exits behave inside a bar; the default is the pessimistic one.

    `like` gives the conventions of other engines:

    | | pessimistic | vectorbt | backtesting.py | freqtrade |
    |---|---|---|---|---|
    | fill | next_open | next_open (shifted signals, price=open) | next_open | next_open |
    | stops_armed | at_fill | next_bar | at_fill (bracket orders) | at_fill |
    | stop_base | fill | fill_bar_close (its default) | decision_close | fill |
    | gap | open | open | open | stop |
    | target_gap | target | open | open | target |
    | first | stop | stop | stop | stop |
    | signal_first | yes | no | yes | yes |
    | reenter | reset | immediate | immediate | immediate |

    vectorbt and backtesting.py are held to their engines by tests/golden; freqtrade's column is
    from descriptions of it and held to nothing (its trailing stop, which lets a bar's high move
    the stop before the same bar's low is looked at, has no counterpart here).

    Attributes:
        fill: Weights decided at a close fill at the asset's next open or next close.
        stops_armed: Exits watch the bar of the fill already, or only from the next one. A fill at
            the close leaves nothing of its bar to watch.
        stop_base: What stop and target fractions are measured from: the fill price (the average
            cost, once resized), the close of the bar that decided, or the close of the bar of the
            fill (known only then, so it needs stops_armed = "next_bar").
        gap: A gap through a stop fills at the open, or (optimistic) at the stop price wherever the
            bar came back to it.
        target_gap: A gap through a target fills at the open (better than asked for), or at the
            target, or at the nearest the bar came to it.
        first: Which goes first where one bar reaches both stop and target; strictly so, even where
            the open is beyond the other one already, as vectorbt and backtesting.py have it.
        signal_first: Whether a signal's order at the open goes before a stop of the same bar. If
            not, a stop drops the order.
        reenter: After an exit stay flat until the signal returned to zero or changed sign
            ("reset"), or take the next target at once ("immediate").
        no_trade_band: Weight differences up to this are not traded; a weight of 0 always is.
        max_weight: Cap on one asset's absolute weight.
        max_gross: Cap on the sum of absolute weights; a breach scales all down alike.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    fill: Literal["next_open", "next_close"] = "next_open"
    stops_armed: Literal["at_fill", "next_bar"] = "at_fill"
    stop_base: Literal["fill", "decision_close", "fill_bar_close"] = "fill"
    gap: Literal["open", "stop"] = "open"
    target_gap: Literal["open", "target"] = "target"
    first: Literal["stop", "target"] = "stop"
    signal_first: bool = True
    reenter: Literal["reset", "immediate"] = "reset"
    no_trade_band: float = Field(default=0.0, ge=0, le=1)
    max_weight: float = Field(default=1.0, gt=0, le=100)
    max_gross: float = Field(default=1.0, gt=0, le=100)

    @model_validator(mode="after")
    def _base_is_known_when_armed(self) -> Self:
        if self.stop_base == "fill_bar_close" and self.stops_armed == "at_fill":
            raise ValueError(
                'stop_base = "fill_bar_close" is not known before the fill\'s bar has closed; '
                'write stops_armed = "next_bar", or another stop_base'
            )
        return self

    @classmethod
    def like(cls, engine: Engine) -> Self:
        """The conventions of a named engine; the table is in the class's docstring.

        Raises:
            ValueError: No engine of that name.
        """
        match engine:
            case "pessimistic":
                return cls()
            case "vectorbt":
                return cls(
                    stops_armed="next_bar",
                    stop_base="fill_bar_close",
                    target_gap="open",
                    signal_first=False,
                    reenter="immediate",
                )
            case "backtesting.py":
                return cls(stop_base="decision_close", target_gap="open", reenter="immediate")
            case "freqtrade":
                return cls(gap="stop", reenter="immediate")
            case _:
                raise ValueError(
                    f"no fill conventions named {engine!r}; "
                    "there are pessimistic, vectorbt, backtesting.py and freqtrade"
                )
