-- unreported_lessons: lessons of the rolling two months that nobody reported, per class.
-- From: counting_lessons, belonging. Grain: a school unit, class, subject and start.
-- Parameters: $first_date, $as_of. A protected pupil's rows are left out, so that a lesson that
-- only such a pupil has can't give the class away.
SELECT
    lessons.school_unit_code,
    lessons.class_name,
    lessons.subject,
    lessons.starts_at,
    count(*) AS pupil_lessons
FROM counting_lessons AS lessons
INNER JOIN belonging
    ON lessons.pupil_key = belonging.pupil_key AND NOT belonging.is_protected
WHERE
    NOT lessons.is_reported
    AND lessons.lesson_date BETWEEN $first_date AND $as_of
GROUP BY lessons.school_unit_code, lessons.class_name, lessons.subject, lessons.starts_at
ORDER BY
    lessons.school_unit_code ASC,
    lessons.class_name ASC,
    lessons.subject ASC,
    lessons.starts_at DESC
