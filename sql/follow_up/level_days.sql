-- level_days: which level each pupil had on each day of the school year that was looked at.
-- From: listed_pupils, flags, followed_pupils. Grain: a pupil and day. Parameters: $first_date.
-- Of frozen lists, and since the newest of them of each night; who is on none has no row.
WITH published AS (
    SELECT coalesce(max(as_of_date), $first_date - 1) AS last_date
    FROM listed_pupils
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
        pupil_key,
        as_of_date,
        level
    FROM flags
    WHERE
        as_of_date >= $first_date
        AND as_of_date > (SELECT published.last_date FROM published)
)

SELECT
    cast(days.pupil_key AS VARCHAR) AS pupil_key,
    days.as_of_date,
    max(days.level) AS level
FROM days
WHERE days.pupil_key IN (SELECT followed_pupils.pupil_key FROM followed_pupils)
GROUP BY ALL
ORDER BY ALL
