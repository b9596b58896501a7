-- pupil_windows: the three sums that a list shows of every pupil on it.
-- From: verdicts, rolling_sums, absence_calendar. Grain: a listed pupil and window.
WITH listed AS (
    SELECT DISTINCT pupil_key
    FROM verdicts
    WHERE verdict <> 'clear' AND NOT is_protected
),

sums AS (
    SELECT
        pupil_key,
        CASE WHEN window_part = 'one_month' THEN 'one_month' ELSE 'two_months' END AS window_name,
        scheduled_minutes,
        reported_minutes,
        valid_minutes,
        invalid_minutes,
        days
    FROM rolling_sums
    UNION ALL
    SELECT
        pupil_key,
        'calendar_month' AS window_name,
        scheduled_minutes,
        reported_minutes,
        valid_minutes,
        invalid_minutes,
        days
    FROM absence_calendar
    WHERE window_part = 'one_month'
)

SELECT
    cast(sums.pupil_key AS VARCHAR) AS pupil_key,
    sums.window_name,
    cast(sum(sums.scheduled_minutes) AS BIGINT) AS scheduled_minutes,
    cast(sum(sums.reported_minutes) AS BIGINT) AS reported_minutes,
    cast(sum(sums.valid_minutes) AS BIGINT) AS valid_minutes,
    cast(sum(sums.invalid_minutes) AS BIGINT) AS invalid_minutes,
    cast(sum(sums.days) AS BIGINT) AS days
FROM sums
INNER JOIN listed ON sums.pupil_key = listed.pupil_key
GROUP BY sums.pupil_key, sums.window_name
