"""Writes the frozen fixture: `python -m tests.genomes.language.freeze --write`, on purpose only.

The fixture is the contract: a difference means that stored graphs and keys of every archive
change, so the header's version must be raised with it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from genomes.language.serial import serialise
from genomes.strategies import texts
from tests.genomes.language.drawing import draw_text
from tests.genomes.language.odd import ODD

FIXTURE = Path(__file__).parent / "fixtures" / "graphs.json"


def frozen() -> dict[str, dict[str, str]]:
    """name -> source, graph, key of every strategy of the fixture, drawn now."""
    found: dict[str, dict[str, str]] = {}
    for name, source in (texts() | ODD).items():
        graph = draw_text(source)
        found[name] = {"source": source, "graph": serialise(graph), "key": graph.key}
    return found


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit("this rewrites the frozen graphs of the language; say --write if you mean it")
    FIXTURE.write_text(json.dumps(frozen(), indent=1) + "\n", encoding="utf-8")
