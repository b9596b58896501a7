-- waiting_lifts: words "not protected" that lift nothing before somebody releases them.
-- From: protection_words, released_words, lift_releases, pupil_references, pupil_numbers,
-- number_changes, protected_pupils, files. Grain: a reference and source; its newest such word.
-- Only words about somebody whom the same source called protected before them, and later than what
-- is released already, and who is still protected. `pupils` are the keys of all whom it can mean.
WITH waiting AS (
    -- A row for each number of people that words of a source want: that changes with the senders.
    SELECT
        words.reference_key,
        words.source_key,
        words.releases_needed,
        max(words.exported_at) AS exported_at,
        any_value(released.until_at) AS until_at,
        arg_max(words.file_id, (words.exported_at, words.file_id)) AS file_id
    FROM protection_words AS words
    LEFT JOIN released_words AS released
        ON
            words.reference_key = released.reference_key
            AND words.source_key = released.source_key
            AND words.releases_needed = released.people
    WHERE words.releases_needed IS NOT NULL
    GROUP BY words.reference_key, words.source_key, words.releases_needed
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

standing AS (
    -- A number's mark that words of its source would lift, and none that is released does.
    SELECT
        spoken_of.reference_key,
        spoken_of.source_key,
        spoken_of.number_key,
        max(spoken_of.exported_at) AS exported_at,
        max(spoken_of.releases_needed) AS releases_needed,
        arg_max(spoken_of.file_id, (spoken_of.exported_at, spoken_of.file_id)) AS file_id
    FROM spoken_of
    INNER JOIN marks
        ON
            spoken_of.number_key = marks.number_key
            AND spoken_of.source_key = marks.source_key
            AND spoken_of.exported_at > marks.marked_at
    GROUP BY spoken_of.reference_key, spoken_of.source_key, spoken_of.number_key
    HAVING NOT coalesce(bool_or(spoken_of.until_at > marks.marked_at), FALSE)
),

lifts AS (
    SELECT
        standing.reference_key,
        standing.source_key,
        standing.exported_at,
        standing.file_id,
        max(standing.releases_needed) AS releases_needed,
        list_sort(list(DISTINCT cast(numbers.pupil_key AS VARCHAR))) AS pupils
    FROM standing
    INNER JOIN pupil_numbers AS numbers ON standing.number_key = numbers.number_key
    SEMI JOIN protected_pupils ON numbers.pupil_key = protected_pupils.pupil_key
    -- Of each number the newest word is later than the mark when any is, so it is the same.
    GROUP BY
        standing.reference_key,
        standing.source_key,
        standing.exported_at,
        standing.file_id
),

released_by AS (
    SELECT
        lifts.reference_key,
        lifts.source_key,
        count(DISTINCT releases.uid) AS people
    FROM lifts
    INNER JOIN lift_releases AS releases
        ON
            lifts.reference_key = releases.reference_key
            AND lifts.source_key = releases.source_key
            AND lifts.exported_at <= releases.until_at
            AND releases.mark_key = lift_mac_of(
                releases.reference_key,
                releases.source_key,
                releases.until_at,
                releases.uid,
                releases.login,
                releases.released_at
            )
    GROUP BY lifts.reference_key, lifts.source_key
)

SELECT
    cast(lifts.reference_key AS VARCHAR) AS reference_key,
    cast(lifts.source_key AS VARCHAR) AS source_key,
    lifts.exported_at,
    lifts.releases_needed,
    coalesce(released_by.people, 0) AS releases,
    lifts.pupils,
    files.sender,
    files.layout
FROM lifts
LEFT JOIN released_by
    ON lifts.reference_key = released_by.reference_key AND lifts.source_key = released_by.source_key
LEFT JOIN files ON lifts.file_id = files.file_id
ORDER BY lifts.exported_at, reference_key, source_key
