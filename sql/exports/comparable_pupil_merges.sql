-- comparable_pupil_merges: changed numbers, each with the old number and the new one.
-- From: batch_pupil_merges. Grain: a row that is not refused.
-- Two pupils must not become one because a list was wrong.
SELECT
    file_id,
    line_number,
    old_pupil_key AS thing,
    hash(new_pupil_key) AS content,
    FALSE AS yields
FROM batch_pupil_merges
WHERE problem IS NULL
