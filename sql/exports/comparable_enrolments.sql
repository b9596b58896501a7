-- comparable_enrolments: roster rows, each with what it is about and what it says of it.
-- From: batch_enrolments. Grain: a row that is not refused.
-- A wrong class or mentor would show a pupil to the wrong person. The protection that a refused row
-- asks for holds. A record without a day yields to one that has days: a place that was changed on
-- its first day; of two without a day it does not matter where they would have been.
SELECT
    file_id,
    line_number,
    (pupil_key, school_unit_code, start_date) AS thing,
    CASE
        WHEN coalesce(end_date < start_date, FALSE) THEN 0
        ELSE hash(class_name, grade, mentor_key, end_date)
    END AS content,
    coalesce(end_date < start_date, FALSE) AS yields
FROM batch_enrolments
WHERE problem IS NULL
