"""`finch`: one name for the commands."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

COMMANDS = {
    "evolve": ("engine.evolve", "evolve strategies on a market"),
    "calibrate": ("engine.calibrate.__main__", "how much of a planted edge a search finds"),
    "screen": ("engine.screen", "what simple conditions show on a market"),
    "evidence": ("engine.evidence.__main__", "what may be believed of what was found"),
    "backtest": ("engine.backtest", "measure one strategy file"),
    "show": ("archive.show", "look at archives: tree, top, card, diff, export and more"),
    "market": ("sandbox.market.__main__", "describe and judge a market"),
    "language": ("genomes.language.__main__", "the strategy language's reference"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Hand over to a command."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] in ("-h", "--help"):
        print("usage: finch COMMAND ...\n\ncommands (finch COMMAND --help says more):")
        for name, (_, doc) in COMMANDS.items():
            print(f"  {name:10}{doc}")
        return 0
    if words[0] == "--version":
        from engine import VERSION

        print(f"finch {VERSION}")
        return 0
    if words[0] not in COMMANDS:
        print(f"finch: no command {words[0]!r}; known are {', '.join(COMMANDS)}", file=sys.stderr)
        return 2
    try:
        command = import_module(COMMANDS[words[0]][0])
        if words[0] == "show":
            return command.main(words[1:], prog="finch show")
        return command.main(words[1:])
    except KeyboardInterrupt:  # before the command could take it for itself
        return 130


if __name__ == "__main__":
    sys.exit(main())
