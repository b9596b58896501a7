-- keyed_enrolments: staged roster records with the keys of pupil and mentor.
-- From: staged_enrolments, civic_keys, staff_keys, offered_files. Grain: a data row of a file.
SELECT
    staged.* EXCLUDE (problem),  -- noqa: AM04
    civic_keys.pupil_key,
    nullif(civic_keys.own_key, civic_keys.pupil_key) AS number_key,
    staff_keys.staff_key AS mentor_key,
    offered_files.exported_at,
    coalesce(
        staged.problem,
        -- Records begin long ago, but none begins years from now.
        CASE
            WHEN staged.start_date > cast(offered_files.exported_at AS DATE) + 366
                THEN 'start_date.not_believed'
        END,
        civic_keys.problem
    ) AS problem
FROM staged_enrolments AS staged
INNER JOIN offered_files ON staged.file_id = offered_files.file_id
LEFT JOIN civic_keys ON coalesce(staged.civic_text, '') = civic_keys.civic_text
LEFT JOIN staff_keys
    ON
        coalesce(staged.mentor_name, '') = staff_keys.name
        AND coalesce(staged.mentor_email, '') = staff_keys.email
