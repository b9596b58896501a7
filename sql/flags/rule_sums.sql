-- rule_sums: for each pupil, rule and basis the sums that the rule looks at.
-- From: belonging, unseen_pupils, rules_in_force (a row per rule and basis with its window),
-- rolling_sums, absence_calendar, summed_months.
-- Grain: a pupil who has not left, a rule and a basis that is evaluated.
-- A pupil without a lesson in the window has zeros; the verdict knows what zero means.
-- Days of monthly sums are not known: as many count as full school days fit in their minutes.
-- Parameters: $as_of, $school_year_start, $full_day_minutes.
WITH parts AS (
    SELECT
        'rolling' AS basis,
        pupil_key,
        window_part,
        scheduled_minutes,
        reported_minutes,
        valid_minutes,
        invalid_minutes,
        days
    FROM rolling_sums
    UNION ALL
    SELECT
        'calendar' AS basis,
        pupil_key,
        window_part,
        scheduled_minutes,
        reported_minutes,
        valid_minutes,
        invalid_minutes,
        days + summed_minutes // $full_day_minutes AS days
    FROM absence_calendar
),

summed AS (
    -- Who has a month of this school year that is known as sums only, and the last such day.
    SELECT
        pupil_key,
        max(period_last_date) AS last_date
    FROM summed_months
    WHERE month_start_date >= $school_year_start AND period_last_date <= $as_of
    GROUP BY pupil_key
),

windows AS (
    -- Whole windows with their halves beside; one month is its own only part.
    SELECT
        basis,
        pupil_key,
        CASE WHEN window_part = 'one_month' THEN 'one_month' ELSE 'two_months' END AS window_name,
        sum(scheduled_minutes) AS scheduled_minutes,
        sum(reported_minutes) AS reported_minutes,
        sum(valid_minutes) AS valid_minutes,
        sum(invalid_minutes) AS invalid_minutes,
        sum(days) AS days,
        sum(scheduled_minutes) FILTER (WHERE window_part LIKE '%first_half')
            AS first_scheduled_minutes,
        sum(reported_minutes) FILTER (WHERE window_part LIKE '%first_half')
            AS first_reported_minutes,
        sum(valid_minutes + invalid_minutes) FILTER (WHERE window_part LIKE '%first_half')
            AS first_absent_minutes,
        sum(days) FILTER (WHERE window_part LIKE '%first_half') AS first_days,
        sum(scheduled_minutes) FILTER (WHERE window_part LIKE '%second_half')
            AS second_scheduled_minutes,
        sum(reported_minutes) FILTER (WHERE window_part LIKE '%second_half')
            AS second_reported_minutes,
        sum(valid_minutes + invalid_minutes) FILTER (WHERE window_part LIKE '%second_half')
            AS second_absent_minutes,
        sum(days) FILTER (WHERE window_part LIKE '%second_half') AS second_days
    FROM parts
    GROUP BY basis, pupil_key, window_name
)

SELECT
    belonging.* EXCLUDE (has_record, record_start_date),  -- noqa: AM04, RF02
    rules_in_force.*,
    cast(coalesce(windows.scheduled_minutes, 0) AS BIGINT) AS scheduled_minutes,
    cast(coalesce(windows.reported_minutes, 0) AS BIGINT) AS reported_minutes,
    cast(coalesce(windows.valid_minutes, 0) AS BIGINT) AS valid_minutes,
    cast(coalesce(windows.invalid_minutes, 0) AS BIGINT) AS invalid_minutes,
    cast(coalesce(windows.valid_minutes + windows.invalid_minutes, 0) AS BIGINT) AS absent_minutes,
    cast(coalesce(windows.days, 0) AS BIGINT) AS days,
    cast(coalesce(windows.first_scheduled_minutes, 0) AS BIGINT) AS first_scheduled_minutes,
    cast(coalesce(windows.first_reported_minutes, 0) AS BIGINT) AS first_reported_minutes,
    cast(coalesce(windows.first_absent_minutes, 0) AS BIGINT) AS first_absent_minutes,
    cast(coalesce(windows.first_days, 0) AS BIGINT) AS first_days,
    cast(coalesce(windows.second_scheduled_minutes, 0) AS BIGINT) AS second_scheduled_minutes,
    cast(coalesce(windows.second_reported_minutes, 0) AS BIGINT) AS second_reported_minutes,
    cast(coalesce(windows.second_absent_minutes, 0) AS BIGINT) AS second_absent_minutes,
    cast(coalesce(windows.second_days, 0) AS BIGINT) AS second_days,
    -- A rolling window that sums reach into, or that nothing but sums could speak of.
    (
        rules_in_force.basis = 'rolling'
        AND summed.last_date IS NOT NULL
        AND (
            summed.last_date >= rules_in_force.window_start
            OR coalesce(windows.scheduled_minutes, 0) = 0
        )
    ) AS has_only_sums,
    unseen_pupils.pupil_key IS NOT NULL AS has_no_lessons
FROM belonging
CROSS JOIN rules_in_force
LEFT JOIN windows
    ON
        belonging.pupil_key = windows.pupil_key
        AND rules_in_force.basis = windows.basis
        AND rules_in_force.window_name = windows.window_name
LEFT JOIN summed ON belonging.pupil_key = summed.pupil_key
LEFT JOIN unseen_pupils ON belonging.pupil_key = unseen_pupils.pupil_key
WHERE NOT belonging.has_left
