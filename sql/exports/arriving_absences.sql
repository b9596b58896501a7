-- arriving_absences: rows of this batch's files of absences, as rows of `absence_words`.
-- From: batch_joined, civic_keys. Grain: a file's time of a pupil; of refused rows what is known
-- of a row.
-- Parameter: $ids, the files.
SELECT
    pupil_key,
    school_unit_code,
    lesson_date,
    starts_at,
    subject,
    cast(scheduled_minutes AS SMALLINT) AS scheduled_minutes,
    cast(valid_minutes AS SMALLINT) AS valid_minutes,
    cast(invalid_minutes AS SMALLINT) AS invalid_minutes,
    cast(other_minutes AS SMALLINT) AS other_minutes,
    is_reported,
    FALSE AS is_refused,
    class_name,
    grade,
    mentor_key,
    exported_at,
    file_id
FROM batch_joined
WHERE problem IS NULL AND file_id IN (SELECT unnest(cast($ids AS BIGINT[])))
QUALIFY
    row_number() OVER (
        PARTITION BY file_id, pupil_key, school_unit_code, starts_at, lower(subject)
        ORDER BY is_reported DESC, line_number ASC
    ) = 1
UNION ALL
SELECT DISTINCT
    pupil_key,
    school_unit_code,
    lesson_date,
    -- Of a row whose length can't be read, or can't be, nobody knows until when.
    CASE WHEN scheduled_minutes BETWEEN 1 AND 600 THEN starts_at END AS starts_at,
    '' AS subject,
    CASE WHEN scheduled_minutes BETWEEN 1 AND 600 THEN cast(scheduled_minutes AS SMALLINT) END
        AS scheduled_minutes,
    cast(0 AS SMALLINT) AS valid_minutes,
    cast(0 AS SMALLINT) AS invalid_minutes,
    cast(0 AS SMALLINT) AS other_minutes,
    FALSE AS is_reported,
    TRUE AS is_refused,
    nullif(class_name, '') AS class_name,
    cast(NULL AS TINYINT) AS grade,
    cast(NULL AS UUID) AS mentor_key,
    exported_at,
    file_id
FROM batch_joined
WHERE
    problem IS NOT NULL
    AND file_id IN (SELECT unnest(cast($ids AS BIGINT[])))
    -- Nobody is doubted because of a pupil who was erased.
    AND coalesce(civic_text, '') NOT IN (
        SELECT civic_keys.civic_text FROM civic_keys
        WHERE civic_keys.problem = 'row.erased'
    )
