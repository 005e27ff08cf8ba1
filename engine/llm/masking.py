"""Masking: no symbol, market name or date reaches a model, in prose or in a strategy's source.

What is masked, as whole words and with regard to case:

* symbols of the panel, as `asset 2`: their place in the panel's order, as in `sandbox.study`; also
  what pairs and classes are made of (`BTC` of BTC/USDT, `BRK` of BRK.B), as `asset 2a`;
* the market's name, as `the market`;
* dates: 2008-09-15, 20080915, 15/09/2008, Sep 2008, Sep '08, '08, and numbers from 1900 to 2099.

What is not, since it would say nothing or break what it stands in:

* words of the language, of Python and of this market's fields, whatever asset is called so: `low`,
  `open`, `m.vix`. A symbol written like a common English word in small letters (`it`, `all`), or a
  market with a usual name (`default`), is left alone, too; in capitals (IT, ALL) it is masked;
* symbols of one letter, unless behind a $ ($T), and numeric ones under four digits;
* numbers in code: an EMA of 2000 stays one.

In source only comments, strings and names of the author's own change, equal ones alike and
different ones differently (`asset_2`, `date_1`), so that the code draws the same graph.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from keyword import kwlist, softkwlist

from genomes.check.names import METHOD_NAMES, RESERVED
from genomes.language.graph import EXIT_RANGES
from genomes.language.operators import OPERATORS
from sandbox.market.panel import CLOCK_FIELDS, OHLCV

MAX_NAME = 40  # characters of a parameter's name, as the checker has it

_LANGUAGE = frozenset(
    (*kwlist, *softkwlist, *RESERVED, *METHOD_NAMES, *OPERATORS, *OHLCV, *CLOCK_FIELDS,
     *EXIT_RANGES, *(arg.name for row in OPERATORS.values() for arg in row.args),
     "m", "p", "f", "s", "options", "span", "adjust", "alpha", "periods", "window", "genomes",
     "language", "import", "name", "asset", "assets", "date", "dates", "market", "the")
)  # fmt: skip
_COMMON_WORDS = (
    "a all am an and any are as at be best big but buy by can cash cost day did do down edge fast "
    "flat for from fund funds gain get go good has have he hold if in into is it key kind line "
    "live long loss man me month more most move my near new next no not now of off on one or our "
    "out own play post price real rise safe sell she short so some stay stop than that their them "
    "then they this to true turn two up us use very was we well were what when where who will "
    "with you default daily data hourly bars main test train prices stocks futures crypto"
)
_COMMON = frozenset(_COMMON_WORDS.split())

_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|"
    r"Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
_YEAR = r"(?:19|20)\d\d"
_TIME = r"(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?: ?Z| ?UTC|[+-]\d\d:?\d\d)?)?"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_DATE = re.compile(
    rf"(?<!\d){_YEAR}[-/.](?:0?[1-9]|1[0-2])(?:[-/.](?:[12]\d|3[01]|0?[1-9]))?(?!\d){_TIME}"
    rf"|(?<!\d){_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d){_TIME}"
    rf"|(?<![\d.])\d{{1,2}}([-/.])\d{{1,2}}\1{_YEAR}(?!\d){_TIME}"
    r"|(?<![\d.])\d{1,2}/\d{1,2}/\d\d(?!\d)"
    rf"|(?<![^\W_])(?:{_DAY}[ -])?{_MONTH}[ -](?:{_DAY},? )?(?:{_YEAR}(?!\d)|'\d\d(?!\w))"
    rf"|(?<![\d.]){_YEAR}(?:s(?!\w))?(?!\d|\.\d)"
    r"|(?<!\w)'\d\ds?(?![\w'])",
    re.IGNORECASE,
)
_DATED = re.compile(r"(?:19|20)\d\d|\d/\d\d?/\d\d|'\d\d")  # without it there is no date
_NAME_YEAR = re.compile(rf"(?<!\d){_YEAR}(?!\d)")
_RUN = re.compile(r"[^\W_]+")
_PREFIX = r"[rRbBuU]{0,2}"
_TOKEN = (
    re.compile(  # one lexer for strategies: they have no f-strings, and a broken one draws nothing
        r"(?P<comment>#)[^\n]*"
        rf'|(?P<long>{_PREFIX}""")(?:\\.|(?!""").)*"""'
        rf"|(?P<long_too>{_PREFIX}''')(?:\\.|(?!''').)*'''"
        rf'|(?P<short>{_PREFIX}")(?:\\.|[^"\\\n])*"'
        rf"|(?P<short_too>{_PREFIX}')(?:\\.|[^'\\\n])*'"
        r"|(?P<name>[^\W\d]\w*)"
        r"|(?P<number>\.?\d[\w.]*)",
        re.DOTALL,
    )
)
_CLOSE = {"comment": 0, "long": 3, "long_too": 3, "short": 1, "short_too": 1}


class Mask:
    """Hides what would say which market and time it is. It keeps nothing of what it is shown."""

    def __init__(
        self, symbols: Sequence[str], *, market: str = "", fields: Iterable[str] = ()
    ) -> None:
        """Learn what to hide.

        Args:
            symbols: The panel's, in its order.
            market: The market's name.
            fields: The market's fields, which are shown as they are.
        """
        self._kept = _LANGUAGE | set(fields)
        tags: dict[str, str] = {}  # what is hidden -> behind `asset`; "" is the market
        parts: dict[str, str] = {}
        letters: dict[str, str] = {}
        for number, symbol in enumerate(symbols, start=1):
            if len(symbol) == 1:
                letters.setdefault(symbol, str(number))
            elif self._tells(symbol):
                tags.setdefault(symbol, str(number))
            runs = _RUN.findall(symbol)
            if runs != [symbol] and self._tells(symbol):
                for run, letter in zip(runs, "abcdefgh", strict=False):
                    if len(run) > 1 and self._tells(run):
                        parts.setdefault(run, f"{number}{letter}")
        if len(market) > 1 and self._tells(market):
            tags.setdefault(market, "")
        self._tags = parts | tags
        self._letters = letters
        joined = sorted((s for s in tags if _RUN.fullmatch(s) is None), key=lambda s: (-len(s), s))
        self._joined = (
            re.compile(
                "|".join(rf"{_edge(s[0], '<!')}{re.escape(s)}{_edge(s[-1], '!')}" for s in joined)
            )
            if joined
            else None
        )
        self._runs = frozenset(run for hidden in self._tags for run in _RUN.findall(hidden))

    def prose(self, text: str) -> str:
        """A text in words, masked."""
        if not self._may_tell(text):
            return text
        return self._hidden(text, _said, lambda _: "[date]")

    def source(self, text: str) -> str:
        """A strategy's text, masked; it draws the same graph, and a second mask changes nothing."""
        if not self._may_tell(text):
            return text
        prefix, dated = "asset_", "date_"
        while prefix in text or dated in text:  # a name of ours must not meet one of the author's
            prefix, dated = f"an_{prefix}", f"a_{dated}"
        dates: dict[str, str] = {}
        names: dict[str, str] = {}

        def tagged(tag: str) -> str:
            return f"{prefix}{tag}" if tag else f"{prefix}market"

        def numbered(date: str) -> str:
            return dates.setdefault(date, f"{dated}{len(dates) + 1}")

        def words(inside: str) -> str:
            if inside.isidentifier():  # it may be a parameter's name
                return named(inside)
            return self._hidden(inside, tagged, numbered)

        def named(name: str) -> str:
            if name in self._kept:
                return name
            if name not in names:
                hidden = _RUN.sub(lambda run: self._run(run[0], tagged), name)
                hidden = _NAME_YEAR.sub(lambda year: numbered(year[0]), hidden)
                if hidden != name and len(hidden) > MAX_NAME:
                    hidden = f"{prefix}name_{len(names) + 1}"
                names[name] = hidden
            return names[name]

        def token(found: re.Match[str]) -> str:
            kind = found.lastgroup or "number"
            if kind == "name":
                return named(found[0])
            if kind == "number":
                return found[0]
            head, end = found[kind], len(found[0]) - _CLOSE[kind]
            return head + words(found[0][len(head) : end]) + found[0][end:]

        return _TOKEN.sub(token, text)

    def _tells(self, word: str) -> bool:
        """Whether a word of two letters or more is worth hiding."""
        if word.isdigit():
            return len(word) >= 4
        return word not in self._kept and word not in _COMMON

    def _may_tell(self, text: str) -> bool:
        if _DATED.search(text) or (self._letters and "$" in text):
            return True
        return not self._runs.isdisjoint(_RUN.findall(text))

    def _hidden(self, text: str, tagged: Callable[[str], str], dated: Callable[[str], str]) -> str:
        if self._joined is not None:
            text = self._joined.sub(lambda found: tagged(self._tags[found[0]]), text)
        if self._letters:
            text = re.sub(
                r"\$([A-Za-z])(?![^\W_])",
                lambda one: tagged(self._letters[one[1]]) if one[1] in self._letters else one[0],
                text,
            )
        text = _RUN.sub(lambda run: self._run(run[0], tagged), text)
        return _DATE.sub(lambda date: dated(date[0]), text)

    def _run(self, run: str, tagged: Callable[[str], str]) -> str:
        tag = self._tags.get(run)
        return run if tag is None else tagged(tag)


def _said(tag: str) -> str:
    return f"asset {tag}" if tag else "the market"


def _edge(letter: str, look: str) -> str:
    """That a symbol is not part of a longer word on that side."""
    return rf"(?{look}[^\W_])" if letter.isalnum() else ""
