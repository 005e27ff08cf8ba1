"""The reference page of the language, made from the operator table. Pure: text out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from textwrap import wrap

from genomes.language.graph import EXIT_RANGES, MAX_DEPTH, MAX_NODES
from genomes.language.params import MAX_PARAMS
from genomes.language.series import METHODS
from genomes.language.strategy import LAYERS, REQUIRED
from genomes.language.table import MAX_BARS, OPERATORS, Arg, Kind, Operator

WIDTH = 100

EXAMPLE = '''\
"""Calm trend: follow the last months while the market is quiet; crowds leave noisy trends first."""

from genomes.language import Exits, Float, Int, hold, returns, sma, stdev, where

PARAMS = {
    "window": Int(100, low=20, high=240),
    "loud": Float(1.5, low=1.0, high=3.0),
}


def factor(m, p):  # required: the edge, a number per asset and bar; high is good to hold
    noise = stdev(returns(m.close), 20)
    quiet = noise < p.loud * sma(noise, p.window)
    return where(quiet, m.close / sma(m.close, p.window) - 1, 0)


def signal(f, m, p):  # required: direction in -1..1, or a Mask (then 1 and 0)
    return hold(enter=f > 0.02, exit=f < 0) - hold(enter=f < -0.02, exit=f > 0)


def size(s, m, p):  # optional: target weight; left out: s / number of listed assets
    return s * 0.2 * (0.01 / stdev(m.close.pct_change(), 40)).clip(0, 2)


def exits(m, p):  # optional: resolved inside the bar; numbers or series, fractions of the price
    return Exits(stop_loss=0.08, trailing_stop=0.12, max_held=60)
'''

_CONTRACT = "VALUES.md, beside this module, is the exact contract.\n"

RULES = (
    ("drawn", "A strategy is called once, on symbols; it never sees a price, a date or a length."),
    ("Series", "A number per asset and bar. + - * /, ** (2, 3, 4, -1, 0.5), < ==, abs, min, max."),
    ("Mask", "True, false or unknown per asset and bar. & | ^ ~, in parentheses. Counts as 1, 0."),
    ("if", "On parameters and plain numbers only; on data write where(condition, x, y)."),
    ("missing", "A bar an asset does not have is absent; windows run over its own bars."),
    ("unknown", "Warm-up and 0/0. It survives arithmetic and comparison; an unknown weight is 0."),
    ("dimension", "Prices, volumes and numbers do not mix: divide like by like. 0 fits all."),
    ("across", "cross_... words compare assets at one bar and take plain numbers only."),
    ("weights", "The signal is held in -1..1, then size(), then the market's caps."),
)  # fmt: skip


def page(markdown: bool = False, *, contract: bool = True) -> str:
    """The whole reference; `contract` says where more of it stands."""
    parts = [
        _heading("The strategy language", 1, markdown),
        _block(EXAMPLE, markdown),
        _heading("Layers", 2, markdown),
        _table(
            [(f"{n}({', '.join(a)})", _need(n), _LAYERS[n]) for n, a in LAYERS.items()], markdown
        ),
        _heading("Values", 2, markdown),
        _table(RULES, markdown),
        *([_CONTRACT] if contract else []),
        _heading("Parameters", 2, markdown),
        _table(_PARAMS, markdown),
        f"At most {MAX_PARAMS}; in a layer p.window is a plain number, word or truth.\n",
        _heading("Exits", 2, markdown),
        _table(
            [(n, f"{low:g} to {high:g}", _EXITS[n]) for n, (low, high) in EXIT_RANGES.items()],
            markdown,
        ),
        _heading("Limits", 2, markdown),
        _table(
            [
                (str(MAX_NODES), "values in a graph"),
                (str(MAX_DEPTH), "operators nested in one another"),
                (str(MAX_BARS), "bars in a window"),
            ],
            markdown,
        ),
        _heading("Fields", 2, markdown),
        _table(_FIELDS, markdown),
        _heading("Pandas spellings", 2, markdown),
        _table([(c.__name__, ", ".join(sorted(names))) for c, names in METHODS.items()], markdown),
        _heading("Operators", 2, markdown),
        _flow(
            "Each call with what it gives, the bars before its value is known once its arguments "
            "are, and its memory: finite, fading (vanishing weights on all bars) or state (what "
            "happened since the start). In brackets what it takes: equal letters ask for equal "
            "dimensions; 1 is a plain number."
        ),
    ]
    for family, rows in _families():
        parts += [_heading(family, 3, markdown), _operators(rows, markdown)]
    return "\n".join(parts)


def entry(word: str, markdown: bool = False) -> str | None:
    """One operator with its arguments; None where there is none of that name."""
    row = OPERATORS.get(word)
    if row is None:
        return None
    args = [(a.name, str(a.kind), a.dimension or _range(a), _default(a)) for a in row.args]
    facts = [
        ("family", row.family),
        ("result", f"{row.result}, {_dimension(row)}" if row.dimension else str(row.result)),
        ("known", f"{row.warm_up} bars after its arguments"),
        ("memory", row.memory),
    ]
    if row.spelled:
        facts.append(("written", row.spelled if row.public else f"{row.spelled} only"))
    if row.commutes:
        facts.append(("commutes", "the first two arguments may change places"))
    parts = [_heading(row.signature, 2, markdown), _flow(row.doc), _table(args, markdown)]
    return "\n".join([*parts, _table(facts, markdown)])


def close_matches(word: str) -> list[str]:
    """Operators with a name like the word's, the likeliest first."""
    near = get_close_matches(word.lower(), OPERATORS, n=5, cutoff=0.5)
    return near + [n for n in OPERATORS if word.lower() in n and n not in near][:5]


_LAYERS = {
    "factor": "the edge: a number per asset and bar, high is good to hold",
    "signal": "direction: a Series in -1..1 or a Mask; f is what factor() gave",
    "size": "target weight; s is the signal; left out: s / number of listed assets",
    "exits": "an Exits: closes a trade inside the bar",
}
_PARAMS = (
    ("Int(20, low=5, high=60)", "a whole number: windows, counts"),
    ("Float(2.0, low=1.0, high=4.0)", "a number; log=True if it moves by factors"),
    ("Bool(True)", "on or off: if p.long_only: ..."),
    ('Choice("sma", options=("sma", "ema"))', "one of 2 to 16 words or numbers"),
)
_EXITS = {
    "stop_loss": "fraction of the entry price against the trade",
    "take_profit": "fraction of the entry price in its favour",
    "trailing_stop": "fraction from the best price since entry",
    "max_held": "own bars in the trade",
}
_FIELDS = (
    ("price", "m.open, m.high, m.low, m.close"),
    ("volume", "m.volume, where the market has it"),
    ("clock", "m.hour, m.weekday (0 is Monday), m.month, m.minute_of_day, m.bars_from_open, "
     "m.days_to_month_end"),
    ("more", "a market's further columns, with the dimension its config declares"),
)  # fmt: skip


def _need(layer: str) -> str:
    return "required" if layer in REQUIRED else "optional"


def _families() -> Iterator[tuple[str, list[Operator]]]:
    for family in dict.fromkeys(row.family for row in OPERATORS.values()):
        yield family, [row for row in OPERATORS.values() if row.family == family]


def _range(arg: Arg) -> str:
    return f"{arg.low:g} to {arg.high:g}" if arg.kind in (Kind.BARS, Kind.NUMBER) else ""


def _default(arg: Arg) -> str:
    return "" if arg.default is None else f"default {arg.default:g}"


def _dimension(row: Operator) -> str:
    return "a plain number" if row.dimension == "1" else f"dimension {row.dimension}"


def _inputs(row: Operator) -> str:
    return ", ".join(f"{a.name}: {a.dimension or a.kind}" for a in row.nodes)


def _operators(rows: list[Operator], markdown: bool) -> str:
    if markdown:
        lines = ["| call | takes | gives | known | memory | what |", "|" + "---|" * 6]
        for row in rows:
            cells = (f"`{_written(row)}`", _inputs(row), row.dimension or str(row.result),
                     str(row.warm_up), row.memory, _said(row))  # fmt: skip
            lines.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
        return "\n".join(lines) + "\n"
    calls = max(len(_written(row)) for row in rows) + 2
    gives = max(len(row.dimension or row.result) for row in rows) + 2
    known = max(len(str(row.warm_up)) for row in rows) + 2
    lines: list[str] = []
    for row in rows:
        what = (row.dimension or row.result).ljust(gives)
        lines.append(f"  {_written(row):<{calls}}{what}{row.warm_up!s:<{known}}{row.memory}")
        text = f"({_inputs(row)}) {_said(row)}"
        lines += wrap(text, WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6)
    return "\n".join(lines) + "\n"


def _written(row: Operator) -> str:
    return row.signature if row.public else row.spelled


def _said(row: Operator) -> str:
    return f"{row.doc}  Also {row.spelled}." if row.public and row.spelled else row.doc


def _heading(text: str, level: int, markdown: bool) -> str:
    if markdown:
        return f"{'#' * level} {text}\n"
    return f"{text}\n{('=', '-', '.')[level - 1] * len(text)}"


def _block(text: str, markdown: bool) -> str:
    return f"```python\n{text}```\n" if markdown else text


def _flow(text: str) -> str:
    return "\n".join(wrap(text, WIDTH)) + "\n"


def _table(rows: Iterable[tuple[str, ...]], markdown: bool) -> str:
    """Aligned columns; the last one is wrapped at the width."""
    rows = list(rows)
    if not rows:
        return ""
    if markdown:
        head = "| " + " | ".join("" for _ in rows[0]) + " |\n|" + "---|" * len(rows[0])
        body = ["| " + " | ".join(c.replace("|", "\\|") for c in row) + " |" for row in rows]
        return "\n".join([head, *body]) + "\n"
    widths = [max(len(row[i]) for row in rows) + 2 for i in range(len(rows[0]) - 1)]
    lines: list[str] = []
    for row in rows:
        start = "  " + "".join(c.ljust(w) for c, w in zip(row, widths, strict=False))
        text = wrap(row[-1], WIDTH, initial_indent=start, subsequent_indent=" " * len(start))
        lines += text or [start.rstrip()]
    return "\n".join(lines) + "\n"
