-- contract_flags: the compact frame of the flags contract.
-- From: flags. Grain: a rule, basis and verdict at $as_of.
SELECT
    rule,
    basis,
    verdict,
    count(*) AS pupils,
    min(level) AS lowest_level,
    max(level) AS highest_level,
    max((valid_minutes + invalid_minutes) / nullif(reported_minutes, 0)) AS highest_rate
FROM flags
WHERE as_of_date = $as_of
GROUP BY rule, basis, verdict
