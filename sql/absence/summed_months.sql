-- summed_months: whole months of a pupil at a school that are known as sums only.
-- From: counting_sums, absence_daily. Grain: a pupil, school unit and month.
-- Where the lake has lessons of the pupil at that school in that month, the lessons win. A period
-- that is no calendar month fits no window, so it feeds none.
WITH months AS (
    SELECT
        pupil_key,
        school_unit_code,
        period_first_date AS month_start_date,
        period_last_date,
        cast(sum(scheduled_minutes) AS BIGINT) AS scheduled_minutes,
        cast(sum(reported_minutes) AS BIGINT) AS reported_minutes,
        cast(sum(valid_minutes) AS BIGINT) AS valid_minutes,
        cast(sum(invalid_minutes) AS BIGINT) AS invalid_minutes,
        max(exported_at) AS exported_at,
        arg_max(class_name, (exported_at, file_id, activity)) AS class_name,
        -- arg_max_null: a sum without a grade says "not given", not "as in another".
        arg_max_null(grade, (exported_at, file_id, activity)) AS grade,
        arg_max_null(mentor_key, (exported_at, file_id, activity)) AS mentor_key
    FROM counting_sums
    WHERE
        period_first_date = date_trunc('month', period_first_date)
        AND period_last_date = last_day(period_first_date)
    GROUP BY pupil_key, school_unit_code, period_first_date, period_last_date
    HAVING sum(scheduled_minutes) > 0
),

span AS (
    -- Only days of these months are looked for.
    SELECT
        min(month_start_date) AS first_date,
        max(period_last_date) AS last_date
    FROM months
),

taught AS (
    SELECT DISTINCT
        days.pupil_key,
        days.school_unit_code,
        cast(date_trunc('month', days.lesson_date) AS DATE) AS month_start_date
    FROM absence_daily AS days
    INNER JOIN span ON days.lesson_date BETWEEN span.first_date AND span.last_date
)

SELECT months.*
FROM months
ANTI JOIN taught
    ON
        months.pupil_key = taught.pupil_key
        AND months.school_unit_code = taught.school_unit_code
        AND months.month_start_date = taught.month_start_date
