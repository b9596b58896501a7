-- restated_pupils: what a week's frozen lists said, beside what today's data says of the same day.
-- From: restated_lists (the lists that are asked about), listed_pupils, listed_verdicts, verdicts,
-- belonging, protected_pupils. Grain: a pupil on a school's list then, or who would be on it now.
-- Level 0 is a pupil who could not be assessed; null is a pupil who is not on the list at all.
WITH published AS (
    SELECT
        listed_pupils.school_unit_code,
        listed_pupils.pupil_key,
        listed_pupils.level,
        listed_pupils.class_name
    FROM listed_pupils
    INNER JOIN restated_lists
        ON
            listed_pupils.school_unit_code = restated_lists.school_unit_code
            AND listed_pupils.period = restated_lists.period
    WHERE
        listed_pupils.level > 0
        OR listed_pupils.state = 'unassessed'
        -- Gone from the list before, and a row among those who could not be assessed.
        OR EXISTS (
            SELECT 1 FROM listed_verdicts
            WHERE
                listed_verdicts.school_unit_code = listed_pupils.school_unit_code
                AND listed_verdicts.period = listed_pupils.period
                AND listed_verdicts.pupil_key = listed_pupils.pupil_key
                AND listed_verdicts.reason <> 'only_monthly_sums'
        )
),

published_rules AS (
    SELECT
        listed_verdicts.school_unit_code,
        listed_verdicts.pupil_key,
        string_agg(
            listed_verdicts.rule || ' ' || listed_verdicts.basis, ', '
            ORDER BY listed_verdicts.rule, listed_verdicts.basis
        ) FILTER (WHERE listed_verdicts.verdict = 'hit') AS rules
    FROM listed_verdicts
    INNER JOIN restated_lists
        ON
            listed_verdicts.school_unit_code = restated_lists.school_unit_code
            AND listed_verdicts.period = restated_lists.period
    GROUP BY listed_verdicts.school_unit_code, listed_verdicts.pupil_key
),

restated AS (
    -- As a list of today would have it: hits, and what cannot be assessed for want of reports.
    SELECT
        verdicts.school_unit_code,
        verdicts.pupil_key,
        max(verdicts.level) AS level,
        any_value(verdicts.class_name) AS class_name,
        string_agg(
            verdicts.rule || ' ' || verdicts.basis, ', ' ORDER BY verdicts.rule, verdicts.basis
        ) FILTER (WHERE verdicts.verdict = 'hit') AS rules
    FROM verdicts
    INNER JOIN restated_lists ON verdicts.school_unit_code = restated_lists.school_unit_code
    GROUP BY verdicts.school_unit_code, verdicts.pupil_key
    HAVING
        bool_or(
            verdicts.verdict = 'hit'
            OR (verdicts.verdict = 'insufficient' AND verdicts.reason <> 'only_monthly_sums')
        )
)

SELECT
    coalesce(published.school_unit_code, restated.school_unit_code) AS school_unit_code,
    cast(coalesce(published.pupil_key, restated.pupil_key) AS VARCHAR) AS pupil_key,
    coalesce(published.class_name, restated.class_name) AS class_name,
    published.level AS published_level,
    restated.level AS restated_level,
    CASE
        WHEN published.pupil_key IS NULL THEN 'added'
        WHEN
            belonging.pupil_key IS NULL
            OR belonging.has_left
            OR belonging.school_unit_code <> published.school_unit_code
            THEN 'left'
        WHEN restated.pupil_key IS NULL THEN 'gone'
        WHEN restated.level > published.level THEN 'raised'
        WHEN restated.level < published.level THEN 'lowered'
        WHEN coalesce(restated.rules, '') <> coalesce(published_rules.rules, '') THEN 'other_rules'
        ELSE 'same'
    END AS difference,
    coalesce(published_rules.rules, '') AS published_rules,
    coalesce(restated.rules, '') AS restated_rules,
    protected_pupils.pupil_key IS NOT NULL AS is_protected
FROM published
FULL JOIN restated
    ON
        published.school_unit_code = restated.school_unit_code
        AND published.pupil_key = restated.pupil_key
LEFT JOIN published_rules
    ON
        published.school_unit_code = published_rules.school_unit_code
        AND published.pupil_key = published_rules.pupil_key
LEFT JOIN belonging ON coalesce(published.pupil_key, restated.pupil_key) = belonging.pupil_key
LEFT JOIN protected_pupils
    ON coalesce(published.pupil_key, restated.pupil_key) = protected_pupils.pupil_key
ORDER BY ALL
