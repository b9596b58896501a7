-- pupils_at_risk: whom a list shows as at risk of passing a step, each with the highest such step.
-- Estimates are of steps of the pupil's grade only, so that none hides a step that applies.
-- From: forecasts, belonging, rolling_sums. Grain: a pupil. Parameters: $as_of.
WITH estimates AS (
    -- Both horizons beside each other; one that is not good enough to be shown has no row.
    SELECT
        pupil_key,
        threshold_bp,
        is_strict,
        max(probability) FILTER (WHERE horizon = 'month_end') AS month_end_probability,
        max(target_last_date) FILTER (WHERE horizon = 'month_end') AS month_end_date,
        max(probability) FILTER (WHERE horizon = 'four_weeks') AS four_weeks_probability,
        max(target_last_date) FILTER (WHERE horizon = 'four_weeks') AS four_weeks_date
    FROM forecasts
    WHERE as_of_date = $as_of
    GROUP BY pupil_key, threshold_bp, is_strict
),

highest AS (
    SELECT *
    FROM estimates
    QUALIFY row_number() OVER (
        PARTITION BY pupil_key ORDER BY threshold_bp DESC, is_strict DESC
    ) = 1
)

SELECT
    highest.* REPLACE (cast(highest.pupil_key AS VARCHAR) AS pupil_key),  -- noqa: AM04
    belonging.school_unit_code,
    belonging.class_name,
    belonging.grade,
    cast(belonging.mentor_key AS VARCHAR) AS mentor_key,
    coalesce(lately.scheduled_minutes, 0) AS scheduled_minutes,
    coalesce(lately.reported_minutes, 0) AS reported_minutes,
    coalesce(lately.valid_minutes, 0) AS valid_minutes,
    coalesce(lately.invalid_minutes, 0) AS invalid_minutes,
    coalesce(lately.days, 0) AS days
FROM highest
INNER JOIN belonging ON highest.pupil_key = belonging.pupil_key
LEFT JOIN rolling_sums AS lately
    ON highest.pupil_key = lately.pupil_key AND lately.window_part = 'one_month'
-- Protection can have come since the estimates were made.
WHERE NOT belonging.is_protected AND NOT belonging.has_left
