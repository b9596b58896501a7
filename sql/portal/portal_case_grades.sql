-- portal_case_grades: the grade in which a pupil was on a date.
-- From: absence_daily, monthly_sums, enrolments, portal_asked_cases. Grain: a case and moment.
-- A lesson, and a sum, has the grade of its own day; a roster record has today's: it is asked last.
WITH by_lessons AS (
    SELECT
        asked.case_reference,
        asked.moment,
        arg_max(days.grade, (days.lesson_date, days.last_starts_at)) AS grade
    FROM portal_asked_cases AS asked
    INNER JOIN absence_daily AS days
        ON
            asked.pupil_key = days.pupil_key
            AND days.lesson_date BETWEEN asked.school_year_start AND asked.before_date
    GROUP BY asked.case_reference, asked.moment
),

by_sums AS (
    SELECT
        asked.case_reference,
        asked.moment,
        arg_max(sums.grade, sums.period_last_date) AS grade
    FROM portal_asked_cases AS asked
    INNER JOIN monthly_sums AS sums
        ON
            asked.pupil_key = sums.pupil_key
            AND sums.period_first_date BETWEEN asked.school_year_start AND asked.before_date
    GROUP BY asked.case_reference, asked.moment
),

by_roster AS (
    SELECT
        asked.case_reference,
        asked.moment,
        arg_max(records.grade, records.start_date) AS grade
    FROM portal_asked_cases AS asked
    INNER JOIN enrolments AS records
        ON
            asked.pupil_key = records.pupil_key
            AND coalesce(asked.before_date >= records.start_date, TRUE)
            AND coalesce(asked.before_date <= records.end_date, TRUE)
    GROUP BY asked.case_reference, asked.moment
)

SELECT
    asked.case_reference,
    asked.moment,
    coalesce(by_lessons.grade, by_sums.grade, by_roster.grade) AS grade
FROM portal_asked_cases AS asked
LEFT JOIN by_lessons
    ON
        asked.case_reference = by_lessons.case_reference
        AND asked.moment = by_lessons.moment
LEFT JOIN by_sums
    ON
        asked.case_reference = by_sums.case_reference
        AND asked.moment = by_sums.moment
LEFT JOIN by_roster
    ON
        asked.case_reference = by_roster.case_reference
        AND asked.moment = by_roster.moment
ORDER BY ALL
