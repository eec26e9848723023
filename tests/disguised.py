"""Write the synthetic sample as hospitals would: other names, words, units, dates and marks."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path

SAMPLE = Path(__file__).parents[1] / "data_samples"
PATIENTS = 40

Row = dict[str, str]


def sample(record: str) -> list[Row]:
    """Return the rows of the first patients of the sample."""
    with (SAMPLE / "patient.csv").open(encoding="utf-8") as lines:
        kept = {row["patient_id"] for row in list(csv.DictReader(lines))[:PATIENTS]}
    with (SAMPLE / f"{record}.csv").open(encoding="utf-8") as lines:
        return [row for row in csv.DictReader(lines) if row["patient_id"] in kept]


def write(
    path: Path,
    columns: dict[str, Callable[[Row], str]],
    rows: Iterable[Row],
    *,
    delimiter: str = ";",
    encoding: str = "utf-8",
) -> None:
    """Write rows under other names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding=encoding) as lines:
        out = csv.writer(lines, delimiter=delimiter)
        out.writerow(columns)
        out.writerows([tell(row) for tell in columns.values()] for row in rows)


def plain(name: str) -> Callable[[Row], str]:
    """Return what reads a column as it is."""
    return lambda row: row[name]


def day(name: str, form: str, clock: str = "") -> Callable[[Row], str]:
    """Return what reads a date or time and writes it in another form."""

    def tell(row: Row) -> str:
        text = row[name]
        if not text:
            return ""
        with_clock = f"{form} {clock}".strip() if len(text) > len("2024-01-01") else form
        return datetime.fromisoformat(text).strftime(with_clock)

    return tell


def day_alone(name: str, form: str) -> Callable[[Row], str]:
    """Return what reads the day of a time and writes it in another form."""
    return lambda row: datetime.fromisoformat(row[name]).strftime(form)


def number(
    name: str, factor: str = "1", decimal: str = ".", step: str = "0.001"
) -> Callable[[Row], str]:
    """Return what reads a number and writes it in another unit, rounded, with another mark."""

    def tell(row: Row) -> str:
        if not row[name]:
            return ""
        value = (Decimal(row[name]) * Decimal(factor)).quantize(Decimal(step)).normalize()
        return f"{value:f}".replace(".", decimal)

    return tell


def word(name: str, words: dict[str, str]) -> Callable[[Row], str]:
    """Return what reads a word and writes another."""
    return lambda row: words.get(row[name], row[name])


def always(text: str) -> Callable[[Row], str]:
    """Return what writes the same text in every row."""
    return lambda _: text


SEX_DE = {"M": "männlich", "F": "weiblich", "X": "divers"}
SEX_FR = {"M": "Homme", "F": "Femme"}
STATUS_DE = {"completed": "gegeben", "stopped": "abgebrochen", "not_given": "nicht gegeben"}
TESTS_DE = {"2160-0": "Kreatinin", "718-7": "Hämoglobin", "777-3": "Thrombozyten"}


def german(folder: Path) -> Path:
    """Four files: semicolons, cp1252, milligrams, 31.12.2024, decimal commas, words, test names."""
    dotted = "%d.%m.%Y"
    write(
        folder / "STAMMDATEN.csv",
        {
            "Pat_Nr": plain("patient_id"),
            "Geburtsdatum": day("birth_date", dotted),
            "Geschlecht": word("sex", SEX_DE),
            "Blutgruppe": plain("blood_group"),
        },
        sample("patient"),
        encoding="cp1252",
    )
    write(
        folder / "PHARM_ADMIN_2024.csv",
        {
            "Gabe_Nr": plain("infusion_id"),
            "Pat_Nr": plain("patient_id"),
            "VERABREICHT_AM": day("started_at", dotted, "%H:%M"),
            "Ende": day("ended_at", dotted, "%H:%M"),
            "Präparat": plain("product_code"),
            "Dosis (mg)": number("dose_g", "1000"),
            "Charge": plain("lot_number"),
            "Indikation": plain("indication_code"),
            "Status": word("status", STATUS_DE),
            "Applikationsweg": always("i.v."),
            "Bemerkung": always("x"),
        },
        sample("infusion"),
        encoding="cp1252",
    )
    write(
        folder / "GEWICHTE.csv",
        {
            "Pat_Nr": plain("patient_id"),
            "gemessen am": day("measured_at", dotted, "%H:%M"),
            "Gewicht": number("weight_kg", decimal=","),
            "Größe": number("height_cm", decimal=","),
        },
        sample("body_measurement"),
        encoding="cp1252",
    )
    write(
        folder / "LABOR.csv",
        {
            "PatNr": plain("patient_id"),
            "Abnahmedatum": day("collected_at", dotted, "%H:%M"),
            "Analyt": word("test_code", TESTS_DE),
            "Ergebnis": number_or_text,
            "Einheit": plain("unit"),
        },
        sample("lab_result"),
        encoding="cp1252",
    )
    return folder


def number_or_text(row: Row) -> str:
    """Return a result with a decimal comma, or its words."""
    return row["value"].replace(".", ",") or row["value_text"]


def french(folder: Path) -> Path:
    """One wide file: patient, infusion, weight, lot and diagnosis side by side, a clock apart."""
    patients = {row["patient_id"]: row for row in sample("patient")}
    codes = {row["patient_id"]: row["code"] for row in sample("diagnosis")}
    weights = {row["patient_id"]: row["weight_kg"] for row in sample("body_measurement")}
    rows = [
        row
        | {
            "birth_date": patients[row["patient_id"]]["birth_date"],
            "sex": patients[row["patient_id"]]["sex"],
            "code": codes.get(row["patient_id"], ""),
            "weight_kg": weights.get(row["patient_id"], ""),
        }
        for row in sample("infusion")
    ]
    write(
        folder / "perfusions ivig.csv",
        {
            "N° patient": plain("patient_id"),
            "Date de naissance": day("birth_date", "%d/%m/%Y"),
            "Sexe": word("sex", SEX_FR),
            "Poids (kg)": number("weight_kg", decimal=","),
            "Date de perfusion": day_alone("started_at", "%d/%m/%Y"),
            "Heure": lambda row: row["started_at"][11:16],
            "Spécialité": lambda row: f"{row['product_code']} flacon",
            "Dose administrée (g)": number("dose_g", decimal=","),
            "N° de lot": plain("lot_number"),
            "CIM-10": plain("code"),
            "Voie": always("intraveineuse"),
        },
        rows,
        encoding="cp1252",
    )
    return folder


def american(folder: Path) -> Path:
    """Tabs and commas, 12/31/2024 02:15 PM, pounds and inches, NULL for nothing, yearly parts."""
    slashed = "%m/%d/%Y"
    write(
        folder / "demographics.tsv",
        {"MRN": plain("patient_id"), "DOB": day("birth_date", slashed), "Gender": plain("sex")},
        sample("patient"),
        delimiter="\t",
    )
    for year in ("2022", "2023", "2024"):
        write(
            folder / f"ivig_mar_{year}.csv",
            {
                "Admin ID": plain("infusion_id"),
                "MRN": plain("patient_id"),
                "Administered At": day("started_at", slashed, "%I:%M %p"),
                "Drug Name": plain("product_code"),
                "Dose (g)": plain("dose_g"),
                "Lot #": lambda row: row["lot_number"],
                "End Time": lambda row: day("ended_at", slashed, "%I:%M %p")(row) or "NULL",
            },
            [row for row in sample("infusion") if row["started_at"].startswith(year)],
            delimiter=",",
        )
    write(
        folder / "vitals.csv",
        {
            "MRN": plain("patient_id"),
            "Date": day("measured_at", slashed),
            "Weight (lb)": number("weight_kg", "2.2046226218", step="0.1"),
            "Height (in)": number("height_cm", "0.3937007874", step="0.1"),
        },
        sample("body_measurement"),
        delimiter=",",
    )
    return folder


def nameless(folder: Path) -> Path:
    """Ids, units and products told by values alone: no unit in a name, no patient file."""
    write(
        folder / "export" / "abgaben.csv",
        {
            "Kennung": plain("patient_id"),
            "Ausgabedatum": day("dispensed_at", "%Y-%m-%d"),
            "Artikel": lambda row: f"Inf. {row['product_code']} KH-Packung",
            "Menge": number("dose_g", "1000"),
            "Ch.-B.": plain("lot_number"),
        },
        sample("dispensing"),
    )
    write(
        folder / "export" / "kurve.csv",
        {
            "Patient": plain("patient_id"),
            "Datum": day("measured_at", "%d.%m.%Y", "%H:%M"),
            "Gewicht": plain("weight_kg"),
            "Größe": number("height_cm", "0.01"),
        },
        sample("body_measurement"),
    )
    return folder


EXTRACTS: Sequence[Callable[[Path], Path]] = (german, french, american, nameless)
