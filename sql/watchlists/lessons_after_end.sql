-- lessons_after_end: lessons that a school reports of pupils after their last day there.
-- From: uncounted_lessons, belonging. Grain: a school unit that reports such lessons.
-- Parameters: $first_date, $as_of. Protected pupils are left out.
SELECT
    uncounted.school_unit_code,
    count(DISTINCT uncounted.pupil_key) AS pupils,
    count(*) AS lessons,
    max(uncounted.lesson_date) AS last_date
FROM uncounted_lessons AS uncounted
INNER JOIN belonging
    ON uncounted.pupil_key = belonging.pupil_key AND NOT belonging.is_protected
WHERE
    uncounted.reason = 'after_leaving'
    AND uncounted.lesson_date BETWEEN $first_date AND $as_of
GROUP BY uncounted.school_unit_code
ORDER BY uncounted.school_unit_code
