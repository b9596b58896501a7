-- released_words: until when what a source says of a reference is released, and by how many.
-- From: lift_releases. Grain: a reference, source and number of people.
-- As many different people have released what was said up to `until_at`, each that word or a later
-- one: of two people the earlier release counts.
WITH people AS (
    SELECT
        reference_key,
        source_key,
        uid,
        max(until_at) AS until_at
    FROM lift_releases
    -- What was put there by others releases nothing.
    WHERE
        mark_key = lift_mac_of(
            reference_key, source_key, until_at, uid, login, released_at
        )
    GROUP BY reference_key, source_key, uid
)

SELECT
    reference_key,
    source_key,
    until_at,
    row_number()
        OVER (PARTITION BY reference_key, source_key ORDER BY until_at DESC, uid ASC) AS people
FROM people
