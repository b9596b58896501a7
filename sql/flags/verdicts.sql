-- verdicts: the verdict of every rule for every pupil on both bases, with the pupil's level.
-- From: judgements. Grain: a pupil who has not left, a rule and a basis that is evaluated.
SELECT
    pupil_key,
    rule,
    basis,
    verdict,
    CASE
        WHEN verdict <> 'hit' THEN NULL
        WHEN is_certain THEN 'certain'
        ELSE 'likely'
    END AS certainty,
    -- The first thing that is missing: a sight of the pupil, lessons, days, reports, the grade, a
    -- verdict of a ulf rule.
    CASE
        WHEN verdict <> 'insufficient' THEN NULL
        WHEN is_silent THEN 'no_lessons'
        WHEN own_verdict = 'insufficient' AND has_only_sums THEN 'only_monthly_sums'
        WHEN own_verdict = 'insufficient' AND reported_minutes > 0 AND has_too_few_days
            THEN 'too_few_days'
        WHEN own_verdict = 'insufficient' THEN 'unreported'
        WHEN grade_verdict = 'insufficient' THEN 'unknown_grade'
        ELSE 'unknown_ulf'
    END AS reason,
    cast(
        coalesce(max(rule_level) FILTER (WHERE verdict = 'hit') OVER same_pupil, 0) AS TINYINT
    ) AS level,
    rule_level,
    school_unit_code,
    class_name,
    grade,
    mentor_key,
    is_protected,
    window_start,
    window_end,
    scheduled_minutes,
    reported_minutes,
    valid_minutes,
    invalid_minutes,
    absent_minutes,
    days,
    cast(
        cast(absent_minutes * 10000 - threshold_bp * reported_minutes AS DECIMAL(18, 0)) / 10000
        AS DECIMAL(18, 4)
    ) AS margin_minutes
FROM judgements
WINDOW same_pupil AS (PARTITION BY pupil_key)
