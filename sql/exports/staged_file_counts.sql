-- staged_file_counts: per file of this batch, what the ledger wants to know.
-- From: batch_lessons. Grain: a file.
SELECT
    file_id,
    count(*) AS rows_read,
    count(*) FILTER (WHERE problem IS NOT NULL) AS rows_rejected,
    count(*) FILTER (WHERE problem IS NULL AND warning IS NOT NULL) AS rows_warned,
    count(*) FILTER (WHERE problem IS NULL AND is_reported) AS rows_reported,
    count(*) FILTER (WHERE problem IS NULL AND is_reported AND valid_minutes + invalid_minutes > 0)
        AS rows_absent,
    min(lesson_date) FILTER (WHERE problem IS NULL) AS period_first_date,
    max(lesson_date) FILTER (WHERE problem IS NULL) AS period_last_date
FROM batch_lessons
GROUP BY file_id
