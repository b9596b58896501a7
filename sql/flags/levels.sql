-- levels: the level of each pupil who has one.
-- From: verdicts. Grain: a pupil with a hit.
SELECT
    cast(pupil_key AS VARCHAR) AS pupil_key,
    max(level) AS level
FROM verdicts
GROUP BY pupil_key
HAVING max(level) > 0
