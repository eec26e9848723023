"""Hold every word the page says for a code, in one place for translation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.verdict import CAP_WORDS

SEVERITY = {
    "off_guideline": "Off guideline",
    "review": "Review",
    "advisory": "Advisory",
}
STATUS_OF_RULE = {
    "transcribed": "read in the issuer's own text",
    "secondary": "read in someone else's text about it",
    "unverified": "unverified",
}
AUTHORITY = {
    "label": "product label",
    "commissioner": "commissioner's policy",
    "society": "guideline of a professional society",
    "unit": "protocol of a unit",
    "overview": "unreviewed overview, not a guideline",
    "house": "our own policy",
}
ANSWER = {
    "off_guideline": "off guideline",
    "review": "for review",
    "advisory": "advisory",
    "met": "met",
    "not_assessable": "not assessable",
    "silent": "says nothing",
}
OBSTACLE = {
    "not_kept": "Its folder is no longer kept, only its history",
    "no_history": "It kept no history of its findings: an earlier version of the program made it",
    "other_key": "Its findings are named with another key of the pseudonyms and cannot be known "
    "again, nor can the decisions on them. Put the old key file back",
    "history_unreadable": "The history of its findings cannot be read",
    "unreadable": "Its database cannot be read: it is damaged, or another version wrote it",
    "other_program": "Another version of the program judged it, whose part is not known",
    "failed": "Judging today's records by its rules failed",
    "read_otherwise": "The records were read by other settings, whose part is not known",
}
BASIS = {
    "infused": "infusions given",
    "dispensed": "basis: dispensed (no infusions were supplied)",
    "nothing": "no infusion or dispensing was found",
}
EXPIRY = {
    "expired": "Before that day",
    "within_30": "On it or within 30 days",
    "within_90": "31 to 90 days after",
    "later": "More than 90 days after",
    "unknown": "Not known",
}
BODY_MASS = {
    "obese": "Obese adults",
    "other": "Other adults",
    "not_adult": "Children, or age unknown",
    "unknown": "Adults without weight or height",
}
KIND = {
    "indication": "Indication",
    "regimen": "Dose and interval",
    "infusion_duration": "Hours of infusion",
    "concomitant": "Medicine given with it",
    "precaution": "Product and patient",
    "premedication": "Medicine before the session",
    "vaccine_interval": "Live vaccines",
    "monitoring": "Tests in their window",
    "observation": "Watched during and after",
    "trough": "Trough against a level",
    "weight": "Weight",
    "limit": "Number of courses, months, trials",
    "authorisation": "Approval",
    "review": "Review",
    "traceability": "Lots and vials",
    "infusion_rate": "Rate of infusion",
    "rounding": "Whole vials",
    "reconciliation": "Gram ledger",
}
INFUSION_CLASS = {
    "counted": "Counted in this report",
    "outside_period": "Outside the period",
    "date_unknown": "Date unknown",
    "not_given": "Not given",
    "subcutaneous": "Subcutaneous",
    "intramuscular": "Intramuscular",
    "hyperimmune": "Hyperimmune globulin",
    "not_immunoglobulin": "Not immunoglobulin",
    "product_unknown": "Product unknown",
    "route_unknown": "Route unknown",
}
ATTRIBUTION = {
    "named_infusion": "To the infusion the report names",
    "in_window": "To the one session or course in whose window it began",
    "several_sessions": "To the last of several sessions in whose window it began",
    "several_courses": "To the last of several courses in whose window it began",
    "time_unknown": "Perhaps: an hour is not recorded, the days allow it",
    "no_onset": "To none: the onset is not recorded",
    "no_window": "To none: no window is known for the term",
    "outside_every_window": "To none: outside every window",
}
ASCERTAINMENT = {
    "reported": "Reported",
    "reported_serious": "Reported as serious",
    "detected": "Detected",
}
SORTED_BY = {
    "dose_number": "First dose on record or later",
    "dose_band": "Dose of the course by actual weight†",
    "rate_band": "Mean rate of the session by actual weight†",
    "premedication": "Medicine beforehand",
    "blood_group": "Blood group",
}
SORTED_BY_SHORT = {
    "dose_band": "Dose",
    "rate_band": "Rate",
    "premedication": "Medicine beforehand",
    "blood_group": "Blood group",
}
CLASS = {
    "first": "first",
    "later": "later",
    "below_0.5": "below 0.5 g/kg",
    "0.5_to_1": "0.5 to below 1 g/kg",
    "1_to_2": "1 to below 2 g/kg",
    "2_and_more": "2 g/kg and more",
    "below_2": "below 2 mg/kg/min",
    "2_to_4": "2 to below 4 mg/kg/min",
    "4_and_more": "4 mg/kg/min and more",
    "given": "given",
    "not_found": "none found where one would have been",
    None: "not known",
}
WHY_NOT = {
    "ascertainment": "events were found in another way, or nobody read how",
    "numerator": "it does not count events",
    "denominator": "it is not per session, course or patient",
    "counts": "numerator or denominator is not in the text read",
    None: "beside ours",
}
FOUND_BY = {
    "reported": "reports",
    "study": "a study that followed infusions",
    "claims": "claims",
    "laboratory": "tests done on purpose",
    "not_stated": "not stated in the text read",
}
UNIT_KIND = {"product": "Product", "lot": "Lot", "site": "Site"}
PLACE_KIND = {
    "site": "Site",
    "ward": "Ward",
    "care_setting": "Care setting",
    "specialty": "Specialty",
    "prescriber": "Prescriber",
}
PLACE_FILLED_BY = {
    "site": "No record says the site. infusion.site_id would fill this table (dispensing.site_id, "
    "where doses are read from dispensings).",
    "ward": "No record says the ward. infusion.ward_id would fill this table.",
    "care_setting": "No record says whether it was given on a ward, in a day unit or at home. "
    "infusion.care_setting would fill this table.",
    "specialty": "No request that an infusion names says its specialty. authorisation.specialty "
    "and infusion.authorisation_id would fill this table.",
    "prescriber": "No record says who prescribed. prescriber_id of infusion, dispensing or "
    "authorisation would fill this table.",
}
PLACES = {"site": "sites", "prescriber": "prescribers"}
LIES = {
    "within": "within",
    "above": "above",
    "below": "below",
    "too_few": "too few†",
    "not_recorded": "no single place",
    "no_limits": "all are alike",
    "alone": "the only one",
}
GROUP_KIND = {"age": "Age at the first day of the course", "sex": "Sex"}
GROUP = {
    "under_18": "Under 18",
    "18_to_39": "18 to 39",
    "40_to_64": "40 to 64",
    "65_to_79": "65 to 79",
    "80_and_over": "80 and over",
    "F": "Female",
    "M": "Male",
    "X": "Another",
    None: "Not recorded",
}
OUTCOME = {
    "off": "Off guideline",
    "unassessed": "Not assessable",
    "within": "Within",
    "no_rule": "Not judged: no rule that may accuse",
    "open": "Not judged: not closed yet",
}
CARE_SETTING = {"inpatient": "Inpatient", "day_unit": "Day unit", "home": "Home"}
PEERS = {
    "product": "the other products",
    "lot": "the other lots of its product",
    "site": "the other sites",
}
ASCERTAINMENT_NUMERATOR = {
    "reported": "numerator: distinct reported events attributed to a session begun in the period",
    "reported_serious": "numerator: distinct events reported as serious and attributed to a "
    "session begun in the period",
    "detected": "numerator: signals without a guard; denominator: only courses for which the "
    "definition could be evaluated",
}
ANCHOR = {
    "session_start": "the start of a session",
    "session_end": "the end of a session",
    "course_start": "the start of a course",
    "course_end": "the end of a course",
}
STATUS_OF_WINDOW = {
    "seen": "read in the source",
    "derived": "worked out from sources",
    "seen_secondary": "read in someone else's text",
    "recalled": "recalled; nobody has read a source",
}
SIGNAL_STATE = {
    "never_reported": "Never reported",
    "reported": "Reported too",
    "unknown_reported": "Detected",
    "flagged": "Flagged",
    "observation": "Observed",
}
SIGNAL_STATUS = {"met": "met", "not_met": "not met", "not_evaluable": "not evaluable"}
SIGNAL_REASON = {
    None: "",
    "no_baseline": "nothing was measured before",
    "time_unknown": "an hour that matters is not recorded",
    "timing_unknown": "timing unknown",
    "value_unread": "a result could not be read",
    "unplaced_result": "a result in quarantine or without an hour may change it",
    "beyond_limit": "it hangs on a result given as below or above a limit",
    "not_coded_after": "nobody coded anything after its window",
    "too_late": "the negative test was taken too late to exclude it",
    "nadir_masked": "a transfusion may have hidden the lowest value",
    "not_measured": "a test or code it needs is missing",
    "in_no_record": "no record can answer it",
    "no_result": "nothing was measured in the window",
}
GUARD = {
    "below_resolution": "below what a laboratory can tell apart",
    "seen_before_exposure": "so high or low before the exposure too",
    "signs_before_exposure": "signs it rests on were there before the exposure",
    "rising_before_exposure": "moving before the exposure already",
    "confounded_by_indication": "the disease treated explains it",
    "counted_with_a_later_one": "counted with a later exposure",
    "recalled_definition": "the definition or its window is recalled",
    "imputed_baseline": "the baseline is calculated, not measured",
    "observation": "an observation, no adverse event by itself",
    "pseudohyponatraemia_not_excluded": "pseudohyponatraemia is not excluded",
    "laboratory_evidence_only": "laboratory evidence without a fall",
    "haemolysis_inherited": "inherited haemolysis",
    "haemolysis_autoimmune": "autoimmune haemolysis known before",
    "kidney_failure": "kidneys that had failed before",
}
STATUS_OF_FACT = {
    "seen": "read in the source",
    "derived": "worked out",
    "recalled": "recalled: advisory",
}
IMPUTABILITY = {None: "not recorded"}
NAMED_FAULT = {
    "is_named_outside": "the report names an infusion in whose window it did not begin",
    "is_other_patient_named": "the report names another patient's infusion",
    "is_other_product_named": "the report names an infusion that is not IVIG",
    "is_not_given_named": "the report names an infusion that was not given",
}
SHARE_BASIS = {
    "given": "all that was given in its window",
    "stated": "what the report states, of what was given in its window",
    "stated_only": "on the word of the report alone: nothing given agrees with it",
    "unknown": "nothing was given that it could be laid to",
}
CONFIRMATION = {
    "confirmed": "confirmed by a signal of the same event and course",
    "flagged": "met by a signal that is listed and not counted",
    "not_met": "not confirmed: a case definition says no, and none is met",
    "not_evaluable": "nothing: what would tell was not measured or coded",
    "not_attributed": "not asked, for the event is laid to no course",
    None: "no case definition looks for this event",
}
STEP = {"month": "Month", "quarter": "Quarter", "year": "Year", "decade": "Decade"}
ROUTE = {
    "IV": "Into a vein",
    "SC": "Under the skin",
    "IM": "Into a muscle",
    "unknown": "Not known which way",
}
SWITCH_OUTCOME = {
    "same": "The same product again",
    "switch": "Another product",
    "unclear": "Several products in either",
}
BODY_MASS_REASON = {
    "minor": "Under age: the classes are made for adults",
    "no_age": "Age unknown",
    "no_height": "Height unknown",
    "no_weight": "Weight unknown",
}
LEDGER_STATE = {
    "closed": "Closes",
    "broken": "Does not close, or another lot or product",
    "set_aside": "Not intravenous immunoglobulin: not balanced",
    "table_not_supplied": "The other kind of record was not supplied",
    "ambiguous_match": "Cannot be told which belong together",
    "grams_unknown": "Grams of an infusion are not known",
    "quarantined_row": "The other side may be in quarantine",
    "outside_period": "The other side may lie beyond the records",
}
SET_ASIDE = {
    "duplicate": "identical to another row",
    "superseded": "a newer version exists",
    "deleted": "marked as deleted by the source",
}
ROW_FATE = {
    "read": "Read as given; what was wasted is not said",
    "read_none_wasted": "Read as given, and marked: none wasted (JZ)",
    "wasted": "Wasted (JW), not given",
    "unit_unknown": "Read without grams: nobody read how much a unit of the code is",
    "unit_recalled": "Read without grams: the unit of the code is only recalled",
    "units_unread": "Read without grams: the units are no whole number above zero",
    "in_several_claims": "Read without grams: several claims bill the code on that day",
    "several_days": "Read without grams: it covers several days",
    "reversal_unclear": "Read without grams: what a line below zero takes back is not clear",
    "versions_unordered": "Grams not known: versions differ and have no order",
    "superseded": "Not read: a later version exists",
    "replaced": "Not read: a later claim took the place of the claim",
    "voided": "Not read: a later claim took it back",
    "void": "Not read: the claim takes another back",
    "reversed": "Not read: reversed, or the reversal itself",
    "denied": "Not read: denied, and billed once more",
    "denied_only": "Not read: denied, and never billed again; it may have been given",
    "status_unknown": "Not read: the word of the status is not known",
    "kind_unknown": "Not read: the frequency code is not known",
    "not_listed": "Not read: a code of no immune globulin that we know",
    "issued": "Read as dispensed",
    "ordered": "Not read as a dose: ordered, not given",
    "listed": "Not read as a dose: on a list of medicines, not given",
    "type_unknown": "Read without grams: the type does not say whether it was given",
    "quantity_of_claim": "Read without grams: a claim counts in units of its own",
    "quantity_missing": "Read without grams: no quantity",
    "quantity_unread": "Read without grams: the quantity is no number above zero",
    "quantity_unit_unknown": "Read without grams: the unit of the quantity is not known",
    "strength_missing": "Read without grams: no strength of the product",
    "strength_unfit": "Read without grams: the strength does not fit the unit of the quantity",
    "several_ingredients": "Read without grams: the product has several ingredients",
    "boxed": "Read without grams: the product comes in boxes of several",
    "patient": "Read as patient",
    "encounter": "Read as encounter",
    "diagnosis": "Read as diagnosis",
    "diagnosis_uncoded": "Not read: a condition without a code of a known system",
    "lab_result": "Read as laboratory result",
    "body_size": "Read as weight or height",
    "body_size_unit": "Not read: a weight or height in a unit that is not known",
    "test_without_loinc": "Not read: a test without a LOINC code",
    "test_without_value": "Not read: a test without a value",
    "event": "Read as clinical event",
    "other_procedure": "Not read: a procedure that no rule asks about",
    "other_medicine": "Read as another medicine",
    "medicine_not_listed": "Read as another medicine: by code and name no immune globulin we know",
    "medicine_missing": "Not read: the medicine it points to is not in the records",
    "not_final": "Not read: a weight, height or blood group that is preliminary",
    "preliminary_replaced": "Not read: preliminary, and its final result is there",
    "product_unknown": "Read as an unknown product: nothing tells what it is, and the patient has"
    " immune globulin",
    "status_unsure": "Read without grams: the status does not say whether it was given",
    "read_by_strength": "Read: grams from millilitres and the strength of the product",
    "no_grams": "Read without grams: no amount in grams, milligrams, vials or known millilitres",
    "unfinished": "Read without grams: it was still running",
    "part_unclear": "Read without grams: a part of a part of another dose",
    "part_of": "Not read as a dose: a part of another one that has its grams",
    "frame": "Not read as a dose: it holds others together that have their grams",
    "rate_step": "Read as a rate of another dose",
    "no_dose": "Not read as a dose: stopped, paused, flushed or changed in rate",
    "not_dispensed": "Not dispensed, by its status",
    "entered_in_error": "Not read: entered in error",
    "modifier_unknown": "Not read: a modifierExtension we do not know; doses are in quarantine",
    "not_done": "Not read: planned, cancelled or not done",
    "no_time": "Not read as encounter: no time; its ward and site are",
    "suspected": "Not read: a condition that is only suspected",
    "vaccine_uncoded": "Not read: a vaccine without a CVX code",
    "adverse_event": "Read as adverse event",
    "medicine_unnamed": "Not read: a medicine without code or name",
    "vaccine": "Read as vaccine",
    "death": "Read as the patient's death",
    "death_of_nobody": "Not read: the death of nobody who is in the records",
    "looked_up": "Looked up: codes, names, strengths and requests",
    "bag": "A bag: read as infusion",
    "given": "A dose given at once: read as infusion without an end",
    "two_bags_at_once": "A bag: read without an end, for another began while it ran",
    "bag_without_stop": "A bag: read without an end, for nobody stopped it",
    "bag_in_repeated_hour": "A bag: read without an end, for the clocks showed its hour twice",
    "bag_with_unknown": "A bag: read without grams, for an action in it is not understood",
    "bag_not_given": "A bag: read without grams, for it is also said not to be given",
    "dose_missing": "A bag: read without grams, for no dose is written",
    "dose_unread": "A bag: read without grams, for the dose is no number above zero",
    "dose_unit_unknown": "A bag: read without grams, for the unit of the dose is not known",
    "rate_change": "A change of rate: a step, no dose",
    "rate_unread": "A change of rate that cannot be read: the bag has no rates",
    "rate_in_pause": "A rate set during a pause",
    "rate_without_bag": "A change of rate without a bag: not read",
    "verified": "A rate verified",
    "verify_differs": "A rate verified that nobody set: the bag has no rates",
    "paused": "A pause: a step of 0",
    "pause_twice": "A pause during a pause: the bag has no rates",
    "pause_without_bag": "A pause without a bag: not read",
    "restarted": "A restart: a step",
    "restart_without_pause": "A restart without a pause: how long it stood still is not known",
    "stopped": "The end of a bag",
    "stop_without_bag": "A stop without a bag: not read",
    "not_given": "Not given: an immune globulin is read as an infusion that was not given",
    "not_given_in_bag": "Not given, while a bag ran",
    "scheduled": "Planned: nothing happened",
    "action_unknown": "Not read: the word of the action is not known",
    "time_unread": "Not read: the time is not known",
    "withdrawn": "Not read: deleted, or entered in error",
    "duplicate": "Not read: the same row again",
    "other_action": "Not read: an action on another medicine that is no dose",
}
APPROVAL_STATE = {
    "approved": "Approved in time",
    "approved_later": "Approved afterwards",
    "expired": "The approval had expired",
    "declined": "Asked for and declined",
    "pending": "Asked for, not decided",
    "none": "No request for it on record",
    "none_needed": "No request; a loaded set needs none",
    "not_supplied": "Unknown: authorisations were not supplied",
}
COURSE_STATE = {
    "all": "All courses begun in the period",
    "closed": "Closed: can be judged",
    "open": "Open: may still grow, so not judged yet",
    "start_truncated": "Cut off by the start of the records",
    "history_truncated": "Too near the start of the records to know what came before",
    "stopped": "With an infusion stopped early: lower limits do not apply",
    "dose_uncertain": "Grams and volume disagree",
    "quarantined_row": "With a quarantined row of the patient in the course's days",
}
WEIGHT_STATE = {
    "fresh": "Recent enough",
    "stale": "Older than the limit",
    "missing": "No weight at or before the start",
}
WEIGHT_BASIS = {
    "policy": "The set's own",
    "actual": "Actual",
    "ideal": "Ideal",
    "adjusted": "Adjusted",
}
DOSE_WEIGHT_STATE = {
    "no_rule": "Not asked",
    "nought": "Counted as 0 g",
    "unknown": "Unknown, and in no sum",
}
INDICATION_SOURCE = {
    "infusion": "stated with the infusion",
    "authorisation": "stated in the authorisation",
    "diagnosis": "from exactly one diagnosis code (findings are capped at review)",
    "conflict": "two different indications: unknown",
    None: "not recorded, or in words no code list knows: unknown",
}
MEASURE = {"day": "g/kg on a day", "total": "g/kg in a course"}
MEASURE_LONG = {"day": "Dose per kg on the heaviest day", "total": "Dose per kg of the course"}
WEIGHT_RECORD = {
    "body_measurement": "body_measurement",
    "infusion": "the infusion's own row",
}
REASON = {
    "no_indication": "the indication is unknown",
    "no_weight": "no weight",
    "no_height": "no height",
    "no_sex": "sex not recorded",
    "no_age": "age not recorded",
    "no_dose": "grams unknown",
    "stale_weight": "the weight is too old and could change the verdict",
    "no_ideal": "no ideal weight for this height",
    "sample_time_unknown": "the time of the sample is not recorded",
    "value_unread": "the result has no number in a unit that can be read",
    "no_record_holds_it": "no record of the contract holds what the rule asks for",
    "weight_jump": "two weights too far apart",
    "weight_implausible": "an implausible weight",
    "basis_unknown": "it is not recorded which weight it is",
    "time_unknown": "only a date, no time of day",
    "end_unknown": "the end of the infusion is not recorded",
    "table_not_supplied": "the records it needs were not supplied",
    "bag_unresolved": "a bag in the course's days has an unknown product or is in quarantine",
    "outside_coverage": "the records it needs do not cover these days",
    "codes_not_readable": "the patient's medicines are coded in a way the code list cannot read",
    "set_has_no_rule": "the set has no rule for this indication",
    "not_labelled": "the set's rules for this indication are for other products",
    "product_unknown": "the rule is for some products, and the records do not name one product",
    "named_without_dose": "the set names the use and gives no dose",
    "policy_not_set": "the weight policy has no formula yet",
    "course_open": "the course may still grow",
    "history_truncated": "the records begin too late to know",
    "phase_unknown": "loading or maintenance is not recorded",
    "condition_unknown": "a condition of the rule is not recorded",
    "event_unknown": "the event the rule counts from is not recorded",
    "other_rule_met": "another rule of the set, for another situation, is met",
    "risk_unknown": "the records do not say whether the patient has the risk",
    "contents_unknown": "nobody has read what the product contains",
    "not_high_dose": "the dose is not high, and the set asks for no delay",
    "vaccine_exempt": "this live vaccine need not wait after immunoglobulin",
    "optional": "it may be given, and was not",
    "weight_stale": "the weight is too old and could change the verdict",
    "weight_missing": "no weight",
    "dose_uncertain": "grams and volume disagree",
    "other_phase": "the rule is for another phase",
    "trigger_absent": "what the rule waits for is not there: a dose, a risk, a stage of treatment",
    "other_population": "the rule is for another population",
    "population_unknown": "age or sex is not recorded",
    "version_unknown": "the rule spares existing treatments; whether this is one is not known",
    "first_course": "the first course has no interval",
    "subcutaneous_between": "subcutaneous treatment in between",
    "unknown_between": "an unclear row in between",
    "stopped": "an infusion was stopped early",
    "beyond_limit": "more, or for longer, than the rule allows",
    "too_few_courses": "fewer courses than the rule has",
    "treatment_open": "the treatment may still go on",
    "trial_not_favourable": "no review says that the trial helped",
    "trial_too_short": "the trial ended early",
    "approval_not_required": "no approval is needed",
    "approval_undated": "an approval without dates",
    "approval_not_found": "the approval that is named is not among the records",
    "not_approved": "no approval",
    "not_recorded": "no request on record",
    "approved_late": "approved afterwards",
    "approval_expired": "the approval had expired",
    "approval_declined": "the request was declined",
    "approval_pending": "the request is undecided",
    "approval_for_other": "the approval that is named is for another indication",
    "beyond_approval": "more, sooner or more often than approved",
    "review_overdue": "no review within the time the rule gives",
    "review_not_due": "no review is due yet",
    "no_outcome": "the review says neither a response nor a measure",
    "no_withdrawal_trial": "no trial of less or none within the time the rule gives",
    "lot_missing": "no lot is recorded",
    "lots_not_kept": "the site does not record lots",
    "lot_differs": "a lot that was not dispensed for it",
    "vials_differ": "the vials do not add up to the grams",
    "vials_unknown": "number or size of the vials is not recorded",
    "lot_expired": "the lot had expired",
    "expiry_unknown": "the expiry date is not recorded",
    "rate_unknown": "no rate is charted; a mean over time can only show that it was too fast",
    "limit_not_read": "nobody read a limit of this product for such patients",
    "quarantined_row": "the record that would answer it may be one in quarantine",
    "policy_not_read": "another weight would allow it, and nobody read which one the set asks for",
    "no_upper_limit": "the rule gives no upper limit",
    "weight_contradicted": "another weight on record would allow it",
    "bag_charted_twice": "two bags alike, which may be one charted twice",
    "dose_implausible": "so far above the limit that a slip in dose or weight is likelier",
    None: "no reason given",
}
CHECK: dict[str, str] = {}  # the name of a check says what it asks; blanks make it readable
CLAUSE = {
    "dose_per_day": "Dose on a day",
    "dose_total": "Dose of the course",
    "days": "Number of days",
    "interval": "Interval",
    "repeat": "Repeat",
    "month": "Dose in a month",
    "cap": "Largest dose allowed",
    "event": "Days with the event they belong to",
    "window": "Days since the event",
    "duration": "Hours of the infusion",
    "use": "Use",
    "condition": "Condition",
    "medicine": "Medicine given with it",
    "test": "Test in its window",
    "level": "Trough",
    "observation": "Observation",
    "risk": "Risk of the patient",
    "deferral": "Vaccine after immunoglobulin",
    "immunoglobulin_after": "Immunoglobulin soon after the vaccine",
    "exposure": "Vaccine given after an exposure",
    "antibody_deficiency": "Live vaccine in antibody deficiency",
    "weight": "Age of the weight",
    "courses": "Number of courses",
    "duration_months": "Months of treatment",
    "trial": "Trial of treatment",
    "approval": "Approval",
    "review": "Review",
    "outcome": "Outcome of the review",
    "withdrawal": "Trial of less or none",
    "lot": "Lot",
    "vials": "Vials",
    "expiry": "Expiry date",
    "rate": "Highest rate",
    "first_rate": "Rate at the start",
    "titration": "Steps of the rate",
    "rounding": "Not rounded as the rule says",
    "not_infused": "Issued and not infused",
    "infused_without_dispensing": "Infused and not issued",
    "other_product": "Another product infused than issued",
    "other_lot": "Another lot infused than issued",
    "grams_differ": "Other grams infused than issued",
    "duplicate": "Written down twice",
    "ambiguous_match": "Grams missing between records that cannot be told apart",
}
ABOVE = {
    "days": "Too many days",
    "month": "Too much for the days it covers",
    "interval": "Later than the interval",
    "duration": "Longer than the range",
    "weight": "Weight older than the limit",
    "courses": "More courses than allowed",
    "duration_months": "Longer than allowed",
    "trial": "Beyond the trial without a review that says it helped",
    "approval": "Given without an approval in time",
    "review": "Review overdue",
    "withdrawal": "No trial of less or none",
    "rate": "Faster than the label lets it run",
    "first_rate": "Started faster than the label says",
    "titration": "Raised by more than the label says",
}
BELOW = {
    "days": "Too few days",
    "month": "Too little for the days it covers",
    "interval": "Earlier than the interval",
    "duration": "Shorter than the range",
    "courses": "Fewer courses than the rule has",
    "trial": "Trial ended early",
    "level": "Trough below the level",
    "titration": "Raised sooner than the label says",
}
CAP = {cap.value: words for cap, words in CAP_WORDS.items()}


def word(words: Mapping[Any, str], code: str | None) -> str:
    """Return the words for a code; an unknown code is shown with blanks for underscores."""
    if code in words:
        return words[code]
    return "unknown" if code is None else str(code).replace("_", " ")
