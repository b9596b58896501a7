-- level_days: which level each pupil had on each day of the school year that was looked at.
-- From: listed_pupils, flags, followed_pupils. Grain: a pupil and day. Parameters: $first_date.
-- Of frozen lists, and since the school's newest of each night; who is on none has no row.
WITH published AS (
    SELECT
        school_unit_code,
        max(as_of_date) AS last_date
    FROM listed_pupils
    GROUP BY school_unit_code
),

days AS (
    SELECT
        pupil_key,
        as_of_date,
        level
    FROM listed_pupils
    WHERE as_of_date >= $first_date
    UNION ALL
    SELECT
        flags.pupil_key,
        flags.as_of_date,
        flags.level
    FROM flags
    LEFT JOIN published ON flags.school_unit_code = published.school_unit_code
    WHERE
        flags.as_of_date >= $first_date
        AND coalesce(flags.as_of_date > published.last_date, TRUE)
)

SELECT
    cast(days.pupil_key AS VARCHAR) AS pupil_key,
    days.as_of_date,
    max(days.level) AS level
FROM days
WHERE days.pupil_key IN (SELECT followed_pupils.pupil_key FROM followed_pupils)
GROUP BY ALL
ORDER BY ALL
