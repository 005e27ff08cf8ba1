"""The report: what it says before and after an opening, and that words of others stay words."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from engine.evidence import written
from engine.evidence.case import case_of
from engine.evidence.pictures import bars, cloud, curve, marks
from engine.evidence.report import Report, Section, reported
from tests.engine.evidence.conftest import World

HOSTILE = "</pre><script>alert(1)</script><img src=x onerror=alert(1)>"


class Tags(HTMLParser):
    """Which elements and attributes a page has."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.given: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.given |= {name for name, _ in attrs}


def test_a_report_is_written_beside_the_archive_and_says_that_nothing_was_judged(
    world: World,
) -> None:
    code, said = world("report")
    assert code == 0 and "Not judged yet" in said
    page = world.archive.with_suffix(".report.html").read_text()
    assert "not opened" in page and "twins: not run" in page and "<svg" in page
    assert written.POLICY.split(";")[0] in page.replace("&#x27;", "'")
    assert "opening" not in world.kinds()


def test_after_an_opening_the_report_begins_with_what_was_found(world: World) -> None:
    world("open", "--yes")
    code, said = world("report", "--out", str(world.folder / "r.md"))
    first = (world.folder / "r.md").read_text().splitlines()[2]
    assert code == 0
    assert first.strip("*").startswith(("Discovery", "No discovery"))
    assert "Not judged yet" not in said


def test_a_report_has_a_known_ending(world: World) -> None:
    code, said = world("report", "--out", str(world.folder / "r.docx"))
    assert code == 2 and ".html or .md" in said
    assert not (world.folder / "r.docx").exists()


def hostile(world: World) -> Report:
    with case_of(str(world.archive), world.ledger) as case:
        found = reported(case)
    section = Section(title=HOSTILE, lines=(HOSTILE,), pictures=(bars(HOSTILE, [1.0]),))
    return replace(found, title=HOSTILE, verdict=HOSTILE, sections=(section,), source=HOSTILE)


def test_hostile_words_are_text(world: World) -> None:
    found = hostile(world)
    tags = Tags(written.html(found))
    assert not tags.names & {"script", "img", "a", "link", "iframe", "form"}
    assert not {name for name in tags.given if name.startswith("on") or name in ("src", "href")}
    assert "<script" not in written.markdown(found).split("## The champion's file")[0].replace(
        "\\<", ""
    )


@pytest.mark.parametrize(
    "drawn",
    [
        curve("a", [1.0] * 5000, ["x", "y"], [0.5]),
        bars("a", [-1.0, 2.0]),
        marks("a", [1.0, 1.0], 1.0),
        cloud("a", [(0.0, 1.0)] * 9000),
    ],
    ids=["curve", "bars", "marks", "cloud"],
)
def test_a_picture_has_finite_places_and_few_enough(drawn) -> None:
    assert "nan" not in drawn.svg and "inf" not in drawn.svg
    assert len(drawn.svg) < 200_000
