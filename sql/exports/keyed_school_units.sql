-- keyed_school_units: staged register rows with the key of the principal.
-- From: staged_school_units, staff_keys, offered_files. Grain: a data row of a file.
SELECT
    staged.*,  -- noqa: AM04
    staff_keys.staff_key AS principal_key,
    offered_files.exported_at
FROM staged_school_units AS staged
INNER JOIN offered_files ON staged.file_id = offered_files.file_id
LEFT JOIN staff_keys
    ON
        coalesce(staged.mentor_name, '') = staff_keys.name
        AND coalesce(staged.mentor_email, '') = staff_keys.email
