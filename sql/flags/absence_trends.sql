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
)

SELECT
    pupil_key,
    cast(earlier_reported_minutes AS BIGINT) AS earlier_reported_minutes,
    cast(earlier_absent_minutes AS BIGINT) AS earlier_absent_minutes,
    cast(later_reported_minutes AS BIGINT) AS later_reported_minutes,
    cast(later_absent_minutes AS BIGINT) AS later_absent_minutes,
    CASE
        WHEN earlier_days < $trend_days OR later_days < $trend_days THEN 'unknown'
        WHEN
            is_clearly_over(
                later_absent_minutes, later_reported_minutes,
                earlier_absent_minutes, earlier_reported_minutes, $trend_difference
            )
            THEN 'rising'
        WHEN
            is_clearly_over(
                earlier_absent_minutes, earlier_reported_minutes,
                later_absent_minutes, later_reported_minutes, $trend_difference
            )
            THEN 'falling'
        ELSE 'level'
    END AS trend
FROM halves
