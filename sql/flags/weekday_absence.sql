-- weekday_absence: absence on each weekday beside the other days, and whether it is enough to ask.
-- From: pattern_days. Grain: a pupil and weekday (1 is Monday) with a reported day.
-- Parameters: $named_days, $named_spells; $clear_difference (hundredths of a percentage point).
-- Whether it is more than chance is counted afterwards (assets/flags/rearrangements.py).
WITH numbered AS (
    -- Days of one spell keep their distance to the count of all days (gaps and islands).
    SELECT
        *,
        row_number() OVER (PARTITION BY pupil_key ORDER BY lesson_date)
        - row_number() OVER (PARTITION BY pupil_key, has_missed_lesson ORDER BY lesson_date)
            AS spell
    FROM pattern_days
),

weekdays AS (
    SELECT
        pupil_key,
        iso_weekday,
        count(*) AS days,
        count(*) FILTER (WHERE has_missed_lesson) AS absent_days,
        count(DISTINCT spell) FILTER (WHERE has_missed_lesson) AS spells,
        sum(reported_minutes) AS reported_minutes,
        sum(absent_minutes) AS absent_minutes
    FROM numbered
    GROUP BY pupil_key, iso_weekday
),

beside AS (
    SELECT
        *,
        count(*) OVER same_pupil AS weekdays,
        sum(reported_minutes) OVER same_pupil - reported_minutes AS other_reported_minutes,
        sum(absent_minutes) OVER same_pupil - absent_minutes AS other_absent_minutes
    FROM weekdays
    WINDOW same_pupil AS (PARTITION BY pupil_key)
)

SELECT
    cast(pupil_key AS VARCHAR) AS pupil_key,
    iso_weekday,
    weekdays,
    days,
    absent_days,
    spells,
    cast(reported_minutes AS BIGINT) AS reported_minutes,
    cast(absent_minutes AS BIGINT) AS absent_minutes,
    cast(other_reported_minutes AS BIGINT) AS other_reported_minutes,
    cast(other_absent_minutes AS BIGINT) AS other_absent_minutes,
    (
        absent_days >= $named_days
        AND spells >= $named_spells
        AND other_reported_minutes > 0
        AND is_clearly_over(
            absent_minutes, reported_minutes, other_absent_minutes, other_reported_minutes,
            $clear_difference
        )
    ) AS is_enough
FROM beside
ORDER BY pupil_key, iso_weekday
