-- first_hits: the first day of the school year on which each rule was hit.
-- From: listed_verdicts, flags, followed_pupils. Grain: a pupil and rule. Parameters: $first_date.
-- What was published counts; since the school's newest frozen list, what each night found.
WITH published AS (
    SELECT
        school_unit_code,
        max(as_of_date) AS last_date
    FROM listed_verdicts
    GROUP BY school_unit_code
),

hits AS (
    SELECT
        pupil_key,
        rule,
        as_of_date
    FROM listed_verdicts
    WHERE verdict = 'hit' AND as_of_date >= $first_date
    UNION ALL
    SELECT
        flags.pupil_key,
        flags.rule,
        flags.as_of_date
    FROM flags
    LEFT JOIN published ON flags.school_unit_code = published.school_unit_code
    WHERE
        flags.verdict = 'hit'
        AND flags.as_of_date >= $first_date
        AND coalesce(flags.as_of_date > published.last_date, TRUE)
)

SELECT
    cast(hits.pupil_key AS VARCHAR) AS pupil_key,
    hits.rule,
    min(hits.as_of_date) AS first_date
FROM hits
WHERE hits.pupil_key IN (SELECT followed_pupils.pupil_key FROM followed_pupils)
GROUP BY ALL
ORDER BY ALL
