-- One row per Condition and coding in a code system of the contract; one without any has one row.
-- What is refuted or only suspected is no diagnosis; without a verification status it is one.
-- A dot is a step into an element. -- noqa: disable=RF01,RF03,RF04
WITH read AS (
    SELECT
        REFERENCE_ID(subject.reference, 'Patient') AS patient_id,
        REFERENCE_ID(encounter.reference, 'Encounter') AS encounter_id,
        code.coding[1].code AS shown_code,
        LIST_FILTER(
            LIST_TRANSFORM(
                code.coding,
                LAMBDA x: {
                    'code': x.code,
                    'code_system': CASE
                        WHEN x.system = 'http://hl7.org/fhir/sid/icd-10-cm' THEN 'ICD10CM'
                        WHEN x.system = 'http://hl7.org/fhir/sid/icd-10' THEN 'ICD10'
                        WHEN x.system = 'http://hl7.org/fhir/sid/icd-9-cm' THEN 'ICD9CM'
                        WHEN x.system = 'http://snomed.info/sct' THEN 'SNOMED'
                        WHEN x.system LIKE '%/mimic-diagnosis-icd10' THEN 'ICD10CM'
                        WHEN x.system LIKE '%/mimic-diagnosis-icd9' THEN 'ICD9CM'
                    END
                }
            ),
            LAMBDA x: x.code_system IS NOT NULL
        ) AS codings,
        WHOLE_DAY(recordeddate) AS recorded_on,
        WHOLE_DAY(COALESCE(onsetdatetime, onsetperiod.start)) AS onset_on,
        CASE
            WHEN verificationstatus.coding[1].code = 'entered-in-error' THEN 'entered_in_error'
            WHEN has_modifier THEN 'modifier_unknown'
            WHEN verificationstatus.coding[1].code = 'refuted' THEN 'not_done'
            WHEN
                verificationstatus.coding[1].code IN (
                    'unconfirmed', 'provisional', 'differential'
                )
                THEN 'suspected'
        END AS fate,
        source_file,
        source_row
    FROM raw.condition
)

SELECT
    * EXCLUDE (codings) -- noqa: AM04
    REPLACE (
        CASE
            WHEN fate IS NOT NULL THEN fate
            WHEN LENGTH(codings) > 0 THEN 'read'
            ELSE 'code_unknown'
        END AS fate
    ),
    UNNEST(CASE WHEN LENGTH(codings) > 0 THEN codings ELSE [NULL] END) AS coding
FROM read
