"""Code in plain English: an expression as a phrase, a rule as a sentence, an idea told anew."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import libcst as cst

from genomes.genome import origin_of
from genomes.language.graph import BEHAVIOUR, Graph
from genomes.language.params import Float, Param
from genomes.variation import edit
from genomes.variation.edit import bare, code_of

MAX_IDEA = 240
_CALLS = {
    "returns": "the {1}-bar return of {0}", "log_return": "the {1}-bar log return of {0}",
    "sma": "the {1}-bar mean of {0}", "ema": "the {1}-bar exponential mean of {0}",
    "wma": "the {1}-bar weighted mean of {0}", "rma": "Wilder's {1}-bar mean of {0}",
    "hull": "the {1}-bar Hull mean of {0}", "kama": "Kaufman's {1}-bar mean of {0}",
    "median": "the {1}-bar median of {0}", "linear_fit": "the {1}-bar fitted line of {0}",
    "stdev": "the {1}-bar standard deviation of {0}",
    "ew_stdev": "the {1}-bar exponential standard deviation of {0}",
    "mean_abs_dev": "the {1}-bar mean absolute deviation of {0}",
    "downside_stdev": "the {1}-bar downside volatility",
    "parkinson": "Parkinson's {2}-bar volatility",
    "garman_klass": "Garman and Klass's {4}-bar volatility",
    "atr": "the {3}-bar average true range", "true_range": "the true range",
    "vwap": "the {4}-bar volume-weighted price",
    "donchian_middle": "the middle of the {2}-bar channel",
    "slope": "the {1}-bar slope of {0}", "highest": "the {1}-bar high of {0}",
    "lowest": "the {1}-bar low of {0}", "zscore": "the {1}-bar z-score of {0}",
    "percent_rank": "the rank of {0} among its last {1} bars",
    "range_position": "the place of {0} in its {1}-bar range",
    "efficiency_ratio": "the {1}-bar efficiency ratio of {0}",
    "r_squared": "the {1}-bar R squared of {0}", "rsi": "the {1}-bar RSI of {0}",
    "adx": "the {3}-bar ADX", "plus_di": "the {3}-bar upward movement",
    "minus_di": "the {3}-bar downward movement", "mfi": "the {4}-bar money flow index",
    "money_flow": "the {4}-bar money flow", "lag": "{0} {1} bars ago",
    "cross_rank": "the rank of {0} among assets", "cross_zscore": "{0} against the other assets",
    "cross_demean": "{0} above the average asset's", "abs": "the size of {0}",
    "crossover": "{0} crosses above {1}", "crossunder": "{0} crosses below {1}",
    "macd": "the MACD of {0}", "macd_signal": "the MACD's signal line of {0}",
    "tanh": "{0}, squashed", "bollinger_position": "the place of {0} in its {1}-bar bands",
}  # fmt: skip
_DEFAULTS = {"returns": ("1",), "log_return": ("1",), "lag": ("1",)}
_SIGNS: dict[type, str] = {
    cst.Add: "plus", cst.Subtract: "less", cst.Multiply: "times", cst.Divide: "over",
}  # fmt: skip
_TESTS: dict[type, str] = {
    cst.GreaterThan: "above", cst.LessThan: "below", cst.GreaterThanEqual: "at least",
    cst.LessThanEqual: "at most",
}  # fmt: skip
_SPREADS = ("stdev", "ew_stdev", "mean_abs_dev")


def say(node: Any, params: Mapping[str, Param]) -> str:
    """An expression as a phrase: `close is above its 50-bar mean`. Long ones are not cut."""
    match node:
        case cst.Name(value="f"):
            return "the factor"
        case cst.Name(value=name):
            return name.replace("_", " ")
        case cst.Attribute(value=cst.Name(value="p"), attr=cst.Name(value=name)):
            param = params.get(name)
            if param is None:
                return name
            return f"{param.default:g}" if isinstance(param, Float) else f"{param.default}"
        case cst.Attribute(value=cst.Name(value="m"), attr=cst.Name(value=name)):
            return name.replace("_", " ")
        case cst.Comparison(left=left, comparisons=[target]) if type(target.operator) in _TESTS:
            one, other = say(left, params), say(target.comparator, params)
            if len(one) > len(other) and re.fullmatch(r"\w+", other) and not other[0].isdigit():
                flip = {"above": "below", "below": "above", "at least": "at most"}
                word = _TESTS[type(target.operator)]
                return f"{other} is {flip.get(word, 'at least')} {_its(one, other)}"
            return f"{one} is {_TESTS[type(target.operator)]} {_its(other, one)}"
        case cst.BinaryOperation(operator=cst.BitAnd(), left=left, right=right):
            return f"{say(left, params)} and {say(right, params)}"
        case cst.BinaryOperation(operator=cst.BitOr(), left=left, right=right):
            return f"{say(left, params)} or {say(right, params)}"
        case cst.BinaryOperation() if type(node.operator) in _SIGNS:
            word = _SIGNS[type(node.operator)]
            return f"{say(node.left, params)} {word} {say(node.right, params)}"
        case cst.UnaryOperation(operator=cst.Minus()):
            return f"minus {say(node.expression, params)}"
        case cst.UnaryOperation(operator=cst.BitInvert()):
            return f"not {say(node.expression, params)}"
        case cst.Call(func=cst.Name(value=word), args=args):
            return _call(word, [a.value for a in args], params)
        case cst.Call(func=cst.Attribute(attr=cst.Name(value="shift"), value=owner), args=args):
            n = say(args[0].value, params) if args else "1"
            return f"{say(owner, params)} {n} bar{'s' * (n != '1')} ago"
        case _:
            return " ".join(code_of(node).split())


def _its(phrase: str, subject: str) -> str:
    """`the 50-bar mean of close` beside close: `its 50-bar mean`."""
    if phrase.startswith(f"{subject} ") and phrase.endswith(" ago"):
        return f"what it was {phrase.removeprefix(f'{subject} ')}"
    head, of, rest = phrase.rpartition(" of ")
    return head.replace("the ", "its ", 1) if of and rest == subject else phrase


def _call(word: str, nodes: list[Any], params: Mapping[str, Param]) -> str:
    args = [*(say(n, params) for n in nodes), *_DEFAULTS.get(word, ())]
    if word in _SPREADS and args[0].startswith("the return of"):
        return f"the {args[1]}-bar {_SPREAD_WORDS[word]}"
    form = _CALLS.get(word)
    try:
        if form is not None:
            return form.format(*args).replace("the 1-bar return", "the return")
    except IndexError:
        pass
    return f"{word}({', '.join(code_of(n) for n in nodes)})"


_SPREAD_WORDS = {
    "stdev": "volatility",
    "ew_stdev": "exponential volatility",
    "mean_abs_dev": "mean absolute return",
}


def listed(words: list[str]) -> str:
    """Words in a sentence: `a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


# -- whether what was said still holds -------------------------------------------------------------

# What is said of operators, and those of which any one makes it true.
_LEXICON: tuple[tuple[str, str], ...] = (
    ("sma ema rma wma median hull kama linear_fit macd_signal", r"average|\bmeans?\b"),
    ("stdev ew_stdev mean_abs_dev downside_stdev garman_klass parkinson atr",
     "volatil|calm|wild|ordinary|turbulent|narrow"),
    ("vol_target inverse_vol", "(same|equal) risk"), ("inverse_vol normalize cross_rank", "tilt"),
    ("efficiency_ratio r_squared", "straight|zigzag"), ("efficiency_ratio", "efficien"),
    ("adx", r"\badx|regime"), ("macd macd_signal macd_histogram", "macd|crossing|histogram"),
    ("rsi", r"\brsi"), ("volume", "volume|liquid"), ("vwap", "vwap|volume-weighted"),
    ("atr", r"\batr\b|usual bar"), ("kama", "kaufman|adaptive"),
    ("highest lowest range_position", "range|extreme|channel|drawdown|breakout|new high"),
    ("downside_stdev", "downside|fear"), ("bollinger_position", "bollinger|bands?"),
    ("cross_rank cross_demean cross_zscore cross_mean residual",
     "peer|winner|relative|against|among|others|common"),
    ("residual", "beta|residual|hedged"), ("trailing_stop", "trailing|with a stop"),
    ("stop_loss trailing_stop", r"\bstops?\b|single loss"), ("weekday", "week|monday|friday"),
    ("days_to_month_end", "month"), ("zscore bollinger_position", "stretch|score"),
    ("slope linear_fit", "slope|line"), ("skewness", "skew|lotter"), ("min", "straighter"),
    ("lag lag_mask", "skip|delay"), ("mfi money_flow", "money flow|buying"),
)  # fmt: skip
_GENERAL = frozenset(
    ("risk", "width", "mean", "line", "long", "short", "normal", "between", "inside", "usual",
     "other", "scale", "days", "window", "size")
)  # fmt: skip


def words_of(graph: Graph) -> set[str]:
    """The operators, fields and exits that the behaviour of a graph is made of."""
    found = {name for name in BEHAVIOUR if name in graph.outputs}
    below = graph.below([graph.outputs[name] for name in found])
    return found | {str(n.statics[0]) if n.op == "field" else n.op for n in below}


def broken_words(
    lost: set[str], kept: set[str], names: set[str], *, restricted: bool
) -> re.Pattern[str] | None:
    """What an idea must not say once some operators, fields, exits and names are gone.

    Args:
        lost: Operators, fields and exits that the strategy no longer uses.
        kept: Those that it uses.
        names: Locals and parameters that are gone.
        restricted: Whether it now acts at fewer times than before.
    """
    parts: list[str] = []
    for ops, said in _LEXICON:
        alike = set(ops.split())
        if alike & lost and not alike & kept:
            parts.append(said)
    for name in sorted(names):
        parts += [_stem(w) for w in name.split("_") if len(w) > 3 and w not in _GENERAL]
    if restricted:
        parts.append(r"\balways")
    return re.compile("|".join(parts), re.IGNORECASE) if parts else None


def _stem(word: str) -> str:
    """A pattern for a word and its other forms: rising, rise; uptrend for trend."""
    stem = next((word.removesuffix(e) for e in ("ing", "ed", "y", "s") if word.endswith(e)), word)
    return stem if len(stem) >= 5 else rf"\b{stem}(e|es|en|ed|ing|s|y)?\b"


OWN = re.compile(r'After "[^"]*"(?: and "[^"]*")?: (.*)', re.DOTALL)


def retold(idea: str, clause: str) -> str:
    """A short idea in place of one that no longer holds: after what, and what is different.

    Args:
        idea: The old one.
        clause: What is different now, as the end of a sentence.
    """
    own = OWN.match(" ".join(idea.split()))
    before = own[1].rstrip(".") if own else ""
    if before:
        head = idea[: own.start(1)] if own else ""
        parts = [p for p in before.split("; ") if p != clause][-2:]
        text = f"{' '.join(head.split())} {'; '.join([*parts, clause])}."
        if len(text) <= MAX_IDEA:
            return text
    return f'After "{origin_of(idea) or "an earlier strategy"}": {clause}.'


_OF_SIZE = re.compile(r"with the (signal and )?size of|sized|.*capital|each position|smaller|equal")
_OF_WAITING = re.compile(r"only |unless ")


def outdated(idea: str, *, size: bool, waiting: bool) -> str | None:
    """An idea in our words without what later edits undid; None where nothing is left of it.

    Args:
        idea: The idea; a person's is returned as it is.
        size: Whether the size is another one now.
        waiting: Whether a condition is gone.
    """
    own = OWN.match(" ".join(idea.split()))
    if own is None or '" and "' in idea.split(": ")[0]:
        return idea
    parts = [
        p
        for p in own[1].rstrip(".").split("; ")
        if not (size and _OF_SIZE.match(p)) and not (waiting and _OF_WAITING.match(p))
    ]
    return f'After "{origin_of(idea)}": {"; ".join(parts)}.' if parts else None


def split_and(node: cst.BaseExpression) -> list[cst.BaseExpression]:
    """The conditions joined by `&`, in order."""
    match node:
        case cst.BinaryOperation(operator=cst.BitAnd(), left=left, right=right):
            return [*split_and(left), *split_and(right)]
        case _:
            return [node]


def code(node: cst.CSTNode) -> str:
    """An expression's code on one line, without parentheses of its own."""
    plain = bare(node) if isinstance(node, cst.BaseExpression) else node
    return " ".join(edit.code_of(plain).split())
