"""Make the rows of the tables that hold case definitions, their criteria and their guards."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from pipeline.guidelines.codelists import CodeLists
from pipeline.guidelines.events import LOOK_BACK_HOURS, WORD_OF_EVENT, Criterion, EventFile
from pipeline.guidelines.laboratory import DEFINITIONS, exact_factor
from pipeline.guidelines.listed import Row
from pipeline.guidelines.rules import Record

TABLES = (
    "definition",
    "definition_group",
    "definition_criterion",
    "definition_code",
    "event_guard",
    "guard_definition",
    "guard_indication",
    "guard_code",
    "guard_any_of",
)


def event_rows(files: Sequence[EventFile], lists: CodeLists) -> dict[str, list[Record]]:
    """Return the rows of every table that the case definitions fill."""
    made: dict[str, list[Record]] = {name: [] for name in TABLES}
    windows = {str(row["event_code"]): row for row in lists.of(WORD_OF_EVENT)}
    for row in lists.of(DEFINITIONS):
        made["definition"].append(_kidney(row, windows[str(row["event"])]))
    for file in files:
        _add_definitions(made, file, windows[file.window], lists)
        _add_guards(made, file)
    for key, each in enumerate(made["definition"], start=1):
        each["definition_key"] = key
    return made


def _subject(window: Row) -> str:
    return str(window["to_anchor"]).split("_", maxsplit=1)[0]


def _kidney(row: Row, window: Row) -> Record:
    """Return the definition that has SQL of its own, as the others are."""
    return {
        "definition_id": row["definition_id"],
        "event": row["event"],
        "event_name": window["name"],
        "title": row["title"],
        "subject_kind": "course",
        "window_of": row["event"],
        "is_observation": False,
        "is_imputed": False,
        "is_advisory": "recalled" in (row["status"], row["window_status"]),
        "is_own_sql": True,
        "status": row["status"],
        "source": row["source"],
        "note": row["note"],
    }


def _add_definitions(
    made: dict[str, list[Record]], file: EventFile, window: Row, lists: CodeLists
) -> None:
    for definition in file.definition:
        made["definition"].append(
            {
                "definition_id": definition.id,
                "event": file.event,
                "event_name": file.name or window["name"],
                "title": definition.title,
                "subject_kind": _subject(window),
                "window_of": file.window,
                "first_stage": definition.first_stage,
                "is_observation": definition.is_observation,
                "is_imputed": definition.is_imputed,
                "is_advisory": "recalled" in (definition.status, window["window_status"]),
                "is_own_sql": False,
                "status": definition.status,
                "source": definition.source,
                "note": definition.note,
            }
        )
        for number, group in enumerate(definition.group, start=1):
            made["definition_group"].append(
                {
                    "definition_id": definition.id,
                    "group_number": number,
                    "name": group.name,
                    "at_least": group.at_least,
                    "n_criteria": len(group.criterion),
                    "stage": group.stage,
                }
            )
            for criterion in group.criterion:
                key = len(made["definition_criterion"]) + 1
                made["definition_criterion"].append(
                    {
                        "criterion_key": key,
                        "definition_id": definition.id,
                        "group_number": number,
                        "is_lead": number == 1 and criterion is group.criterion[0],
                        "status": criterion.status or definition.status,
                        "source": criterion.source or definition.source,
                        **_asked(criterion, lists),
                    }
                )
                made["definition_code"] += [
                    {"criterion_key": key, "code_system": code.system, "code_pattern": code.pattern}
                    for code in criterion.code
                ]


def _asked(criterion: Criterion, lists: CodeLists) -> Record:
    comparison, limit = criterion.limit or (None, None)
    return {
        **criterion.model_dump(
            include={
                "says",
                "measure",
                "analyte",
                "unit",
                "excludes_within_hours",
                "masked_by",
                "min_age_years",
                "must_be_new",
                "clinical_event",
            }
        ),
        "other_definition": criterion.definition,
        "baseline": criterion.baseline
        if criterion.measure in ("fall", "rise", "ratio", "baseline")
        else None,
        "look_back_hours": LOOK_BACK_HOURS,
        "comparison": comparison,
        "limit_value": limit,
        "exact_limit": _exact(criterion, limit, lists),
    }


def _exact(criterion: Criterion, limit: Decimal | None, lists: CodeLists) -> Decimal | None:
    """Return the limit in the exact measure of its analyte, which needs no division."""
    if limit is None or criterion.unit is None:
        return limit
    factor = exact_factor(lists.rows, criterion.analyte, criterion.unit)
    return limit if factor is None else limit * factor


def _add_guards(made: dict[str, list[Record]], file: EventFile) -> None:
    for guard in file.guard:
        key = len(made["event_guard"]) + 1
        made["event_guard"].append(
            {
                **guard.model_dump(
                    include={
                        "word",
                        "why",
                        "status",
                        "source",
                        "clinical_event",
                        "max_stage",
                        "peak_at_most",
                        "days_before",
                        "is_before_met",
                        "is_before_exposure",
                    }
                ),
                "guard_key": key,
                "event": file.event,
            }
        )
        of_event = {
            row["definition_id"] for row in made["definition"] if row["event"] == file.event
        }
        for table, name, values in (
            ("guard_definition", "definition_id", guard.definitions or sorted(of_event)),
            ("guard_indication", "indication_code", guard.indications),
            ("guard_any_of", "definition_id", guard.any_of),
        ):
            made[table] += [{"guard_key": key, name: value} for value in values]
        made["guard_code"] += [
            {"guard_key": key, "code_system": code.system, "code_pattern": code.pattern}
            for code in guard.code
        ]
