"""A report as a file: Markdown, or one HTML page that needs nothing else and asks for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from engine.evidence.report import Report

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --dim: #67707b; --line: #1f6feb; --paper: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e8eb; --dim: #98a1ab; --line: #6ea8fe; --paper: #14171b; }
}
body { color: var(--ink); background: var(--paper); font: 16px/1.5 system-ui, sans-serif;
       max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.verdict { font-size: 1.15rem; border-left: 4px solid var(--line); padding-left: .8rem; }
li { overflow-wrap: anywhere; } figure { margin: 1rem 0; break-inside: avoid; }
figcaption { color: var(--dim); font-size: .9rem; } svg { width: 100%; height: auto; }
svg text { fill: var(--dim); font-size: 11px; }
polyline { fill: none; stroke: var(--line); stroke-width: 1.6; }
rect, circle { fill: var(--line); fill-opacity: .7; }
.mark { stroke: var(--dim); stroke-dasharray: 2 4; } .one { stroke: #d1495b; stroke-width: 3; }
pre { overflow-x: auto; font-size: .85rem; border: 1px solid var(--dim); padding: .8rem; }
@media print { body { max-width: none; margin: 0; } pre { white-space: pre-wrap; } }
"""


def markdown(report: Report) -> str:
    """As Markdown; pictures are left out. Untrusted words stand in it as plain text."""
    return "\n".join(_markdown(report)) + "\n"


def _markdown(report: Report) -> Iterator[str]:
    yield f"# {_plain(report.title)}"
    yield ""
    yield f"**{_plain(report.verdict)}**"
    for section in report.sections:
        yield from ("", f"## {_plain(section.title)}", "")
        yield from (f"- {_plain(line)}" for line in section.lines)
    yield from ("", "## The champion's file", "")
    yield from (f"    {line}" for line in report.source.splitlines())


def _plain(words: str) -> str:
    """Words without meaning to Markdown or HTML, on one line."""
    for mark in "\\`*_[]<>#|":
        words = words.replace(mark, f"\\{mark}")
    return " ".join(words.split())


def html(report: Report) -> str:
    """As one HTML page: no script, no link, and a policy that forbids both."""
    return "\n".join(_html(report)) + "\n"


def _html(report: Report) -> Iterator[str]:
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{escape(report.title)}</title><style>{_STYLE}</style></head><body>"
    yield f'<h1>{escape(report.title)}</h1><p class="verdict">{escape(report.verdict)}</p>'
    for section in report.sections:
        yield f"<h2>{escape(section.title)}</h2><ul>"
        yield from (f"<li>{escape(line)}</li>" for line in section.lines)
        yield "</ul>"
        for picture in section.pictures:
            caption = f"<figcaption>{escape(picture.title)}</figcaption>"
            yield f"<figure>{picture.svg}{caption}</figure>"
    yield f"<h2>The champion's file</h2><pre>{escape(report.source)}</pre></body></html>"
