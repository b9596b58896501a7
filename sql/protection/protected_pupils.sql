-- protected_pupils: who is protected today; the one place that says so.
-- From: protection_words, released_words, pupil_references, pupil_numbers, number_changes,
-- ss12000_organisations.
-- Grain: a key of a protected pupil. A pupil whose number was changed has a row for each number, so
-- that rows of a time before the change are known too.
-- Of each source the newest word counts, and of all sources the strictest.
-- Tables that are read more than once are read into the statement first: looking up where a table
-- of the lake lies takes longer than reading it.
WITH words AS MATERIALIZED (
    SELECT * FROM protection_words
),

refers AS MATERIALIZED (
    SELECT
        reference_key,
        number_key
    FROM pupil_references
),

changes AS MATERIALIZED (
    SELECT
        number_key,
        later_key,
        since_at
    FROM number_changes
),

numbers AS MATERIALIZED (
    SELECT
        number_key,
        pupil_key
    FROM pupil_numbers
),

marks AS (
    -- The newest word of a source that says protected, with each number that it can mean.
    SELECT
        refers.number_key,
        words.source_key,
        max(words.exported_at) AS marked_at
    FROM words
    INNER JOIN refers ON words.reference_key = refers.reference_key
    WHERE words.is_protected
    GROUP BY refers.number_key, words.source_key
),

liftable AS (
    -- What a word against protection can lift: the marks of its number, and of older ones of it.
    SELECT
        number_key,
        source_key,
        marked_at
    FROM marks
    UNION ALL
    SELECT
        changes.later_key AS number_key,
        marks.source_key,
        marks.marked_at
    FROM marks
    INNER JOIN changes ON marks.number_key = changes.number_key
),

first_liftable AS (
    SELECT
        number_key,
        source_key,
        min(marked_at) AS marked_at
    FROM liftable
    GROUP BY number_key, source_key
),

replaced AS (
    -- From when on a number is an old one: what is said of it then lifts nothing.
    SELECT
        number_key,
        min(since_at) AS until_time
    FROM changes
    GROUP BY number_key
),

lifts AS (
    -- A word "not protected" that was taken, of a pupil with a place; that of an SS12000 person has
    -- one when the lake knows the school unit. A word that needs a release lifts what was said
    -- before the released one.
    SELECT
        refers.number_key,
        words.source_key,
        least(words.exported_at, released.until_at) AS exported_at
    FROM words
    INNER JOIN refers ON words.reference_key = refers.reference_key
    INNER JOIN first_liftable
        ON
            refers.number_key = first_liftable.number_key
            AND words.source_key = first_liftable.source_key
    LEFT JOIN released_words AS released
        ON
            words.reference_key = released.reference_key
            AND words.source_key = released.source_key
            AND words.releases_needed = released.people
    LEFT JOIN ss12000_organisations AS places ON words.place_key = places.organisation_key
    LEFT JOIN replaced ON refers.number_key = replaced.number_key
    WHERE
        NOT words.is_protected
        -- A word that was changed, or that nobody said, lifts nothing. Marks are made of the few
        -- words only that come after something that they can lift.
        AND CASE
            WHEN words.exported_at > first_liftable.marked_at
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
        AND (words.releases_needed IS NULL OR released.until_at IS NOT NULL)
        AND (words.place_key IS NULL OR places.school_unit_code IS NOT NULL)
        AND (replaced.until_time IS NULL OR words.exported_at <= replaced.until_time)
),

lifting AS (
    -- A later number's word counts for the older one too, when it was said after the change.
    SELECT
        number_key,
        source_key,
        exported_at
    FROM lifts
    UNION ALL
    SELECT
        changes.number_key,
        lifts.source_key,
        lifts.exported_at
    FROM lifts
    INNER JOIN changes
        ON
            lifts.number_key = changes.later_key
            AND lifts.exported_at > changes.since_at
),

lifted AS (
    SELECT
        number_key,
        source_key,
        max(exported_at) AS lifted_at
    FROM lifting
    GROUP BY number_key, source_key
),

standing AS (
    -- Words of one moment: the strictest.
    SELECT marks.number_key
    FROM marks
    LEFT JOIN lifted
        ON marks.number_key = lifted.number_key AND marks.source_key = lifted.source_key
    WHERE lifted.lifted_at IS NULL OR lifted.lifted_at <= marks.marked_at
),

pupils AS (
    -- The marks of all numbers of a pupil are the pupil's.
    SELECT DISTINCT numbers.pupil_key
    FROM numbers
    SEMI JOIN standing ON numbers.number_key = standing.number_key
)

SELECT pupil_key
FROM pupils
UNION
SELECT numbers.number_key AS pupil_key
FROM numbers
SEMI JOIN pupils ON numbers.pupil_key = pupils.pupil_key
