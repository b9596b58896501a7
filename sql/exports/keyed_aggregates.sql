-- keyed_aggregates: staged sums with the keys of pupil and mentor and the export they came in.
-- From: staged_aggregates, civic_keys, staff_keys, offered_files. Grain: a data row of a file.
SELECT
    staged.* EXCLUDE (problem),  -- noqa: AM04
    civic_keys.pupil_key,
    staff_keys.staff_key AS mentor_key,
    offered_files.exported_at,
    coalesce(
        staged.problem,
        CASE
            WHEN
                NOT believed_day(staged.period_first_date, offered_files.exported_at)
                OR NOT believed_day(staged.period_last_date, offered_files.exported_at)
                THEN 'month.not_believed'
        END,
        civic_keys.problem
    ) AS problem
FROM staged_aggregates AS staged
INNER JOIN offered_files ON staged.file_id = offered_files.file_id
LEFT JOIN civic_keys ON coalesce(staged.civic_text, '') = civic_keys.civic_text
LEFT JOIN staff_keys
    ON
        coalesce(staged.mentor_name, '') = staff_keys.name
        AND coalesce(staged.mentor_email, '') = staff_keys.email
