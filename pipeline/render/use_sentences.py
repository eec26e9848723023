"""Say in a sentence what months, reasons and the ledger show, from the same rows."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.render import action_words, words
from pipeline.render.numbers import count, month, plural, share, whole_grams
from pipeline.render.tables import Row, grouped
from pipeline.render.words import word

_LEAST = 12
_MOST_NAMED = 6


def over_time(rows: list[Row]) -> str:
    """Say which closed months are more than usual variation, or that nobody can tell yet.

    Months before and after the limits were made anew are told apart; whether a target is met is
    told of the last of them.
    """
    parts = list(grouped(rows, "part").values())
    told = [_from(part, _part(part)) if len(parts) > 1 else _part(part) for part in parts]
    return " ".join((*told, *_target(parts[-1][-1])))


def _from(rows: list[Row], said: str) -> str:
    since = f"From {month(rows[0]['month_on'])}"
    why = rows[0]["restart_reason"]
    return f"{since}{f' ({why})' if why else ''}: {said[0].lower()}{said[1:]}"


def _part(rows: list[Row]) -> str:
    """Say it of months that share their limits."""
    measure = rows[0]["measure"]
    if rows[0]["high"] is None and len(rows) >= _LEAST:
        return (
            f"The first {count(_LEAST)} of {plural(len(rows), 'closed month')} are all alike, so "
            "how much is usual is not known: no limits, and no month is called more than usual."
        )
    if rows[0]["high"] is None:
        return (
            f"{plural(len(rows), 'closed month')}: too few months, no limits. They need "
            f"{count(_LEAST)}; until then no month is called more than usual variation."
        )
    marked = [row for row in rows if row["rule"] is not None]
    held = f"by limits of the first {count(_LEAST)} of {plural(len(rows), 'closed month')}"
    if not marked:
        return (
            f"No month is more than usual variation, {held}. Differences from month to month need "
            "no explanation."
        )
    named = "; ".join(_signal(row) for row in marked[-_MOST_NAMED:])
    more = "" if len(marked) <= _MOST_NAMED else f", the last {count(_MOST_NAMED)}"
    text = (
        f"{plural(len(marked), 'month')} {'is' if len(marked) == 1 else 'are'} more than usual "
        f"variation, {held}{more}: {named}."
    )
    if measure == "off_share":
        return f"{text} Lower is better. It does not say why."
    return f"{text} Need decides whether that is good."


def _target(row: Row) -> Iterator[str]:
    """Say whether usual variation keeps to the target the site has set, if it has set one."""
    if row["target"] is not None:
        said = word(action_words.ASSURANCE, row["assurance"])
        yield f"The site aims at {share(row['target'])} at most: {said}."


def _signal(row: Row) -> str:
    rule = word(action_words.XMR_RULE, row["rule"])
    return f"{month(row['month_on'])} ({rule}, {word(action_words.XMR_WAY, row['way'])})"


def reason(row: Row) -> str:
    """Name a reason for calling a course off guideline: what is wrong, and by which rule."""
    clause = word(words.CLAUSE, row["clause"]) if row["clause"] else word(words.KIND, row["kind"])
    return f"{clause} ({row['rule_id']})"


def reasons(rows: list[Row], n_drawn: int) -> str:
    """Say how few reasons make most of what is off guideline."""
    if len(rows) == 1:
        courses = plural(rows[0]["n_courses"], "course")
        return f"There is one reason: {reason(rows[0])}, {courses}."
    most = next((row for row in rows if row["share_so_far"] >= 0.8), rows[-1])  # noqa: PLR2004
    text = (
        f"{plural(most['place'], 'reason')} of {count(len(rows))} "
        f"{'makes' if most['place'] == 1 else 'make'} {share(most['share_so_far'])} of what is "
        f"off guideline; the first is {reason(rows[0])}: {plural(rows[0]['n_courses'], 'course')}. "
        "A course with two reasons counts in both."
    )
    return text if n_drawn == len(rows) else f"{text} The first {count(n_drawn)} are drawn."


def waterfall(row: Row) -> str:
    """Say how much of what was dispensed was infused, and how much nobody can explain."""
    if row["unexplained_g"] is None:
        end = "every gram of the period is accounted for"
    elif row["unexplained_g"] < 0:
        end = f"{whole_grams(-row['unexplained_g'])} g more were infused than issued"
    else:
        end = (
            f"{whole_grams(row['unexplained_g'])} g are unexplained, breaks in both ways set "
            "against each other"
        )
    return (
        f"Of {whole_grams(row['dispensed_g'])} g dispensed {whole_grams(row['infused_g'])} g were "
        f"infused in the period; {end}. Each bar begins where the one before it ends. What was "
        "authorised stands beside: an approval allows and moves no gram."
    )
