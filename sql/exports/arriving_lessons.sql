-- arriving_lessons: the newest row of each lesson in this batch, as it is stored.
-- From: batch_lessons, shared_lessons. Grain: a lesson of a pupil (see `lessons`).
-- The newest export wins; of two exports of one minute the one with the greater file id, so that
-- the order of arrival never decides.
WITH candidates AS (
    -- batch_row names the row to the statements that store it.
    SELECT
        *,
        rowid AS batch_row
    FROM batch_lessons
    WHERE problem IS NULL
),

single AS (
    SELECT * FROM candidates
    WHERE lesson_hash NOT IN (SELECT shared_lessons.lesson_hash FROM shared_lessons)
),

newest AS (
    SELECT *
    FROM candidates
    WHERE lesson_hash IN (SELECT shared_lessons.lesson_hash FROM shared_lessons)
    QUALIFY row_number() OVER (
        PARTITION BY
            pupil_key,
            lesson_id,
            CASE WHEN lesson_id IS NULL THEN school_unit_code END,
            CASE WHEN lesson_id IS NULL THEN starts_at END,
            CASE WHEN lesson_id IS NULL THEN subject END
        ORDER BY exported_at DESC, file_id DESC
    ) = 1
),

kept AS (
    SELECT * FROM single
    UNION ALL
    SELECT * FROM newest
)

SELECT
    batch_row,
    pupil_key,
    school_unit_code,
    lesson_date,
    starts_at,
    subject,
    lesson_id,
    cast(scheduled_minutes AS SMALLINT) AS scheduled_minutes,
    cast(valid_minutes AS SMALLINT) AS valid_minutes,
    cast(invalid_minutes AS SMALLINT) AS invalid_minutes,
    cast(other_minutes AS SMALLINT) AS other_minutes,
    is_reported,
    is_cancelled,
    class_name,
    grade,
    mentor_key,
    exported_at,
    file_id
FROM kept
