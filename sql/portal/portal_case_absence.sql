-- portal_case_absence: a pupil's absence over a school's last days with lessons before a date.
-- From: absence_daily, portal_asked_cases. Grain: a case and moment that was asked about.
-- Parameters: $first_date, before which nothing is looked at; $most_days, how many school days.
-- The days are the school's own, so a break makes the span longer and not emptier.
WITH school_days AS (
    SELECT DISTINCT
        school_unit_code,
        lesson_date
    FROM absence_daily
    WHERE
        lesson_date >= $first_date
        AND school_unit_code IN (SELECT portal_asked_cases.school_unit_code FROM portal_asked_cases)
),

case_days AS (
    SELECT
        asked.case_reference,
        asked.moment,
        asked.pupil_key,
        school_days.lesson_date
    FROM portal_asked_cases AS asked
    INNER JOIN school_days
        ON
            asked.school_unit_code = school_days.school_unit_code
            AND asked.before_date > school_days.lesson_date
    QUALIFY row_number() OVER (
        PARTITION BY asked.case_reference, asked.moment
        ORDER BY school_days.lesson_date DESC
    ) <= $most_days  -- noqa: RF02
),

minutes AS (
    -- Of a day at two schools both count.
    SELECT
        pupil_key,
        lesson_date,
        sum(scheduled_minutes) AS scheduled_minutes,
        sum(reported_minutes) AS reported_minutes,
        sum(valid_minutes + invalid_minutes) AS absent_minutes
    FROM absence_daily
    WHERE
        lesson_date >= $first_date
        AND pupil_key IN (SELECT portal_asked_cases.pupil_key FROM portal_asked_cases)
    GROUP BY pupil_key, lesson_date
)

SELECT
    case_days.case_reference,
    case_days.moment,
    cast(count(*) AS BIGINT) AS school_days,
    cast(coalesce(sum(minutes.scheduled_minutes), 0) AS BIGINT) AS scheduled_minutes,
    cast(coalesce(sum(minutes.reported_minutes), 0) AS BIGINT) AS reported_minutes,
    cast(coalesce(sum(minutes.absent_minutes), 0) AS BIGINT) AS absent_minutes
FROM case_days
LEFT JOIN minutes
    ON case_days.pupil_key = minutes.pupil_key AND case_days.lesson_date = minutes.lesson_date
GROUP BY case_days.case_reference, case_days.moment
ORDER BY ALL
