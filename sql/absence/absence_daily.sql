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
        -- As `lessons_clash` wants them.
        list(
            cast(epoch_us(starts_at) % 86400000000 // 60000000 AS INTEGER) * 1024
            + scheduled_minutes
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
    last_starts_at,
    struct_extract(last_lesson, 'exported_at') AS last_exported_at,
    struct_extract(last_lesson, 'subject') AS last_subject,
    struct_extract(last_lesson, 'class_name') AS class_name,
    struct_extract(last_lesson, 'grade') AS grade,
    struct_extract(last_lesson, 'mentor_key') AS mentor_key,
    -- Most files hold a pupil's day in order of time. Only where it doesn't look so, it is sorted:
    -- sorting every day costs a fifth of the sums.
    CASE
        WHEN lessons_clash(lesson_times) THEN lessons_clash(list_sort(lesson_times))
        ELSE FALSE
    END AS has_overlap
FROM days
