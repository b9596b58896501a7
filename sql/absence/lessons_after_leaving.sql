-- lessons_after_leaving: stated lessons at a school that the pupil had left: step 4 of which count.
-- From: undisputed_lessons, superseded_lessons, standing_days. Grain: a stated row that does not
-- count. A roster record there ended before the date, none there covers it, one at another school
-- does.
WITH remaining AS (
    SELECT stated.*
    FROM undisputed_lessons AS stated
    ANTI JOIN superseded_lessons ON stated.stated_row = superseded_lessons.stated_row
    WHERE NOT stated.is_cancelled
)

SELECT
    remaining.stated_row,
    cast(NULL AS BIGINT) AS beside_row
FROM remaining
INNER JOIN standing_days AS records ON remaining.pupil_key = records.pupil_key
GROUP BY remaining.stated_row
HAVING
    bool_or(
        records.school_unit_code = remaining.school_unit_code
        AND coalesce(records.end_date < remaining.lesson_date, FALSE)
    )
    AND NOT bool_or(
        records.school_unit_code = remaining.school_unit_code
        AND remaining.lesson_date BETWEEN records.first_date AND records.last_date
    )
    AND bool_or(
        records.school_unit_code <> remaining.school_unit_code
        AND remaining.lesson_date BETWEEN records.first_date AND records.last_date
    )
