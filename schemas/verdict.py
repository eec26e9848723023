"""The contract of `audit.verdict`, and the words its columns may hold."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import pandera.polars as pa
import polars as pl

from schemas.column import Sum, column


class Status(StrEnum):
    """What a rule says of a subject."""

    MET = "met"
    BREACHED = "breached"
    NOT_APPLICABLE = "not_applicable"
    NOT_ASSESSABLE = "not_assessable"


class Severity(StrEnum):
    """How heavily a breach weighs."""

    OFF_GUIDELINE = "off_guideline"
    REVIEW = "review"
    ADVISORY = "advisory"


class SubjectKind(StrEnum):
    """What a verdict is about."""

    COURSE = "course"
    SESSION = "session"
    INFUSION = "infusion"
    PATIENT = "patient"
    DISPENSING = "dispensing"
    AUTHORISATION = "authorisation"
    VACCINATION = "vaccination"
    OUTCOME_REVIEW = "outcome_review"


class Reason(StrEnum):
    """Why a verdict is not plainly met or breached; of several reasons the first here is told."""

    NO_INDICATION = "no_indication"
    NO_WEIGHT = "no_weight"
    WEIGHT_STALE = "weight_stale"
    NO_HEIGHT = "no_height"
    NO_SEX = "no_sex"
    NO_AGE = "no_age"
    NO_IDEAL = "no_ideal"
    NO_DOSE = "no_dose"
    DOSE_UNCERTAIN = "dose_uncertain"
    TIME_UNKNOWN = "time_unknown"
    SAMPLE_TIME_UNKNOWN = "sample_time_unknown"
    VALUE_UNREAD = "value_unread"
    NO_RECORD_HOLDS_IT = "no_record_holds_it"
    BAG_UNRESOLVED = "bag_unresolved"
    COURSE_OPEN = "course_open"
    HISTORY_TRUNCATED = "history_truncated"
    STOPPED = "stopped"
    OTHER_PHASE = "other_phase"
    TRIGGER_ABSENT = "trigger_absent"
    OTHER_POPULATION = "other_population"
    POPULATION_UNKNOWN = "population_unknown"
    VERSION_UNKNOWN = "version_unknown"
    PRODUCT_UNKNOWN = "product_unknown"
    SET_HAS_NO_RULE = "set_has_no_rule"
    NOT_LABELLED = "not_labelled"
    NAMED_WITHOUT_DOSE = "named_without_dose"
    OUTSIDE_COVERAGE = "outside_coverage"
    TABLE_NOT_SUPPLIED = "table_not_supplied"
    CODES_NOT_READABLE = "codes_not_readable"
    EVENT_UNKNOWN = "event_unknown"
    RISK_UNKNOWN = "risk_unknown"
    CONTENTS_UNKNOWN = "contents_unknown"
    NOT_HIGH_DOSE = "not_high_dose"
    VACCINE_EXEMPT = "vaccine_exempt"
    OPTIONAL = "optional"
    POLICY_NOT_SET = "policy_not_set"
    FIRST_COURSE = "first_course"
    SUBCUTANEOUS_BETWEEN = "subcutaneous_between"
    UNKNOWN_BETWEEN = "unknown_between"
    WEIGHT_MISSING = "weight_missing"
    WEIGHT_JUMP = "weight_jump"
    WEIGHT_IMPLAUSIBLE = "weight_implausible"
    BASIS_UNKNOWN = "basis_unknown"
    PHASE_UNKNOWN = "phase_unknown"
    BEYOND_LIMIT = "beyond_limit"
    TOO_FEW_COURSES = "too_few_courses"
    TREATMENT_OPEN = "treatment_open"
    TRIAL_NOT_FAVOURABLE = "trial_not_favourable"
    TRIAL_TOO_SHORT = "trial_too_short"
    APPROVAL_NOT_REQUIRED = "approval_not_required"
    APPROVAL_UNDATED = "approval_undated"
    APPROVAL_NOT_FOUND = "approval_not_found"
    NOT_APPROVED = "not_approved"
    NOT_RECORDED = "not_recorded"
    APPROVED_LATE = "approved_late"
    APPROVAL_EXPIRED = "approval_expired"
    APPROVAL_DECLINED = "approval_declined"
    APPROVAL_PENDING = "approval_pending"
    APPROVAL_FOR_OTHER = "approval_for_other"
    BEYOND_APPROVAL = "beyond_approval"
    REVIEW_OVERDUE = "review_overdue"
    REVIEW_NOT_DUE = "review_not_due"
    NO_OUTCOME = "no_outcome"
    NO_WITHDRAWAL_TRIAL = "no_withdrawal_trial"
    LOT_MISSING = "lot_missing"
    LOTS_NOT_KEPT = "lots_not_kept"
    LOT_DIFFERS = "lot_differs"
    VIALS_DIFFER = "vials_differ"
    VIALS_UNKNOWN = "vials_unknown"
    LOT_EXPIRED = "lot_expired"
    EXPIRY_UNKNOWN = "expiry_unknown"
    RATE_UNKNOWN = "rate_unknown"
    LIMIT_NOT_READ = "limit_not_read"
    QUARANTINED_ROW = "quarantined_row"
    CONDITION_UNKNOWN = "condition_unknown"  # after the facts that could still be looked up
    OTHER_RULE_MET = "other_rule_met"


class Clause(StrEnum):
    """The part of a rule that decided."""

    DOSE_PER_DAY = "dose_per_day"
    DAYS = "days"
    DOSE_TOTAL = "dose_total"
    INTERVAL = "interval"
    REPEAT = "repeat"
    MONTH = "month"
    CAP = "cap"
    EVENT = "event"
    WINDOW = "window"
    DURATION = "duration"
    USE = "use"
    CONDITION = "condition"
    MEDICINE = "medicine"
    TEST = "test"
    LEVEL = "level"
    OBSERVATION = "observation"
    RISK = "risk"
    DEFERRAL = "deferral"
    IMMUNOGLOBULIN_AFTER = "immunoglobulin_after"
    EXPOSURE = "exposure"
    ANTIBODY_DEFICIENCY = "antibody_deficiency"
    WEIGHT = "weight"
    COURSES = "courses"
    DURATION_MONTHS = "duration_months"
    TRIAL = "trial"
    APPROVAL = "approval"
    REVIEW = "review"
    OUTCOME = "outcome"
    WITHDRAWAL = "withdrawal"
    LOT = "lot"
    VIALS = "vials"
    EXPIRY = "expiry"
    RATE = "rate"
    FIRST_RATE = "first_rate"
    TITRATION = "titration"
    ROUNDING = "rounding"
    NOT_INFUSED = "not_infused"
    INFUSED_WITHOUT_DISPENSING = "infused_without_dispensing"
    OTHER_PRODUCT = "other_product"
    OTHER_LOT = "other_lot"
    GRAMS_DIFFER = "grams_differ"
    DUPLICATE = "duplicate"
    AMBIGUOUS_MATCH = "ambiguous_match"


class Unit(StrEnum):
    """The unit of `observed`, the limits and the miss."""

    G = "g"
    G_PER_KG = "g_per_kg"
    G_PER_KG_PER_DAY = "g_per_kg_per_day"
    DAYS = "days"
    HOURS = "hours"
    KG = "kg"
    PERCENT = "percent"
    ML_PER_H = "ml_per_h"
    MINUTES = "minutes"
    MG_PER_KG_PER_MIN = "mg_per_kg_per_min"
    ML_PER_KG_PER_H = "ml_per_kg_per_h"
    ML_PER_KG_PER_MIN = "ml_per_kg_per_min"
    COUNT = "count"
    MG_PER_DL = "mg_per_dl"


class Cap(StrEnum):
    """What made a verdict less severe than its rule."""

    RULE = "rule"
    CLAUSE = "clause"
    DAYS_ONLY = "days_only"
    UNDER_DOSE = "under_dose"
    EARLY_INTERVAL = "early_interval"
    LATE_INTERVAL = "late_interval"
    SHORT_INTERVAL = "short_interval"
    DAYS_BROKEN = "days_broken"
    WEIGHT_STALE = "weight_stale"
    NOT_NAMED = "not_named"
    CONDITION_UNKNOWN = "condition_unknown"
    NEVER_ACCUSES = "never_accuses"
    RISK_RECALLED = "risk_recalled"
    DIAGNOSIS_ONLY = "diagnosis_only"
    PHASE_UNKNOWN = "phase_unknown"
    QUARANTINED_ROW = "quarantined_row"
    WEIGHT_DISPUTED = "weight_disputed"
    WEIGHT_CONTRADICTED = "weight_contradicted"
    DAY_IN_DOUBT = "day_in_doubt"
    BAG_CHARTED_TWICE = "bag_charted_twice"
    DOSE_IMPLAUSIBLE = "dose_implausible"
    BELOW_VIAL_STEP = "below_vial_step"
    HIGHER_AUTHORITY_MET = "higher_authority_met"
    NOT_FIRST = "not_first"
    RISK_JUDGED = "risk_judged"
    PART_OF_SESSION = "part_of_session"
    RECORDS_CONTRADICT = "records_contradict"
    RATE_IMPLAUSIBLE = "rate_implausible"
    WITHIN_TOLERANCE = "within_tolerance"


CAP_WORDS: Final = {
    Cap.RULE: "the rule itself may not accuse: it is unverified, titrated, typical or softer",
    Cap.CLAUSE: "the clause that failed weighs less than the rule",
    Cap.DAYS_ONLY: "only the number of days differs: the total fits and no day is above its limit",
    Cap.UNDER_DOSE: "too little is for a human to review",
    Cap.EARLY_INTERVAL: "an early interval without too many grams in 28 days, or as the rule says",
    Cap.LATE_INTERVAL: "a late interval is for a human to review",
    Cap.SHORT_INTERVAL: "too much for the days since the last course, not for the longest interval",
    Cap.DAYS_BROKEN: "days apart otherwise than stated are for a human to review",
    Cap.WEIGHT_STALE: "the weight is stale, and at one end of its range the breach is milder",
    Cap.NOT_NAMED: "a use the set does not name is for a human to review",
    Cap.CONDITION_UNKNOWN: "the records do not say whether the rule's condition holds",
    Cap.NEVER_ACCUSES: "this kind of check never says more than review",
    Cap.RISK_RECALLED: "only codes that nobody has looked up yet show the risk",
    Cap.DIAGNOSIS_ONLY: "the indication comes from a diagnosis code",
    Cap.PHASE_UNKNOWN: "the phase of treatment is unknown",
    Cap.QUARANTINED_ROW: "the patient has a quarantined row in the window of the course",
    Cap.WEIGHT_DISPUTED: "the verdict differs between actual, ideal and adjusted weight, and the "
    "set's weight policy was not read in the issuer's text",
    Cap.WEIGHT_CONTRADICTED: "another weight on record, of that day or near, would allow it",
    Cap.DAY_IN_DOUBT: "the records do not say for certain that all of it was given on one day",
    Cap.BAG_CHARTED_TWICE: "it rests on two bags alike in product, grams and start that no lot or "
    "vial tells apart, so that one may be charted twice",
    Cap.DOSE_IMPLAUSIBLE: "so far above the limit that a slip in dose or weight is likelier",
    Cap.BELOW_VIAL_STEP: "the miss is smaller than one vial",
    Cap.HIGHER_AUTHORITY_MET: "another loaded set of higher authority is met",
    Cap.NOT_FIRST: "it is not known to be a first infusion of this product, nor one after a long "
    "pause",
    Cap.RISK_JUDGED: "whether a patient is at risk is for a human to judge",
    Cap.PART_OF_SESSION: "only a part of the session ran that fast, by the times of single bags",
    Cap.RECORDS_CONTRADICT: "grams, volume, times and charted rates contradict each other",
    Cap.RATE_IMPLAUSIBLE: "so far above the limit that a slip in rate, times or weight is likelier",
    Cap.WITHIN_TOLERANCE: "above the printed limit by no more than our tolerance",
}
"""One clause per cap, to follow a colon."""


class WeightBasis(StrEnum):
    """Which weight a dose was judged by."""

    ACTUAL = "actual"
    IDEAL = "ideal"
    ADJUSTED = "adjusted"


ENUM_TYPES: dict[str, type[StrEnum]] = {
    "verdict_status": Status,
    "verdict_severity": Severity,
    "verdict_cap": Cap,
    "verdict_subject_kind": SubjectKind,
    "verdict_reason": Reason,
    "verdict_clause": Clause,
    "verdict_unit": Unit,
    "verdict_weight_basis": WeightBasis,
}
"""The DuckDB ENUM types of the verdict's columns, by name."""


class Verdict(pa.DataFrameModel):
    """One row per rule and subject it could apply to."""

    kind: str = column("The kind of check, named by its file in sql/checks.", required=True)
    set_key: pl.Int32 = column("The set (guideline.guideline_set).", required=True)
    rule_key: pl.Int32 = column("The rule (guideline.rule); null where the set has none.")
    subject_kind: str = column("What was judged.", required=True, allowed=list(SubjectKind))
    subject_key: pl.Int32 = column("The subject, in its own table.", required=True)
    course_key: pl.Int32 = column("The course of the subject (derived.course).")
    patient_key: pl.Int32 = column("The patient of the subject.", required=True)
    status: str = column("What the rule says.", required=True, allowed=list(Status))
    reason: str = column("Why it is not plainly met or breached.", allowed=list(Reason))
    severity: str = column(
        "How heavily a breach weighs, after the caps; null without a rule.",
        allowed=list(Severity),
    )
    cap: str = column("What made it less severe than its rule.", allowed=list(Cap))
    is_countable: bool = column("It may enter the headline.", required=True)
    clause: str = column("The part of the rule that decided.", allowed=list(Clause))
    observed: Sum = column("What was observed.")
    limit_low: Sum = column("The lower limit as printed.")
    limit_high: Sum = column("The upper limit as printed.")
    tolerance: Sum = column("What is allowed beyond a limit: a share of a dose, days of a gap.")
    unit: str = column("The unit of observed, limits and miss.", allowed=list(Unit))
    regimen_key: pl.Int32 = column("The regimen met, or the nearest one (guideline.regimen).")
    miss: Sum = column("How far beyond the limit, in the unit.")
    weight_basis: str = column("Which weight was used.", allowed=list(WeightBasis))


def enum_ddl(schema: str = "audit") -> list[str]:
    """Return one CREATE TYPE statement per ENUM of the verdict.

    Args:
        schema: the schema (from our own code) that is to own the types.
    """
    return [
        f"CREATE TYPE {schema}.{name} AS ENUM ({_quoted(words)})"
        for name, words in ENUM_TYPES.items()
    ]


def _quoted(words: type[StrEnum]) -> str:
    return ", ".join(f"'{word}'" for word in words)
