-- monthly_equals_daily: months whose sums differ from their days, in minutes or pupils.
-- From: absence_daily, absence_monthly. Grain: a month to look into.
-- To resolve: `trappan backfill` over the month.
WITH from_days AS (
    SELECT
        date_trunc('month', lesson_date) AS month_start_date,
        sum(scheduled_minutes) AS scheduled_minutes,
        sum(reported_minutes) AS reported_minutes,
        sum(valid_minutes + invalid_minutes) AS absent_minutes,
        count(DISTINCT pupil_key) AS pupils
    FROM absence_daily
    GROUP BY month_start_date
),

from_months AS (
    SELECT
        month_start_date,
        sum(scheduled_minutes) AS scheduled_minutes,
        sum(reported_minutes) AS reported_minutes,
        sum(valid_minutes + invalid_minutes) AS absent_minutes,
        count(*) AS pupils
    FROM absence_monthly
    GROUP BY month_start_date
)

SELECT coalesce(from_days.month_start_date, from_months.month_start_date) AS month_start_date
FROM from_days
FULL JOIN from_months ON from_days.month_start_date = from_months.month_start_date
WHERE
    from_days.scheduled_minutes IS DISTINCT FROM from_months.scheduled_minutes
    OR from_days.reported_minutes IS DISTINCT FROM from_months.reported_minutes
    OR from_days.absent_minutes IS DISTINCT FROM from_months.absent_minutes
    OR from_days.pupils IS DISTINCT FROM from_months.pupils
