-- portal_schools: what each school is called, who leads it, and in which district it lies.
-- From: school_units, belonging. Grain: a school unit.
-- A school that no register names is there too when somebody belongs to it: its mentors log in.
WITH registered AS (
    SELECT
        school_unit_code,
        coalesce(arg_max(school_name, (is_registered, exported_at)), '') AS school_name,
        cast(arg_max(principal_key, (is_registered, exported_at)) AS VARCHAR) AS principal_key,
        coalesce(arg_max(district, (is_registered, exported_at)), '') AS district
    FROM school_units
    GROUP BY school_unit_code
),

peopled AS (
    SELECT DISTINCT school_unit_code
    FROM belonging
)

SELECT
    coalesce(registered.school_unit_code, peopled.school_unit_code) AS school_unit_code,
    coalesce(registered.school_name, '') AS school_name,
    registered.principal_key,
    coalesce(registered.district, '') AS district
FROM registered
FULL JOIN peopled ON registered.school_unit_code = peopled.school_unit_code
ORDER BY coalesce(registered.school_unit_code, peopled.school_unit_code)
