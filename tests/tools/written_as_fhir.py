"""Write a folder of contract CSV files as a FHIR R4 bulk export: one NDJSON file per resource type.

Only elements of R4 itself are used, no extension. What R4 has no element for is left out; the
test that compares verdicts says what that costs. Shares no code with the reader.

    python tests/tools/written_as_fhir.py SOURCE TARGET
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a script from the checkout

from schemas.record import RECORDS, contract_columns

# What FHIR R4 has no resource for lies beside the export, as the page says.
BESIDE = ("authorisation", "outcome_review", "clinical_event", "source_coverage")

_MACROS = """
CREATE MACRO ref(kind, id) AS CASE WHEN id IS NOT NULL THEN {'reference': kind || '/' || id} END;
CREATE MACRO said(t) AS CASE WHEN t IS NOT NULL THEN {'text': t} END;
CREATE MACRO pruned(x) AS JSON_MERGE_PATCH('{}', TO_JSON(x));
CREATE MACRO listed(x) AS CASE WHEN x IS NOT NULL THEN [x] END;
CREATE MACRO number(t) AS CASE
    WHEN REGEXP_FULL_MATCH(t, '-?[0-9]+(\\.[0-9]+)?') THEN CAST(t AS JSON) ELSE TO_JSON(t) END;
CREATE MACRO quantity(t, u) AS CASE WHEN t IS NOT NULL THEN
    {'value': number(t), 'unit': u, 'system': 'http://unitsofmeasure.org', 'code': u} END;
CREATE MACRO moment(t) AS CASE
    WHEN REGEXP_FULL_MATCH(t, '[0-9-]{10}T[0-9:]{8}') THEN t || 'Z' ELSE t END;
CREATE MACRO coded(of, code) AS {'coding': [{'system': of, 'code': code}]};
CREATE MACRO stay(patient, ward, site) AS CASE
    WHEN COALESCE(ward, site) IS NOT NULL
        THEN 'enc-' || LEFT(MD5(CONCAT_WS('|', patient, ward, site)), 20) END;
"""

_SYSTEM = """CASE code_system
    WHEN 'ICD10CM' THEN 'http://hl7.org/fhir/sid/icd-10-cm'
    WHEN 'ICD10' THEN 'http://hl7.org/fhir/sid/icd-10'
    WHEN 'ICD9CM' THEN 'http://hl7.org/fhir/sid/icd-9-cm'
    WHEN 'SNOMED' THEN 'http://snomed.info/sct'
    WHEN 'ATC' THEN 'http://www.whocc.no/atc'
    WHEN 'RXNORM' THEN 'http://www.nlm.nih.gov/research/umls/rxnorm' END"""

# By file: the SELECTs of its resources, each a struct; an empty member is left out of the JSON.
_RESOURCES = {
    "Patient": """SELECT {
        'resourceType': 'Patient', 'id': patient_id, 'birthDate': birth_date,
        'gender': CASE sex WHEN 'F' THEN 'female' WHEN 'M' THEN 'male' WHEN 'X' THEN 'other'
            WHEN 'U' THEN 'unknown' END,
        'deceasedDateTime': deceased_on} FROM patient""",
    "Observation": """SELECT {
        'resourceType': 'Observation', 'id': 'lab-' || rowid, 'status': 'final',
        'code': coded('http://loinc.org', test_code), 'subject': ref('Patient', patient_id),
        'effectiveDateTime': moment(collected_at),
        'valueQuantity': CASE WHEN "value" IS NOT NULL OR unit IS NOT NULL THEN {
            'value': number("value"), 'comparator': comparator, 'unit': unit, 'code': unit,
            'system': 'http://unitsofmeasure.org'} END,
        'valueString': value_text,
        'specimen': CASE WHEN specimen IS NOT NULL THEN {'display': specimen} END}
        FROM lab_result""",
    "Observation.body": """SELECT {
        'resourceType': 'Observation', 'id': 'weight-' || rowid, 'status': 'final',
        'code': coded('http://loinc.org', '29463-7'), 'subject': ref('Patient', patient_id),
        'effectiveDateTime': moment(measured_at), 'valueQuantity': quantity(weight_kg, 'kg')}
        FROM body_measurement WHERE weight_kg IS NOT NULL
        UNION ALL SELECT {
        'resourceType': 'Observation', 'id': 'height-' || rowid, 'status': 'final',
        'code': coded('http://loinc.org', '8302-2'), 'subject': ref('Patient', patient_id),
        'effectiveDateTime': moment(measured_at), 'valueQuantity': quantity(height_cm, 'cm')}
        FROM body_measurement WHERE height_cm IS NOT NULL""",
    "Observation.blood": """SELECT {
        'resourceType': 'Observation', 'id': 'abo-' || patient_id, 'status': 'final',
        'code': coded('http://loinc.org', '883-9'), 'subject': ref('Patient', patient_id),
        'valueCodeableConcept': said(blood_group)} FROM patient WHERE blood_group IS NOT NULL""",
    "Condition": f"""SELECT {{
        'resourceType': 'Condition', 'id': 'dx-' || rowid, 'subject': ref('Patient', patient_id),
        'code': coded({_SYSTEM}, code), 'recordedDate': recorded_on, 'onsetDateTime': onset_on}}
        FROM diagnosis""",
    "Immunization": """SELECT {
        'resourceType': 'Immunization', 'id': 'vac-' || rowid, 'status': 'completed',
        'vaccineCode': coded('http://hl7.org/fhir/sid/cvx', vaccine_code),
        'patient': ref('Patient', patient_id), 'occurrenceDateTime': given_on} FROM vaccination""",
    "AdverseEvent": """SELECT {
        'resourceType': 'AdverseEvent', 'id': event_id, 'actuality': 'actual',
        'subject': ref('Patient', patient_id), 'event': said(term), 'date': moment(onset_at),
        'recordedDate': moment(reported_at),
        'severity': CASE grade WHEN '1' THEN coded('x', 'mild') WHEN '2' THEN coded('x', 'moderate')
            WHEN '3' THEN coded('x', 'severe') END,
        'seriousness': CASE is_serious WHEN 'true' THEN coded('x', 'serious')
            WHEN 'false' THEN coded('x', 'non-serious') END,
        'suspectEntity': listed(CASE WHEN infusion_id IS NOT NULL THEN
            {'instance': ref('MedicationAdministration', infusion_id)} END)} FROM adverse_event""",
    "Encounter": """SELECT DISTINCT {
        'resourceType': 'Encounter', 'id': stay(patient_id, ward_id, site_id), 'status': 'unknown',
        'subject': ref('Patient', patient_id),
        'location': listed(CASE WHEN ward_id IS NOT NULL
            THEN {'location': ref('Location', ward_id)} END),
        'serviceProvider': ref('Organization', site_id)} FROM infusion
        WHERE stay(patient_id, ward_id, site_id) IS NOT NULL""",
    "MedicationRequest": """SELECT {
        'resourceType': 'MedicationRequest', 'id': 'req-' || infusion_id, 'status': 'completed',
        'intent': 'order', 'subject': ref('Patient', patient_id),
        'medicationCodeableConcept': said(product_code),
        'reasonCode': listed(said(indication_code)),
        'courseOfTherapyType': said(phase), 'requester': ref('Practitioner', prescriber_id),
        'insurance': listed(ref('ClaimResponse', authorisation_id)),
        'dosageInstruction': [{'doseAndRate': listed(CASE WHEN prescribed_dose_g IS NOT NULL
            THEN {'doseQuantity': quantity(prescribed_dose_g, 'g')} END)}]} FROM infusion""",
    "MedicationDispense": """SELECT {
        'resourceType': 'MedicationDispense', 'id': d.dispensing_id, 'status': 'completed',
        'contained': [pruned({
            'resourceType': 'Medication', 'id': 'pack', 'code': said(d.product_code),
            'batch': CASE WHEN d.lot_number IS NOT NULL OR d.expires_on IS NOT NULL THEN
                {'lotNumber': d.lot_number, 'expirationDate': d.expires_on} END,
            'amount': CASE WHEN d.vial_size_g IS NOT NULL THEN {
                'numerator': quantity(d.vial_size_g, 'g'),
                'denominator': {'value': 1, 'unit': 'vial'}} END,
            'ingredient': l.ingredients})] || COALESCE(l.contained, []),
        'medicationReference': {'reference': '#pack'},
        'subject': ref('Patient', d.patient_id), 'location': ref('Location', d.site_id),
        'quantity': CASE
            WHEN TRY_CAST(d.n_vials AS INTEGER) * TRY_CAST(d.vial_size_g AS DECIMAL(9, 3))
                = TRY_CAST(d.dose_g AS DECIMAL(9, 3)) THEN
                {'value': number(d.n_vials), 'unit': 'vial', 'system': NULL, 'code': NULL}
            ELSE quantity(d.dose_g, 'g') END,
        'whenHandedOver': moment(d.dispensed_at),
        'dosageInstruction': listed(CASE WHEN route IS NOT NULL THEN {'route': said(route)} END)}
        FROM dispensing AS d LEFT JOIN dispensing_lots AS l USING (dispensing_id)""",
    "MedicationAdministration": """SELECT {
        'resourceType': 'MedicationAdministration', 'id': i.infusion_id,
        'status': CASE status WHEN 'not_given' THEN 'not-done'
            ELSE COALESCE(status, 'completed') END,
        'statusReason': listed(said(stop_reason)),
        'contained': [pruned({'resourceType': 'Medication', 'id': 'bag', 'code': said(product_code),
            'batch': CASE WHEN lot_number IS NOT NULL THEN {'lotNumber': lot_number} END,
            'amount': CASE WHEN volume_ml IS NOT NULL THEN {
                'numerator': quantity(volume_ml, 'mL'),
                'denominator': {'value': 1, 'unit': 'bag'}} END,
            'ingredient': l.ingredients})] || COALESCE(l.contained, []),
        'medicationReference': {'reference': '#bag'},
        'subject': ref('Patient', patient_id),
        'context': ref('Encounter', stay(patient_id, ward_id, site_id)),
        'request': ref('MedicationRequest', 'req-' || infusion_id),
        'supportingInformation': listed(ref('MedicationDispense', dispensing_id)),
        'effectiveDateTime': CASE WHEN ended_at IS NULL THEN moment(started_at) END,
        'effectivePeriod': CASE WHEN ended_at IS NOT NULL
            THEN {'start': moment(started_at), 'end': moment(ended_at)} END,
        'dosage': {'route': said(route), 'dose': quantity(dose_g, 'g'),
            'rateQuantity': quantity(max_rate_ml_per_h, 'mL/h')}}
        FROM infusion AS i LEFT JOIN infusion_lots AS l USING (infusion_id)""",
    "MedicationAdministration.rates": """SELECT {
        'resourceType': 'MedicationAdministration', 'id': 'rate-' || r.rowid,
        'partOf': [ref('MedicationAdministration', infusion_id)], 'status': 'completed',
        'medicationCodeableConcept': said(i.product_code), 'subject': ref('Patient', i.patient_id),
        'effectiveDateTime': moment(changed_at),
        'dosage': {'rateQuantity': quantity(rate_ml_per_h, 'mL/h')}}
        FROM rate_step AS r INNER JOIN first_infusion AS i USING (infusion_id)""",
    "MedicationAdministration.other": f"""SELECT {{
        'resourceType': 'MedicationAdministration', 'id': 'med-' || rowid, 'status': 'completed',
        'medicationCodeableConcept': CASE code_system WHEN 'NAME'
            THEN {{'text': code, 'coding': NULL}}
            ELSE {{'text': NULL, 'coding': [{{'system': {_SYSTEM}, 'code': code}}]}} END,
        'subject': ref('Patient', patient_id),
        'effectiveDateTime': CASE WHEN ended_at IS NULL THEN moment(started_at) END,
        'effectivePeriod': CASE WHEN ended_at IS NOT NULL
            THEN {{'start': moment(started_at), 'end': moment(ended_at)}} END,
        'dosage': {{'route': said(route)}}}} FROM medication""",
}
_LOTS = """
CREATE TABLE {parent}_lots AS SELECT {parent}_id,
    LIST(pruned({{'itemReference': {{'reference': '#lot' || n}},
        'strength': {{'numerator': CASE WHEN n_vials IS NULL THEN quantity(dose_g, 'g')
            ELSE {{'value': number(n_vials), 'unit': 'vial', 'system': NULL, 'code': NULL}} END,
            'denominator': {{'value': 1}}}}}}) ORDER BY n) AS ingredients,
    LIST(pruned({{'resourceType': 'Medication', 'id': 'lot' || n, 'code': said(product_code),
        'batch': {{'lotNumber': lot_number, 'expirationDate': expires_on}},
        'amount': CASE WHEN vial_size_g IS NOT NULL THEN {{
            'numerator': quantity(vial_size_g, 'g'),
            'denominator': {{'value': 1, 'unit': 'vial'}}}} END}}) ORDER BY n) AS contained
FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY {parent}_id ORDER BY rowid) AS n
      FROM {parent}_lot) GROUP BY {parent}_id
"""


def write_fhir(source: Path, target: Path) -> Path:
    """Write the records of `source` as NDJSON into `target`, and return that folder."""
    target.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as con:
        con.execute(_MACROS)
        for record in RECORDS:
            columns = ", ".join(f'"{name}" VARCHAR' for name in contract_columns(record))
            con.execute(f"CREATE TABLE {record} ({columns})")
            if (source / f"{record}.csv").is_file():
                con.execute(
                    f"INSERT INTO {record} BY NAME FROM read_csv($path, all_varchar = true)",
                    {"path": str(source / f"{record}.csv")},
                )
        con.execute("CREATE TABLE first_infusion AS FROM infusion QUALIFY"
                    " ROW_NUMBER() OVER (PARTITION BY infusion_id ORDER BY rowid) = 1")  # fmt: skip
        for parent in ("infusion", "dispensing"):
            con.execute(_LOTS.format(parent=parent))
        for name, select in _RESOURCES.items():
            _write(con, target / f"{name}.ndjson", select)
        con.execute(
            "COPY (SELECT patient_id, is_iga_deficient, has_anti_iga FROM patient"
            " WHERE is_iga_deficient IS NOT NULL) TO $path",
            {"path": str(target / "patient_flag.csv")},
        )
    for record in BESIDE:
        if (source / f"{record}.csv").is_file():
            shutil.copy(source / f"{record}.csv", target)
    return target


def _write(con: duckdb.DuckDBPyConnection, path: Path, select: str) -> None:
    """Write one line per resource; the patch leaves out what is null, as FHIR wants it."""
    con.execute(
        f"COPY (SELECT JSON_MERGE_PATCH('{{}}', TO_JSON(s.r)) FROM ({select}) AS s(r))"
        " TO $path (FORMAT csv, HEADER false, DELIMITER '\x01', QUOTE '', ESCAPE '')",
        {"path": str(path)},
    )


if __name__ == "__main__":
    write_fhir(Path(sys.argv[1]), Path(sys.argv[2]))
