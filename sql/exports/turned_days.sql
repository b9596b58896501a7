-- turned_days: days of a pupil at a school that the old records say was left, and the new not, or
-- the other way round.
-- From: moved_pupils, records_before, records_after, absence_daily, uncounted_lessons.
-- Grain: a pupil, school unit and date. Parameter: $first_date, the first that it can be about
-- (it prunes the scan). What is not summed yet is stale already.
WITH days AS (
    SELECT
        absence_daily.pupil_key,
        absence_daily.school_unit_code,
        absence_daily.lesson_date
    FROM absence_daily
    SEMI JOIN moved_pupils ON absence_daily.pupil_key = moved_pupils.pupil_key
    WHERE absence_daily.lesson_date >= $first_date
    UNION
    SELECT
        uncounted_lessons.pupil_key,
        uncounted_lessons.school_unit_code,
        uncounted_lessons.lesson_date
    FROM uncounted_lessons
    SEMI JOIN moved_pupils ON uncounted_lessons.pupil_key = moved_pupils.pupil_key
    WHERE uncounted_lessons.lesson_date >= $first_date
),

records AS (
    SELECT
        *,
        FALSE AS is_now
    FROM records_before
    UNION ALL
    SELECT
        *,
        TRUE AS is_now
    FROM records_after
),

left_then AS (
    -- As in `lessons_after_leaving`.
    SELECT
        days.pupil_key,
        days.school_unit_code,
        days.lesson_date,
        records.is_now
    FROM days
    INNER JOIN records ON days.pupil_key = records.pupil_key
    GROUP BY days.pupil_key, days.school_unit_code, days.lesson_date, records.is_now
    HAVING
        bool_or(
            records.school_unit_code = days.school_unit_code
            AND coalesce(records.end_date < days.lesson_date, FALSE)
        )
        AND NOT bool_or(
            records.school_unit_code = days.school_unit_code
            AND coalesce(records.start_date <= days.lesson_date, TRUE)
            AND coalesce(records.end_date >= days.lesson_date, TRUE)
        )
        AND bool_or(
            records.school_unit_code <> days.school_unit_code
            AND coalesce(records.start_date <= days.lesson_date, TRUE)
            AND coalesce(records.end_date >= days.lesson_date, TRUE)
        )
)

SELECT
    pupil_key,
    school_unit_code,
    lesson_date
FROM left_then
GROUP BY pupil_key, school_unit_code, lesson_date
HAVING count(*) = 1
