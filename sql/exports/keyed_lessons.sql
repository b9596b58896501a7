-- keyed_lessons: staged lessons with the keys of pupils who have been met; of others without.
-- From: staged_lessons, civic_keys (one row per identity text met), offered_files.
-- Grain: a data row of a file. `exported_at` is null where nobody was met by that text yet;
-- mentors get their keys later.
WITH asked AS (
    -- An empty identity cell is a text too: '' has the problem "missing".
    SELECT
        *,
        coalesce(civic_text, '') AS asked_text
    FROM staged_lessons
),

looked_up AS (
    -- No joins: DuckDB can't know how many rows a CSV file has, and would keep them all in memory
    -- to look up a few thousand pupils in them.
    SELECT
        asked.*,
        (
            SELECT
                {
                    'pupil_key': civic_keys.pupil_key,
                    'problem': civic_keys.problem
                } AS pupil
            FROM civic_keys
            WHERE civic_keys.civic_text = asked.asked_text
        ) AS pupil,
        (
            SELECT offered_files.exported_at FROM offered_files
            WHERE offered_files.file_id = asked.file_id
        ) AS file_exported_at
    FROM asked
)

SELECT
    * EXCLUDE (asked_text, pupil, file_exported_at, problem),  -- noqa: AM04
    coalesce(
        problem,
        CASE
            WHEN NOT believed_day(lesson_date, file_exported_at) THEN 'lesson_date.not_believed'
        END,
        struct_extract(pupil, 'problem')
    ) AS problem,
    struct_extract(pupil, 'pupil_key') AS pupil_key,
    cast(NULL AS UUID) AS mentor_key,
    CASE WHEN pupil IS NOT NULL THEN file_exported_at END AS exported_at,
    lesson_of(struct_extract(pupil, 'pupil_key'), school_unit_code, starts_at, subject, lesson_id)
        AS lesson_hash
FROM looked_up
