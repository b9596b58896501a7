-- nameable_pupils: who may be named on a list today.
-- From: identity_sources, protected_pupils. Grain: a pupil.
-- Who was erased has no identity any more, and who is protected by any source is named nowhere.
SELECT DISTINCT cast(pupil_key AS VARCHAR) AS pupil_key
FROM identity_sources
WHERE pupil_key NOT IN (SELECT protected_pupils.pupil_key FROM protected_pupils)
ORDER BY 1
