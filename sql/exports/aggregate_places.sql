-- aggregate_places: place, sealed identity and mentors of each aggregate's pupil.
-- From: aggregate_cells, person_keys, ss12000_persons, ss12000_places, ss12000_organisations.
-- Grain: an object of a file of aggregatedAttendance. The place is that of the period's last day;
-- a pupil whom the lake doesn't know has none, and no identity.
WITH staff_seals AS (
    -- One person can be reported of twice with the same key.
    SELECT
        staff_key,
        min(person_key) AS person_key,
        arg_min(sealed_staff, person_key) AS sealed_staff
    FROM ss12000_persons
    GROUP BY staff_key
),

mentor_places AS (
    SELECT
        person_key,
        first_date,
        unnest(mentor_keys) AS staff_key,
        generate_subscripts(mentor_keys, 1) AS place
    FROM ss12000_places
),

mentors AS (
    -- All mentors of a stretch of days, in their order.
    SELECT
        mentor_places.person_key,
        mentor_places.first_date,
        list(
            [
                encode(cast(staff_seals.person_key AS VARCHAR)),
                encode(cast(staff_seals.staff_key AS VARCHAR)),
                staff_seals.sealed_staff
            ] ORDER BY mentor_places.place
        ) AS seals
    FROM mentor_places
    INNER JOIN staff_seals ON mentor_places.staff_key = staff_seals.staff_key
    GROUP BY mentor_places.person_key, mentor_places.first_date
)

SELECT
    cells.line_number,
    coalesce(places.enroled_unit_code, places.class_unit_code) AS school_unit_code,
    units.school_name,
    places.class_name,
    cast(places.grade AS VARCHAR) AS grade,
    cast(persons.person_key AS VARCHAR) AS person_key,
    cast(persons.content_key AS VARCHAR) AS content_key,
    persons.sealed,
    mentors.seals AS mentor_seals,
    cells.protected,
    cast(persons.pupil_key AS VARCHAR) AS pupil_key
FROM aggregate_cells AS cells
LEFT JOIN person_keys ON cells.person = person_keys.person_text
LEFT JOIN ss12000_persons AS persons ON person_keys.person_key = persons.person_key
LEFT JOIN ss12000_places AS places
    ON
        person_keys.person_key = places.person_key
        AND calendar_date(cells.end_date) BETWEEN places.first_date AND places.last_date
LEFT JOIN ss12000_organisations AS units
    ON coalesce(places.enroled_unit_code, places.class_unit_code) = units.school_unit_code
LEFT JOIN mentors
    ON places.person_key = mentors.person_key AND places.first_date = mentors.first_date
WHERE cells.part = ''
-- A school unit that is reported of twice goes by the newest word.
QUALIFY row_number() OVER (PARTITION BY cells.line_number ORDER BY units.stated_at DESC) = 1
ORDER BY cells.line_number;
