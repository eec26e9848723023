-- One row per signal that meets its definition and reason why it is not counted.
WITH met AS (
    SELECT
        a.definition_id,
        a.subject_kind,
        a.subject_key,
        a.patient_key,
        a.from_earliest,
        a.stage,
        a.observed,
        a.shown_at,
        a.lab_result_key,
        a.diagnosis_key,
        a.own_guards,
        e.indication_code,
        e.from_earliest AS exposed_at,
        GREATEST(a.shown_at, e.to_latest) AS until_at
    FROM temp.answered AS a
    INNER JOIN temp.exposure AS e
        ON a.subject_kind = e.subject_kind AND a.subject_key = e.subject_key
    WHERE a.status = 'met'
),

guarded AS (
    SELECT
        m.*,
        g.guard_key,
        g.word,
        g.clinical_event,
        g.is_before_met,
        g.is_before_exposure,
        g.max_stage,
        g.peak_at_most,
        CAST(m.exposed_at AS DATE) - g.days_before AS from_on,
        CAST(m.until_at AS DATE) AS until_on,
        CAST(m.exposed_at AS DATE) AS exposed_on
    FROM met AS m
    INNER JOIN guideline.guard_definition AS d ON m.definition_id = d.definition_id
    INNER JOIN guideline.event_guard AS g ON d.guard_key = g.guard_key
),

found AS (
    SELECT
        g.definition_id,
        g.subject_kind,
        g.subject_key,
        g.word
    FROM guarded AS g
    INNER JOIN guideline.guard_indication AS i
        ON g.guard_key = i.guard_key AND g.indication_code = i.indication_code
    UNION
    SELECT
        g.definition_id,
        g.subject_kind,
        g.subject_key,
        g.word
    FROM guarded AS g
    INNER JOIN temp.code_meant AS m ON g.guard_key = m.guard_key
    INNER JOIN temp.coded AS d
        ON
            g.patient_key = d.patient_key
            AND m.code_system = d.code_system
            AND m.code = d.code
            AND g.from_on <= d.latest_on
            AND g.until_on >= d.earliest_on
    WHERE NOT g.is_before_exposure OR d.latest_on < g.exposed_on
    UNION
    SELECT
        g.definition_id,
        g.subject_kind,
        g.subject_key,
        g.word
    FROM guarded AS g
    INNER JOIN temp.code_meant AS m ON g.guard_key = m.guard_key
    INNER JOIN staged.medication AS t
        ON
            g.patient_key = t.patient_key
            AND m.code_system = t.code_system
            AND m.code = t.code
            AND g.until_on >= t.started_on
            AND g.from_on <= COALESCE(t.ended_on, t.started_on)
    UNION
    SELECT
        g.definition_id,
        g.subject_kind,
        g.subject_key,
        g.word
    FROM guarded AS g
    INNER JOIN staged.clinical_event AS v
        ON
            g.patient_key = v.patient_key
            AND g.clinical_event = v.event_code
            AND g.from_on <= v.occurred_on
            AND g.until_on >= v.occurred_on
    WHERE
        NOT g.is_before_met
        -- of the same day without an hour it may have been before
        OR COALESCE(v.occurred_at < g.shown_at, v.occurred_on <= CAST(g.shown_at AS DATE))
    UNION
    SELECT
        definition_id,
        subject_kind,
        subject_key,
        word
    FROM guarded
    WHERE stage <= max_stage OR observed <= peak_at_most
    UNION
    SELECT
        definition_id,
        subject_kind,
        subject_key,
        'signs_before_exposure' AS word
    FROM temp.sign_before
    UNION
    -- another definition explains it, or nobody can say that it does not
    SELECT
        g.definition_id,
        g.subject_kind,
        g.subject_key,
        CASE
            WHEN BOOL_OR(a.status = 'met') THEN g.word
            ELSE CONCAT(g.word, '_not_excluded')
        END AS word
    FROM guarded AS g
    INNER JOIN guideline.guard_any_of AS o ON g.guard_key = o.guard_key
    LEFT JOIN temp.answered AS a
        ON
            o.definition_id = a.definition_id
            AND g.subject_kind = a.subject_kind
            AND g.subject_key = a.subject_key
    GROUP BY g.definition_id, g.subject_kind, g.subject_key, g.word
    HAVING COUNT(*) FILTER (WHERE a.status = 'not_met') < COUNT(*)
    UNION
    SELECT
        m.definition_id,
        m.subject_kind,
        m.subject_key,
        UNNEST(
            STRING_SPLIT(
                CONCAT_WS(
                    ' ',
                    IF(d.is_observation, 'observation', NULL),
                    IF(d.is_imputed, 'imputed_baseline', NULL),
                    IF(d.is_advisory, 'recalled_definition', NULL)
                ),
                ' '
            )
        ) AS word
    FROM met AS m
    INNER JOIN guideline.definition AS d ON m.definition_id = d.definition_id
    WHERE d.is_observation OR d.is_imputed OR d.is_advisory
),

found_once AS (
    SELECT DISTINCT
        definition_id,
        subject_kind,
        subject_key
    FROM found
),

-- what is met and explained otherwise; `own_guards` are those of the values themselves
explained AS (
    SELECT
        m.definition_id,
        m.subject_kind,
        m.subject_key,
        m.patient_key,
        m.from_earliest,
        m.lab_result_key,
        m.diagnosis_key,
        m.own_guards IS NOT NULL OR f.definition_id IS NOT NULL AS is_explained
    FROM met AS m
    LEFT JOIN found_once AS f
        ON
            m.definition_id = f.definition_id
            AND m.subject_kind = f.subject_kind
            AND m.subject_key = f.subject_key
    WHERE m.lab_result_key IS NOT NULL OR m.diagnosis_key IS NOT NULL
),

-- One result or code in the windows of several exposures is one event: of the last before it. One
-- that nothing explains is not handed to a later exposure where something does: there it would
-- count nowhere.
repeated AS (
    SELECT
        definition_id,
        subject_kind,
        subject_key,
        'counted_with_a_later_one' AS word
    FROM explained
    QUALIFY
        ROW_NUMBER() OVER (
            PARTITION BY definition_id, patient_key, lab_result_key, diagnosis_key, is_explained
            ORDER BY from_earliest DESC, subject_key DESC
        ) > 1
)

SELECT * FROM found
UNION ALL
SELECT * FROM repeated
