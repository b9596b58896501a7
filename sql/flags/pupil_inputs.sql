-- pupil_inputs: the files whose rows stand behind one pupil's lessons and sums in the windows.
-- From: lessons, contradicted_lessons, monthly_sums, files. Grain: a file.
-- Parameters: $pupil_key; $first_date, $as_of.
WITH used AS (
    SELECT
        file_id,
        count(*) AS lesson_rows,
        0 AS sum_rows
    FROM lessons
    WHERE
        pupil_key = cast($pupil_key AS UUID)
        AND lesson_date BETWEEN $first_date AND $as_of
    GROUP BY file_id
    UNION ALL
    SELECT
        file_id,
        count(*) AS lesson_rows,
        0 AS sum_rows
    FROM contradicted_lessons
    WHERE
        pupil_key = cast($pupil_key AS UUID)
        AND lesson_date BETWEEN $first_date AND $as_of
    GROUP BY file_id
    UNION ALL
    SELECT
        file_id,
        0 AS lesson_rows,
        count(*) AS sum_rows
    FROM monthly_sums
    WHERE
        pupil_key = cast($pupil_key AS UUID)
        AND period_first_date >= $first_date
        AND period_last_date <= $as_of
    GROUP BY file_id
)

SELECT
    files.file_id,
    files.file_sha256,
    files.sender,
    files.sealed_name,
    files.layout,
    files.exported_at,
    files.received_at,
    files.modified_at,
    cast(sum(used.lesson_rows) AS BIGINT) AS lesson_rows,
    cast(sum(used.sum_rows) AS BIGINT) AS sum_rows
FROM used
INNER JOIN files ON used.file_id = files.file_id AND files.outcome <> 'duplicate'
GROUP BY
    files.file_id,
    files.file_sha256,
    files.sender,
    files.sealed_name,
    files.layout,
    files.exported_at,
    files.received_at,
    files.modified_at
ORDER BY files.exported_at, files.file_sha256
