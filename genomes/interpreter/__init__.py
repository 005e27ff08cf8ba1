"""The one reader of a strategy's text: its checked tree, walked on the language's symbols.

Nothing of an untrusted text is compiled to run or executed; fuel and bounds make each answer the
same on every machine.
"""

from genomes.interpreter.caps import Caps
from genomes.interpreter.read import read_checked, read_text

__all__ = ["Caps", "read_checked", "read_text"]
