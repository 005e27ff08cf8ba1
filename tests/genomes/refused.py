"""Texts that are refused, each with the rule, the place and a part of what to write instead."""

from __future__ import annotations

from dataclasses import dataclass

HEAD = '"""A test."""\nPARAMS = {"n": Int(20, low=5, high=60)}\n\n'
SIGNAL = "\ndef signal(f, m, p):\n    return f\n"


def strategy(body: str) -> str:
    """A strategy whose factor's body begins at line 5, column 5."""
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    return f"{HEAD}def factor(m, p):\n{lines}{SIGNAL}"


def declaring(params: str) -> str:
    """A strategy with other PARAMS, at line 1."""
    return f"PARAMS = {params}\n\ndef factor(m, p):\n    return m.close\n{SIGNAL}"


def headed(line: str) -> str:
    """A strategy with a further line 1."""
    return f"{line}\n\ndef factor(m, p):\n    return m.close / ema(m.close, 3)\n{SIGNAL}"


@dataclass(frozen=True)
class Case:
    """One text and its first refusal."""

    text: str
    rule: str
    line: int
    column: int
    instead: str


def inside(body: str, rule: str, column: int, instead: str, line: int = 5) -> Case:
    return Case(strategy(body), rule, line, column, instead)


def top(line: str, rule: str, column: int, instead: str) -> Case:
    return Case(headed(line), rule, 1, column, instead)


def params(value: str, column: int, instead: str, rule: str = "parameter") -> Case:
    return Case(declaring(value), rule, 1, column, instead)


CHECKED: list[Case] = [
    # what a model writes out of habit
    inside("return np.where(m.close > 0, 1, 0)", "unknown_name", 12, "write where(condition"),
    inside("return np.random.rand(3)", "unknown_name", 12, "no randomness"),
    inside("return pd.Series(m.close)", "unknown_name", 12, "series already"),
    inside("return talib.RSI(m.close, 14)", "unknown_name", 12, "write rsi(x, n=14)"),
    inside("return np.log1p(m.close)", "unknown_name", 12, "log(1 + x)"),
    inside("return SMA(m.close, 20)", "unknown_name", 12, "write sma(x, n)"),
    inside("return momentum(m.close, 20)", "unknown_name", 12, "write returns(x"),
    inside("return stdevs(m.close, 20)", "unknown_name", 12, "did you mean stdev"),
    inside("return close", "unknown_name", 12, "write m.close"),
    inside("print(m.close)", "unknown_name", 5, "makes no text"),
    inside("return open('/etc/passwd')", "unknown_name", 12, "reads no files"),
    inside("return getattr(m, 'close')", "unknown_name", 12, "by name or type"),
    inside("return __import__('os')", "unknown_name", 12, "reads and writes nothing"),
    inside("return ema(m.close, days(20))", "unknown_name", 25, "number of bars"),
    inside("return df['close']", "indexing", 12, "write m.close"),
    inside("return m['Close']", "indexing", 12, "write m.close"),
    inside("return p['n']", "indexing", 12, "write p.n"),
    inside("return m.close[-1]", "indexing", 12, "x.shift(n)"),
    inside("x = [1, 2]\nreturn x[0, 1]", "indexing", 12, "write x[i][j]", line=6),
    inside("x = [1]\nx[0] += 1\nreturn x", "indexing", 5, "d[k] = d[k] + x", line=6),
    inside("x = [1]\nx[0:1] = [2]\nreturn x", "indexing", 5, "new list", line=6),
    inside("return m.close.rolling(20).apply(ema)", "unknown_method", 32, "operators by name"),
    inside("return m.close.ffill()", "unknown_method", 20, "use ema(x, n)"),
    inside("return m.close.cumsum()", "unknown_method", 20, "total(x, n)"),
    inside("x = []\nx.append(1)\nreturn x", "unknown_method", 7, "parts = parts + [x]", line=6),
    inside("return m.Close", "unknown_field", 14, "write m.close"),
    inside("return m.rsi(14)", "unknown_field", 14, "write rsi(x, n=14)"),
    inside('return m.every("1d")', "unknown_field", 14, "longer window"),
    inside("return m.close()", "unknown_field", 14, "written m.close"),
    inside("return m.close * p.window", "unknown_parameter", 24, '"window": Int(20'),
    inside("return p.n()", "call", 14, "write p.window"),
    inside("return ema", "call", 12, "write ema(x, n)"),
    inside("return ema(m.close, 5)(3)", "call", 12, "by name"),
    inside("x = 3\nreturn x(2)", "call", 12, "by name", line=6),
    inside("return ema(*[m.close, 3])", "call", 16, "one by one"),
    inside("return ema(**{'x': m.close})", "call", 12, "one by one"),
    inside("rsi = rsi(m.close, 14)\nreturn rsi", "rebinding", 5, "rsi_value"),
    inside("for m in (1, 2):\n    pass\nreturn 1", "rebinding", 9, "another name"),
    inside("_fast = 3\nreturn 1", "rebinding", 5, "write fast"),
    inside("return Int(3, low=1, high=5)", "parameter", 12, "at the top"),
    inside("m.close = 3\nreturn 1", "attribute", 7, "never change"),
    # statements and expressions that are not in the language
    inside("while True:\n    pass", "statement", 5, "range(n)"),
    inside("try:\n    return 1\nexcept KeyError:\n    return 2", "statement", 5, "remove the try"),
    inside("with m.close:\n    return 1", "statement", 5, "opens nothing"),
    inside("import os\nreturn 1", "statement", 5, "at the top"),
    inside("global x\nreturn 1", "statement", 5, "as arguments"),
    inside("def g(x):\n    return x\nreturn 1", "statement", 5, "top level"),
    inside("class A:\n    pass\nreturn 1", "statement", 5, "plain functions"),
    inside("x = 1\ndel x\nreturn 1", "statement", 5, "remove the del", line=6),
    inside("assert True\nreturn 1", "statement", 5, "PARAMS"),
    inside("raise KeyError\nreturn 1", "statement", 5, "remove it"),
    inside("[a, b] = [1, 2]\nreturn a", "statement", 5, "a, b = ..."),
    inside("match p.n:\n    case 3:\n        return 1", "statement", 5, "if and elif"),
    inside("ema(m.close, 3)\nreturn 1", "no_effect", 5, "name it"),
    inside("f = lambda x: x\nreturn 1", "expression", 9, "helper function"),
    inside("return (x := 3)", "expression", 13, "line of its own"),
    inside("yield m.close", "expression", 5, "return a Series"),
    inside('return f"{m.close}"', "expression", 12, "makes no text"),
    inside("return {1, 2}", "expression", 12, "tuple or a list"),
    inside("return {x for x in (1, 2)}", "expression", 12, "write a list"),
    inside("return (x for x in (1, 2))", "expression", 12, "write a list"),
    inside("a, *b = (1, 2)\nreturn a", "expression", 8, "one by one"),
    inside("return 1 << 3", "operator", 12, "x * 2"),
    inside("return m.close is m.open", "operator", 12, "write =="),
    inside("return m.close ** 7", "power", 12, "2, 3, 4, -1 and 0.5"),
    inside("return 9 ** 9 ** 9", "power", 17, "2, 3, 4"),
    inside("return 1e10", "literal", 12, "within 1e9"),
    inside("return 1e999", "literal", 12, "within 1e9"),
    inside("return 5e-324", "literal", 12, "such as 1e-9"),
    params('{"n": Float(1.0, low=1e-101, high=4.0, log=True)}', 31, "1e-9", rule="literal"),
    inside("return 1j", "literal", 12, "a number, a string"),
    inside("return b'a'", "literal", 12, "a number, a string"),
    inside("return ...", "literal", 12, "a number, a string"),
    inside(f"return {'a' * 201!r}", "literal", 12, "docstring"),
    inside("return {p.n: 1}", "literal", 13, "as keys"),
    # what may not stand in a text may not be spelled in it: operators write its words out
    inside(r"return m.close if p.n == '\x1b[2J' else 1", "character", 30, "remove it"),
    inside(r"return {'a\0': 1}", "character", 13, "remove it"),
    top(r'"""A half of a pair: \ud800."""', "character", 1, "remove it"),
    top(r'"""To the left: \u202e."""', "character", 1, "remove it"),
    top(r'"""A named one: \N{ZERO WIDTH SPACE}."""', "character", 1, "remove it"),
    params(r'{"a": Choice("x", options=("x", "\r"))}', 42, "remove it", rule="character"),
    inside("return [\n" + "1, 2, 3, 4, 5,\n" * 81 + "]", "literal", 17, "not a table", line=85),
    # escapes
    inside("return ().__class__", "attribute", 15, "nothing hidden"),
    inside("return m.close.__class__", "attribute", 20, "nothing hidden"),
    inside("return m._builder", "attribute", 14, "nothing hidden"),
    inside("return m.close._node", "attribute", 20, "nothing hidden"),
    inside("return p._values", "attribute", 14, "nothing hidden"),
    inside("return ema.__globals__", "call", 12, "write ema(x, n)"),
    inside("return where.__call__(m.close > m.open, 1, 0)", "call", 12, "write where"),
    inside("return '{0.__class__}'.format(m)", "unknown_method", 28, "makes no text"),
    inside("return m.close.__init__.__globals__", "attribute", 20, "nothing hidden"),
    # the file
    top("import numpy as np", "import", 1, "no other modules"),
    top("import genomes.language", "import", 1, "write from genomes.language import"),
    top("from genomes.language import *", "import", 30, "write from genomes.language import"),
    top("from genomes.language import ema as e", "import", 30, "as it is"),
    top("from genomes.language import days", "import", 30, "number of bars"),
    top("from genomes.language import abs", "import", 30, "abs is there"),
    top("from genomes.language.graph import Builder", "import", 1, "from genomes.language import"),
    top("from . import x", "import", 1, "no other modules"),
    top("from __future__ import division", "import", 1, "remove the import"),
    top("LOOKBACK = 20", "module", 1, "declare it in PARAMS"),
    top("if __name__ == '__main__': pass", "module", 1, "the engine calls"),
    top("for i in range(3): pass", "module", 1, "remove it"),
    Case(headed("PARAMS = {}\n'late'"), "module", 2, 1, "comes first"),
    top("class Strategy: pass", "statement", 1, "factor(m, p)"),
    top("async def f(): pass", "statement", 1, "write def"),
    top("def ema(x): return x", "rebinding", 1, "my_ema"),
    top("def _trend(x): return x", "rebinding", 1, "write trend"),
    top("def size(s, m): return s", "layer", 1, "def size(s, m, p):"),
    top("def trend(x, *rest): return x", "function", 1, "plain arguments"),
    top("def trend(x, n=[]): return x", "function", 16, "n=20"),
    top("def trend(x: print(3)): return x", "expression", 14, "leave it out"),
    top("def trend(close, ema): return close", "rebinding", 18, "ema_value"),
    top("def trend(x): return trend(x)", "recursion", 22, "not recursive"),
    Case(headed("@cache\ndef trend(x): return x"), "function", 1, 2, "plain"),
    Case(headed("def a(x): return b(x)\ndef b(x): return a(x)"), "recursion", 2, 18, "recursive"),
    Case(headed("def a(x): return x\ndef a(x): return x"), "rebinding", 2, 1, "keep one"),
    Case(HEAD + SIGNAL, "layer", 0, 0, "define factor(m, p)"),
    Case(HEAD + HEAD + SIGNAL.replace("signal", "factor"), "layer", 0, 0, "define signal(f, m, p)"),
    Case(headed("def f%d(x): return x\n" * 41 % (*range(41),)), "size", 0, 0, "at most 40"),
    params('{"n": 20}', 16, "write Int(20, low=10, high=40)"),
    params('{"n": Float(2.0, low=1.0, high=4.0, log="x")}', 16, "write log=True"),
    params('{"n": 2.5}', 16, "write Float(2.5, low=1.25, high=5)"),
    params('{"n": True}', 16, "write Bool(True)"),
    params('{"n": "sma"}', 16, 'Choice("sma"'),
    params('{"n": Int(5)}', 16, "Int(20, low=5, high=60)"),
    params('{"n": Int(5, low=6, high=9)}', 16, "from low to high"),
    params('{"n": Int(5, low=1, high=2 * 9)}', 35, "in literals"),
    params('{"n": Int(**x)}', 16, "Int(20"),
    params('{"Fast-N": Int(5, low=1, high=9)}', 11, "lower case"),
    params('{"_n": Int(5, low=1, high=9)}', 11, "lower case"),
    params('{3: Int(5, low=1, high=9)}', 11, "PARAMS = {"),
    params('{**x}', 10, "PARAMS = {"),
    params("dict(n=3)", 10, "PARAMS = {"),
    params('{"n": Bool(True), "n": Bool(True)}', 28, "keep one"),
    Case(headed("PARAMS = {}\nPARAMS = {}"), "rebinding", 2, 1, "keep one dict"),
    # characters and sizes
    Case("x = \u2018a\u2019\n", "character", 1, 5, "write '"),
    Case("\uff4fpen = 1\n", "character", 1, 1, "plain ASCII"),
    Case("x = 1\u00a0+ 1\n", "character", 1, 6, "plain ASCII"),
    Case("# a\x00b\n", "character", 1, 4, "remove it"),
    Case("# a\u202eb\n", "character", 1, 4, "remove it"),
    Case("x = 1\f\n", "character", 1, 6, "remove it"),
    Case("x = 1\n# coding: utf-7\n", "encoding", 2, 11, "remove the line"),
    Case("x = '\ud800'\n", "encoding", 1, 6, "UTF-8"),
    Case("x" * 20_000, "size", 0, 0, "shorten"),
    Case("\u00e9" * 9_000, "size", 0, 0, "shorten"),
    Case("\n" * 1_200 + "x", "size", 0, 0, "shorten"),
    Case("x = 1\ny = " + "1" * 500 + "\n", "size", 2, 0, "at most 400"),
    Case("x = " + "(" * 60 + ")" * 60, "too_deep", 0, 0, "name the parts"),
    Case("x = " + "-" * 300 + "1\n", "too_deep", 0, 0, "name the parts"),
    Case("x = [\n" + "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1\n," * 290 + "]", "size", 0, 0, "shorten"),
    # not Python
    Case("```python\nx = 1\n```\n", "syntax", 1, 1, "without ```"),
    Case("def factor(m, p)\n    return 1\n", "syntax", 1, 17, "syntax error"),
    Case("print 'a'\n", "syntax", 1, 1, "remove it"),
    Case("x = 'abc\n", "syntax", 1, 5, "quotes"),
    Case("if 1:\n\tx = 1\n        y = 2\n", "syntax", 3, 1, "indentation"),
]  # fmt: skip

DRAWN: list[Case] = [
    inside("return m.close + m.volume", "dimension", 12, "divide by"),
    inside("x = m.close\nreturn x > 5", "dimension", 12, "divide by", line=6),
    inside("return m.close.shift(-1)", "look_ahead", 12, "positive"),
    inside("return (m.close > m.open) and (m.open > m.low)", "truth", 12, "where(condition"),
    inside("return 0 < m.close < m.open", "truth", 12, "& | ~"),
    inside("if m.close > m.open:\n    return 1\nreturn 0", "truth", 8, "where("),
    inside("for x in m.close:\n    pass\nreturn 1", "iteration", 14, "all bars at once"),
    inside("for x in 'abc':\n    pass\nreturn 1", "iteration", 14, "range(n)"),
    inside("a, b = m.close\nreturn a", "iteration", 5, "all bars at once"),
    inside("x = m.close\nreturn x[-1]", "indexing", 12, "x.shift(n)", line=6),
    inside("return 'abc'[0]", "indexing", 12, "lists, tuples and dicts"),
    inside("x = (1, 2)\nx[0] = 3\nreturn 1", "indexing", 5, "one's own", line=6),
    inside("x = {}\nx[(1, 2)] = 3\nreturn 1", "indexing", 5, "one's own", line=6),
    inside("return {(1, 2): i for i in (1, 2)}", "indexing", 13, "strings and plain"),
    inside("return len(m.close)", "length", 12, "no lengths"),
    inside("return m.nonsense", "unknown_field", 12, "close"),
    inside("x = m.close\nreturn x.kurt()", "unknown_method", 12, "it has", line=6),
    Case(
        headed("def helper(x): return x.close\ndef size(s, m, p): return helper(3)"),
        "attribute", 1, 23, "methods of series",
    ),
    inside("return m.close // 2", "operator", 12, "x / y"),
    inside("return '%999999999d' % 3", "operator", 12, "plain numbers"),
    inside("return -'a'", "operator", 12, "plain numbers"),
    inside("return [[1]] == [[1]]", "operator", 12, "one by one"),
    inside("return m.close ** p.n", "power", 12, "2, 3, 4"),
    inside("return m.close ** (1, 2)", "power", 12, "plain numbers"),
    inside("x = 3\nfor i in range(60):\n    x = x * x\nreturn x", "number", 13, "small", line=7),
    inside("return 10 ** p.n", "number", 12, "10.0 ** n"),
    inside("return (-1) ** 0.5", "number", 12, "check a root"),
    inside("return round(1.5, 10000)", "number", 12, "at most 12"),
    inside("return round(m.close)", "arguments", 12, "value per bar"),
    inside("return ema(m.close, [3])", "arguments", 12, "one by one"),
    inside("return m.close.shift([3])", "arguments", 12, "one by one"),
    inside("return ema(m.close)", "arguments", 12, "write ema(x, n)"),
    inside("return sorted([m.close, m.open])", "arguments", 12, "cross_rank"),
    inside("for i in range(20000):\n    pass\nreturn 1", "size", 14, "windows do that"),
    inside("return [0] * 1000000", "size", 12, "at most 10000"),
    inside("x = [0]\nfor i in range(40):\n    x = x + x\nreturn 1", "size", 13, "at most", line=7),
    inside(
        "x = 0\nfor i in range(5000):\n    for j in range(5000):\n        x = x + 1\nreturn 1",
        "fuel", 17, "shorten loops", line=8,
    ),
    inside("return 1 / 0", "error", 12, "fix this"),
    inside("return [1, 2][5]", "error", 12, "fix this"),
    inside("x = {'a': 1}\nreturn x['\\n\\u2019']", "error", 12, "fix this", line=6),
    inside("if p.n > 50:\n    x = 1\nreturn x", "error", 12, "fix this", line=7),
    inside("pass", "layer", 1, "return a Series", line=4),
    inside(
        "x = m.close\nfor i in range(300):\n    x = -sma(x, 2)\nreturn x",
        "too_deep", 14, "longer window", line=7,
    ),
]  # fmt: skip
