-- school_staff: who works at each school, as far as rosters and register name them.
-- From: belonging, school_units. Grain: a school unit and word about staff.
-- Nobody is here by being the mentor of protected pupils only.
SELECT
    school_unit_code,
    cast(mentor_key AS VARCHAR) AS staff_key
FROM belonging
WHERE NOT is_protected AND NOT has_left AND mentor_key IS NOT NULL
UNION
SELECT
    school_unit_code,
    cast(arg_max(principal_key, (is_registered, exported_at)) AS VARCHAR) AS staff_key
FROM school_units
GROUP BY school_unit_code
HAVING arg_max(principal_key, (is_registered, exported_at)) IS NOT NULL
ORDER BY ALL
