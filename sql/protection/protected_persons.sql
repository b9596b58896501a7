-- protected_persons: persons of SS12000 who are protected, staff too.
-- From: protection_words. Grain: a person. Staff have no place, so any newer word lifts.
WITH newest AS (
    -- The newest word for and against, of each source.
    SELECT
        reference_key AS person_key,
        source_key,
        max(exported_at) FILTER (WHERE is_protected) AS marked_at,
        max(exported_at) FILTER (WHERE NOT is_protected) AS lifted_at
    FROM protection_words
    GROUP BY reference_key, source_key
)

SELECT DISTINCT person_key
FROM newest
WHERE marked_at IS NOT NULL AND (lifted_at IS NULL OR lifted_at <= marked_at)
