-- staged_person_enrolments: the enrolments of SS12000 persons.
-- From: ss12000_cells, sealed_persons, offered_files. Grain: an enrolment of a person in a file.
-- The standard does not say when a broken-off enrolment ended, nor when a person moved abroad or
-- died: at the latest on the day of the word that says so.
WITH read_parts AS (
    SELECT
        parts.file_id,
        parts.line_number,
        sealed_persons.person_key,
        object_key(parts.organisation) AS organisation_key,
        parts.school_type,
        CASE
            WHEN parts.school_type = 'FKLASS' THEN 0
            WHEN parts.school_type IN ('GR', 'GRS', 'TR', 'SP', 'SAM')
                THEN school_grade(parts.school_year)
        END AS grade,
        record_date(parts.start_date) AS start_date,
        record_date(parts.end_date) AS end_date,
        coalesce(parts.cancelled = 'true', FALSE)
        OR coalesce(persons.person_status, 'Aktiv') <> 'Aktiv' AS is_broken_off,
        cast(stated_time(persons.modified, offered_files.exported_at) AS DATE) AS said_on,
        parts.end_date AS end_text
    FROM ss12000_cells AS parts
    INNER JOIN ss12000_cells AS persons
        ON
            parts.file_id = persons.file_id
            AND parts.line_number = persons.line_number
            AND persons.part = ''
    INNER JOIN sealed_persons
        ON
            parts.file_id = sealed_persons.file_id
            AND parts.line_number = sealed_persons.line_number
    INNER JOIN offered_files ON parts.file_id = offered_files.file_id
    WHERE parts.part = 'enrolments' AND persons.id IS NOT NULL
)

SELECT
    file_id,
    line_number,
    person_key,
    organisation_key,
    school_type,
    cast(grade AS TINYINT) AS grade,
    start_date,
    CASE
        WHEN is_broken_off THEN least(coalesce(end_date, said_on), said_on)
        ELSE end_date
    END AS end_date
FROM read_parts
WHERE
    organisation_key IS NOT NULL
    AND school_type IS NOT NULL
    AND start_date IS NOT NULL
    AND (end_text IS NULL OR end_date IS NOT NULL)
