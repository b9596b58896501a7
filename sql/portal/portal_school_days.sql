-- portal_school_days: the days on which a school had lessons.
-- From: absence_daily. Grain: a day. Parameters: $school_unit_code, $first_date.
SELECT DISTINCT lesson_date
FROM absence_daily
WHERE school_unit_code = $school_unit_code AND lesson_date >= $first_date
ORDER BY lesson_date
