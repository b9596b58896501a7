-- school_sums: what each school's monthly sums mean for its list.
-- From: verdicts, counting_sums, summed_months, absence_daily, belonging. Grain: a school unit with
-- sums in this school year. Parameters: $first_date, $as_of. Protected pupils are left out.
WITH sums AS (
    SELECT
        pupil_key,
        school_unit_code,
        period_first_date AS month_start_date,
        sum(scheduled_minutes) AS scheduled_minutes,
        sum(valid_minutes + invalid_minutes) AS absent_minutes
    FROM counting_sums
    WHERE period_first_date >= $first_date AND period_last_date <= $as_of
    GROUP BY pupil_key, school_unit_code, period_first_date
),

lessons AS (
    SELECT
        pupil_key,
        school_unit_code,
        cast(date_trunc('month', lesson_date) AS DATE) AS month_start_date,
        sum(scheduled_minutes) AS scheduled_minutes,
        sum(valid_minutes + invalid_minutes) AS absent_minutes
    FROM absence_daily
    WHERE lesson_date BETWEEN $first_date AND $as_of
    GROUP BY pupil_key, school_unit_code, month_start_date
),

compared AS (
    -- Both speak of the month: the lessons count, and more than 2 % of them apart is reported.
    SELECT
        sums.pupil_key,
        sums.school_unit_code,
        greatest(
            abs(sums.scheduled_minutes - lessons.scheduled_minutes),
            abs(sums.absent_minutes - lessons.absent_minutes)
        ) * 50 > lessons.scheduled_minutes AS differs
    FROM sums
    INNER JOIN lessons
        ON
            sums.pupil_key = lessons.pupil_key
            AND sums.school_unit_code = lessons.school_unit_code
            AND sums.month_start_date = lessons.month_start_date
),

differing AS (
    SELECT
        compared.school_unit_code,
        count(DISTINCT compared.pupil_key) AS pupils
    FROM compared
    INNER JOIN belonging
        ON compared.pupil_key = belonging.pupil_key AND NOT belonging.is_protected
    WHERE compared.differs
    GROUP BY compared.school_unit_code
),

only_sums AS (
    SELECT
        school_unit_code,
        count(DISTINCT pupil_key) AS pupils
    FROM verdicts
    WHERE reason = 'only_monthly_sums' AND NOT is_protected
    GROUP BY school_unit_code
),

newest AS (
    SELECT
        school_unit_code,
        max(period_last_date) AS last_date
    FROM summed_months
    WHERE month_start_date >= $first_date AND period_last_date <= $as_of
    GROUP BY school_unit_code
)

SELECT
    coalesce(only_sums.school_unit_code, differing.school_unit_code) AS school_unit_code,
    coalesce(only_sums.pupils, 0) AS only_sums_pupils,
    newest.last_date AS newest_month_end,
    coalesce(differing.pupils, 0) AS differing_pupils
FROM only_sums
FULL JOIN differing ON only_sums.school_unit_code = differing.school_unit_code
LEFT JOIN newest ON only_sums.school_unit_code = newest.school_unit_code
ORDER BY coalesce(only_sums.school_unit_code, differing.school_unit_code)
