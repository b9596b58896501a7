-- flags_consistent: flags that contradict themselves.
-- From: flags. Grain: a day and pupil to look into.
-- To resolve: report it; a list made of these flags is wrong.
WITH pupils AS (
    SELECT
        as_of_date,
        pupil_key,
        count(DISTINCT level) AS levels,
        max(level) AS level,
        coalesce(max(CASE WHEN verdict = 'hit' THEN CASE rule
            WHEN 'mentor_followup' THEN 1
            WHEN 'sst_referral' THEN 3
            ELSE 2
        END END), 0) AS highest_hit
    FROM flags
    GROUP BY as_of_date, pupil_key
),

rows_at_fault AS (
    SELECT
        as_of_date,
        pupil_key
    FROM flags
    WHERE
        reported_minutes > scheduled_minutes
        OR valid_minutes + invalid_minutes > reported_minutes
        OR (verdict = 'hit') <> (certainty IS NOT NULL)
        OR window_end > as_of_date
        OR (verdict = 'hit' AND margin_minutes < 0)
)

SELECT
    as_of_date,
    pupil_key
FROM pupils
WHERE levels > 1 OR level <> highest_hit
UNION
SELECT
    as_of_date,
    pupil_key
FROM rows_at_fault
