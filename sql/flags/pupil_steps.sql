-- pupil_steps: where each pupil belongs and the highest step reached, for counts of groups.
-- From: verdicts. Grain: a pupil who has not left. Protected pupils have a row without a place.
SELECT
    cast(pupil_key AS VARCHAR) AS pupil_key,
    bool_or(is_protected) AS is_protected,
    CASE WHEN NOT bool_or(is_protected) THEN any_value(school_unit_code) END AS school_unit_code,
    CASE WHEN NOT bool_or(is_protected) THEN any_value(grade) END AS grade,
    CASE
        WHEN max(level) > 0 THEN cast(max(level) AS VARCHAR)
        WHEN bool_or(verdict = 'insufficient') THEN 'insufficient'
        ELSE 'clear'
    END AS step
FROM verdicts
GROUP BY pupil_key
