-- arriving_days: the dates of the arriving lessons, and what prunes the search for older rows.
-- From: arriving_lessons. Grain: a date.
SELECT
    lesson_date,
    min(school_unit_code) AS first_school,
    max(school_unit_code) AS last_school,
    bool_or(lesson_id IS NOT NULL) AS has_ids
FROM arriving_lessons
GROUP BY lesson_date
