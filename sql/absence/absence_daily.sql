-- absence_daily: minutes per pupil, school unit and day, with the place of the day's last lesson.
-- From: lessons_to_sum, days_to_sum (the dates to make anew; $first_date and $last_date are its
-- ends). Grain: a pupil, school unit and date with a lesson. `lesson_times` tells which days have
-- lessons at the same time; it is not stored.
WITH days AS (
    SELECT
        pupil_key,
        school_unit_code,
        lesson_date,
        sum(scheduled_minutes) AS scheduled_minutes,
        -- A lesson nobody reported counts in S, but is neither presence nor absence.
        coalesce(sum(scheduled_minutes) FILTER (WHERE is_reported), 0) AS reported_minutes,
        coalesce(sum(valid_minutes) FILTER (WHERE is_reported), 0) AS valid_minutes,
        coalesce(sum(invalid_minutes) FILTER (WHERE is_reported), 0) AS invalid_minutes,
        count(*) AS lessons,
        count(*) FILTER (WHERE is_reported) AS reported_lessons,
        -- The greatest by start, then export, then subject; one struct costs half of six arg_max,
        -- and keeps what the last lesson leaves open instead of reaching back for a value.
        max({
            'starts_at': starts_at,
            'exported_at': exported_at,
            'subject': subject,
            'class_name': class_name,
            'grade': grade,
            'mentor_key': mentor_key
        }) AS last_lesson,
        -- A lesson is its start, minutes from midnight, times 1024, and its length: pupils of a
        -- class have the same numbers, so that few lists have to be looked into.
        list(
            cast(
                (epoch_us(starts_at) // 60000000 - 1440 * (lesson_date - DATE '1970-01-01')) * 1024
                + scheduled_minutes AS INTEGER
            )
        ) AS lesson_times
    FROM lessons_to_sum
    WHERE
        lesson_date BETWEEN $first_date AND $last_date
        AND lesson_date IN (SELECT days_to_sum.lesson_date FROM days_to_sum)
    GROUP BY pupil_key, school_unit_code, lesson_date
)

SELECT
    pupil_key,
    school_unit_code,
    lesson_date,
    scheduled_minutes,
    reported_minutes,
    valid_minutes,
    invalid_minutes,
    lessons,
    reported_lessons,
    struct_extract(last_lesson, 'starts_at') AS last_starts_at,
    struct_extract(last_lesson, 'exported_at') AS last_exported_at,
    struct_extract(last_lesson, 'subject') AS last_subject,
    struct_extract(last_lesson, 'class_name') AS class_name,
    struct_extract(last_lesson, 'grade') AS grade,
    struct_extract(last_lesson, 'mentor_key') AS mentor_key,
    lesson_times
FROM days
