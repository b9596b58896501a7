-- covered_days: the dates of the arriving lessons, as `arriving_days`, from what their files cover.
-- From: arriving_coverage (which has counted them already). Grain: a date.
-- Parameter: $has_ids, whether any of the lessons has an id.
SELECT
    lesson_date,
    min(school_unit_code) AS first_school,
    max(school_unit_code) AS last_school,
    cast($has_ids AS BOOLEAN) AS has_ids
FROM arriving_coverage
GROUP BY lesson_date
