-- absence_daily: minutes per pupil, school unit and day, with the place of the day's last lesson.
-- From: lessons_to_sum, days_to_sum (the dates to make again; $first_date and $last_date are its
-- ends). Grain: a pupil, school unit and date with a lesson. `has_overlap` tells which days have
-- lessons at the same time.
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
        max(starts_at) AS last_starts_at,
        -- One struct costs half of five arg_max, and keeps what the last lesson leaves open instead
        -- of reaching back for a value.
        arg_max(
            {
                'exported_at': exported_at,
                'subject': subject,
                'class_name': class_name,
                'grade': grade,
                'mentor_key': mentor_key
            },
            order_in_day
        ) AS last_lesson,
        -- A lesson is its start, minutes from midnight, times 1024, and its length.
        list(
            cast(epoch_us(starts_at) % 86400000000 // 60000000 AS INTEGER) * 1024
            + scheduled_minutes
        ) AS lesson_times
    FROM lessons_to_sum
    WHERE
        lesson_date BETWEEN $first_date AND $last_date
        AND lesson_date IN (SELECT days_to_sum.lesson_date FROM days_to_sum)
    GROUP BY pupil_key, school_unit_code, lesson_date
),

in_order AS (
    SELECT
        *,
        list_sort(lesson_times) AS times
    FROM days
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
    last_starts_at,
    struct_extract(last_lesson, 'exported_at') AS last_exported_at,
    struct_extract(last_lesson, 'subject') AS last_subject,
    struct_extract(last_lesson, 'class_name') AS class_name,
    struct_extract(last_lesson, 'grade') AS grade,
    struct_extract(last_lesson, 'mentor_key') AS mentor_key,
    -- Until when the pupil is busy, in minutes from midnight; a lesson that starts before makes it
    -- a time that no day has, and so it stays.
    list_reduce(  -- noqa: PRS
        times,
        LAMBDA busy_until, lesson: CASE
            WHEN busy_until > lesson // 1024 THEN 1000000
            ELSE lesson // 1024 + lesson % 1024
        END,
        0
    ) = 1000000 AS has_overlap
FROM in_order
