-- school_freshness: each school's newest day with lessons, and whether this night had any of it.
-- From: school_units, absence_daily, school_sendings, monthly_sums, lessons, files. Grain: a school
-- unit. Parameters: $first_date, $recent_date, $as_of, $begun_at (UTC). A timetable that was
-- exported before its day is no word about the day. `newest_lesson_date` null: no lesson since
-- $first_date.
WITH taken AS (
    -- The files that this night read; a file that was known already brought nothing.
    SELECT
        file_id,
        layout LIKE 'ss12000%' AS has_objects
    FROM files
    WHERE
        received_at >= $begun_at
        AND outcome IN ('accepted', 'accepted_in_part', 'superseded')
),

sent AS (
    SELECT school_sendings.school_unit_code
    FROM school_sendings
    WHERE school_sendings.file_id IN (SELECT taken.file_id FROM taken)
    UNION
    SELECT monthly_sums.school_unit_code
    FROM monthly_sums
    WHERE monthly_sums.file_id IN (SELECT taken.file_id FROM taken)
    UNION
    -- Of SS12000 only the lessons themselves know whose they are.
    SELECT lessons.school_unit_code
    FROM lessons
    WHERE
        lessons.lesson_date BETWEEN $recent_date AND $as_of
        AND lessons.file_id IN (
            SELECT taken.file_id FROM taken
            WHERE taken.has_objects
        )
),

newest AS (
    SELECT
        school_unit_code,
        max(lesson_date) AS newest_lesson_date
    FROM absence_daily
    WHERE
        lesson_date BETWEEN $first_date AND $as_of
        AND cast(last_exported_at AS DATE) >= lesson_date
    GROUP BY school_unit_code
),

known AS (
    SELECT school_unit_code FROM newest
    UNION
    SELECT school_unit_code FROM sent
    UNION
    SELECT school_unit_code FROM school_units
)

SELECT
    known.school_unit_code,
    newest.newest_lesson_date,
    coalesce(known.school_unit_code IN (SELECT sent.school_unit_code FROM sent), FALSE) AS has_sent
FROM known
LEFT JOIN newest ON known.school_unit_code = newest.school_unit_code
ORDER BY known.school_unit_code
