-- joint_rows: overlapping lessons of one subject of a pupil that one file of the batch has.
-- From: batch_lessons, repeating_days. Grain: a file and two lessons. Also rows that are not stored
-- count: a file that holds both says that they are two lessons.
WITH rows_of_days AS MATERIALIZED (
    SELECT
        batch.file_id,
        batch.pupil_key,
        batch.school_unit_code,
        batch.lesson_date,
        batch.starts_at,
        batch.scheduled_minutes,
        batch.lesson_id,
        batch.subject
    FROM batch_lessons AS batch
    SEMI JOIN repeating_days
        ON
            batch.pupil_key = repeating_days.pupil_key
            AND batch.lesson_date = repeating_days.lesson_date
    WHERE batch.problem IS NULL OR batch.problem = 'row.contradicts'
),

asked AS (
    SELECT
        *,
        starts_at + to_minutes(cast(scheduled_minutes AS BIGINT)) AS ends_at,
        lower(subject) AS taught
    FROM rows_of_days
)

SELECT DISTINCT
    one.pupil_key,
    one.school_unit_code,
    one.lesson_date,
    one.taught AS subject,
    one.starts_at AS first_starts_at,
    one.lesson_id AS first_lesson_id,
    other.starts_at AS second_starts_at,
    other.lesson_id AS second_lesson_id,
    one.file_id
FROM asked AS one
INNER JOIN asked AS other
    ON
        one.file_id = other.file_id
        AND one.pupil_key = other.pupil_key
        AND one.school_unit_code = other.school_unit_code
        AND one.lesson_date = other.lesson_date
        AND one.taught = other.taught
        AND one.starts_at < other.starts_at
        AND one.ends_at > other.starts_at
