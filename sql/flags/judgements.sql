-- judgements: how each rule comes to its verdict for every pupil on both bases.
-- From: comparisons. Grain: a pupil who has not left, a rule and a basis that is evaluated.
WITH own AS (
    -- The rule's own comparison, in the order of docs/rules.md. What nobody asks for from here on
    -- is left out: it would be written down for every pupil, rule and basis.
    SELECT
        * EXCLUDE (grades, is_for_all_grades, min_days, min_days_each_half, has_left),
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
        -- The clause of docs/rules.md that the own verdict is by.
        CASE
            WHEN has_only_sums THEN 'only_monthly_sums'
            WHEN scheduled_minutes = 0 THEN 'nothing_scheduled'
            WHEN reported_minutes = 0 THEN 'nothing_reported'
            WHEN has_too_few_days THEN 'too_few_days'
            WHEN is_reached THEN 'reached'
            WHEN is_reached_at_most AND is_coverage_low THEN 'low_coverage'
            ELSE 'not_reached'
        END AS own_clause,
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

stated AS (
    -- What the data tells.
    SELECT
        graded.*,  -- noqa: AM04
        coalesce(ulf.ulf_verdict, 'clear') AS ulf_verdict,
        CASE
            WHEN NOT graded.requires_ulf THEN graded.graded_verdict
            WHEN 'clear' IN (graded.graded_verdict, coalesce(ulf.ulf_verdict, 'clear'))
                THEN 'clear'
            WHEN 'insufficient' IN (graded.graded_verdict, ulf.ulf_verdict) THEN 'insufficient'
            ELSE 'hit'
        END AS stated_verdict,
        graded.is_own_certain
        AND (NOT graded.requires_ulf OR coalesce(ulf.is_ulf_certain, FALSE)) AS is_certain
    FROM graded
    LEFT JOIN ulf ON graded.pupil_key = ulf.pupil_key
)

SELECT
    * EXCLUDE (stated_verdict, has_no_lessons),  -- noqa: AM04
    -- Silence is not presence: of a pupil whom nobody sees no rule of the grade is clear.
    stated_verdict = 'clear' AND has_no_lessons AND grade_verdict <> 'clear' AS is_silent,
    if(is_silent, 'insufficient', stated_verdict) AS verdict
FROM stated
