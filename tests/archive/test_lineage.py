"""Descent: who comes from whom, and the tree as lines."""

from __future__ import annotations

from archive.lineage import (
    ancestors,
    best_path,
    descendants,
    family,
    fittest,
    gain,
    layout,
    leading,
    steps,
    trunk,
)
from genomes.records.entry import Kin


def kin(number: int, parents: tuple[int, ...] = (), fitness: float | None = 0.0) -> Kin:
    return Kin(
        id=number,
        generation=number,
        parents=parents,
        operator="op",
        note="",
        standing="new",
        novelty=None,
        kind="refused" if fitness is None else "measured",
        fitness=fitness,
    )


# 1 - 3 - 4 - 5 - 6 - 7 (a line), 8 of 6 and 2, 9 refused of 3; 2 is another root.
FAMILY = family(
    [
        kin(1, fitness=0.1),
        kin(2, fitness=0.9),
        kin(3, (1,), 0.2),
        kin(4, (3,), 0.15),
        kin(5, (4,), 0.3),
        kin(6, (5,), 0.5),
        kin(7, (6,), 0.4),
        kin(8, (6, 2), 0.45),
        kin(9, (3,), None),
    ]
)


def drawn(lines) -> list[tuple[str, list[int]]]:
    """Each line as its guides (`|` goes on, `.` ended) and the ids it stands for."""
    return [
        ("".join("." if last else "|" for last in line.last), [one.id for one in line.folded])
        for line in lines
    ]


def test_ancestors_are_found_by_every_parent_latest_first():
    assert ancestors(FAMILY, 8) == [6, 5, 4, 3, 2, 1]
    assert ancestors(FAMILY, 1) == []


def test_descendants_are_found_by_every_parent_in_the_order_told():
    assert descendants(FAMILY, 4) == [5, 6, 7, 8]
    assert descendants(FAMILY, 2) == [8]
    assert descendants(FAMILY, 9) == []


def test_the_best_path_takes_the_fittest_parent_and_the_trunk_the_first():
    assert best_path(FAMILY, 8) == [2, 8]
    assert trunk(FAMILY, 8) == [1, 3, 4, 5, 6, 8]
    assert best_path(FAMILY, 7) == trunk(FAMILY, 7) == [1, 3, 4, 5, 6, 7]


def test_of_equally_fit_parents_the_first_is_on_the_path():
    equal = family([kin(1), kin(2), kin(3, (2, 1))])
    assert best_path(equal, 3) == [2, 3]


def test_gain_is_over_the_best_measured_parent():
    assert gain(FAMILY[8], FAMILY) == 0.45 - 0.9
    assert gain(FAMILY[3], FAMILY) == 0.2 - 0.1
    assert gain(FAMILY[1], FAMILY) is None
    assert gain(FAMILY[9], FAMILY) is None


def test_the_fittest_come_first_and_the_unmeasured_never():
    assert fittest(FAMILY, 3) == [2, 6, 8]
    assert 9 not in fittest(FAMILY, 99)


def test_the_whole_forest_hangs_by_first_parents():
    assert drawn(layout(FAMILY, fold=False)) == [
        ("", [1]),
        (".", [3]),
        (".|", [4]),
        (".|.", [5]),
        (".|..", [6]),
        (".|..|", [7]),
        (".|...", [8]),
        ("..", [9]),
        ("", [2]),
    ]


def test_only_children_in_a_row_are_folded_up_to_where_it_branches():
    lines = layout(FAMILY, drawn={1, 3, 4, 5, 6, 7, 8})
    assert drawn(lines) == [("", [1]), (".", [3, 4, 5]), ("..", [6]), ("..|", [7]), ("...", [8])]
    assert lines[1].hidden == 1
    assert steps(FAMILY, lines[1].folded) == "3 steps, +0.20"


def test_two_in_a_row_are_not_worth_a_fold():
    assert drawn(layout(FAMILY, drawn={1, 3, 4, 5}))[1:] == [
        (".", [3]),
        ("..", [4]),
        ("...", [5]),
    ]


def test_whoever_is_to_be_seen_whole_is_never_folded():
    shown = {1, 3, 4, 5, 6, 7}
    assert drawn(layout(FAMILY, drawn=shown, whole={6})) == [
        ("", [1]),
        (".", [3, 4, 5]),
        ("..", [6]),
        ("...", [7]),
    ]
    assert [6] not in [ids for _, ids in drawn(layout(FAMILY, drawn=shown))]


def test_depth_cuts_and_counts_what_it_hides():
    lines = layout(FAMILY, depth=1, fold=False)
    assert drawn(lines) == [("", [1]), (".", [3]), ("", [2])]
    assert [line.hidden for line in lines] == [0, 2, 0]


def test_a_fold_with_an_end_that_was_not_measured_has_no_gain():
    chain = family([kin(1), kin(2, (1,)), kin(3, (2,)), kin(4, (3,), None), kin(5, (4,))])
    (line,) = [line for line in layout(chain) if len(line.folded) > 1]
    assert steps(chain, line.folded) == "3 steps"


def test_leading_keeps_trunks_and_the_fittest_children():
    assert leading(FAMILY, [6], relatives=1) == {1, 3, 4, 5, 6, 8}
    assert leading(FAMILY, [6], relatives=2) == {1, 3, 4, 5, 6, 7, 8}
    assert leading(FAMILY, [3], relatives=5) == {1, 3, 4}
    assert leading(FAMILY, []) == set()


def test_a_line_of_thousands_is_laid_out():
    long = family([kin(1), *(kin(number, (number - 1,)) for number in range(2, 5001))])
    lines = layout(long)
    assert drawn(lines) == [("", [1]), (".", list(range(2, 5000))), ("..", [5000])]
    assert len(layout(long, fold=False, depth=20)) == 21
