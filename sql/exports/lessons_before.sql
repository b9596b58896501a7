-- lessons_before: lessons of the lake that objects of this batch affect, as they were before.
-- From: lessons, affected_lessons. Grain: a lesson. Asked about are lessons that have been, or were
-- reported, and are not cancelled; unreported ones still to come are a plan, and may change.
-- Parameters: $as_of, the last day that has been.
SELECT
    row_number() OVER () AS lesson_row,
    stored.lesson_id,
    stored.pupil_key,
    stored.school_unit_code,
    stored.lesson_date,
    stored.starts_at,
    stored.subject,
    stored.scheduled_minutes,
    stored.valid_minutes,
    stored.invalid_minutes,
    stored.is_reported
FROM lessons AS stored
SEMI JOIN affected_lessons
    ON
        stored.lesson_id = affected_lessons.lesson_id
        AND stored.pupil_key = affected_lessons.pupil_key
WHERE NOT stored.is_cancelled AND (stored.is_reported OR stored.lesson_date <= $as_of)
