-- parallel_in_force: the values by which lessons at the same time are decided.
-- From: parallel_values, shipped_parallel_values. Grain: a day from which values hold.
SELECT
    valid_from_date,
    method,
    least_cover_bp
FROM parallel_values
UNION ALL
SELECT
    valid_from_date,
    method,
    least_cover_bp
FROM shipped_parallel_values
WHERE NOT EXISTS (SELECT 1 FROM parallel_values)
