-- keyed_lessons: staged lessons with the keys of pupils who have been met; of others without.
-- From: staged_lessons, civic_keys (one row per identity text met).
-- Grain: a data row of a file. `exported_at` is null where nobody was met by that text yet, and
-- where the identity cell is empty; those rows and mentors get their keys later.
WITH looked_up AS (
    -- No join: DuckDB can't know how many rows a CSV file has, and would keep them all in memory to
    -- look up a few thousand pupils in them. It does so too for a second question of this kind, and
    -- for one about an expression.
    SELECT
        asked.*,
        (
            SELECT
                {
                    'pupil_key': civic_keys.pupil_key,
                    'problem': civic_keys.problem
                } AS pupil
            FROM civic_keys
            WHERE civic_keys.civic_text = asked.civic_text
        ) AS pupil
    FROM staged_lessons AS asked
),

distinguished AS (
    SELECT
        * EXCLUDE (pupil, problem),  -- noqa: AM04
        coalesce(problem, struct_extract(pupil, 'problem')) AS problem,
        pupil IS NOT NULL AS is_met,
        struct_extract(pupil, 'pupil_key') AS pupil_key
    FROM looked_up
)

SELECT
    * EXCLUDE (is_met, file_exported_at),  -- noqa: AM04
    cast(NULL AS UUID) AS mentor_key,
    CASE WHEN is_met THEN file_exported_at END AS exported_at,
    lesson_of(pupil_key, lesson_id) AS lesson_hash
FROM distinguished
