-- told_weeks: what the frozen lists before counted.
-- From: publications. Grain: a school unit and week whose list was frozen and counted.
-- Parameters: $first_date; $as_of, before which the week's day lies.
SELECT
    school_unit_code,
    period,
    pupils_evaluated,
    flagged_pupils,
    mentor_pupils,
    ulf_pupils,
    sst_pupils
FROM publications
WHERE
    is_frozen
    AND pupils_evaluated IS NOT NULL
    AND as_of_date BETWEEN $first_date AND $as_of - 1
ORDER BY school_unit_code, as_of_date
