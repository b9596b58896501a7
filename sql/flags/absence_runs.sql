-- absence_runs: whole days of absence in a row, in the pupil's own school days.
-- From: pattern_days. Grain: a pupil and run. A weekend, a holiday or a day that nobody reported
-- does not break a run: such a day is not there.
WITH numbered AS (
    -- Days of one run keep their distance to the count of all days (gaps and islands).
    SELECT
        *,
        row_number() OVER (PARTITION BY pupil_key ORDER BY lesson_date)
        - row_number() OVER (PARTITION BY pupil_key, is_whole_day ORDER BY lesson_date) AS island
    FROM pattern_days
)

SELECT
    pupil_key,
    min(lesson_date) AS first_date,
    max(lesson_date) AS last_date,
    count(*) AS days,
    cast(sum(absent_minutes) AS BIGINT) AS absent_minutes
FROM numbered
WHERE is_whole_day
GROUP BY pupil_key, island
