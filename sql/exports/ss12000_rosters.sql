-- ss12000_rosters: roster records of affected pupils, as they are stored in `enrolments`.
-- From: ss12000_places, ss12000_persons. Grain: a person and stretch of days at a school unit.
SELECT
    cast(persons.pupil_key AS VARCHAR) AS pupil_key,
    places.enroled_unit_code AS school_unit_code,
    places.class_name,
    places.grade,
    cast(places.mentor_key AS VARCHAR) AS mentor_key,
    places.first_date AS start_date,
    CASE WHEN places.last_date < DATE '2999-12-31' THEN places.last_date END AS end_date,
    persons.exported_at,
    persons.file_id,
    persons.number_key
FROM ss12000_places AS places
INNER JOIN ss12000_persons AS persons ON places.person_key = persons.person_key
WHERE
    places.is_enroled
    AND places.is_compulsory
    AND places.enroled_unit_code IS NOT NULL
