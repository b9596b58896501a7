-- joint_rows: overlapping lessons of one subject of a pupil that one file of the batch has.
-- From: batch_lessons. Grain: a file and two lessons. Also rows that are not stored count: a file
-- that holds both says that they are two lessons.
WITH told AS (
    SELECT
        file_id,
        pupil_key,
        school_unit_code,
        lesson_date,
        starts_at,
        starts_at + to_minutes(cast(scheduled_minutes AS BIGINT)) AS ends_at,
        lesson_id,
        lower(subject) AS subject,
        hash(file_id, pupil_key, school_unit_code, lesson_date, lower(subject)) AS taught_day
    FROM batch_lessons
    WHERE problem IS NULL OR problem = 'row.contradicts'
),

several AS (
    -- Most subjects stand once a day in a timetable.
    SELECT taught_day
    FROM told
    GROUP BY taught_day
    HAVING count(*) > 1
),

asked AS (
    SELECT told.*
    FROM told
    WHERE told.taught_day IN (SELECT several.taught_day FROM several)
)

SELECT DISTINCT
    one.pupil_key,
    one.school_unit_code,
    one.lesson_date,
    one.subject,
    one.starts_at AS first_starts_at,
    one.lesson_id AS first_lesson_id,
    other.starts_at AS second_starts_at,
    other.lesson_id AS second_lesson_id,
    one.file_id
FROM asked AS one
INNER JOIN asked AS other
    ON
        one.taught_day = other.taught_day
        AND one.file_id = other.file_id
        AND one.pupil_key = other.pupil_key
        AND one.school_unit_code = other.school_unit_code
        AND one.lesson_date = other.lesson_date
        AND one.subject = other.subject
        AND one.starts_at < other.starts_at
        AND one.ends_at > other.starts_at
