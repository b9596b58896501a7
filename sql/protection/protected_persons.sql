-- protected_persons: persons of SS12000 who are protected, staff too.
-- From: protection_words, released_words. Grain: a person. Staff have no place: any newer word
-- lifts whose mark fits, once it is released where it has to be.
WITH marks AS (
    -- The newest word of a source that says protected.
    SELECT
        reference_key AS person_key,
        source_key,
        max(exported_at) AS marked_at
    FROM protection_words
    WHERE is_protected
    GROUP BY reference_key, source_key
),

lifted AS (
    SELECT DISTINCT
        marks.person_key,
        marks.source_key
    FROM marks
    INNER JOIN protection_words AS words
        ON
            marks.person_key = words.reference_key
            AND marks.source_key = words.source_key
    LEFT JOIN released_words AS released
        ON
            words.reference_key = released.reference_key
            AND words.source_key = released.source_key
            AND words.releases_needed = released.people
    WHERE
        NOT words.is_protected
        AND (words.releases_needed IS NULL OR released.until_at > marks.marked_at)
        AND CASE
            WHEN words.exported_at > marks.marked_at
                THEN words.mark_key = word_mac_of(
                    words.reference_key,
                    words.source_key,
                    words.place_key,
                    words.is_protected,
                    words.releases_needed,
                    words.exported_at,
                    words.file_id
                )
            ELSE FALSE
        END
)

SELECT DISTINCT marks.person_key
FROM marks
ANTI JOIN lifted
    ON marks.person_key = lifted.person_key AND marks.source_key = lifted.source_key
