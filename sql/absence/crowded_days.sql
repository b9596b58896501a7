-- crowded_days: days of a pupil on which it must be asked which lessons count.
-- From: summed_days (daily sums of all lessons that are not cancelled), contradicted_lessons,
-- enrolments, lessons, days_to_sum, disputable_days. Grain: a pupil and date.
-- Parameters: $first_date, $last_date (the ends of days_to_sum); $has_ids (some lesson of these
-- dates has one). Of all other days every lesson counts that is not cancelled.
WITH at_several_schools AS (
    SELECT pupil_key
    FROM summed_days
    GROUP BY pupil_key
    -- Whether there are two, not which: numbers are compared sooner than texts.
    HAVING min(hash(school_unit_code)) < max(hash(school_unit_code))
),

ended AS (
    SELECT
        pupil_key,
        school_unit_code,
        min(end_date) AS first_end_date
    FROM enrolments
    WHERE end_date < $last_date
    GROUP BY pupil_key, school_unit_code
),

cancelled AS (
    SELECT DISTINCT
        pupil_key,
        starts_at
    FROM lessons
    WHERE $has_ids AND is_cancelled AND lesson_date BETWEEN $first_date AND $last_date
)

SELECT
    pupil_key,
    lesson_date
FROM summed_days
WHERE has_overlap
UNION
SELECT
    summed_days.pupil_key,
    summed_days.lesson_date
FROM summed_days
SEMI JOIN at_several_schools ON summed_days.pupil_key = at_several_schools.pupil_key
GROUP BY summed_days.pupil_key, summed_days.lesson_date
HAVING count(*) > 1
UNION
SELECT
    summed_days.pupil_key,
    summed_days.lesson_date
FROM summed_days
INNER JOIN ended
    ON
        summed_days.pupil_key = ended.pupil_key
        AND summed_days.school_unit_code = ended.school_unit_code
        AND summed_days.lesson_date > ended.first_end_date
UNION
SELECT
    pupil_key,
    lesson_date
FROM disputable_days
UNION
-- A cancelled lesson under another id, or none, can be the newest word about one that is held.
SELECT
    lessons.pupil_key,
    lessons.lesson_date
FROM lessons
SEMI JOIN cancelled
    ON lessons.pupil_key = cancelled.pupil_key AND lessons.starts_at = cancelled.starts_at
WHERE
    $has_ids
    AND NOT lessons.is_cancelled
    AND lessons.lesson_date BETWEEN $first_date AND $last_date
    AND lessons.lesson_date IN (SELECT days_to_sum.lesson_date FROM days_to_sum)
UNION
SELECT
    pupil_key,
    lesson_date
FROM contradicted_lessons
WHERE lesson_date IN (SELECT days_to_sum.lesson_date FROM days_to_sum)
