"""The books' layout: what each row and column of the portfolio kernel's arrays holds.

Kernels freeze these numbers when they are compiled, and the functions of other modules that they
call: after a change here or in exit_nb.py, touch portfolio_nb.py, too.
"""

from __future__ import annotations

STOP_BASE_FILL, STOP_BASE_DECISION, STOP_BASE_FILL_BAR = 0, 1, 2

REASONS: tuple[str, ...] = (
    "signal",
    "stop_loss",
    "take_profit",
    "trailing_stop",
    "max_held",
    "delisted",
    "ruin",
    "open",
)
(SIGNAL, STOP_LOSS, TAKE_PROFIT, TRAILING_STOP, MAX_HELD, DELISTED, RUIN, OPEN) = range(8)

# Rows of `path`, one value a clock bar.
PATH: tuple[str, ...] = (
    "equity",
    "net_return",
    "benchmark",
    "market",
    "traded",
    "cost",
    "gross_exposure",
    "net_exposure",
)
(EQUITY, NET, BENCHMARK, MARKET, TRADED, COST, GROSS, NET_EXPOSURE) = range(8)

# Columns of `stats`, one row an asset. Money is in units of the starting equity.
STATS: tuple[str, ...] = (
    "pnl",
    "traded",
    "cost",
    "funding",
    "trades",
    "wins",
    "gain",
    "loss",
    "return_sum",
    "held_sum",
    "turned",
    "largest",
)
(A_PNL, A_TRADED, A_COST, A_FUNDING, A_TRADES, A_WINS) = range(6)
(A_GAIN, A_LOSS, A_RETURN, A_HELD, A_TURNED, A_LARGEST) = range(6, 12)

# Columns of `records`, one row a trade; bars are clock bars.
RECORD: tuple[str, ...] = (
    "asset",
    "entry_bar",
    "exit_bar",
    "side",
    "entry_price",
    "exit_price",
    "pnl",
    "return",
    "held",
    "reason",
)

# Columns of the state of an asset.
(
    SHARES,
    AVERAGE,  # average cost of the shares held
    BASE,  # stop and target fractions are measured from here
    PEAK,  # best price since, for the trailing stop
    ENTRY,  # packed bar of the opening fill
    ENTRY_BAR,  # clock bar of it
    FLOW,  # cash in and out since flat
    AT_ENTRY,  # equity at the opening fill
    TARGET,  # decided weight or shares
    ALLOWED,  # the same, 0 while BLOCK keeps it out
    BLOCK,  # sign that may not be entered again; 0 is free
    STOP_F,  # fractions in force
    TAKE_F,
    TRAIL_F,
    LONGEST,  # max_held in force
    LAST,  # last own close
    LAST_BAR,  # clock bar of it; -1 before the first
    IN_FORCE,  # weight ordered last
    PAST_SUM,  # sum of the weights in force in earlier bars, from the first that was not 0
    PAST_BARS,
) = range(20)
FIELDS = 20

MOST_ADVERSE = 0.5  # slippage and impact together move a price by at most half
