"""`python -m genomes.language [WORD ...] [--markdown]`: prints the reference from the table."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter

from genomes.language.reference import close_matches, entry, page

_EXAMPLES = """\
examples:
  python -m genomes.language                      the whole reference
  python -m genomes.language sma hold             two operators, with arguments and ranges
  python -m genomes.language --markdown > LANGUAGE.md

Exit status: 0, or 2 where a WORD is not an operator (those like it are named).
"""


def main(argv: list[str] | None = None) -> int:
    """Print what is asked for; the exit status."""
    parser = ArgumentParser(
        prog="python -m genomes.language",
        description="The reference of the strategy language, made from its operator table.",
        epilog=_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("words", metavar="WORD", nargs="*", help="an operator, e.g. sma")
    parser.add_argument("--markdown", action="store_true", help="write Markdown")
    options = parser.parse_args(argv)
    if not options.words:
        sys.stdout.write(page(options.markdown))
        return 0
    status = 0
    for word in options.words:
        text = entry(word, options.markdown)
        if text is None:
            near = close_matches(word)
            hint = f"did you mean {', '.join(near)}?" if near else "without a WORD all are listed"
            sys.stderr.write(f"{word!r} is not an operator of the language; {hint}\n")
            status = 2
        else:
            sys.stdout.write(text)
    return status


if __name__ == "__main__":
    sys.exit(main())
