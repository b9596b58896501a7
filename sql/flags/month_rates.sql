-- month_rates: minutes of each pupil in a calendar month, from lessons and from monthly sums.
-- From: absence_monthly, summed_months, belonging. Grain: a pupil with a lesson or sum in it.
-- Parameters: $month, its first day; $school, or null for all.
WITH months AS (
    SELECT
        pupil_key,
        scheduled_minutes,
        reported_minutes,
        valid_minutes,
        invalid_minutes,
        days,
        0 AS summed_minutes
    FROM absence_monthly
    WHERE month_start_date = $month
    UNION ALL
    SELECT
        pupil_key,
        scheduled_minutes,
        reported_minutes,
        valid_minutes,
        invalid_minutes,
        0 AS days,
        reported_minutes AS summed_minutes
    FROM summed_months
    WHERE month_start_date = $month
),

sums AS (
    SELECT
        pupil_key,
        cast(sum(scheduled_minutes) AS BIGINT) AS scheduled_minutes,
        cast(sum(reported_minutes) AS BIGINT) AS reported_minutes,
        cast(sum(valid_minutes) AS BIGINT) AS valid_minutes,
        cast(sum(invalid_minutes) AS BIGINT) AS invalid_minutes,
        cast(sum(days) AS BIGINT) AS days,
        cast(sum(summed_minutes) AS BIGINT) AS summed_minutes
    FROM months
    GROUP BY pupil_key
)

SELECT
    sums.* REPLACE (cast(sums.pupil_key AS VARCHAR) AS pupil_key),  -- noqa: AM04
    belonging.is_protected
FROM sums
INNER JOIN belonging ON sums.pupil_key = belonging.pupil_key
WHERE $school IS NULL OR belonging.school_unit_code = $school
ORDER BY sums.pupil_key
