-- staged_pupil_merges: raw cells of files of changed numbers, each row with at most one problem.
-- From: raw_pupil_merges. Grain: a data row of a file.
SELECT
    file_id,
    line_number,
    old_civic_no AS old_text,
    new_civic_no AS new_text,
    calendar_date(changed_date) AS changed_date,
    CASE
        WHEN changed_date IS NOT NULL AND calendar_date(changed_date) IS NULL
            THEN 'changed_date.unreadable'
    END AS problem,
    cast(NULL AS VARCHAR) AS warning
FROM raw_pupil_merges
