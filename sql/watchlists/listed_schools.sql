-- listed_schools: the school units that get a list, with their names.
-- From: school_units, belonging. Grain: a school unit.
-- With a register of schools, its schools get lists, also a school without pupils; without one,
-- every school unit to which a pupil belongs. `is_listed` false: has pupils, is in no register.
WITH names AS (
    SELECT
        school_unit_code,
        bool_or(is_registered) AS is_registered,
        arg_max(school_name, (is_registered, exported_at)) AS school_name,
        arg_max(district, exported_at) AS district,
        arg_max(principal_key, exported_at) AS principal_key
    FROM school_units
    GROUP BY school_unit_code
),

pupils AS (
    SELECT
        school_unit_code,
        count(*) FILTER (WHERE NOT is_protected) AS pupils_evaluated
    FROM belonging
    WHERE NOT has_left
    GROUP BY school_unit_code
)

SELECT
    coalesce(names.school_unit_code, pupils.school_unit_code) AS school_unit_code,
    coalesce(names.school_name, '') AS school_name,
    coalesce(names.district, '') AS district,
    cast(names.principal_key AS VARCHAR) AS principal_key,
    coalesce(pupils.pupils_evaluated, 0) AS pupils_evaluated,
    coalesce(names.is_registered, FALSE)
    OR NOT EXISTS (
        SELECT 1 FROM school_units
        WHERE school_units.is_registered
    ) AS is_listed
FROM pupils
FULL JOIN names ON pupils.school_unit_code = names.school_unit_code
WHERE pupils.school_unit_code IS NOT NULL OR coalesce(names.is_registered, FALSE)
ORDER BY coalesce(names.school_unit_code, pupils.school_unit_code)
