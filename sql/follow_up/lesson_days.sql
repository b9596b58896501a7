-- lesson_days: the days on which schools had lessons.
-- From: absence_daily, followed_schools. Grain: a school unit and day. Parameters: $first_date.
SELECT DISTINCT
    school_unit_code,
    lesson_date
FROM absence_daily
WHERE
    lesson_date >= $first_date
    AND school_unit_code IN (SELECT followed_schools.school_unit_code FROM followed_schools)
ORDER BY school_unit_code, lesson_date
