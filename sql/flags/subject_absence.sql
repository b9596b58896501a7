-- subject_absence: absence in each subject beside the other subjects, and whether it stands out.
-- From: asked_lessons, pattern_days. Grain: a pupil and named subject with a reported lesson.
-- Parameters: $first_date, $as_of; $min_days, $min_absent_days, $subject_days (days);
-- $missed_share, $clear_difference (hundredths of a percent).
-- `part_days`: lessons missed, and all, of each day with it and others on which some were missed
-- and some not; whether it is more than chance is counted afterwards (assets/flags/within_days.py).
WITH taught AS (
    SELECT
        pupil_key,
        lesson_date,
        subject,
        cast(sum(scheduled_minutes) AS BIGINT) AS reported_minutes,
        cast(sum(absent_minutes) AS BIGINT) AS absent_minutes,
        count(*) AS lessons,
        bool_and(reaches_step(absent_minutes, scheduled_minutes, $missed_share, FALSE))
            AS is_all_missed
    FROM asked_lessons
    WHERE
        is_own_school
        AND is_reported
        AND NOT is_cancelled
        AND lesson_date BETWEEN $first_date AND $as_of
    GROUP BY pupil_key, lesson_date, subject
),

beside_others AS (
    SELECT
        taught.*,
        pattern_days.lessons AS day_lessons,
        pattern_days.missed_lessons,
        taught.lessons < pattern_days.lessons
        AND pattern_days.missed_lessons BETWEEN 1 AND pattern_days.lessons - 1 AS is_part_day
    FROM taught
    INNER JOIN pattern_days
        ON
            taught.pupil_key = pattern_days.pupil_key
            AND taught.lesson_date = pattern_days.lesson_date
),

subjects AS (
    SELECT
        pupil_key,
        subject,
        count(*) AS days,
        count(*) FILTER (WHERE absent_minutes > 0) AS absent_days,
        count(*) FILTER (WHERE is_all_missed AND is_part_day) AS alone_days,
        sum(reported_minutes) AS reported_minutes,
        sum(absent_minutes) AS absent_minutes,
        list([missed_lessons, day_lessons]) FILTER (WHERE is_part_day) AS part_days
    FROM beside_others
    GROUP BY pupil_key, subject
),

totals AS (
    SELECT
        pupil_key,
        count(*) AS days,
        sum(reported_minutes) AS reported_minutes,
        sum(absent_minutes) AS absent_minutes
    FROM pattern_days
    GROUP BY pupil_key
),

only_days AS (
    -- Days on which the subject was the only one, so that the others' days can be counted.
    SELECT
        pupil_key,
        subject,
        count(*) AS days
    FROM (
        SELECT
            pupil_key,
            lesson_date,
            min(subject) AS subject
        FROM taught
        GROUP BY pupil_key, lesson_date
        HAVING count(*) = 1
    ) AS days_of_one
    GROUP BY pupil_key, subject
),

beside AS (
    SELECT
        subjects.*,
        totals.days AS all_days,
        totals.days - coalesce(only_days.days, 0) AS other_days,
        totals.reported_minutes - subjects.reported_minutes AS other_reported_minutes,
        totals.absent_minutes - subjects.absent_minutes AS other_absent_minutes
    FROM subjects
    INNER JOIN totals ON subjects.pupil_key = totals.pupil_key
    LEFT JOIN only_days
        ON
            subjects.pupil_key = only_days.pupil_key
            AND subjects.subject = only_days.subject
    WHERE subjects.subject <> ''
),

comparable AS (
    SELECT
        *,
        all_days >= $min_days AND days >= $subject_days AND other_days >= $subject_days
            AS has_days_enough
    FROM beside
)

SELECT
    cast(pupil_key AS VARCHAR) AS pupil_key,
    subject,
    days,
    absent_days,
    alone_days,
    cast(reported_minutes AS BIGINT) AS reported_minutes,
    cast(absent_minutes AS BIGINT) AS absent_minutes,
    cast(other_reported_minutes AS BIGINT) AS other_reported_minutes,
    cast(other_absent_minutes AS BIGINT) AS other_absent_minutes,
    part_days,
    count(*) FILTER (WHERE has_days_enough) OVER (PARTITION BY pupil_key) AS questions,
    (
        has_days_enough
        AND absent_days >= $min_absent_days
        AND is_clearly_over(
            absent_minutes, reported_minutes, other_absent_minutes, other_reported_minutes,
            $clear_difference
        )
    ) AS is_enough
FROM comparable
ORDER BY pupil_key, subject
