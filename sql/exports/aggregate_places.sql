-- aggregate_places: place, sealed identity and mentor of each aggregate's pupil.
-- From: aggregate_cells, person_keys, ss12000_persons, ss12000_places, ss12000_organisations.
-- Grain: an object of a file of aggregatedAttendance. The place is that of the period's last day;
-- a pupil whom the lake doesn't know has none, and no identity.
WITH mentors AS (
    -- One person can be reported of twice with the same key.
    SELECT
        staff_key,
        any_value(sealed_staff) AS sealed_staff
    FROM ss12000_persons
    GROUP BY staff_key
)

SELECT
    cells.line_number,
    coalesce(places.enroled_unit_code, places.class_unit_code) AS school_unit_code,
    units.school_name,
    places.class_name,
    cast(places.grade AS VARCHAR) AS grade,
    persons.sealed,
    mentors.sealed_staff,
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
LEFT JOIN mentors ON places.mentor_key = mentors.staff_key
WHERE cells.part = ''
-- A school unit that is reported of twice goes by the newest word.
QUALIFY row_number() OVER (PARTITION BY cells.line_number ORDER BY units.stated_at DESC) = 1
ORDER BY cells.line_number;
