-- moved_pupils: pupils whose changed records can make lessons count, or not, that did not before.
-- From: records_before, records_after. Grain: a pupil with records at two schools, one of them
-- ended, before or now. `first_date` is the first date that it can be about.
WITH gone AS (
    SELECT * FROM records_before  -- noqa: AM04
    EXCEPT
    SELECT * FROM records_after  -- noqa: AM04
),

come AS (
    SELECT * FROM records_after  -- noqa: AM04
    EXCEPT
    SELECT * FROM records_before  -- noqa: AM04
),

changed AS (
    SELECT pupil_key
    FROM gone
    UNION
    SELECT pupil_key
    FROM come
),

records AS (
    SELECT
        pupil_key,
        school_unit_code,
        end_date
    FROM records_before
    UNION ALL
    SELECT
        pupil_key,
        school_unit_code,
        end_date
    FROM records_after
)

SELECT
    records.pupil_key,
    min(records.end_date) + 1 AS first_date
FROM records
SEMI JOIN changed ON records.pupil_key = changed.pupil_key
GROUP BY records.pupil_key
HAVING min(records.school_unit_code) < max(records.school_unit_code) AND count(records.end_date) > 0
