"""Draw courses that fail a regimen in every way there is, and the rules they fail.

Synthetic hospitals dose as the default set says: repeats, months, events, gaps and caps hardly come
up in them. Here days, grams and events are drawn without sense.
"""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

from examined import rule
from ward import HEAD, write_set

WAYS: Final = {
    "itp_adult": "g_per_kg_total = { min = 1, max = 1 }\nrepeat = { days = { min = 5, max = 7 } }",
    "gbs": "g_per_kg_total = { min = 2, max = 2 }\n"
    "repeat = { days = { min = 7, max = 56 }, g_per_kg = 1 }",
    "mg": "g_per_kg_total = { min = 1, max = 1 }\nrepeat = { days = { min = 14, max = 28 } }",
    "pid": "g_per_kg_per_month = { min = 0.4, max = 0.8 }\ninterval_weeks = { min = 3, max = 4 }",
    "sid": "g_per_kg_total = { max = 1 }\nmax_g_per_kg_per_28d = 1",
    "cidp": "g_per_kg_total = { min = 1, max = 2 }\ninterval_weeks = { min = 3, max = 6 }",
    "kawasaki": "g_per_kg_total = { min = 2, max = 2 }\n"
    'days_from = { event = "symptom_onset", min = 5, max = 10 }',
    "amr_kidney": "g_per_kg_per_day = { min = 0.1, max = 0.1 }\n"
    'gap_days = { min = 2, max = 3 }\nafter_event = "plasma_exchange"',
    "desensitisation": "g_per_kg_total = { min = 2, max = 2 }\ndays = { min = 2, max = 2 }\n"
    "gap_days = { min = 14, max = 21 }\nspan_days = 22",
    "dermatomyositis": "g_per_kg_total = { min = 2, max = 2 }\ndays = { min = 2, max = 5 }\n"
    "g_per_kg_per_day = { min = 0.4, max = 1 }\nis_consecutive = true\n"
    "max_g_per_day = 35\nmax_g_per_course = 80",
}
RULES: Final = [
    rule(
        f"WARD-{code.upper().replace('_', '')}-REGIMEN-01",
        "regimen",
        f'[[rule.regimen]]\nlabel = "the way"\n{way}',
        indication=code,
    ).replace('severity = "review"', 'severity = "off_guideline"')
    for code, way in WAYS.items()
]
EVENTS: Final = {"kawasaki": "symptom_onset", "amr_kidney": "plasma_exchange"}
USUAL_G_PER_KG: Final = {"amr_kidney": 0.1, "pid": 0.4, "sid": 0.4, "dermatomyositis": 0.5}
APART: Final = (1, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 20, 21, 22, 27, 28, 29, 35, 42, 60)
"""Days from one infusion to the next: on the edges of the rules above, and beside them."""
SHARES: Final = (0.4, 0.9, 1, 1, 1, 1.1, 1.3, 2)
AS_OF: Final = date(2024, 12, 31)
_FIRST = date(2022, 1, 1)
_COVERED = ("infusion", "body_measurement", "clinical_event")


def write_rules(folder: Path) -> Path:
    """Write the rules as a ward's own set; return the folder that holds it."""
    return write_set(folder, HEAD, rules="\n".join(RULES))


def hard_records(n_patients: int, seed: int) -> dict[str, str]:
    """Return the records as text, as `audited` reads them."""
    chance = random.Random(seed)  # noqa: S311 - a drawing, no secret
    told = {
        "patient": ["patient_id|birth_date|sex"],
        "body_measurement": ["patient_id|measured_at|weight_kg"],
        "infusion": [
            "infusion_id|patient_id|started_at|ended_at|product_code|dose_g|route|indication_code"
        ],
        "clinical_event": ["patient_id|event_code|occurred_at"],
        "source_coverage": ["record|from_on|to_on"]
        + [f"{record}|2019-01-01|{AS_OF}" for record in _COVERED],
    }
    codes = list(WAYS)
    for number in range(n_patients):
        _draw_patient(told, chance, f"SYN-{number:05d}", codes[number % len(codes)])
    return {record: "\n".join(lines) for record, lines in told.items()}


def _draw_patient(
    told: dict[str, list[str]], chance: random.Random, name: str, indication: str
) -> None:
    """Note a patient with one to six days of infusion, each of one or two bags."""
    kg = chance.randint(40, 110)
    told["patient"].append(f"{name}|1980-01-01|F")
    on = _FIRST + timedelta(days=chance.randint(0, 500))
    _draw_events(told, chance, name, indication, on)
    for _ in range(chance.randint(1, 6)):
        told["body_measurement"].append(f"{name}|{on} 07:00|{kg}")
        grams = round(kg * USUAL_G_PER_KG.get(indication, 1) * chance.choice(SHARES) / 2.5) * 2.5
        _draw_bags(told, chance, f"{name}|{on}", grams, indication)
        on += timedelta(days=chance.choice(APART))


def _draw_bags(
    told: dict[str, list[str]], chance: random.Random, who: str, grams: Any, indication: str
) -> None:
    """Note the grams of a day in one bag or two; the second may run past midnight."""
    name, day = who.split("|")
    parts = [grams] if grams <= 5 or chance.random() < 0.6 else [grams - 5, 5]
    at = datetime.combine(date.fromisoformat(day), time(chance.choice((8, 9, 14, 19))))
    for part in parts:
        until = at + timedelta(hours=3)
        told["infusion"].append(
            f"i{len(told['infusion'])}|{name}|{at:%Y-%m-%d %H:%M}|{until:%Y-%m-%d %H:%M}"
            f"|Privigen|{part}|IV|{indication}"
        )
        at = until + timedelta(hours=chance.choice((0, 1, 3)))


def _draw_events(
    told: dict[str, list[str]], chance: random.Random, name: str, indication: str, on: date
) -> None:
    """Note up to six events around the first day, where the rule asks for any."""
    if indication not in EVENTS:
        return
    reach = (-12, 0) if indication == "kawasaki" else (-3, 12)
    for day in sorted({chance.randint(*reach) for _ in range(chance.randint(1, 6))}):
        told["clinical_event"].append(f"{name}|{EVENTS[indication]}|{on + timedelta(days=day)}")
