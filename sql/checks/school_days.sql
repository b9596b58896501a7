-- school_days: each school's latest days beside what is usual there; the frame of school_contract.
-- From: absence_daily, counting_lessons, lessons, files, protected_pupils.
-- Grain: a school unit and a date with lessons.
-- Parameters: $as_of; $first_date, the first of the days that are looked at; $norm_date, the first
-- of the days before them that say what is usual. Counts and shares only.
WITH days AS (
    SELECT
        school_unit_code,
        lesson_date,
        sum(lessons) AS lessons,
        count(DISTINCT pupil_key) AS pupils,
        sum(scheduled_minutes) AS scheduled_minutes,
        sum(reported_minutes) AS reported_minutes,
        sum(valid_minutes + invalid_minutes) AS absent_minutes
    FROM absence_daily
    WHERE lesson_date BETWEEN $norm_date AND $as_of
    GROUP BY school_unit_code, lesson_date
),

usual AS (
    -- A Friday is compared with Fridays; two of them are enough to say what is usual.
    SELECT
        school_unit_code,
        dayofweek(lesson_date) AS day_of_week,
        median(lessons) AS lessons
    FROM days
    WHERE lesson_date < $first_date
    GROUP BY school_unit_code, day_of_week
    HAVING count(*) >= 2
),

class_days AS (
    -- A class that only protected pupils are in is named nowhere.
    SELECT
        daily.school_unit_code,
        daily.class_name,
        daily.lesson_date,
        count(DISTINCT daily.pupil_key) AS pupils
    FROM absence_daily AS daily
    ANTI JOIN protected_pupils ON daily.pupil_key = protected_pupils.pupil_key
    WHERE daily.lesson_date BETWEEN $norm_date AND $as_of AND daily.class_name <> ''
    GROUP BY daily.school_unit_code, daily.class_name, daily.lesson_date
),

classes AS (
    -- A class that had lessons on most of the school's days before; groups of a few are none.
    SELECT
        class_days.school_unit_code,
        class_days.class_name
    FROM class_days
    INNER JOIN days
        ON
            class_days.school_unit_code = days.school_unit_code
            AND class_days.lesson_date = days.lesson_date
    WHERE class_days.lesson_date < $first_date
    GROUP BY class_days.school_unit_code, class_days.class_name
    HAVING
        max(class_days.pupils) >= 5
        AND count(*) * 2 > (
            SELECT count(*) FROM days AS earlier
            WHERE
                earlier.school_unit_code = class_days.school_unit_code
                AND earlier.lesson_date < $first_date
        )
),

vanished AS (
    SELECT
        days.school_unit_code,
        days.lesson_date,
        string_agg(classes.class_name, ', ' ORDER BY classes.class_name) AS class_names,
        count(*) AS classes
    FROM days
    INNER JOIN classes ON days.school_unit_code = classes.school_unit_code
    LEFT JOIN class_days
        ON
            days.school_unit_code = class_days.school_unit_code
            AND days.lesson_date = class_days.lesson_date
            AND classes.class_name = class_days.class_name
    WHERE days.lesson_date >= $first_date AND class_days.class_name IS NULL
    GROUP BY days.school_unit_code, days.lesson_date
),

at_once AS (
    -- Lessons of one pupil that start at the same time at the same school, and all count.
    SELECT
        school_unit_code,
        lesson_date,
        pupil_key,
        starts_at,
        count(*) AS lessons
    FROM counting_lessons
    WHERE lesson_date BETWEEN $first_date AND $as_of
    GROUP BY school_unit_code, lesson_date, pupil_key, starts_at
),

doubled AS (
    SELECT
        school_unit_code,
        lesson_date,
        sum(lessons - 1) AS lessons
    FROM at_once
    GROUP BY school_unit_code, lesson_date
),

file_days AS (
    SELECT DISTINCT
        school_unit_code,
        lesson_date,
        file_id
    FROM lessons
    WHERE lesson_date BETWEEN $first_date AND $as_of
),

refused AS (
    -- Of the files that the day's lessons came in.
    SELECT
        file_days.school_unit_code,
        file_days.lesson_date,
        sum(files.rows_rejected) AS rows_rejected,
        sum(files.rows_read) AS rows_read
    FROM file_days
    INNER JOIN files
        ON
            file_days.file_id = files.file_id
            AND files.outcome NOT IN ('duplicate', 'quarantined', 'awaiting_release')
    GROUP BY file_days.school_unit_code, file_days.lesson_date
)

SELECT
    days.school_unit_code,
    days.lesson_date,
    cast(days.lessons AS BIGINT) AS lessons,
    cast(days.pupils AS BIGINT) AS pupils,
    usual.lessons AS usual_lessons,
    days.lessons / usual.lessons AS share_of_usual,
    coalesce(vanished.classes, 0) AS vanished_classes,
    coalesce(vanished.class_names, '') AS vanished_class_names,
    -- Subtracted before it is divided: 30 of 100 is then exactly what 0.3 is.
    (days.scheduled_minutes - days.reported_minutes) / days.scheduled_minutes AS unreported_share,
    -- Of a handful of pupils all can be ill, or nobody.
    CASE WHEN days.pupils >= 10 THEN days.absent_minutes / nullif(days.reported_minutes, 0) END
        AS highest_absent_share,
    CASE WHEN days.pupils >= 60 THEN days.absent_minutes / nullif(days.reported_minutes, 0) END
        AS lowest_absent_share,
    coalesce(doubled.lessons, 0) / days.lessons AS doubled_share,
    coalesce(refused.rows_rejected / nullif(refused.rows_read, 0), 0) AS refused_share
FROM days
LEFT JOIN usual
    ON
        days.school_unit_code = usual.school_unit_code
        AND dayofweek(days.lesson_date) = usual.day_of_week
LEFT JOIN vanished
    ON
        days.school_unit_code = vanished.school_unit_code
        AND days.lesson_date = vanished.lesson_date
LEFT JOIN doubled
    ON
        days.school_unit_code = doubled.school_unit_code
        AND days.lesson_date = doubled.lesson_date
LEFT JOIN refused
    ON
        days.school_unit_code = refused.school_unit_code
        AND days.lesson_date = refused.lesson_date
WHERE days.lesson_date >= $first_date
ORDER BY days.school_unit_code, days.lesson_date
