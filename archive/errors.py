"""What can go wrong with an archive as a whole; what a genome did is an outcome, never an error.

ArchiveError
└─ ConfigDiffers
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class ArchiveError(Exception):
    """An archive cannot be made, opened, read or written; the text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One setting that differs from the one an archive was begun with.

    Attributes:
        key: Path of the setting, as in `search.population`.
        old: As the archive has it, in JSON; "absent" where it had none.
        new: As it is asked for now, in JSON; "absent" where there is none.
    """

    key: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.key} was {self.old}, is {self.new}"


class ConfigDiffers(ArchiveError):  # noqa: N818 - it is not an error to want other settings
    """An archive was begun with other settings than those given.

    Attributes:
        differences: What differs, by key.
    """

    def __init__(self, place: str, differences: Sequence[Difference]) -> None:
        self.differences = tuple(differences)
        said = "; ".join(map(str, self.differences))
        super().__init__(
            f"{place}: begun with other settings: {said}. Resume with the settings it was begun "
            "with, or write to another archive."
        )
