-- absence_shapes: whether a pupil's absence lies in long runs or is scattered.
-- From: pattern_days, absence_runs. Grain: a pupil with a reported school day.
-- Parameters: $min_days, $min_absent_days, $run_days (days); $coherent_share, $scattered_share
-- (hundredths of a percent).
WITH totals AS (
    SELECT
        pupil_key,
        count(*) AS days,
        count(*) FILTER (WHERE absent_minutes > 0) AS absent_days,
        count(*) FILTER (WHERE is_whole_day) AS whole_days,
        cast(sum(reported_minutes) AS BIGINT) AS reported_minutes,
        cast(sum(absent_minutes) AS BIGINT) AS absent_minutes
    FROM pattern_days
    GROUP BY pupil_key
),

longest AS (
    -- Of two equally long ones the latest.
    SELECT *
    FROM absence_runs
    QUALIFY row_number() OVER (PARTITION BY pupil_key ORDER BY days DESC, last_date DESC) = 1
),

long_runs AS (
    SELECT
        pupil_key,
        cast(sum(absent_minutes) AS BIGINT) AS absent_minutes
    FROM absence_runs
    WHERE days >= $run_days
    GROUP BY pupil_key
)

SELECT
    cast(totals.pupil_key AS VARCHAR) AS pupil_key,
    totals.days,
    totals.absent_days,
    totals.whole_days,
    totals.reported_minutes,
    totals.absent_minutes,
    longest.first_date AS run_first_date,
    longest.last_date AS run_last_date,
    longest.days AS run_days,
    longest.absent_minutes AS run_absent_minutes,
    coalesce(long_runs.absent_minutes, 0) AS long_run_minutes,
    CASE
        WHEN totals.absent_minutes = 0 THEN 'none'
        WHEN totals.days < $min_days OR totals.absent_days < $min_absent_days THEN 'too_little'
        WHEN
            reaches_step(
                coalesce(long_runs.absent_minutes, 0), totals.absent_minutes, $coherent_share, FALSE
            )
            THEN 'coherent'
        WHEN
            -- At most the share: not over it.
            NOT reaches_step(
                coalesce(long_runs.absent_minutes, 0), totals.absent_minutes, $scattered_share, TRUE
            )
            THEN 'scattered'
        ELSE 'mixed'
    END AS shape
FROM totals
LEFT JOIN longest ON totals.pupil_key = longest.pupil_key
LEFT JOIN long_runs ON totals.pupil_key = long_runs.pupil_key
