-- keyed_lessons: staged rows with the keys of pupil and mentor and the export they came in.
-- From: staged_lessons, civic_keys (one row per identity text met), staff_keys, offered_files.
-- Grain: a data row of a file; a row whose identity number is no number has that as its problem.
SELECT
    staged.* EXCLUDE (problem),  -- noqa: AM04
    civic_keys.pupil_key,
    staff_keys.staff_key AS mentor_key,
    offered_files.exported_at,
    coalesce(staged.problem, civic_keys.problem) AS problem,
    -- Only to find rows of one lesson within this batch; never stored, so any hash will do.
    CASE
        WHEN staged.lesson_id IS NULL
            THEN hash(
                civic_keys.pupil_key, staged.school_unit_code, staged.starts_at, staged.subject
            )
        ELSE hash(civic_keys.pupil_key, staged.lesson_id)
    END AS lesson_hash
FROM staged_lessons AS staged
INNER JOIN offered_files ON staged.file_id = offered_files.file_id
-- An empty identity cell is a text too: '' has the problem "missing".
LEFT JOIN civic_keys ON coalesce(staged.civic_text, '') = civic_keys.civic_text
LEFT JOIN staff_keys
    ON
        coalesce(staged.mentor_name, '') = staff_keys.name
        AND coalesce(staged.mentor_email, '') = staff_keys.email
