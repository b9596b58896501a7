-- asked_timetables: lessons day by day, behind as a timetable, ahead as far as they are known.
-- From: asked_lessons. Grain: a timetable, with all pupils who have it: pupils of a class often
-- share one. Parameter: $as_of.
WITH schools AS (
    -- A school that the pupil left says nothing of the coming weeks.
    SELECT
        pupil_key,
        school_unit_code,
        max(lesson_date) AS latest_date,
        max(max(lesson_date)) OVER (PARTITION BY pupil_key) AS latest_anywhere_date
    FROM asked_lessons
    WHERE lesson_date <= $as_of AND NOT is_cancelled
    GROUP BY pupil_key, school_unit_code
),

wanted AS (
    SELECT asked_lessons.*
    FROM asked_lessons
    LEFT JOIN schools
        ON
            asked_lessons.pupil_key = schools.pupil_key
            AND asked_lessons.school_unit_code = schools.school_unit_code
    WHERE
        asked_lessons.lesson_date > $as_of
        OR (
            NOT asked_lessons.is_cancelled
            AND schools.latest_date > schools.latest_anywhere_date - 7
        )
),

days AS (
    -- Sorted after they are gathered: to gather in order takes three times as long.
    SELECT
        pupil_key,
        lesson_date,
        list_sort(
            list(
                {
                    'starts_at': starts_at,
                    'subject': subject,
                    'school_unit_code': school_unit_code,
                    'minutes': scheduled_minutes
                }
            ) FILTER (WHERE NOT is_cancelled)
        ) AS lessons,
        -- With them it is seen whether the day is known whole or by a lesson or two of it.
        cast(coalesce(sum(scheduled_minutes) FILTER (WHERE is_cancelled), 0) AS BIGINT)
            AS cancelled_minutes
    FROM wanted
    GROUP BY pupil_key, lesson_date
),

timetables AS (
    SELECT
        pupil_key,
        list_sort(
            list(
                {
                    'lesson_date': lesson_date,
                    -- A coming day whose lessons are all cancelled is known to have none.
                    'minutes': coalesce([lesson['minutes'] FOR lesson IN lessons], []),
                    'cancelled_minutes': cancelled_minutes
                }
            )
        ) AS days
    FROM days
    GROUP BY pupil_key
)

SELECT
    list(cast(pupil_key AS VARCHAR)) AS pupil_keys,
    [day['lesson_date'] FOR day IN days] AS lesson_dates,
    [day['minutes'] FOR day IN days] AS lesson_minutes,
    [day['cancelled_minutes'] FOR day IN days] AS cancelled_minutes
FROM timetables
GROUP BY days
