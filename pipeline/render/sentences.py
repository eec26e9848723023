"""Say in a sentence what a chart or table shows, from the same rows."""

from __future__ import annotations

from pipeline.render import words
from pipeline.render.numbers import (
    count,
    day,
    fine_share,
    grams,
    month,
    plain,
    plural,
    points,
    share,
    whole_grams,
)
from pipeline.render.tables import Row
from pipeline.render.words import word


def months(rows: list[Row]) -> str:
    """Say which whole months had the most and the fewest grams."""
    whole = [row for row in rows if not row["is_partial"] and row["grams"] is not None]
    if len(whole) < 2:  # noqa: PLR2004 - one month has no most and fewest
        return "Fewer than two whole months lie in the period, so months cannot be compared."
    most = max(whole, key=lambda row: (row["grams"], row["month_on"]))
    least = min(whole, key=lambda row: (row["grams"], row["month_on"]))
    return (
        f"Of {count(len(whole))} whole months, the most was given in {month(most['month_on'])} "
        f"({whole_grams(most['grams'])} g) and the least in {month(least['month_on'])} "
        f"({whole_grams(least['grams'])} g)."
    )


def indications(rows: list[Row]) -> str:
    """Say which indication took the most grams and how much has none."""
    known = [row for row in rows if row["indication_code"] is not None and row["grams"]]
    unknown = [row for row in rows if row["indication_code"] is None]
    parts = []
    if known:
        first = known[0]
        parts.append(
            f"{first['name'] or first['indication_code']} took the most: "
            f"{whole_grams(first['grams'])} g, {share(first['share_grams'])} of all grams."
        )
    if unknown:
        parts.append(
            f"For {whole_grams(unknown[0]['grams'])} g "
            f"({share(unknown[0]['share_grams'])}) the indication is unknown."
        )
    else:
        parts.append("Every gram has an indication.")
    return " ".join(parts)


def products(rows: list[Row]) -> str:
    """Say which product was given most."""
    known = [row for row in rows if row["product_id"] is not None and row["grams"]]
    if not known:
        return "No product could be told from the records."
    first = known[0]
    return (
        f"{plural(len(known), 'product')} in use; {first['brand'] or first['product_id']} most: "
        f"{whole_grams(first['grams'])} g, {share(first['share_grams'])} of all grams."
    )


def bounds(row: Row) -> str:
    """Say the share off guideline with its bounds and its interval over patients."""
    if not row["n_judged"]:
        return (
            "No closed course could be judged, so there is no share to give. "
            f"{plural(row['n_unassessed'], 'closed course').capitalize()} lacked a fact that a "
            f"rule needs; for {plural(row['n_no_rule'], 'closed course')} the set has no rule that "
            "may accuse."
        )
    if row["is_too_few"]:
        return (
            "Too few closed courses could be judged for a share: "
            f"{count(row['n_off'])} of {count(row['n_judged'])} were off guideline, and "
            f"{count(row['n_unassessed'])} more lack a fact. It lies between "
            f"{share(row['bound_low'])}, if all of these were within the guideline, and "
            f"{share(row['bound_high'])}, if every one were off."
        )
    text = (
        f"{share(row['share_off'])} of the judged closed courses were off guideline. It would be "
        f"{share(row['bound_low'])} if every course that could not be judged "
        f"({count(row['n_unassessed'])}) were within the guideline, and "
        f"{share(row['bound_high'])} if every one were off."
    )
    return text + (
        f" Counted once each, {share(row['share_patients_off'])} of patients had such a course "
        f"(95% interval {share(row['patients_low'])} to {share(row['patients_high'])})."
    )


def sets(rows: list[Row]) -> str:
    """Say how far the sets lie apart, and which of them judged no course."""
    judged = sorted((row for row in rows if row["n_judged"]), key=lambda row: row["share_off"])
    low, high = judged[0], judged[-1]
    if len(judged) == 1:
        return f"Only {low['title']} could judge a closed course; the other sets only inform."
    text = (
        f"From {share(low['share_off'])} ({low['title']}) to {share(high['share_off'])} "
        f"({high['title']}) of the closed courses that each could judge were off guideline."
    )
    silent = len(rows) - len(judged)
    if not silent:
        return text
    return f"{text} {plural(silent, 'set').capitalize()} could judge none."


def change(row: Row) -> str:
    """Say how the headline moved since the run before, and which step moved it most."""
    parts = {
        "late data": row["change_late"],
        "practice": row["change_practice"],
        "rules": row["change_rules"],
    }
    if row["change_all"] is None or None in parts.values():
        return "At one of the steps no closed course could be judged, so the change is not split."
    told = ", ".join(f"{name} {points(part)}" for name, part in parts.items())
    return (
        f"The share went from {fine_share(row['share_then'])} to {fine_share(row['share_now'])}, "
        f"{points(row['change_all'])} points: {told}."
    )


def outcomes(rows: list[Row]) -> str:
    """Say where the courses off guideline are."""
    judged = [row for row in rows if row["n_judged"]]
    if not judged:
        return "In no indication could a closed course be judged."
    worst = max(judged, key=lambda row: (row["n_off"], row["n_judged"]))
    if not worst["n_off"]:
        return f"No judged course was off guideline in any of {plural(len(judged), 'indication')}."
    return (
        f"The most courses off guideline are in {_name(worst)}: {count(worst['n_off'])} of "
        f"{count(worst['n_judged'])} judged. Counts under about 20 say little by themselves."
    )


def doses(rows: list[Row]) -> str:
    """Say how many doses of the panels lie outside the permitted bands."""
    known = sum(row["n_courses"] - row["n_unknown"] for row in rows)
    above = sum(row["n_above"] for row in rows)
    below = sum(row["n_below"] for row in rows)
    unknown = sum(row["n_unknown"] for row in rows)
    return (
        f"Of {plural(known, 'dose')} measured against a band, {count(above)} "
        f"{'lies' if above == 1 else 'lie'} above it and "
        f"{count(below)} below, tolerance included; for {count(unknown)} the grams or the weight "
        "are unknown. A dose outside the band is not yet a finding: vial steps, regimens and "
        "stopped infusions are weighed by the rules."
    )


def intervals(rows: list[Row]) -> str:
    """Say how many courses came early and late."""
    known = sum(row["n_known"] for row in rows)
    if not known:
        return "No interval could be measured."
    early = sum(row["n_early"] for row in rows)
    late = sum(row["n_late"] for row in rows)
    return (
        f"Of {plural(known, 'measured interval')}, {count(early)} "
        f"{'was' if early == 1 else 'were'} early and {count(late)} late. Early counts as off "
        "guideline only where it pushes the grams of 28 days above the limit; late is for review."
    )


def avoidable(row: Row) -> str:
    """Say how many grams are avoidable under the set's weight policy, and of how many."""
    if not row["n_reckoned"]:
        return f"For no closed course could it be reckoned. {_not_reckoned(row)}"
    whole = (
        f"{plural(row['n_reckoned'], 'closed course')} that could be reckoned "
        f"({plural(row['n_patients'], 'patient')})"
    )
    if row["n_avoidable"]:
        text = (
            f"Of {whole}, {count(row['n_avoidable'])} "
            f"({plural(row['n_patients_avoidable'], 'patient')}) held more than the set allows by "
            f"its own weight and rounding: {grams(row['avoidable_g'])} g of "
            f"{whole_grams(row['dose_g'])} g ({share(row['share_avoidable'])}) were avoidable "
            f"under the set's weight policy, {grams(row['countable_g'])} g of them by rules that "
            "may accuse and in courses without a doubt."
        )
    else:
        text = (
            f"Of {whole}, none held more than the set allows by its own weight and rounding: "
            f"0 g of {whole_grams(row['dose_g'])} g."
        )
    if row["n_disputed"]:
        text += (
            f" {grams(row['disputed_g'])} g in {plural(row['n_disputed'], 'course')} would be "
            "avoidable by the weight the set is taken to ask for, which nobody has read in the "
            "issuer's text, and not by the actual weight: they count as none."
        )
    return f"{text} {_not_reckoned(row)}"


def _not_reckoned(row: Row) -> str:
    return (
        f"Unknown: {plural(row['n_unknown'], 'closed course')}. Without a rule of the set on "
        f"their dose: {plural(row['n_no_rule'], 'closed course')}."
    )


def finding(card: Row) -> str:
    """Say in one line what was found and what is allowed."""
    if card["observed"] is None:
        # without a reason the last line of the arithmetic is what was found
        lines = (card.get("arithmetic") or "").splitlines()
        said = lines[-1] if lines and card["reason"] is None else word(words.REASON, card["reason"])
        return f"{word(words.KIND, card['kind'])}: {said}"
    text = f"{_direction(card)}: {_measured(plain(card['observed']), card['unit'])}"
    allowed = _allowed(card)
    return f"{text}; permitted {_measured(allowed, card['unit'])}" if allowed else text


def weight(card: Row) -> str:
    """Say which weight judged the dose, from which day, under which policy."""
    policy = f"policy “{card['weight_policy']}”"
    if card["weight_kg"] is None:
        return f"No usable weight ({policy})."
    text = f"{plain(card['weight_kg'])} kg, {card['weight_basis_used']} weight, {policy}"
    if card["literal_kg"] > card["weight_kg"]:
        literal = plain(round(card["literal_kg"], 2))
        text += f" (its formula alone gives {literal} kg, above the actual weight)"
    if card["measured_on"] is None:
        return f"{text}; day of weighing unknown."
    age = f"{plural(card['age_days'], 'day')} before" if card["age_days"] else "on the day of"
    stale = ", older than the limit" if card["is_stale"] else ""
    return f"{text}; weighed on {day(card['measured_on'])}, {age} the start{stale}."


def tolerance(card: Row) -> str:
    """Say the tolerance: days of an interval, a share of a dose."""
    if card["tolerance"] is None:
        return "not stated"
    if card["unit"] == "days":
        return plural(card["tolerance"], "day")
    return share(card["tolerance"])


def unit_word(unit: str | None) -> str:
    """Return a unit as it follows a number."""
    known = {None: "", "hours": " h", "percent": "%", "count": ""}
    return known[unit] if unit in known else " " + str(unit).replace("_per_", "/")


def _measured(number: str, unit: str | None) -> str:
    """Return a number, or the words around one, with its unit."""
    return (
        f"{number} day"
        if unit == "days" and number.rsplit(maxsplit=1)[-1] == "1"
        else number + unit_word(unit)
    )


def _direction(card: Row) -> str:
    """Name the clause that failed and on which side of its limits the subject lies."""
    code, observed = card["clause"], card["observed"]
    name = word(words.CLAUSE, code) if code else word(words.KIND, card["kind"])
    if card["limit_high"] is not None and observed > card["limit_high"]:
        return words.ABOVE.get(code, f"{name} above the limit")
    if card["limit_low"] is not None and observed < card["limit_low"]:
        return words.BELOW.get(code, f"{name} below the limit")
    return name


def _allowed(card: Row) -> str:
    low, high = card["limit_low"], card["limit_high"]
    if low is not None and high is not None:
        return plain(low) if low == high else f"{plain(low)} to {plain(high)}"
    if high is not None:
        # what is found on its limit was to stay below it
        return f"{'less than' if card['observed'] == high else 'at most'} {plain(high)}"
    return "" if low is None else f"at least {plain(low)}"


def _name(row: Row) -> str:
    return str(row["name"] or row["indication_code"] or "courses without an indication")
