-- lessons_after_leaving: stated lessons at a school that the pupil had left: step 4 of which count.
-- From: stated_lessons, superseded_lessons, enrolments. Grain: a stated row that does not count.
-- A roster record there ended before the date, none there covers it, one at another school does.
WITH remaining AS (
    SELECT stated_lessons.*
    FROM stated_lessons
    ANTI JOIN superseded_lessons ON stated_lessons.stated_row = superseded_lessons.stated_row
    WHERE NOT stated_lessons.is_cancelled
)

SELECT
    remaining.stated_row,
    cast(NULL AS BIGINT) AS beside_row
FROM remaining
INNER JOIN enrolments AS records ON remaining.pupil_key = records.pupil_key
GROUP BY remaining.stated_row
HAVING
    bool_or(
        records.school_unit_code = remaining.school_unit_code
        AND coalesce(records.end_date < remaining.lesson_date, FALSE)
    )
    AND NOT bool_or(
        records.school_unit_code = remaining.school_unit_code
        AND coalesce(records.start_date <= remaining.lesson_date, TRUE)
        AND coalesce(records.end_date >= remaining.lesson_date, TRUE)
    )
    AND bool_or(
        records.school_unit_code <> remaining.school_unit_code
        AND coalesce(records.start_date <= remaining.lesson_date, TRUE)
        AND coalesce(records.end_date >= remaining.lesson_date, TRUE)
    )
