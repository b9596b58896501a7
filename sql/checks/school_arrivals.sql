-- school_arrivals: when each school sent lessons, and how far they went: its rhythm.
-- From: school_sendings, lessons, files. Grain: a school unit and export.
-- Parameters: $first_date, $recent_date, $as_of. Of SS12000 a file has words about attendances,
-- and the lessons that they give know it; those of the latest months tell enough.
WITH of_files AS (
    SELECT
        school_unit_code,
        exported_at,
        last_lesson_date
    FROM school_sendings
    WHERE last_lesson_date BETWEEN $first_date AND $as_of
),

of_objects AS (
    SELECT
        school_unit_code,
        exported_at,
        max(lesson_date) AS last_lesson_date
    FROM lessons
    WHERE
        lesson_date BETWEEN $recent_date AND $as_of
        AND lesson_date <= cast(exported_at AS DATE)
        AND file_id IN (
            SELECT files.file_id
            FROM files
            WHERE files.layout LIKE 'ss12000%'
        )
    GROUP BY school_unit_code, exported_at
),

said AS (
    SELECT * FROM of_files
    UNION ALL
    SELECT * FROM of_objects
)

SELECT
    school_unit_code,
    cast(exported_at AS DATE) AS exported_date,
    max(last_lesson_date) AS last_lesson_date
FROM said
GROUP BY school_unit_code, exported_date
ORDER BY school_unit_code, exported_date
