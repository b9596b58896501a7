-- verdicts: the verdict of every rule for every pupil on both bases, with the pupil's level.
-- From: comparisons. Grain: a pupil who has not left, a rule and a basis that is evaluated.
WITH own AS (
    -- The rule's own comparison, in the order of docs/rules.md.
    SELECT
        *,
        CASE
            -- Lessons that reach the step do so whatever the sums hold; else nobody knows.
            WHEN has_only_sums
                THEN CASE
                    WHEN is_reached AND NOT has_too_few_days THEN 'hit' ELSE 'insufficient'
                END
            WHEN reported_minutes = 0 OR has_too_few_days
                THEN CASE WHEN is_reached_at_most THEN 'insufficient' ELSE 'clear' END
            WHEN is_reached THEN 'hit'
            WHEN is_reached_at_most AND is_coverage_low THEN 'insufficient'
            ELSE 'clear'
        END AS own_verdict,
        is_reached_at_least AND NOT has_only_sums AS is_own_certain
    FROM comparisons
),

graded AS (
    -- Of two verdicts that must both hold the weaker one counts.
    SELECT
        *,
        CASE
            WHEN 'clear' IN (own_verdict, grade_verdict) THEN 'clear'
            WHEN 'insufficient' IN (own_verdict, grade_verdict) THEN 'insufficient'
            ELSE 'hit'
        END AS graded_verdict
    FROM own
),

ulf AS (
    -- The best that any ulf rule says on any basis.
    SELECT
        pupil_key,
        CASE
            WHEN bool_or(graded_verdict = 'hit') THEN 'hit'
            WHEN bool_or(graded_verdict = 'insufficient') THEN 'insufficient'
            ELSE 'clear'
        END AS ulf_verdict,
        coalesce(bool_or(graded_verdict = 'hit' AND is_own_certain), FALSE) AS is_ulf_certain
    FROM graded
    WHERE is_ulf
    GROUP BY pupil_key
),

final AS (
    SELECT
        graded.*,
        CASE
            WHEN NOT graded.requires_ulf THEN graded.graded_verdict
            WHEN 'clear' IN (graded.graded_verdict, coalesce(ulf.ulf_verdict, 'clear')) THEN 'clear'
            WHEN 'insufficient' IN (graded.graded_verdict, ulf.ulf_verdict) THEN 'insufficient'
            ELSE 'hit'
        END AS verdict,
        graded.is_own_certain
        AND (NOT graded.requires_ulf OR coalesce(ulf.is_ulf_certain, FALSE)) AS is_certain
    FROM graded
    LEFT JOIN ulf ON graded.pupil_key = ulf.pupil_key
)

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
    -- The first thing that is missing: lessons, days, reports, the grade, a verdict of a ulf rule.
    CASE
        WHEN verdict <> 'insufficient' THEN NULL
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
        cast(absent_minutes * 10000 - step * reported_minutes AS DECIMAL(18, 0)) / 10000
        AS DECIMAL(18, 4)
    ) AS margin_minutes
FROM final
WINDOW same_pupil AS (PARTITION BY pupil_key)
