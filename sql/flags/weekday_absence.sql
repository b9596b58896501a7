-- weekday_absence: absence on each weekday beside the other days, and whether it stands out.
-- From: pattern_days. Grain: a pupil and weekday (1 is Monday) with a reported day.
-- Parameters: $min_days, $min_absent_days, $weekday_days (days); $clear_difference (hundredths of
-- a percentage point).
WITH weekdays AS (
    SELECT
        pupil_key,
        iso_weekday,
        count(*) AS days,
        count(*) FILTER (WHERE absent_minutes > 0) AS absent_days,
        sum(reported_minutes) AS reported_minutes,
        sum(absent_minutes) AS absent_minutes
    FROM pattern_days
    GROUP BY pupil_key, iso_weekday
),

beside AS (
    SELECT
        *,
        sum(days) OVER same_pupil AS all_days,
        sum(reported_minutes) OVER same_pupil - reported_minutes AS other_reported_minutes,
        sum(absent_minutes) OVER same_pupil - absent_minutes AS other_absent_minutes
    FROM weekdays
    WINDOW same_pupil AS (PARTITION BY pupil_key)
)

SELECT
    cast(pupil_key AS VARCHAR) AS pupil_key,
    iso_weekday,
    days,
    absent_days,
    cast(reported_minutes AS BIGINT) AS reported_minutes,
    cast(absent_minutes AS BIGINT) AS absent_minutes,
    cast(other_reported_minutes AS BIGINT) AS other_reported_minutes,
    cast(other_absent_minutes AS BIGINT) AS other_absent_minutes,
    (
        all_days >= $min_days
        AND days >= $weekday_days
        AND absent_days >= $min_absent_days
        AND other_reported_minutes > 0
        AND is_clearly_over(
            absent_minutes, reported_minutes, other_absent_minutes, other_reported_minutes,
            $clear_difference
        )
    ) AS is_named
FROM beside
ORDER BY pupil_key, iso_weekday
