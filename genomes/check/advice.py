"""What to write instead: for each thing that people and models try, the spelling we have."""

from __future__ import annotations

from difflib import get_close_matches

from genomes.check.names import BUILTINS, CALLABLE, WORDS
from genomes.language.series import GONE, Series, methods_of
from genomes.language.table import OPERATORS

LISTED = "python -m genomes.language lists what there is"
_OHLCV = ("open", "high", "low", "close", "volume")
_SPANS = ("minutes", "hours", "days", "weeks", "months")
_SPAN = "spans are not in the language yet: write a number of bars"
_NO_TEXT = "a strategy makes no text: remove it"
_NO_FILES = "a strategy reads and writes nothing: remove it"
_GROUPS = "operators work per asset by themselves; across assets use cross_rank, cross_demean"
_NO_TYPES = "write the names themselves; nothing is looked up by name or type"

_NAMES: dict[str, str] = {
    **{name: f"write m.{name}" for name in _OHLCV if name != "open"},
    "open": "a strategy reads no files; for the opening price write m.open",
    **dict.fromkeys(_SPANS, _SPAN),
    **dict.fromkeys(("print", "str", "repr", "format", "chr", "ord", "ascii"), _NO_TEXT),
    **dict.fromkeys(("input", "exec", "eval", "compile", "__import__"), _NO_FILES),
    **dict.fromkeys(
        (
            "getattr", "setattr", "delattr", "hasattr", "isinstance", "issubclass", "type", "vars",
            "dir", "globals", "locals", "callable", "id", "hash", "object", "super", "property",
        ),
        _NO_TYPES,
    ),
    "map": "write a comprehension: [ema(m.close, n) for n in (5, 20)]",
    "filter": "write a comprehension with an if",
    "reversed": "write range(n, 0, -1)",
    "iter": "write a for loop",
    "next": "write a for loop",
    "set": "write a tuple or a list",
    "frozenset": "write a tuple or a list",
    "slice": "use x.shift(n) for n bars ago",
    "pow": "write x ** 2",
    "divmod": "write n // k and n % k",
    "df": "write m.close, m.high, ... for the columns",
    "data": "write m.close, m.high, ... for the columns",
    "params": "write p.window for the parameter window",
    "PARAMS": "write p.window for the parameter window",
    "nan": "leave it unknown: warm-up and 0/0 are unknown by themselves",
    "inf": "write a large plain number",
    "pi": "write 3.14159",
    "self": "layers are plain functions of m and p: there is no self",
    "isnan": "write x.isna()",
    "isnull": "write x.isna()",
    "notnull": "write x.notna()",
    "scan": "scan is not in the language yet: use hold, ratchet or ema",
    "rebalance": "rebalance is not in the language yet: use hold or cooldown",
}  # fmt: skip

_SYNONYMS = {word: name for name, row in OPERATORS.items() for word in row.synonyms.split()}

_MEMBERS: dict[str, str] = {
    "log1p": "write log(1 + x)",
    "expm1": "write exp(x) - 1",
    "square": "write x ** 2",
    "power": "write x ** 2",
    "nan_to_num": "write x.fillna(0)",
    "full_like": "write the number itself",
    "zeros_like": "write 0",
    "ones_like": "write 1",
    "zeros": "write 0",
    "ones": "write 1",
    "logical_and": "write (x > 0) & (y > 0)",
    "logical_or": "write (x > 0) | (y > 0)",
    "logical_not": "write ~(x > 0)",
    "cumsum": GONE["cumsum"],
    "cumprod": GONE["cumprod"],
    "sum": "write total(x, n)",
    "median": "write median(x, n)",
    "prod": "write returns(x, n) + 1",
    "array": "write a tuple or a list",
    "Series": "values are series already: use m.close as it is",
    "DataFrame": "values are series already: use m.close as it is",
    "concat": "write max(x, y), min(x, y) or a helper function",
    "random": "a strategy has no randomness",
}

_METHODS: dict[str, str] = {
    "append": "lists are grown by parts = parts + [x], or by a comprehension",
    "extend": "lists are grown by parts = parts + more",
    "items": "loop over the keys: for k in d, then d[k]",
    "keys": "loop over it: for k in d",
    "get": "write d[k]; fields are m.close, parameters p.window",
    "format": _NO_TEXT,
    "join": _NO_TEXT,
    "upper": _NO_TEXT,
    "lower": _NO_TEXT,
    "copy": "values never change: use it as it is",
    "dropna": "unknown bars stay unknown; use x.fillna(y) where a value must stand",
    "isnull": "write x.isna()",
    "notnull": "write x.notna()",
    "std": "write stdev(x, n), or x.rolling(n).std()",
    "corr": "write correlation(x, y, n)",
    "cov": "write covariance(x, y, n)",
    "add": "write x + y",
    "sub": "write x - y",
    "mul": "write x * y",
    "div": "write x / y",
    "gt": "write x > y",
    "lt": "write x < y",
    "agg": "call the methods by name: x.rolling(n).mean()",
    "groupby": _GROUPS,
    "transform": _GROUPS,
    "tail": "use x.shift(n) for n bars ago",
    "head": "use x.shift(n) for n bars ago",
    "round": "leave it as it is, or compare with thresholds",
    "replace": "use where(condition, x, y)",
    "every": "slower bars are not in the language yet; use a longer window",
    "role": "roles are not in the language yet; use cross_mean(x) for the market as a whole",
    "is_role": "roles are not in the language yet",
}


MODULES = frozenset(
    [
        "np", "numpy", "pd", "pandas", "ta", "talib", "math", "scipy", "stats", "os", "sys",
        "random", "datetime", "time", "torch", "tf", "vbt", "bt", "statistics", "sklearn",
        "itertools", "functools", "operator", "pandas_ta", "numba", "typing", "json",
    ]
)  # fmt: skip


def call_of(word: str) -> str:
    """How a word of the language is written: `write ema(x, n)`."""
    if word in ("min", "max"):
        return f"write {word}(x, y)"
    return f"write {OPERATORS[word].signature}" if word in OPERATORS else f"write {word}(...)"


def for_name(name: str) -> str:
    """For a name that means nothing here, the name or spelling that was probably meant."""
    if name in _NAMES:
        return _NAMES[name]
    plain = name.lower().strip("_")
    plain = plain.removeprefix("ta_").removeprefix("calc_").removeprefix("compute_")
    if plain in CALLABLE:
        return call_of(plain)
    if plain in _SYNONYMS:
        return call_of(_SYNONYMS[plain])
    if plain in _OHLCV:
        return f"write m.{plain}"
    close = get_close_matches(plain, sorted(WORDS | BUILTINS), n=2, cutoff=0.75)
    if close:
        return f"did you mean {' or '.join(close)}? {LISTED}"
    return f"define it, or pass it as an argument: a function sees its own names; {LISTED}"


def for_member(module: str, member: str, parent: str = "") -> str:
    """For `np.where`, `ta.RSI`, `np.random.rand` and the like."""
    if parent in _MEMBERS:
        return _MEMBERS[parent]
    if member in _MEMBERS:
        return _MEMBERS[member]
    plain = member.lower()
    if plain in CALLABLE or plain in _SYNONYMS:
        return call_of(_SYNONYMS.get(plain, plain))
    if member in _NAMES:
        return _NAMES[member]
    if plain in _OHLCV:
        return f"write m.{plain}"
    return f"there are no modules here; {LISTED}"


def for_method(name: str) -> str:
    """For a method that values do not have."""
    if name in _METHODS:
        return _METHODS[name]
    if name in GONE:
        return GONE[name]
    if name.lower() in WORDS:
        return call_of(name.lower())
    return f"series have: {', '.join(methods_of(Series))}"
