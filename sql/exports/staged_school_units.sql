-- staged_school_units: raw cells of a register of schools, each row with at most one problem.
-- From: raw_school_units. Grain: a data row of a file.
SELECT
    file_id,
    line_number,
    unit_code(school_unit_code) AS school_unit_code,
    plain_text(school_name) AS school_name,
    nullif(plain_text(district), '') AS district,
    principal_name AS mentor_name,
    principal_email AS mentor_email,
    CASE
        WHEN school_unit_code IS NULL THEN 'school_unit_code.missing'
        WHEN unit_code(school_unit_code) IS NULL THEN 'school_unit_code.unreadable'
        WHEN school_name IS NULL THEN 'school_name.missing'
    END AS problem,
    CASE
        WHEN school_unit_code <> unit_code(school_unit_code)
            THEN 'school_unit_code.zeros_restored'
    END AS warning
FROM raw_school_units
