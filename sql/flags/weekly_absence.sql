-- weekly_absence: the latest eight weeks up to as_of, at the pupil's own school.
-- From: asked_lessons. Grain: a pupil and week with a reported lesson; week 0 ends at as_of.
-- Parameters: $first_date, the first day of week 7 or 1 July; $as_of.
-- A week without a reported lesson has no row: its share is undefined, not 0.
SELECT
    cast(pupil_key AS VARCHAR) AS pupil_key,
    ($as_of - lesson_date) // 7 AS weeks_ago,
    count(DISTINCT lesson_date) AS days,
    cast(sum(scheduled_minutes) AS BIGINT) AS reported_minutes,
    cast(sum(absent_minutes) AS BIGINT) AS absent_minutes
FROM asked_lessons
WHERE
    is_own_school
    AND is_reported
    AND NOT is_cancelled
    AND lesson_date BETWEEN $first_date AND $as_of
GROUP BY pupil_key, weeks_ago
