-- absence_trends: the latest school weeks before every window that was hit, beside as many before.
-- From: trend_days. Grain: a pupil with two spans of weeks. Parameters: $most_weeks of a span;
-- $trend_days, $named_days, $named_spells; $trend_difference (hundredths of a percentage point).
-- Whether it is more than chance is counted afterwards (assets/flags/rearrangements.py).
WITH ends AS (
    -- A spell that goes on into the windows is a part of what was hit, and its days are left out.
    SELECT
        pupil_key,
        coalesce(
            arg_min(has_missed_lesson, lesson_date) FILTER (WHERE lesson_date >= window_date), FALSE
        ) AS goes_on,
        coalesce(
            max(lesson_date) FILTER (WHERE lesson_date < window_date AND NOT has_missed_lesson),
            DATE '0001-01-01'
        ) AS last_free_date
    FROM trend_days
    GROUP BY pupil_key
),

weeks AS (
    -- Weeks from Monday whose Friday lies before the windows, with school on some day: a break is
    -- passed over.
    SELECT
        trend_days.*,
        dense_rank() OVER (
            PARTITION BY trend_days.pupil_key
            ORDER BY date_trunc('week', trend_days.lesson_date) DESC
        ) AS weeks_before
    FROM trend_days
    INNER JOIN ends ON trend_days.pupil_key = ends.pupil_key
    WHERE
        (trend_days.lesson_date <= ends.last_free_date OR NOT ends.goes_on)
        AND trend_days.lesson_date < trend_days.window_date
        AND cast(date_trunc('week', trend_days.lesson_date) AS DATE) + 4 < trend_days.window_date
),

halved AS (
    SELECT
        *,
        least($most_weeks, max(weeks_before) OVER (PARTITION BY pupil_key) // 2) AS weeks
    FROM weeks
),

spells AS (
    -- Days of one spell keep their distance to the count of all days (gaps and islands).
    SELECT
        *,
        weeks_before <= weeks AS is_later,
        row_number() OVER (PARTITION BY pupil_key ORDER BY lesson_date)
        - row_number() OVER (PARTITION BY pupil_key, has_missed_lesson ORDER BY lesson_date)
            AS spell
    FROM halved
    WHERE weeks_before <= 2 * weeks
),

spans AS (
    SELECT
        pupil_key,
        any_value(weeks) AS weeks,
        min(lesson_date) FILTER (WHERE NOT is_later) AS earlier_first_date,
        max(lesson_date) FILTER (WHERE NOT is_later) AS earlier_last_date,
        count(*) FILTER (WHERE NOT is_later) AS earlier_days,
        count(*) FILTER (WHERE NOT is_later AND has_missed_lesson) AS earlier_absent_days,
        count(DISTINCT spell) FILTER (WHERE NOT is_later AND has_missed_lesson) AS earlier_spells,
        cast(sum(reported_minutes) FILTER (WHERE NOT is_later) AS BIGINT)
            AS earlier_reported_minutes,
        cast(sum(absent_minutes) FILTER (WHERE NOT is_later) AS BIGINT) AS earlier_absent_minutes,
        min(lesson_date) FILTER (WHERE is_later) AS later_first_date,
        max(lesson_date) FILTER (WHERE is_later) AS later_last_date,
        count(*) FILTER (WHERE is_later) AS later_days,
        count(*) FILTER (WHERE is_later AND has_missed_lesson) AS later_absent_days,
        count(DISTINCT spell) FILTER (WHERE is_later AND has_missed_lesson) AS later_spells,
        cast(sum(reported_minutes) FILTER (WHERE is_later) AS BIGINT) AS later_reported_minutes,
        cast(sum(absent_minutes) FILTER (WHERE is_later) AS BIGINT) AS later_absent_minutes,
        list(is_later ORDER BY lesson_date) AS are_later,
        list(has_missed_lesson ORDER BY lesson_date) AS absences
    FROM spells
    GROUP BY pupil_key
)

SELECT
    *  -- noqa: AM04
    REPLACE (cast(pupil_key AS VARCHAR) AS pupil_key),
    CASE
        WHEN earlier_days < $trend_days OR later_days < $trend_days THEN 'unknown'
        WHEN
            later_absent_days >= $named_days
            AND later_spells >= $named_spells
            AND is_clearly_over(
                later_absent_minutes, later_reported_minutes,
                earlier_absent_minutes, earlier_reported_minutes, $trend_difference
            )
            THEN 'rising'
        WHEN
            earlier_absent_days >= $named_days
            AND earlier_spells >= $named_spells
            AND is_clearly_over(
                earlier_absent_minutes, earlier_reported_minutes,
                later_absent_minutes, later_reported_minutes, $trend_difference
            )
            THEN 'falling'
        ELSE 'level'
    END AS direction
FROM spans
