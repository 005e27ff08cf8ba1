"""Masking: no symbol, market name or date reaches a model, in prose or in a strategy's source.

What is masked, as whole words, whatever characters spell them (`engine.llm.spellings`):

* symbols of the panel, as `asset 2`: their place in the panel's order, as in `sandbox.study`; also
  what pairs and classes are made of (`BTC` of BTC/USDT and of BTCUSDT, `BRK` of BRK.B), as
  `asset 2a`;
* the market's name, as `the market`;
* dates (`engine.llm.dates`).

A name of three letters or more is found in any case (`spy`), with a plural s, in longer names
(`spy_window`, `spyWindow`, `spy20`), and with other signs between its parts (BTC-USDT, `btcusdt`).

What is not, since it would say nothing or break what it stands in:

* words of the language, of Python and of this market's fields, whatever asset is called so: `low`,
  `open`, `m.vix`. A symbol written like a common English word in small letters (`it`, `all`), or a
  market with a usual name (`default`), is left alone, too; in capitals (IT, ALL) it is masked, and
  the word in small letters stays (`engine.llm.everyday`);
* symbols of one letter, unless behind a $ ($T), and numeric ones under four digits;
* numbers in code: an EMA of 2000 stays one.

In source only comments, strings and names of the author's own change, equal ones alike and
different ones differently (`asset_2`, `date_1`), so that the code draws the same graph.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from string import ascii_lowercase

from engine.llm.dates import DATE, DATE_IN_NAME, MAYBE
from engine.llm.everyday import COMMON, LANGUAGE, everyday
from engine.llm.pairs import affixes, halves
from engine.llm.spellings import decoded, plain

MAX_NAME = 40  # characters of a parameter's name, as the checker has it
MIN_FOLDED = 3  # letters of a name that is found in any case

_WORD = re.compile(r"\w+")
_RUN = re.compile(r"[^\W_]+")
_PIECE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|.", re.DOTALL)
_MIXED = re.compile(  # a run of several pieces; it begins with a class since that is found fast
    r"[A-Z\d](?:(?<=[a-z][A-Z])|(?<=[A-Z])[A-Z][a-z]|(?<=[A-Za-z]\d)|(?<=[A-Z])\d|(?<=\d)[A-Za-z])"
)
_BLANKED = bytes(i if chr(i).isalnum() and i < 128 else 32 for i in range(256))
_ESCAPE = re.compile(r"(\\[abfnrtv\\])")  # else `\nSPY` is one word
_PREFIX = r"[rRbBuU]{0,2}"
_UNSEEN = (
    "\u00ad\u0600-\u0605\u061c\u06dd\u070f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f"
)
_BETWEEN = re.compile(rf"(?<![^\W_])([^\W_]*+)[{_UNSEEN}]+(?=([^\W_]*))")
_TOKEN = (
    re.compile(  # one lexer for strategies: they have no f-strings, and a broken one draws nothing
        r"(?P<comment>#)[^\n]*"
        rf'|(?P<long>{_PREFIX}""")(?:\\.|(?!""").)*(?:"""|\Z)'
        rf"|(?P<long_too>{_PREFIX}''')(?:\\.|(?!''').)*(?:'''|\Z)"
        rf'|(?P<short>{_PREFIX}")(?:\\.|[^"\\\n])*(?:"|(?=\n)|\Z)'
        rf"|(?P<short_too>{_PREFIX}')(?:\\.|[^'\\\n])*(?:'|(?=\n)|\Z)"
        rf"|(?P<name>[^\W\d]\w*(?:[{_UNSEEN}]+\w*)*)"
        r"|(?P<number>\.?\d[\w.]*)",
        re.DOTALL,
    )
)
_CLOSE = {"comment": "", "long": '"""', "long_too": "'''", "short": '"', "short_too": "'"}

Tagged = Callable[[str], str]
Dated = Callable[[re.Match[str]], str]

SHORT = 1_000
"""Characters of a text whose masked form is kept for the next time."""


class Mask:
    """Hides what would say which market and time it is; what it shows is a function of the text."""

    def __init__(
        self, symbols: Sequence[str], *, market: str = "", fields: Iterable[str] = ()
    ) -> None:
        """Learn what to hide.

        Args:
            symbols: The panel's, in its order.
            market: The market's name.
            fields: The market's fields, which are shown as they are.
        """
        self._kept = LANGUAGE | set(fields)
        self._most = len(symbols)
        tags: dict[str, str] = {}  # what is hidden -> behind `asset`; "" is the market
        parts: dict[str, str] = {}
        letters: dict[str, str] = {}
        shared = affixes(symbols)
        for number, symbol in enumerate(symbols, start=1):
            if len(symbol) == 1:
                letters.setdefault(symbol, str(number))
            elif self._tells(symbol):
                tags.setdefault(symbol, str(number))
                runs = _RUN.findall(symbol)
                pieces = [] if runs == [symbol] else list(runs)
                pieces += [part for run in runs for part in halves(run, shared)]
                for part, letter in zip(pieces, ascii_lowercase, strict=False):
                    if len(part) > 1 and self._tells(part):
                        parts.setdefault(part, f"{number}{letter}")
        if len(market) > 1 and self._tells(market) and market not in everyday():
            tags.setdefault(market, "")
        parts = {part: tag for part, tag in parts.items() if part not in tags}
        self._letters = letters
        self._folded = self._fold(tags | parts)
        self._tags = tags | parts
        for word in [w for w in self._tags if w.isupper() and w.casefold() not in self._folded]:
            self._tags.setdefault(word + "s", self._tags[word])  # ALLs: ALL is in capitals only
        joined = sorted((s for s in tags if _RUN.fullmatch(s) is None), key=lambda s: (-len(s), s))
        ways = [way for symbol in joined for way in self._ways(symbol, symbol == market)]
        self._joined = re.compile("|".join(ways)) if ways else None
        marks = [max(_RUN.findall(s), key=len).casefold() for s in joined if _RUN.search(s)]
        self._hints = frozenset((*self._folded, *marks))
        self._exact = frozenset(s for s in self._tags if s.casefold() not in self._folded)
        self._exact_hints = frozenset(symbol.casefold() for symbol in self._exact)
        # The same lessons and failures are shown in many briefings: masking them anew took a
        # quarter of the driver's time for a candidate.
        self._kept_prose = lru_cache(maxsize=4096)(self._prose)

    def prose(self, text: str) -> str:
        """A text in words, masked; as it was to the letter where there is nothing to hide."""
        return self._kept_prose(text) if len(text) <= SHORT else self._prose(text)

    def _prose(self, text: str) -> str:
        return self._shown(text, _said, lambda _: "[date]")

    def quoted(self, text: str) -> str:
        """What is said of a source, quoting it: masked with the names that `source` gives.

        A bare number from 1900 to 2099 stays, since it may be one of the code's.
        """
        return self._shown(text, _named, _unless_number)

    def source(self, text: str) -> str:
        """A strategy's text, masked; it draws the same graph, and a second mask changes nothing."""
        probe = self._read(text)
        if not self._may_tell(probe):
            return text
        probe = text + probe
        prefix, dated = "asset_", "date_"
        while prefix in probe or dated in probe:  # a name of ours must not meet one of the author's
            prefix, dated = f"an_{prefix}", f"a_{dated}"
        dates: dict[str, str] = {}
        names: dict[str, str] = {}
        strings: dict[str, str] = {}
        taken: set[str] = set()

        def tagged(tag: str) -> str:
            return f"{prefix}{tag}" if tag else f"{prefix}market"

        def numbered(date: re.Match[str]) -> str:
            return dates.setdefault(date[0], f"{dated}{len(dates) + 1}")

        def own(hidden: str) -> str:
            """What no other word became: SPY, spy and BTC-USD beside BTCUSD stay different."""
            made, number = hidden, 1
            while made in taken:
                number += 1
                made = f"{hidden}_{number}"
            taken.add(made)
            return made

        def string(inside: str, raw: bool) -> str:
            meant = inside if raw else decoded(inside)
            if meant.isascii() and meant.isidentifier():  # it may be a parameter's name
                hidden = named(meant)
                return inside if hidden == meant else hidden
            if meant not in strings:
                hidden = self._shown(meant, tagged, numbered)
                strings[meant] = own(hidden) if hidden != meant else meant
            return inside if strings[meant] == meant else strings[meant]

        def named(name: str) -> str:
            if name in self._kept:
                return name
            if name not in names:
                read = self._read(name)
                hidden = self._in_name(read, tagged, numbered)
                if hidden != read:
                    hidden = own(hidden)
                    if len(hidden) > MAX_NAME:
                        hidden = own(f"{prefix}name_{len(names) + 1}")
                names[name] = name if hidden == read else hidden
            return names[name]

        def token(found: re.Match[str]) -> str:
            kind = found.lastgroup or "number"
            whole = found[0]
            if kind == "name":
                return named(whole)
            if kind == "number":
                return whole
            head, close = found[kind], _CLOSE[kind]
            closed = len(whole) >= len(head) + len(close) and whole.endswith(close)
            end = len(whole) - len(close) * closed
            inside = whole[len(head) : end]
            if kind == "comment":
                return head + self._shown(inside, tagged, numbered)
            return head + string(inside, "r" in head.lower()) + whole[end:]

        return _TOKEN.sub(token, text)

    # -- what is hidden ----------------------------------------------------------------------------

    def _tells(self, word: str) -> bool:
        """Whether a word of two letters or more is worth hiding."""
        if word.isdigit():
            return len(word) >= 4
        return word not in self._kept and word not in COMMON

    def _fold(self, tags: dict[str, str]) -> dict[str, str]:
        """Names as they are found in any case, and their plurals, none of them an everyday word."""
        left = everyday() | {word.casefold() for word in self._kept}
        folded: dict[str, str] = {}
        for word, tag in tags.items():
            runs = _RUN.findall(word)
            name = "".join(runs).casefold()
            if len(runs) == 1 and runs[0] in tags and runs[0] != word:
                continue  # ^GSPC: GSPC is there by itself
            if _is_long(name) and left.isdisjoint((name, word.casefold())):
                folded.setdefault(name, tag)
        for name, tag in list(folded.items()):
            if name + "s" not in left:
                folded.setdefault(name + "s", tag)
        return folded

    def _ways(self, symbol: str, spaced: bool) -> Iterator[str]:
        """Patterns of a name that signs part; the market's may stand as words of a sentence."""
        yield rf"{_edge(symbol[0], '<!')}{re.escape(symbol)}{_edge(symbol[-1], '!')}"
        runs = _RUN.findall(symbol)
        if len(runs) > 1 and "".join(runs).casefold() in self._folded:
            sign = "[-_./: ]" if spaced else "[-_./:]"
            yield rf"(?<![^\W_])(?i:{sign.join(map(re.escape, runs))})(?![^\W_])"

    # -- hiding it ---------------------------------------------------------------------------------

    def _may_tell(self, text: str) -> bool:
        if MAYBE.search(text) or (self._letters and "$" in text):
            return True
        if "\\" in text:
            text = _ESCAPE.sub(" ", text)
        runs = _runs_of(text.casefold())
        if not self._hints.isdisjoint(runs):
            return True
        if not (self._exact_hints.isdisjoint(runs) or self._exact.isdisjoint(_runs_of(text))):
            return True
        if _MIXED.search(text) is None:
            return False
        pieces = [piece for run in _RUN.findall(text) for piece in _PIECE.findall(run)]
        folded = map(str.casefold, pieces)
        return not (self._hints.isdisjoint(folded) and self._exact.isdisjoint(pieces))

    def _shown(self, text: str, tagged: Tagged, dated: Dated) -> str:
        """A text masked as it is read; to the letter as it was where there is nothing to hide."""
        read = self._read(text)
        hidden = self._hidden(read, tagged, dated)
        return text if hidden == read else hidden

    def _read(self, text: str) -> str:
        """How it is read; an invisible character is a blank beside a name, nothing within one."""
        if text.isascii() and "\\" not in text:
            return text

        def between(found: re.Match[str]) -> str:
            before, after = plain(found[1]), plain(found[2])
            apart = self._tag(before) is not None or self._tag(after) is not None
            return found[1] + " " * apart

        return plain(_BETWEEN.sub(between, decoded(text)))

    def _hidden(self, text: str, tagged: Tagged, dated: Dated) -> str:
        """A text masked until nothing is left: beside a mask another name may begin."""
        while self._may_tell(text):
            parts = _ESCAPE.split(text) if "\\" in text else [text]
            parts[::2] = [self._hidden_words(part, tagged) for part in parts[::2]]
            left = DATE.sub(lambda d: d[0] if self._ours(d) else dated(d), "".join(parts))
            if left == text:
                break
            text = left
        return text

    def _hidden_words(self, text: str, tagged: Tagged) -> str:
        if self._letters:
            text = re.sub(
                r"\$([A-Za-z])(?![^\W_])",
                lambda one: tagged(self._letters[one[1]]) if one[1] in self._letters else one[0],
                text,
            )
        text = self._parted(text, tagged)
        return _WORD.sub(
            lambda w: w[0] if w[0] in self._kept or self._ours(w) else self._runs(w[0], tagged),
            text,
        )

    def _in_name(self, name: str, tagged: Tagged, dated: Dated) -> str:
        """A name of the author's own, masked likewise."""
        while True:
            left = self._runs(self._parted(name, tagged), tagged)
            left = DATE_IN_NAME.sub(lambda date: date[0] if self._ours(date) else dated(date), left)
            if left == name:
                return name
            name = left

    def _parted(self, text: str, tagged: Tagged) -> str:
        if self._joined is None:
            return text
        return self._joined.sub(lambda found: tagged(self._joined_tag(found[0])), text)

    def _joined_tag(self, found: str) -> str:
        tag = self._tags.get(found)
        return self._folded["".join(_RUN.findall(found)).casefold()] if tag is None else tag

    def _runs(self, word: str, tagged: Tagged) -> str:
        return _RUN.sub(lambda run: run[0] if self._ours(run) else self._run(run[0], tagged), word)

    def _run(self, run: str, tagged: Tagged) -> str:
        tag = self._tag(run)
        if tag is not None:
            return tagged(tag)
        if _MIXED.search(run) is None:
            return run
        made = ""
        for piece in _PIECE.findall(run):
            tag = self._tag(piece)
            made += piece if tag is None else f"{'_' if made else ''}{tagged(tag)}_"
        return made.rstrip("_")

    def _tag(self, word: str) -> str | None:
        tag = self._tags.get(word)
        return self._folded.get(word.casefold()) if tag is None else tag

    def _ours(self, found: re.Match[str]) -> bool:
        """Whether a number is one that we gave an asset, where assets have numbers for symbols."""
        number, start = found[0], found.start()
        if len(number) > len(str(self._most)):  # int() refuses thousands of digits
            return False
        # Of what counts as a digit elsewhere, a one in a circle, say, int() takes but a part.
        is_number = number.isascii() and number.isdigit() and number[0] != "0"
        if not is_number or int(number) > self._most:
            return False
        return found.string.startswith(("asset ", "asset_"), start - 6) and start >= 6


def _runs_of(text: str) -> frozenset[str]:
    """Its runs of letters and digits; of ASCII in a third of a regular expression's time."""
    if text.isascii():
        return frozenset(text.encode().translate(_BLANKED).decode().split())
    return frozenset(_RUN.findall(text))


def _is_long(name: str) -> bool:
    """Whether a name may be looked for in any case: gspc, sp500, but not of or x2."""
    letters = sum(map(str.isalpha, name))
    return letters >= MIN_FOLDED or (letters == MIN_FOLDED - 1 and len(name) > MIN_FOLDED)


def _said(tag: str) -> str:
    return f"asset {tag}" if tag else "the market"


def _named(tag: str) -> str:
    return f"asset_{tag or 'market'}"


def _unless_number(date: re.Match[str]) -> str:
    """A year by itself may be a window."""
    before, after = date.string[: date.start()][-1:], date.string[date.end() :][:1]
    alone = not (before.isalpha() or before == "_" or after.isalpha() or after == "_")
    return date[0] if date[0].isdigit() and len(date[0]) == 4 and alone else "[date]"


def _edge(letter: str, look: str) -> str:
    """That a symbol is not part of a longer word on that side."""
    return rf"(?{look}[^\W_])" if letter.isalnum() else ""
