"""The names a strategy may use without defining them, and those it may not define."""

from __future__ import annotations

import re

from genomes.language import VOCABULARY
from genomes.language.series import METHODS
from genomes.language.strategy import LAYERS

PARAM_KINDS = frozenset({"Int", "Float", "Choice", "Bool"})
WORDS = frozenset(VOCABULARY) - PARAM_KINDS
BUILTINS = frozenset(
    ["abs", "all", "any", "bool", "dict", "enumerate", "float", "int", "len", "list", "max", "min",
     "range", "round", "sorted", "sum", "tuple", "zip"]
)  # fmt: skip
CONSUMERS = frozenset(["all", "any", "dict", "list", "max", "min", "sorted", "sum", "tuple"])
METHOD_NAMES = frozenset[str]().union(*METHODS.values())
CALLABLE = WORDS | BUILTINS
RESERVED = (
    CALLABLE | PARAM_KINDS | {"PARAMS", "print", "printed", "builtins", "breakpoint"} | set(LAYERS)
)
IMPORTABLE = WORDS | PARAM_KINDS
MARKET, PARAMETERS = "m", "p"
FIELD = re.compile(r"[a-z][a-z0-9_]{0,39}")
