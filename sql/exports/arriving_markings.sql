-- arriving_markings: what files of persons say of protection, as words.
-- From: staged_markings, staged_not_protected, staged_persons, staged_person_enrolments.
-- Grain: a person, a source, a place and whether it says protected, of a file. `Ingen` counts only
-- of an object that was taken, once for each enrolment; without one its place is all zeros. A
-- sender's is said for the source of before there were senders too, which nobody else can lift.
SELECT
    person_key,
    person_key AS reference_key,
    server_source(person_key, source_tag) AS source_key,
    cast(NULL AS UUID) AS place_key,
    TRUE AS is_protected,
    cast(NULL AS TINYINT) AS releases_needed,
    exported_at,
    file_id
FROM staged_markings
UNION ALL
SELECT
    said.person_key,
    said.person_key AS reference_key,
    unnest(
        list_distinct([server_source(said.person_key, said.source_tag), said.person_key])
    ) AS source_key,
    coalesce(
        enrolments.organisation_key, cast('00000000-0000-0000-0000-000000000000' AS UUID)
    ) AS place_key,
    FALSE AS is_protected,
    said.releases_needed,
    said.exported_at,
    said.file_id
FROM staged_not_protected AS said
INNER JOIN staged_persons AS persons
    ON said.file_id = persons.file_id AND said.line_number = persons.line_number
LEFT JOIN staged_person_enrolments AS enrolments
    ON said.file_id = enrolments.file_id AND said.line_number = enrolments.line_number
WHERE persons.problem IS NULL
