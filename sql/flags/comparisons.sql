-- comparisons: per pupil, rule and basis, what the step says of rate, lower and upper bound.
-- From: rule_sums. Grain as there. Parameter: $coverage_floor_bp (hundredths of a percent).
-- `each`: the comparison holds when it holds in both halves.
SELECT
    *,  -- noqa: AM04
    (
        days < min_days
        OR first_days < min_days_each_half
        OR second_days < min_days_each_half
    ) AS has_too_few_days,
    CASE method
        WHEN 'each'
            THEN
                reaches_step(first_absent_minutes, first_reported_minutes, threshold_bp, is_strict)
                AND reaches_step(
                    second_absent_minutes, second_reported_minutes, threshold_bp, is_strict
                )
        ELSE reaches_step(absent_minutes, reported_minutes, threshold_bp, is_strict)
    END AS is_reached,
    CASE method
        WHEN 'each'
            THEN
                reaches_step(first_absent_minutes, first_scheduled_minutes, threshold_bp, is_strict)
                AND reaches_step(
                    second_absent_minutes, second_scheduled_minutes, threshold_bp, is_strict
                )
        ELSE reaches_step(absent_minutes, scheduled_minutes, threshold_bp, is_strict)
    END AS is_reached_at_least,
    CASE method
        WHEN 'each'
            THEN
                reaches_step(
                    first_absent_minutes + first_scheduled_minutes - first_reported_minutes,
                    first_scheduled_minutes, threshold_bp, is_strict
                )
                AND reaches_step(
                    second_absent_minutes + second_scheduled_minutes - second_reported_minutes,
                    second_scheduled_minutes, threshold_bp, is_strict
                )
        ELSE reaches_step(
            absent_minutes + scheduled_minutes - reported_minutes, scheduled_minutes, threshold_bp,
            is_strict
        )
    END AS is_reached_at_most,
    (
        scheduled_minutes > 0
        AND NOT reaches_step(reported_minutes, scheduled_minutes, $coverage_floor_bp, FALSE)
    ) AS is_coverage_low,
    -- A rule for all grades asks nothing of the grade; else an unknown grade is unknown.
    CASE
        WHEN is_for_all_grades OR list_contains(grades, grade) THEN 'hit'
        WHEN grade IS NULL THEN 'insufficient'
        ELSE 'clear'
    END AS grade_verdict
FROM rule_sums
