-- known_ids: how the lesson ids of arriving files come back that other files have too.
-- From: batch_lessons, batch_sources, shared_lessons, lessons, moved_lessons.
-- Grain: a file and school unit with known ids. An id *recurs* when another file has it whole weeks
-- away at the same time of day; it *moved* when another file has it on other dates only.
-- Ids of lessons stay or move now and then; ids of timetable slots come back week after week.
WITH asked AS (
    -- Rows whose ids may be of either kind: neither their layout nor an earlier file said which.
    SELECT
        batch.file_id,
        batch.school_unit_code,
        batch.pupil_key,
        batch.lesson_id,
        batch.lesson_hash,
        batch.lesson_date,
        batch.starts_at,
        batch.exported_at
    FROM batch_lessons AS batch
    INNER JOIN batch_sources AS sources ON batch.file_id = sources.file_id
    WHERE
        sources.lesson_id IS NULL
        AND batch.problem IS NULL
        AND batch.lesson_id IS NOT NULL
        AND NOT is_slot_lesson(batch.lesson_id, batch.lesson_date)
),

kept AS (
    -- What the lake knows of an id: where it counts now, and where it stood before it moved.
    SELECT
        pupil_key,
        school_unit_code,
        lesson_id,
        lesson_date,
        starts_at,
        file_id
    FROM lessons
    WHERE lesson_id IS NOT NULL
    UNION ALL
    SELECT
        pupil_key,
        school_unit_code,
        lesson_id,
        lesson_date,
        starts_at,
        file_id
    FROM moved_lessons
),

offered AS (
    -- The same of this batch. Files that say the same of an id are one word, so that a month of
    -- nightly files of a school is not compared pair by pair.
    SELECT
        lesson_hash,
        school_unit_code,
        lesson_date,
        starts_at,
        min(file_id) AS first_file,
        max(file_id) AS last_file,
        min((exported_at, file_id)) AS oldest
    FROM asked
    WHERE lesson_hash IN (SELECT shared_lessons.lesson_hash FROM shared_lessons)
    GROUP BY lesson_hash, school_unit_code, lesson_date, starts_at
),

words AS (
    SELECT
        asked.file_id,
        asked.school_unit_code,
        asked.lesson_id,
        asked.lesson_date,
        asked.starts_at,
        kept.lesson_date AS other_date,
        kept.starts_at AS other_start,
        kept.file_id AS other_file,
        TRUE AS is_before
    FROM asked
    INNER JOIN kept
        ON
            asked.pupil_key = kept.pupil_key
            AND asked.lesson_id = kept.lesson_id
            AND asked.school_unit_code = kept.school_unit_code
            -- A file that is read again does not come back.
            AND asked.file_id <> kept.file_id
    UNION ALL
    SELECT
        asked.file_id,
        asked.school_unit_code,
        asked.lesson_id,
        asked.lesson_date,
        asked.starts_at,
        offered.lesson_date AS other_date,
        offered.starts_at AS other_start,
        NULL AS other_file,
        offered.oldest < (asked.exported_at, asked.file_id) AS is_before
    FROM asked
    INNER JOIN offered
        ON
            asked.lesson_hash = offered.lesson_hash
            AND asked.school_unit_code = offered.school_unit_code
    WHERE offered.first_file <> asked.file_id OR offered.last_file <> asked.file_id
),

compared AS (
    SELECT
        *,
        other_date = lesson_date AS is_same_date,
        other_date <> lesson_date
        AND (other_date - lesson_date) % 7 = 0
        AND cast(other_start AS TIME) = cast(starts_at AS TIME) AS is_weeks_away
    FROM words
),

ids AS (
    -- Per id, not per row: a lesson of a class is one lesson, however many pupils it has.
    SELECT
        file_id,
        school_unit_code,
        lesson_id,
        min(starts_at) AS starts_at,
        bool_or(is_weeks_away) AS is_recurring,
        bool_or(is_before) AND NOT bool_or(is_same_date) AND NOT bool_or(is_weeks_away) AS is_moved,
        list(DISTINCT other_file) FILTER (WHERE is_weeks_away AND other_file IS NOT NULL)
            AS other_files
    FROM compared
    GROUP BY file_id, school_unit_code, lesson_id
)

SELECT
    file_id,
    school_unit_code,
    count(*) AS known_ids,
    count(*) FILTER (WHERE is_recurring) AS recurring_ids,
    -- Ids that are each pupil's own are many for one lesson; its start is one.
    count(DISTINCT starts_at) FILTER (WHERE is_recurring) AS recurring_starts,
    count(*) FILTER (WHERE is_recurring OR is_moved) AS elsewhere_ids,
    count(DISTINCT starts_at) FILTER (WHERE is_recurring OR is_moved) AS elsewhere_starts,
    list_distinct(flatten(list(other_files) FILTER (WHERE other_files IS NOT NULL))) AS other_files
FROM ids
GROUP BY file_id, school_unit_code
