-- listed_uncounted: lessons of the listed pupils that do not count, and what stood beside them.
-- From: uncounted_lessons, verdicts. Grain: a listed pupil, reason and pair of lessons as a list
-- may name them. Parameters: $first_date, $as_of: the days that the lists rest on.
-- A lesson at another school than the pupil's own has no subject here: it is not theirs to read.
WITH listed AS (
    SELECT DISTINCT
        pupil_key,
        school_unit_code
    FROM verdicts
    WHERE verdict <> 'clear' AND NOT is_protected
),

stated AS (
    -- What somebody gains by reading: a newer word of the same lesson explains itself.
    SELECT
        listed.pupil_key,
        uncounted.reason,
        uncounted.lesson_date,
        uncounted.school_unit_code = listed.school_unit_code AS is_own_school,
        uncounted.beside_school_unit_code = listed.school_unit_code AS is_beside_own_school,
        uncounted.subject,
        uncounted.beside_subject,
        CASE
            WHEN uncounted.is_contradicted THEN 'contradicted'
            WHEN NOT uncounted.is_reported THEN 'unreported'
            WHEN uncounted.valid_minutes + uncounted.invalid_minutes > 0 THEN 'absent'
            ELSE 'present'
        END AS attendance,
        CASE
            WHEN uncounted.beside_starts_at IS NULL THEN NULL
            WHEN NOT uncounted.is_beside_reported THEN 'unreported'
            WHEN uncounted.beside_present_minutes > 0 THEN 'present'
            ELSE 'absent'
        END AS beside_attendance
    FROM uncounted_lessons AS uncounted
    INNER JOIN listed ON uncounted.pupil_key = listed.pupil_key
    WHERE
        uncounted.lesson_date BETWEEN $first_date AND $as_of
        -- What is disputed is no word about the pupil: both lists say how many, and no more.
        AND uncounted.reason NOT IN ('superseded', 'disputed')
)

SELECT
    cast(pupil_key AS VARCHAR) AS pupil_key,
    reason,
    is_own_school,
    coalesce(is_beside_own_school, FALSE) AS is_beside_own_school,
    CASE WHEN is_own_school THEN subject ELSE '' END AS shown_subject,
    CASE WHEN is_beside_own_school THEN beside_subject ELSE '' END AS shown_beside_subject,
    attendance,
    beside_attendance,
    count(*) AS lessons,
    min(lesson_date) AS first_date,
    max(lesson_date) AS last_date
FROM stated
GROUP BY ALL
ORDER BY
    pupil_key ASC,
    lessons DESC,
    reason ASC,
    shown_subject ASC,
    shown_beside_subject ASC,
    attendance ASC,
    first_date ASC
