"""The one operator table: what a strategy may say, and what each word means.

The tracer, the checker, the mutators' grammar, the reference page, the model's briefing and the
property tests are all made from it. Formulas: x[t] is the value at an asset's own bar t; sums run
over the last n own bars including t; an unknown in a window makes the value unknown; an infinite
value counts as unknown inside a window, a recursion or a cross-section, as in pandas. Recursions
(ema and what is made of it, state) keep their last value where an input is unknown.
"""

from __future__ import annotations

from genomes.language.table import Arg, Bars, Kind, Operator

MAX_BARS = 5000  # no window is longer, whatever a market's max_window says


def _x(name: str, dimension: str = "a") -> Arg:
    return Arg(name, Kind.SERIES, dimension)


def _mask(name: str) -> Arg:
    return Arg(name, Kind.MASK)


def _bars(name: str = "n", low: int = 1, high: int = MAX_BARS, default: int | None = None) -> Arg:
    return Arg(name, Kind.BARS, "", low, high, default)


def _number(name: str, low: float, high: float, default: float | None = None) -> Arg:
    return Arg(name, Kind.NUMBER, "", low, high, default)


X, Y, N = _x("x"), _x("y", "b"), _bars()
SAME = _x("y")
OPEN, HIGH, LOW, CLOSE = (_x(name, "price") for name in ("open", "high", "low", "close"))
VOLUME = _x("volume", "volume")
PLAIN = _x("x", "1")
FULL = Bars({"n": 1}, -1)  # known once n values are
STEP = Bars({"n": 1})  # known once n + 1 values are


def _arithmetic() -> list[Operator]:
    family = "arithmetic and logic"

    def row(name: str, args: tuple[Arg, ...], dimension: str, doc: str, **more: object) -> Operator:
        return Operator(name=name, family=family, args=args, dimension=dimension, doc=doc, **more)  # type: ignore[arg-type]

    def test(name: str, spelled: str, doc: str, commutes: bool = False) -> Operator:
        return Operator(
            name=name,
            family=family,
            args=(X, SAME),
            result=Kind.MASK,
            doc=doc,
            spelled=spelled,
            commutes=commutes,
            public=False,
        )

    hidden = {"public": False}
    return [
        row("add", (X, SAME), "a", "Sum.", commutes=True, spelled="x + y", **hidden),
        row("sub", (X, SAME), "a", "Difference.", spelled="x - y", **hidden),
        row("mul", (X, Y), "a*b", "Product.", commutes=True, spelled="x * y", **hidden),
        row("div", (X, Y), "a/b", "Quotient; 0/0 is unknown.", spelled="x / y", **hidden),
        row("neg", (X,), "a", "Negative.", spelled="-x", **hidden),
        row("abs", (X,), "a", "Absolute value."),
        row("sign", (X,), "1", "-1, 0 or 1."),
        row("min", (X, SAME), "a", "The smaller; unknown where either is."),
        row("max", (X, SAME), "a", "The larger; unknown where either is."),
        row("sqrt", (X,), "root(a)", "Square root; unknown below 0. Needs even exponents."),
        row(
            "log",
            (PLAIN,),
            "1",
            "Natural logarithm; unknown below 0. log(price): differences only.",
        ),
        row("exp", (PLAIN,), "1", "e to the x."),
        row("tanh", (PLAIN,), "1", "Squashes to -1..1: (e^2x - 1) / (e^2x + 1)."),
        row(
            "clip",
            (PLAIN, _number("low", -1e6, 1e6), _number("high", -1e6, 1e6)),
            "1",
            "max(low, min(high, x)).",
        ),
        row(
            "where",
            (_mask("condition"), X, SAME),
            "a",
            "x where true, y where false, else unknown.",
        ),
        row("fill", (X, SAME), "a", "x where known, else y.", spelled="x.fillna(y)"),
        row("as_number", (_mask("mask"),), "1", "1 where true, 0 where false.", spelled="mask * 1"),
        Operator(
            name="known",
            family=family,
            args=(X,),
            result=Kind.MASK,
            doc="Whether x is known; itself always known.",
            spelled="x.notna()",
        ),
        test("lt", "x < y", "Less; unknown where either is."),
        test("le", "x <= y", "Less or equal; unknown where either is."),
        test("eq", "x == y", "Equal; unknown where either is.", commutes=True),
        test("ne", "x != y", "Different; unknown where either is.", commutes=True),
        *(
            Operator(
                name=name,
                family=family,
                args=(_mask("x"), _mask("y")),
                result=Kind.MASK,
                doc=doc,
                commutes=True,
                spelled=spelled,
                public=False,
            )
            for name, spelled, doc in (
                ("and", "x & y", "Kleene and: false & unknown is false."),
                ("or", "x | y", "Kleene or: true | unknown is true."),
            )
        ),
        Operator(
            name="not",
            family=family,
            args=(_mask("x"),),
            result=Kind.MASK,
            doc="Kleene not: unknown stays unknown.",
            spelled="~x",
            public=False,
        ),
    ]


def _along() -> list[Operator]:
    rows: list[Operator] = []

    def row(
        family: str,
        name: str,
        args: tuple[Arg, ...],
        dimension: str,
        warm_up: Bars,
        doc: str,
        memory: str = "finite",
        spelled: str = "",
    ) -> None:
        rows.append(
            Operator(
                name=name,
                family=family,
                args=args,
                dimension=dimension,
                warm_up=warm_up,
                memory=memory,  # type: ignore[arg-type]
                doc=doc,
                spelled=spelled,
            )
        )

    f = "lag and change"
    row(f, "lag", (X, _bars(default=1)), "a", STEP, "x[t - n].", spelled="x.shift(n)")
    rows.append(
        Operator(
            name="lag_mask",
            family=f,
            args=(_mask("mask"), _bars(default=1)),
            result=Kind.MASK,
            warm_up=STEP,
            doc="mask[t - n].",
            spelled="mask.shift(n)",
        )
    )
    row(f, "change", (X, _bars(default=1)), "a", STEP, "x[t] - x[t - n].", spelled="x.diff(n)")
    row(
        f,
        "returns",
        (X, _bars(default=1)),
        "1",
        STEP,
        "x[t] / x[t - n] - 1.",
        spelled="x.pct_change(n)",
    )
    row(f, "log_return", (X, _bars(default=1)), "1", STEP, "log(x[t] / x[t - n]).")

    f = "moving averages"
    row(f, "sma", (X, N), "a", FULL, "Mean of n.", spelled="x.rolling(n).mean()")
    row(
        f,
        "ema",
        (X, N),
        "a",
        Bars(),
        "y = y' + (x - y') 2/(n + 1), from y = first known x; as pandas, an unknown x keeps y and "
        "ages it.",
        "fading",
        "x.ewm(span=n, adjust=False).mean()",
    )
    row(
        f,
        "rma",
        (X, N),
        "a",
        Bars(),
        "Wilder's: y = y' + (x - y') / n, from y = first known x; unknowns as in ema.",
        "fading",
        "x.ewm(alpha=1 / n, adjust=False).mean()",
    )
    row(f, "wma", (X, N), "a", FULL, "Mean with weights 1..n, the newest heaviest.")
    row(f, "dema", (X, N), "a", Bars(), "2 ema(x) - ema(ema(x)).", "fading")
    row(f, "tema", (X, N), "a", Bars(), "3 ema(x) - 3 ema(ema(x)) + ema(ema(ema(x))).", "fading")
    row(
        f,
        "hull",
        (X, _bars("n", 4)),
        "a",
        Bars({"n": 2}, -2),
        "Hull's: wma(2 wma(x, n // 2) - wma(x, n), max(1, round(sqrt(n)))); needs 2 n - 1 known x.",
    )
    row(
        f,
        "kama",
        (X, N, _bars("fast", 1, 200, 2), _bars("slow", 2, 500, 30)),
        "a",
        STEP,
        "Kaufman's: y = y' + c (x - y'), c = (er (2/(fast+1) - 2/(slow+1)) + 2/(slow+1))^2, er = "
        "efficiency_ratio(x, n), 0 where nothing moved; from y = first x with a known er; an "
        "unknown er keeps y.",
        "fading",
    )
    row(
        f,
        "weighted_mean",
        (X, _x("weight", "b"), N),
        "a",
        FULL,
        "Sum of x weight over sum of weight; unknown where that is 0.",
    )

    f = "dispersion"
    row(
        f,
        "stdev",
        (X, _bars(low=2)),
        "a",
        FULL,
        "Standard deviation of n, ddof 1.",
        spelled="x.rolling(n).std()",
    )
    row(
        f,
        "variance",
        (X, _bars(low=2)),
        "a^2",
        FULL,
        "Variance of n, ddof 1.",
        spelled="x.rolling(n).var()",
    )
    row(
        f,
        "zscore",
        (X, _bars(low=2)),
        "1",
        FULL,
        "(x - sma) / stdev, ddof 1; unknown where stdev is 0.",
    )
    row(f, "mean_abs_dev", (X, _bars(low=2)), "a", FULL, "Mean of |x - sma(x, n)[t]| over n.")
    row(
        f,
        "skewness",
        (X, _bars(low=3)),
        "1",
        FULL,
        "Adjusted skewness of n; 0 where all are equal (in pandas 3: unknown).",
        spelled="x.rolling(n).skew()",
    )
    row(
        f,
        "kurtosis",
        (X, _bars(low=4)),
        "1",
        FULL,
        "Adjusted excess kurtosis of n; -3 where all are equal (in pandas 3: unknown).",
        spelled="x.rolling(n).kurt()",
    )
    row(
        f,
        "downside_stdev",
        (PLAIN, _bars(low=2)),
        "1",
        FULL,
        "sqrt(mean of min(x, 0)^2) over n.",
    )
    row(
        f,
        "ew_stdev",
        (X, _bars(low=2)),
        "a",
        Bars({}, 1),
        "v = (1 - k)(v' + k (x - y')^2), k = 2/(n + 1), y the ema; root of v, v = 0 at the first "
        "x; known from the second x on; an unknown x keeps v.",
        "fading",
    )
    row(
        f,
        "parkinson",
        (HIGH, LOW, N),
        "1",
        FULL,
        "sqrt(mean of log(high / low)^2 over n / (4 log 2)).",
    )
    row(
        f,
        "garman_klass",
        (OPEN, HIGH, LOW, CLOSE, N),
        "1",
        FULL,
        "sqrt(max(0, mean over n of log(high / low)^2 / 2 - (2 log 2 - 1) log(close / open)^2)).",
    )

    f = "extremes, ranks and quantiles"
    row(f, "total", (X, N), "a", FULL, "Sum of n.", spelled="x.rolling(n).sum()")
    row(f, "highest", (X, N), "a", FULL, "Largest of n.", spelled="x.rolling(n).max()")
    row(f, "lowest", (X, N), "a", FULL, "Smallest of n.", spelled="x.rolling(n).min()")
    row(
        f,
        "bars_since_highest",
        (X, N),
        "1",
        FULL,
        "Bars since the largest of n; the latest if equal.",
    )
    row(
        f,
        "bars_since_lowest",
        (X, N),
        "1",
        FULL,
        "Bars since the smallest of n; the latest if equal.",
    )
    row(f, "median", (X, N), "a", FULL, "Median of n.", spelled="x.rolling(n).median()")
    row(
        f,
        "quantile",
        (X, N, _number("q", 0, 1)),
        "a",
        FULL,
        "Quantile q of n, linear between ranks.",
        spelled="x.rolling(n).quantile(q)",
    )
    row(
        f,
        "percent_rank",
        (X, N),
        "1",
        FULL,
        "Mean rank of x[t] among n, over n: 1/n..1.",
        spelled="x.rolling(n).rank(pct=True)",
    )
    row(
        f,
        "range_position",
        (X, _bars(low=2)),
        "1",
        FULL,
        "(x - lowest) / (highest - lowest) over n: 0..1; unknown where they are equal.",
    )

    f = "regression, correlation and beta"
    row(
        f,
        "slope",
        (X, _bars(low=2)),
        "a",
        FULL,
        "Least-squares slope of n values over bar numbers, per bar.",
    )
    row(
        f,
        "linear_fit",
        (X, _bars(low=2)),
        "a",
        FULL,
        "Value at t of the least-squares line through n values.",
    )
    row(
        f,
        "r_squared",
        (X, _bars(low=3)),
        "1",
        FULL,
        "R squared of the line of linear_fit; unknown where x is constant.",
    )
    row(
        f,
        "correlation",
        (X, Y, _bars(low=3)),
        "1",
        FULL,
        "Pearson's over n, held in -1..1; unknown where either is constant.",
        spelled="x.rolling(n).corr(y)",
    )
    row(
        f,
        "covariance",
        (X, Y, _bars(low=2)),
        "a*b",
        FULL,
        "Over n, ddof 1.",
        spelled="x.rolling(n).cov(y)",
    )
    row(
        f,
        "beta",
        (X, Y, _bars(low=3)),
        "a/b",
        FULL,
        "covariance(x, y) / variance(y): x per unit of y, the hedge ratio; unknown where y is "
        "constant.",
    )
    row(
        f,
        "residual",
        (X, Y, _bars(low=3)),
        "a",
        FULL,
        "x[t] - sma(x) - beta(x, y, n) (y[t] - sma(y)).",
    )
    row(
        f,
        "autocorrelation",
        (X, _bars(low=4), _bars("k", 1, 500, 1)),
        "1",
        Bars({"n": 1, "k": 1}, -1),
        "correlation(x, lag(x, k), n).",
    )

    f = "classic indicators"
    row(
        f,
        "true_range",
        (HIGH, LOW, CLOSE),
        "price",
        Bars({}, 1),
        "max(high, close[t - 1]) - min(low, close[t - 1]).",
    )
    row(
        f, "atr", (HIGH, LOW, CLOSE, N), "price", Bars({}, 1), "rma of true_range over n.", "fading"
    )
    row(
        f,
        "rsi",
        (X, _bars(default=14)),
        "1",
        Bars({}, 1),
        "100 u / (u + d), u and d the rma of rises and falls; 50 where both are 0.",
        "fading",
    )
    dm = "Wilder's directional movement over true range, both rma of n, times 100"
    row(
        f,
        "plus_di",
        (HIGH, LOW, CLOSE, _bars(default=14)),
        "1",
        Bars({}, 1),
        f"{dm}: upward (rise of highs if above the fall of lows and 0, else 0); 0 where the range "
        "is.",
        "fading",
    )
    row(
        f,
        "minus_di",
        (HIGH, LOW, CLOSE, _bars(default=14)),
        "1",
        Bars({}, 1),
        f"{dm}: downward (fall of lows if above the rise of highs and 0, else 0); 0 where the "
        "range is.",
        "fading",
    )
    row(
        f,
        "adx",
        (HIGH, LOW, CLOSE, _bars(default=14)),
        "1",
        Bars({}, 1),
        "rma over n of 100 |plus_di - minus_di| / (plus_di + minus_di), that quotient 0 where "
        "both are 0.",
        "fading",
    )
    fast, slow = _bars("fast", 1, MAX_BARS, 12), _bars("slow", 1, MAX_BARS, 26)
    smooth = _bars("smooth", 1, 500, 9)
    row(f, "macd", (X, fast, slow), "a", Bars(), "ema(x, fast) - ema(x, slow).", "fading")
    row(f, "macd_signal", (X, fast, slow, smooth), "a", Bars(), "ema(macd, smooth).", "fading")
    row(f, "macd_histogram", (X, fast, slow, smooth), "a", Bars(), "macd - macd_signal.", "fading")
    width = _number("k", 0, 20, 2)
    row(f, "bollinger_upper", (X, _bars(low=2), width), "a", FULL, "sma + k stdev (ddof 0).")
    row(f, "bollinger_lower", (X, _bars(low=2), width), "a", FULL, "sma - k stdev (ddof 0).")
    row(
        f,
        "bollinger_position",
        (X, _bars(low=2), width),
        "1",
        FULL,
        "(x - lower) / (upper - lower); unknown where they are equal.",
    )
    row(
        f,
        "keltner_upper",
        (HIGH, LOW, CLOSE, N, width),
        "price",
        Bars({}, 1),
        "ema(close, n) + k atr(n).",
        "fading",
    )
    row(
        f,
        "keltner_lower",
        (HIGH, LOW, CLOSE, N, width),
        "price",
        Bars({}, 1),
        "ema(close, n) - k atr(n).",
        "fading",
    )
    row(
        f,
        "donchian_middle",
        (HIGH, LOW, N),
        "price",
        FULL,
        "(highest(high) + lowest(low)) / 2 over n.",
    )
    row(
        f,
        "stochastic_k",
        (HIGH, LOW, CLOSE, _bars(default=14)),
        "1",
        FULL,
        "100 (close - lowest low) / (highest high - lowest low) over n; unknown where they are "
        "equal.",
    )
    row(
        f,
        "stochastic_d",
        (HIGH, LOW, CLOSE, _bars(default=14), _bars("smooth", 1, 500, 3)),
        "1",
        Bars({"n": 1, "smooth": 1}, -2),
        "sma(stochastic_k(n), smooth).",
    )
    row(f, "williams_r", (HIGH, LOW, CLOSE, _bars(default=14)), "1", FULL, "stochastic_k - 100.")
    row(
        f,
        "cci",
        (HIGH, LOW, CLOSE, _bars(low=2, default=20)),
        "1",
        FULL,
        "(p - sma(p)) / (0.015 mean_abs_dev(p)) over n, p = (high + low + close) / 3; unknown "
        "where p is constant.",
    )
    row(
        f,
        "aroon",
        (HIGH, LOW, _bars(default=25)),
        "1",
        STEP,
        "100 (bars_since_lowest(low) - bars_since_highest(high)) / n over n + 1 bars: up minus "
        "down.",
    )
    row(
        f,
        "efficiency_ratio",
        (X, N),
        "1",
        STEP,
        "|x[t] - x[t - n]| / sum of |x[i] - x[i - 1]| over n, at most 1; unknown where nothing "
        "moved.",
    )
    row(
        f,
        "obv_change",
        (CLOSE, VOLUME, N),
        "volume",
        STEP,
        "Sum over n of sign(close - close[t - 1]) volume: the change of on-balance volume.",
    )
    row(
        f,
        "mfi",
        (HIGH, LOW, CLOSE, VOLUME, _bars(default=14)),
        "1",
        STEP,
        "100 u / (u + d), u and d the sums over n of p volume at rises and falls of p = (high + "
        "low + close) / 3; 50 where both are 0.",
    )
    row(
        f,
        "vwap",
        (HIGH, LOW, CLOSE, VOLUME, N),
        "price",
        FULL,
        "Sum of p volume over sum of volume, p = (high + low + close) / 3; unknown where no "
        "volume.",
    )
    row(
        f,
        "money_flow",
        (HIGH, LOW, CLOSE, VOLUME, N),
        "1",
        FULL,
        "Chaikin's: sum of volume (2 close - high - low) / (high - low) over sum of volume; a bar "
        "with high = low counts 0; unknown where no volume.",
    )
    row(
        f,
        "supertrend",
        (HIGH, LOW, CLOSE, _bars(default=10), _number("k", 0.1, 20, 3)),
        "price",
        Bars({}, 1),
        "The trailing band: below the price in a rise, above in a fall. Bands (high + low) / 2 -+ "
        "k atr(n); the lower only rises and the "
        "upper only falls, each afresh after a close beyond it; a close beyond the trend's own "
        "band turns it; starts as a rise.",
        "state",
    )
    return rows


def _across() -> list[Operator]:
    family = "cross-section"

    def row(name: str, args: tuple[Arg, ...], doc: str, result: Kind = Kind.SERIES) -> Operator:
        dimension = "1" if result is Kind.SERIES else ""
        return Operator(
            name=name,
            family=family,
            args=args,
            result=result,
            dimension=dimension,
            doc=doc,
            cross=True,
        )

    return [
        row(
            "cross_rank",
            (PLAIN,),
            "Mean rank among assets with a known value, (rank - 0.5) / count: 0..1.",
        ),
        row(
            "cross_zscore",
            (PLAIN,),
            "(x - mean) / standard deviation over assets with a known value, ddof 1; unknown under "
            "2 of them or where equal.",
        ),
        row("cross_demean", (PLAIN,), "x - mean over assets with a known value."),
        row(
            "cross_mean",
            (PLAIN,),
            "Mean over assets with a known value, given to every asset that has the bar.",
        ),
        row(
            "cross_median",
            (PLAIN,),
            "Median over assets with a known value, given to every asset that has the bar.",
        ),
        row(
            "cross_share",
            (_mask("mask"),),
            "Share of assets for which it is true, among those known; given to all that have the "
            "bar.",
        ),
        row(
            "cross_top",
            (PLAIN, _bars("k", 1, 1000)),
            "Whether x is among the k largest; equal values by the asset's order; unknown x is "
            "unknown.",
            Kind.MASK,
        ),
        row(
            "cross_bottom",
            (PLAIN, _bars("k", 1, 1000)),
            "Whether x is among the k smallest; equal values by the asset's order; unknown x is "
            "unknown.",
            Kind.MASK,
        ),
    ]


def _events() -> list[Operator]:
    family = "events"

    def row(
        name: str,
        args: tuple[Arg, ...],
        result: Kind,
        warm_up: Bars,
        memory: str,
        doc: str,
        dimension: str = "",
    ) -> Operator:
        return Operator(
            name=name,
            family=family,
            args=args,
            result=result,
            warm_up=warm_up,
            memory=memory,  # type: ignore[arg-type]
            doc=doc,
            dimension=dimension,
        )

    one = Bars({}, 1)
    return [
        row(
            "crossover",
            (X, SAME),
            Kind.MASK,
            one,
            "finite",
            "x > y now, and x <= y a bar ago; unknown where any of the four is.",
        ),
        row(
            "crossunder",
            (X, SAME),
            Kind.MASK,
            one,
            "finite",
            "x < y now, and x >= y a bar ago; unknown where any of the four is.",
        ),
        row(
            "count",
            (_mask("mask"), N),
            Kind.SERIES,
            FULL,
            "finite",
            "Bars of n at which it was true.",
            "1",
        ),
        row(
            "since",
            (_mask("mask"), _bars("limit", 1)),
            Kind.SERIES,
            Bars({"limit": 1}),
            "finite",
            "Bars since it was last true, at most limit; unknown bars are not true, unless all "
            "limit + 1 are.",
            "1",
        ),
        row(
            "streak",
            (_mask("mask"), _bars("limit", 1)),
            Kind.SERIES,
            Bars({"limit": 1}, -1),
            "finite",
            "Bars in a row up to now at which it was true, at most limit.",
            "1",
        ),
        row(
            "hold",
            (_mask("enter"), _mask("exit")),
            Kind.MASK,
            Bars(),
            "state",
            "True from enter until exit; exit wins on the same bar, and where exit is unknown "
            "nothing is entered; an unknown enter changes nothing; starts false.",
        ),
        row(
            "cooldown",
            (_mask("mask"), N),
            Kind.MASK,
            Bars(),
            "state",
            "True where mask is, then false for n bars; unknown bars are false and count.",
        ),
        row(
            "ratchet",
            (X, _mask("reset")),
            Kind.SERIES,
            Bars(),
            "state",
            "Largest x since reset was last true, that bar included; unknown x is skipped; "
            "unknown before the first x.",
            "a",
        ),
    ]


def _sizing() -> list[Operator]:
    family = "sizing"

    def row(
        name: str, args: tuple[Arg, ...], warm_up: Bars, doc: str, cross: bool = False
    ) -> Operator:
        return Operator(
            name=name,
            family=family,
            args=args,
            dimension="1",
            warm_up=warm_up,
            doc=doc,
            cross=cross,
        )

    signal, weight, r = _x("signal", "1"), _x("weight", "1"), _x("returns", "1")
    two = _bars(low=2)
    return [
        row(
            "equal_weight",
            (signal,),
            Bars(),
            "signal / number of listed assets: what size() does if it is left out.",
            True,
        ),
        row(
            "normalize",
            (weight,),
            Bars(),
            "weight / sum of |weight| over assets with a known one; 0 where the sum is 0.",
            True,
        ),
        row(
            "inverse_vol",
            (signal, r, two),
            FULL,
            "signal v / sum of v over assets with a known v, v = 1 / stdev(returns, n); assets "
            "with stdev 0 or unknown get unknown.",
            True,
        ),
        row(
            "vol_target",
            (signal, r, two, _number("target", 1e-6, 1)),
            FULL,
            "signal target / stdev(returns, n): target is volatility per bar; unknown where stdev "
            "is 0.",
        ),
        row(
            "kelly",
            (signal, r, two, _number("fraction", 0, 2, 0.25)),
            Bars({"n": 1}),
            "signal min(1, max(0, fraction mean / variance)) of signal[t - 1] returns[t] over n, "
            "ddof 1; 0 where the variance is 0.",
        ),
        row(
            "cap",
            (weight, _number("limit", 0, 100)),
            Bars(),
            "weight held between -limit and limit.",
        ),
        row(
            "clip_signal",
            (signal,),
            Bars(),
            "The signal held in -1..1, what signal() returns always passes through it; changes "
            "are counted as a warning.",
        ),
    ]


def _build() -> dict[str, Operator]:
    rows = [*_arithmetic(), *_along(), *_across(), *_events(), *_sizing()]
    table = {row.name: row for row in rows}
    if len(table) != len(rows):
        raise AssertionError("an operator stands in the table twice")
    return table


OPERATORS: dict[str, Operator] = _build()
