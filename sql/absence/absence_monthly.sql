-- absence_monthly: minutes per pupil and calendar month, over all schools of the pupil.
-- From: absence_daily, months_to_sum ($first_date and $last_date span its months).
-- Grain: a pupil and month with at least one lesson that was not cancelled.
WITH pupil_days AS (
    -- A day at two schools is one school day.
    SELECT
        pupil_key,
        lesson_date,
        sum(scheduled_minutes) AS scheduled_minutes,
        sum(reported_minutes) AS reported_minutes,
        sum(valid_minutes) AS valid_minutes,
        sum(invalid_minutes) AS invalid_minutes,
        sum(reported_lessons) > 0 AS is_school_day
    FROM absence_daily
    WHERE
        lesson_date BETWEEN $first_date AND $last_date
        AND date_trunc('month', lesson_date) IN (
            SELECT months_to_sum.month_start_date FROM months_to_sum
        )
    GROUP BY pupil_key, lesson_date
)

SELECT
    pupil_key,
    cast(date_trunc('month', lesson_date) AS DATE) AS month_start_date,
    sum(scheduled_minutes) AS scheduled_minutes,
    sum(reported_minutes) AS reported_minutes,
    sum(valid_minutes) AS valid_minutes,
    sum(invalid_minutes) AS invalid_minutes,
    count(*) FILTER (WHERE is_school_day) AS days
FROM pupil_days
GROUP BY pupil_key, month_start_date
