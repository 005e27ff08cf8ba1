"""Outcomes: what became of a proposed genome. Values, never exceptions; a crash has no score.

Each says its `kind` in one word, as stored in the archive and shown to people, and its `cause`: the
word by which outcomes of that kind are counted, empty where the kind says all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from genomes.records.refusal import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """It ran, passed every floor, and has a fitness.

    Attributes:
        key: Canonical key of its graph, hex.
        graph: The serialised graph.
        nodes: Nodes in the graph.
        fitness: The objective on training data; higher is better, finite.
        folds: The objective's statistic per fold.
        metrics: Name -> raw figure over the training window (finite, or nan where undefined).
        axes: Name -> readable behaviour axis (turnover, holding time, exposures, beta, skew).
        descriptor: 64 little-endian int16: the net-return path projected to unit length.
        warnings: Sentences on what was clipped or capped.
    """

    kind: ClassVar[Literal["measured"]] = "measured"
    cause: ClassVar[Literal[""]] = ""
    key: str
    graph: str
    nodes: int
    fitness: float
    folds: tuple[float, ...]
    metrics: Mapping[str, float]
    axes: Mapping[str, float]
    descriptor: bytes
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Floored:
    """It ran, but a floor or constraint of the objective was broken: no fitness.

    Attributes:
        key: Canonical key of its graph, hex.
        graph: The serialised graph.
        nodes: Nodes in the graph.
        floor: The floor's name, as in the config.
        figure: What it had.
        needed: What the config asks for.
        metrics: The raw figures, as in Measured.
    """

    kind: ClassVar[Literal["floored"]] = "floored"
    key: str
    graph: str
    nodes: int
    floor: str
    figure: float
    needed: float
    metrics: Mapping[str, float]

    @property
    def cause(self) -> str:
        """The floor's name."""
        return self.floor


@dataclass(frozen=True, slots=True, kw_only=True)
class DependsOnStart:
    """Its weights depend on where the data begin, so a date could hide in them.

    Attributes:
        key: Canonical key of its graph, hex.
        graph: The serialised graph.
        nodes: Nodes in the graph.
        difference: Largest difference of a weight between the two starts.
    """

    kind: ClassVar[Literal["depends_on_start"]] = "depends_on_start"
    cause: ClassVar[Literal[""]] = ""
    key: str
    graph: str
    nodes: int
    difference: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Its text broke rules; nothing ran."""

    kind: ClassVar[Literal["refused"]] = "refused"
    refusals: tuple[Refusal, ...]

    @property
    def cause(self) -> str:
        """The first refusal's rule."""
        return self.refusals[0].rule if self.refusals else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """Its graph is one the archive has already; nothing ran.

    Attributes:
        key: The shared canonical key.
        of: Id of the candidate that had it first.
    """

    kind: ClassVar[Literal["duplicate"]] = "duplicate"
    cause: ClassVar[Literal[""]] = ""
    key: str
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Crashed:
    """A worker died or hung on it, twice.

    Attributes:
        stage: propose, draw or measure.
        reason: One sentence.
    """

    kind: ClassVar[Literal["crashed"]] = "crashed"
    stage: str
    reason: str

    @property
    def cause(self) -> str:
        """The stage."""
        return self.stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """A model was asked for it and gave nothing that could be drawn; nothing ran.

    Attributes:
        problem: In one word: `no_answer`, `empty`, `truncated`, `declined`, `no_json`, `bad_json`,
            `wrong_shape`, `no_match`, `many_matches`, `vetoed`, `off_goal`...; counted by it.
        found: What was found, in one sentence; untrusted text in it is cut and quoted.
    """

    kind: ClassVar[Literal["unusable"]] = "unusable"
    problem: str
    found: str

    @property
    def cause(self) -> str:
        """The problem."""
        return self.problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A prompt that may be used; what it is worth is told by what is made with it.

    Attributes:
        key: Hash of its words, hex.
    """

    kind: ClassVar[Literal["admitted"]] = "admitted"
    cause: ClassVar[Literal[""]] = ""
    key: str


EVALUATED = (Measured.kind, Floored.kind, DependsOnStart.kind)
"""Kinds of outcome that took an execution on the training bars; the others cost none."""

Outcome = Measured | Floored | DependsOnStart | Refused | Duplicate | Crashed | Unusable | Admitted
