-- waiting_lifts: words "not protected" that lift nothing before somebody releases them.
-- From: protection_words, released_words, lift_releases, pupil_references, pupil_numbers,
-- number_changes, protected_pupils, files. Grain: a reference and source; its newest such word.
-- Only words about somebody whom the same source called protected before them, and later than what
-- is released already, and who is still protected. `pupils` are the keys of all whom it can mean.
WITH waiting AS (
    SELECT
        words.reference_key,
        words.source_key,
        max(words.exported_at) AS exported_at,
        max(words.releases_needed) AS releases_needed,
        max(released.until_at) AS until_at,
        arg_max(words.file_id, (words.exported_at, words.file_id)) AS file_id
    FROM protection_words AS words
    LEFT JOIN released_words AS released
        ON
            words.reference_key = released.reference_key
            AND words.source_key = released.source_key
            AND words.releases_needed = released.people
    WHERE words.releases_needed IS NOT NULL
    GROUP BY words.reference_key, words.source_key
),

marked_sources AS (
    SELECT DISTINCT source_key
    FROM protection_words
    WHERE is_protected
),

meant AS (
    SELECT
        waiting.*,
        refers.number_key
    FROM waiting
    SEMI JOIN marked_sources ON waiting.source_key = marked_sources.source_key
    INNER JOIN pupil_references AS refers ON waiting.reference_key = refers.reference_key
),

spoken_of AS (
    SELECT * FROM meant
    UNION ALL
    -- A later number's word counts for the older one too, when it was said after the change.
    SELECT meant.* REPLACE (number_changes.number_key AS number_key)  -- noqa: AM04
    FROM meant
    INNER JOIN number_changes
        ON
            meant.number_key = number_changes.later_key
            AND meant.exported_at > number_changes.since_at
),

marks AS (
    SELECT
        refers.number_key,
        words.source_key,
        max(words.exported_at) AS marked_at
    FROM protection_words AS words
    INNER JOIN pupil_references AS refers ON words.reference_key = refers.reference_key
    WHERE words.is_protected
    GROUP BY refers.number_key, words.source_key
),

released_by AS (
    SELECT
        waiting.reference_key,
        waiting.source_key,
        count(DISTINCT releases.uid) AS people
    FROM waiting
    INNER JOIN lift_releases AS releases
        ON
            waiting.reference_key = releases.reference_key
            AND waiting.source_key = releases.source_key
            AND waiting.exported_at <= releases.until_at
            AND releases.mark_key = lift_mac_of(
                releases.reference_key,
                releases.source_key,
                releases.until_at,
                releases.uid,
                releases.login,
                releases.released_at
            )
    GROUP BY waiting.reference_key, waiting.source_key
)

SELECT
    cast(spoken_of.reference_key AS VARCHAR) AS reference_key,
    cast(spoken_of.source_key AS VARCHAR) AS source_key,
    spoken_of.exported_at,
    spoken_of.releases_needed,
    coalesce(any_value(released_by.people), 0) AS releases,
    list_sort(list(DISTINCT cast(numbers.pupil_key AS VARCHAR))) AS pupils,
    any_value(files.sender) AS sender,
    any_value(files.layout) AS layout
FROM spoken_of
INNER JOIN marks
    ON
        spoken_of.number_key = marks.number_key
        AND spoken_of.source_key = marks.source_key
        AND spoken_of.exported_at > marks.marked_at
        AND (spoken_of.until_at IS NULL OR spoken_of.until_at <= marks.marked_at)
INNER JOIN pupil_numbers AS numbers ON spoken_of.number_key = numbers.number_key
SEMI JOIN protected_pupils ON numbers.pupil_key = protected_pupils.pupil_key
LEFT JOIN released_by
    ON
        spoken_of.reference_key = released_by.reference_key
        AND spoken_of.source_key = released_by.source_key
LEFT JOIN files ON spoken_of.file_id = files.file_id
GROUP BY
    spoken_of.reference_key,
    spoken_of.source_key,
    spoken_of.exported_at,
    spoken_of.releases_needed
ORDER BY spoken_of.exported_at, reference_key, source_key
