-- comparable_aggregates: sums, each with pupil, school, activity and period, and its minutes.
-- From: batch_aggregates. Grain: a row that is not refused.
SELECT
    file_id,
    line_number,
    (pupil_key, school_unit_code, activity, period_first_date, period_last_date) AS thing,
    hash(scheduled_minutes, reported_minutes, valid_minutes, invalid_minutes) AS content,
    FALSE AS yields
FROM batch_aggregates
WHERE problem IS NULL
