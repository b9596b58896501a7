-- school_principals: who is rektor of which school, and what the school is called.
-- From: school_units. Grain: a school unit.
SELECT
    school_unit_code,
    coalesce(arg_max(school_name, (is_registered, exported_at)), '') AS school_name,
    cast(arg_max(principal_key, exported_at) AS VARCHAR) AS principal_key
FROM school_units
GROUP BY school_unit_code
ORDER BY school_unit_code
