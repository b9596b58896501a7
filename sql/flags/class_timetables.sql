-- class_timetables: the scheduled minutes of each pupil of a class since the first lesson there.
-- From: belonging, absence_daily. Grain: a class in which pupils differ, with a list of its pupils.
-- Parameters: $first_date and $as_of, the days that are looked at.
-- A school day is a day on which the class has lessons. A pupil's span begins with the first lesson
-- at the own school, so that what was before a move is in no number; lessons at another school in
-- that span count. Protected pupils are left out: a median of two pupils tells the other's minutes.
WITH members AS (
    SELECT
        pupil_key,
        school_unit_code,
        class_name
    FROM belonging
    WHERE NOT has_left AND NOT is_protected AND class_name <> ''
),

taught AS (
    SELECT
        members.pupil_key,
        members.school_unit_code,
        members.class_name,
        days.lesson_date,
        days.scheduled_minutes,
        days.school_unit_code = members.school_unit_code AS is_own_school
    FROM absence_daily AS days
    INNER JOIN members ON days.pupil_key = members.pupil_key
    WHERE days.lesson_date BETWEEN $first_date AND $as_of
),

first_days AS (
    SELECT
        pupil_key,
        school_unit_code,
        class_name,
        min(lesson_date) AS first_date
    FROM taught
    WHERE is_own_school
    GROUP BY pupil_key, school_unit_code, class_name
),

class_dates AS (
    SELECT
        school_unit_code,
        class_name,
        lesson_date,
        -- School days from this one on.
        row_number() OVER (
            PARTITION BY school_unit_code, class_name
            ORDER BY lesson_date DESC
        ) AS school_days
    FROM taught
    WHERE is_own_school
    GROUP BY school_unit_code, class_name, lesson_date
),

timetables AS (
    SELECT
        first_days.school_unit_code,
        first_days.class_name,
        first_days.pupil_key,
        first_days.first_date,
        class_dates.school_days,
        cast(
            sum(taught.scheduled_minutes) FILTER (
                WHERE taught.lesson_date >= first_days.first_date
            ) AS BIGINT
        ) AS scheduled_minutes
    FROM first_days
    INNER JOIN taught ON first_days.pupil_key = taught.pupil_key
    INNER JOIN class_dates
        ON
            first_days.school_unit_code = class_dates.school_unit_code
            AND first_days.class_name = class_dates.class_name
            AND first_days.first_date = class_dates.lesson_date
    GROUP BY ALL
)

SELECT
    school_unit_code,
    class_name,
    list(
        {
            'pupil_key': cast(pupil_key AS VARCHAR),
            'first_date': first_date,
            'scheduled_minutes': scheduled_minutes,
            'school_days': school_days
        }
        ORDER BY pupil_key
    ) AS pupils
FROM timetables
GROUP BY school_unit_code, class_name
-- In a class where all have the same, nobody has less than the others.
HAVING
    min(scheduled_minutes) < max(scheduled_minutes)
    OR min(school_days) < max(school_days)
ORDER BY school_unit_code, class_name
