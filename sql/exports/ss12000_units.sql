-- ss12000_units: school units with their names and principals, as they are stored.
-- From: ss12000_organisations, living_duties, living_persons, protected_persons. `living_` is what
-- was not taken away at the source. A school unit that was stays: its lessons say their school.
-- Grain: a school unit code. The principal is the one whose duty ends last, then began last; one
-- with protected identity is not named.
WITH principals AS (
    SELECT
        duties.organisation_key,
        persons.staff_key
    FROM living_duties AS duties
    INNER JOIN living_persons AS persons ON duties.person_key = persons.person_key
    WHERE
        duties.duty_role = 'Rektor'
        AND duties.person_key NOT IN (
            SELECT protected_persons.person_key FROM protected_persons
        )
    QUALIFY row_number() OVER (
        PARTITION BY duties.organisation_key
        ORDER BY
            coalesce(duties.end_date, DATE '2999-12-31') DESC,
            duties.start_date DESC NULLS LAST,
            duties.duty_key ASC
    ) = 1
)

SELECT
    organisations.school_unit_code,
    'ss12000' AS layout,
    FALSE AS is_registered,
    organisations.school_name,
    NULL AS district,
    cast(principals.staff_key AS VARCHAR) AS principal_key,
    organisations.exported_at,
    organisations.file_id
FROM ss12000_organisations AS organisations
LEFT JOIN principals ON organisations.organisation_key = principals.organisation_key
WHERE organisations.school_unit_code IS NOT NULL
QUALIFY row_number() OVER (
    PARTITION BY organisations.school_unit_code
    ORDER BY
        organisations.stated_at DESC, organisations.exported_at DESC, organisations.file_id DESC
) = 1
