-- absence_trends: whether the latest four weeks lie over or under the four before.
-- From: weekly_absence. Grain: a pupil with a week. Parameters: $trend_days (days),
-- $trend_difference (hundredths of a percentage point).
WITH halves AS (
    SELECT
        pupil_key,
        coalesce(sum(days) FILTER (WHERE weeks_ago >= 4), 0) AS earlier_days,
        coalesce(sum(reported_minutes) FILTER (WHERE weeks_ago >= 4), 0)
            AS earlier_reported_minutes,
        coalesce(sum(absent_minutes) FILTER (WHERE weeks_ago >= 4), 0) AS earlier_absent_minutes,
        coalesce(sum(days) FILTER (WHERE weeks_ago < 4), 0) AS later_days,
        coalesce(sum(reported_minutes) FILTER (WHERE weeks_ago < 4), 0) AS later_reported_minutes,
        coalesce(sum(absent_minutes) FILTER (WHERE weeks_ago < 4), 0) AS later_absent_minutes
    FROM weekly_absence
    GROUP BY pupil_key
),

compared AS (
    SELECT
        *,
        (
            later_absent_minutes * earlier_reported_minutes
            - earlier_absent_minutes * later_reported_minutes
        ) * 10000 AS difference,
        $trend_difference * later_reported_minutes * earlier_reported_minutes AS wanted
    FROM halves
)

SELECT
    pupil_key,
    cast(earlier_reported_minutes AS BIGINT) AS earlier_reported_minutes,
    cast(earlier_absent_minutes AS BIGINT) AS earlier_absent_minutes,
    cast(later_reported_minutes AS BIGINT) AS later_reported_minutes,
    cast(later_absent_minutes AS BIGINT) AS later_absent_minutes,
    CASE
        WHEN earlier_days < $trend_days OR later_days < $trend_days THEN 'unknown'
        WHEN difference >= wanted THEN 'rising'
        WHEN difference <= -wanted THEN 'falling'
        ELSE 'level'
    END AS trend
FROM compared
