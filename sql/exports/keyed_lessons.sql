-- keyed_lessons: staged lessons with the keys of pupils who have been met; of others without.
-- From: staged_lessons, civic_keys (one row per identity text met), offered_files.
-- Grain: a data row of a file. `exported_at` is null where nobody was met by that text yet, and
-- where the identity cell is empty; those rows and mentors get their keys later.
WITH looked_up AS (
    -- No joins: DuckDB can't know how many rows a CSV file has, and would keep them all in memory
    -- to look up a few thousand pupils in them. And plain columns only: asked about an expression,
    -- such a question takes a third of the whole reading.
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
        ) AS pupil,
        (
            SELECT
                {
                    'exported_at': offered_files.exported_at,
                    'first_day': first_believed_day(offered_files.exported_at),
                    'last_day': last_believed_day(offered_files.exported_at)
                } AS offered
            FROM offered_files
            WHERE offered_files.file_id = asked.file_id
        ) AS offered
    FROM staged_lessons AS asked
),

told_apart AS (
    SELECT
        * EXCLUDE (pupil, offered, problem),  -- noqa: AM04
        problem AS own_problem,
        pupil IS NOT NULL AS is_met,
        struct_extract(pupil, 'problem') AS pupil_problem,
        struct_extract(pupil, 'pupil_key') AS pupil_key,
        struct_extract(offered, 'exported_at') AS file_exported_at,
        struct_extract(offered, 'first_day') AS first_day,
        struct_extract(offered, 'last_day') AS last_day
    FROM looked_up
)

SELECT
    -- noqa: disable=AM04
    * EXCLUDE (
        own_problem, is_met, pupil_problem, file_exported_at, first_day, last_day
    ),
    -- noqa: enable=AM04
    coalesce(
        own_problem,
        CASE
            WHEN lesson_date NOT BETWEEN first_day AND last_day THEN 'lesson_date.not_believed'
        END,
        pupil_problem
    ) AS problem,
    cast(NULL AS UUID) AS mentor_key,
    CASE WHEN is_met THEN file_exported_at END AS exported_at,
    lesson_of(pupil_key, school_unit_code, starts_at, subject, lesson_id) AS lesson_hash
FROM told_apart
