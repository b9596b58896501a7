-- baseline_lists: the list that each school's list is compared with: its newest frozen one.
-- From: publications. Grain: a school unit with a frozen list before as_of.
-- Parameters: $as_of; $first_date, before which no list is compared with.
SELECT
    school_unit_code,
    period,
    as_of_date,
    rule_set_version
FROM publications
WHERE is_frozen AND as_of_date < $as_of AND as_of_date >= $first_date
QUALIFY row_number() OVER (
    PARTITION BY school_unit_code
    ORDER BY as_of_date DESC, published_at DESC
) = 1
