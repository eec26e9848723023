"""Make the template environment: everything is escaped, an undefined name raises."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipeline import resources
from pipeline.render import action_words, events, fields, history_words, numbers, sentences, words

_WORDS = vars(words) | {
    name: found
    for module in (history_words, action_words)
    for name, found in vars(module).items()
    if name.isupper()
}


@cache  # each edition reads the same templates
def environment() -> Environment:
    """Return the environment of the report's templates."""
    found = Environment(
        loader=FileSystemLoader(resources.folder("reports") / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    for name in (
        "count",
        "grams",
        "whole_grams",
        "share",
        "fine_share",
        "points",
        "plain",
        "rate",
        "chance",
        "share_count",
        "day",
        "month",
        "step_name",
        "clip",
        "plural",
    ):
        found.filters[name] = getattr(numbers, name)
    found.filters["unit"] = sentences.unit_word
    found.filters["event_rate"] = events.rate_cell
    found.filters["onset_step"] = events.onset_step
    found.filters["field_name"] = fields.field_name
    found.filters["fallen_sentence"] = fields.fallen
    found.filters["change_sentence"] = sentences.change
    found.filters["avoidable_sentence"] = sentences.avoidable
    found.filters["say"] = lambda code, name: words.word(_WORDS[name], code)
    return found


def compile_templates() -> None:
    """Compile every template, a second of work; the environment keeps them."""
    made = environment()
    for name in made.list_templates():
        made.get_template(name)


def style_sheet() -> Markup:
    """Return our own style sheet, which stands in the page unescaped."""
    path = resources.folder("reports") / "static" / "report.css"
    return Markup(path.read_text(encoding="utf-8"))  # noqa: S704 - our own file
