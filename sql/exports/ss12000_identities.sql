-- ss12000_identities: what affected pupils are called.
-- From: affected_pupils, ss12000_persons, ss12000_enrolments, ss12000_attendances.
-- Grain: a pupil. Staff are no pupils: who is neither enrolled nor has an attendance is not here.
WITH pupils AS (
    SELECT persons.*
    FROM ss12000_persons AS persons
    WHERE
        persons.pupil_key IN (SELECT affected.pupil_key FROM affected_pupils AS affected)
        AND (
            persons.person_key IN (
                SELECT enrolments.person_key FROM ss12000_enrolments AS enrolments
            )
            OR persons.person_key IN (
                SELECT attendances.person_key FROM ss12000_attendances AS attendances
            )
        )
)

SELECT
    cast(pupils.pupil_key AS VARCHAR) AS pupil_key,
    'ss12000' AS layout,
    '' AS school_unit_code,
    TRUE AS is_roster,
    cast(pupils.content_key AS VARCHAR) AS content_key,
    cast(pupils.person_key AS VARCHAR) AS person_key,
    pupils.sealed,
    pupils.exported_at,
    pupils.file_id
FROM pupils
QUALIFY row_number() OVER (
    PARTITION BY pupils.pupil_key
    ORDER BY
        pupils.stated_at DESC, pupils.exported_at DESC, pupils.file_id DESC, pupils.person_key ASC
) = 1
