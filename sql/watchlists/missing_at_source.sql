-- missing_at_source: lessons that count though a newer file of their source lacks them, per class.
-- From: missing_lessons, counting_lessons, belonging. Grain: a school unit, class and date.
-- Parameters: $first_date, $as_of. A protected pupil's rows are left out, so that neither a class
-- nor a number can point at them.
SELECT
    lessons.school_unit_code,
    lessons.class_name,
    lessons.lesson_date,
    count(*) AS pupil_lessons
FROM missing_lessons AS missing
-- A lesson whose time was changed is lacked too, but the one of the newer file counts in its place.
INNER JOIN counting_lessons AS lessons
    ON
        missing.pupil_key = lessons.pupil_key
        AND missing.school_unit_code = lessons.school_unit_code
        AND missing.lesson_date = lessons.lesson_date
        AND missing.starts_at = lessons.starts_at
        AND missing.subject = lessons.subject
        -- The same word about it: a newer one means that it is back.
        AND missing.exported_at = lessons.exported_at
        AND missing.file_id = lessons.file_id
INNER JOIN belonging
    ON lessons.pupil_key = belonging.pupil_key AND NOT belonging.is_protected
WHERE
    missing.lesson_date BETWEEN $first_date AND $as_of
    AND lessons.lesson_date BETWEEN $first_date AND $as_of
    AND NOT lessons.is_contradicted
GROUP BY lessons.school_unit_code, lessons.class_name, lessons.lesson_date
ORDER BY lessons.school_unit_code, lessons.class_name, lessons.lesson_date
