-- arriving_lessons: the newest row of each lesson in this batch, as it is stored.
-- From: batch_lessons, superseded_rows. Grain: a lesson of a pupil (see `lessons`).
-- `batch_row` names the row to the statements that store it.
SELECT
    batch.rowid AS batch_row,
    batch.pupil_key,
    batch.school_unit_code,
    batch.lesson_date,
    batch.starts_at,
    batch.subject,
    batch.lesson_id,
    cast(batch.scheduled_minutes AS SMALLINT) AS scheduled_minutes,
    cast(batch.valid_minutes AS SMALLINT) AS valid_minutes,
    cast(batch.invalid_minutes AS SMALLINT) AS invalid_minutes,
    cast(batch.other_minutes AS SMALLINT) AS other_minutes,
    batch.is_reported,
    batch.is_cancelled,
    batch.class_name,
    batch.grade,
    batch.mentor_key,
    batch.exported_at,
    batch.file_id
FROM batch_lessons AS batch
WHERE
    batch.problem IS NULL
    -- Not a correlated question: for that, DuckDB keeps every row of the batch once more.
    AND batch.rowid NOT IN (SELECT superseded_rows.batch_row FROM superseded_rows)
