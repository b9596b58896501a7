-- pattern_days: school days with a report at the pupil's own school, and what was missed of them.
-- From: asked_lessons. Grain: a pupil and date. Parameters: $first_date, $as_of;
-- $whole_day_share, $missed_share (hundredths of a percent). A day that nobody reported is no day
-- here.
SELECT
    pupil_key,
    lesson_date,
    isodow(lesson_date) AS iso_weekday,
    cast(sum(scheduled_minutes) AS BIGINT) AS reported_minutes,
    cast(sum(absent_minutes) AS BIGINT) AS absent_minutes,
    reaches_step(
        sum(absent_minutes), sum(scheduled_minutes), $whole_day_share, FALSE
    ) AS is_whole_day,
    count(*) AS lessons,
    count(*) FILTER (WHERE reaches_step(absent_minutes, scheduled_minutes, $missed_share, FALSE))
        AS missed_lessons,
    missed_lessons > 0 AS has_missed_lesson
FROM asked_lessons
WHERE
    is_own_school
    AND is_reported
    AND NOT is_cancelled
    AND lesson_date BETWEEN $first_date AND $as_of
GROUP BY pupil_key, lesson_date
