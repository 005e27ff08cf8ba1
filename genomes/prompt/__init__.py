"""Prompts as genomes: read and checked, filled with material, varied by their sections. Pure."""

from __future__ import annotations

from genomes.prompt.fill import fill, mark
from genomes.prompt.forms import FORMS, PLACEHOLDERS, Form, placeholder_page
from genomes.prompt.library import control, load, seeds
from genomes.prompt.read import MAX_BYTES, parse
from genomes.prompt.text import Prompt, Section
from genomes.prompt.vary import PROMPT_OPERATORS, Varied, vary

__all__ = [
    "FORMS",
    "MAX_BYTES",
    "PLACEHOLDERS",
    "PROMPT_OPERATORS",
    "Form",
    "Prompt",
    "Section",
    "Varied",
    "control",
    "fill",
    "load",
    "mark",
    "parse",
    "placeholder_page",
    "seeds",
    "vary",
]
