-- disputes: what is disputed between two schools at as_of, in numbers only.
-- From: judged_enrolments, uncounted_lessons, monthly_sums, counting_sums, belonging.
-- Grain: a school unit, what is disputed, and whether the school says so itself or another does of
-- its pupils. Parameters: $first_date, $as_of: the days that the lists rest on.
-- Protected pupils are left out: that one goes to some school of the town is not for another.
WITH disputed AS (
    SELECT DISTINCT
        pupil_key,
        school_unit_code,
        'enrolment' AS what,
        1 AS rows_disputed
    FROM judged_enrolments
    WHERE NOT is_standing AND $as_of BETWEEN first_date AND last_date
    UNION ALL
    SELECT
        pupil_key,
        school_unit_code,
        'lessons' AS what,
        count(*) AS rows_disputed
    FROM uncounted_lessons
    WHERE reason = 'disputed' AND lesson_date BETWEEN $first_date AND $as_of
    GROUP BY pupil_key, school_unit_code
    UNION ALL
    SELECT
        sums.pupil_key,
        sums.school_unit_code,
        'sums' AS what,
        count(*) AS rows_disputed
    FROM monthly_sums AS sums
    ANTI JOIN counting_sums AS counting
        ON
            sums.pupil_key = counting.pupil_key
            AND sums.school_unit_code = counting.school_unit_code
            AND sums.activity = counting.activity
            AND sums.period_first_date = counting.period_first_date
            AND sums.period_last_date = counting.period_last_date
    WHERE sums.period_first_date >= $first_date AND sums.period_last_date <= $as_of
    GROUP BY sums.pupil_key, sums.school_unit_code
),

told AS (
    SELECT
        disputed.school_unit_code,
        disputed.what,
        TRUE AS is_own_word,
        disputed.pupil_key,
        disputed.rows_disputed
    FROM disputed
    INNER JOIN belonging
        ON
            disputed.pupil_key = belonging.pupil_key
            AND NOT belonging.is_protected
            -- On the list of the school that said it nothing is missing.
            AND disputed.school_unit_code <> belonging.school_unit_code
    UNION ALL
    SELECT
        belonging.school_unit_code,
        disputed.what,
        FALSE AS is_own_word,
        disputed.pupil_key,
        disputed.rows_disputed
    FROM disputed
    INNER JOIN belonging
        ON
            disputed.pupil_key = belonging.pupil_key
            AND NOT belonging.is_protected
            AND NOT belonging.has_left
            AND disputed.school_unit_code <> belonging.school_unit_code
)

SELECT
    school_unit_code,
    what,
    is_own_word,
    count(DISTINCT pupil_key) AS pupils,
    cast(sum(rows_disputed) AS BIGINT) AS rows_disputed
FROM told
GROUP BY school_unit_code, what, is_own_word
ORDER BY school_unit_code ASC, what ASC, is_own_word DESC
