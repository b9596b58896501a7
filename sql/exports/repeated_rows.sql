-- repeated_rows: rows of one file that speak of the same lesson of the same pupil.
-- From: batch_lessons, shared_lessons, repeating_days. Grain: a row to refuse or to pass over.
-- Of rows that say the same the first counts; so does the one that was reported beside one that was
-- not, and the one that was held beside a cancelled one. Two rows with other minutes can't both be
-- right and nothing tells which is: all are refused, and the lesson is owed
-- (`contradicted_lessons`).
WITH at_one_start AS (
    -- Found first, so that what follows is asked of a few rows, not of every file that has some.
    SELECT
        batch.file_id,
        batch.pupil_key,
        batch.school_unit_code,
        batch.starts_at
    FROM batch_lessons AS batch
    SEMI JOIN repeating_days
        ON
            batch.pupil_key = repeating_days.pupil_key
            AND batch.lesson_date = repeating_days.lesson_date
    WHERE batch.problem IS NULL
    GROUP BY
        batch.file_id, batch.pupil_key, batch.school_unit_code, batch.starts_at,
        lower(batch.subject)
    HAVING count(*) > 1
),

of_one_id AS (
    SELECT
        file_id,
        lesson_hash
    FROM shared_lessons
    WHERE rows_in_file > 1
),

asked AS (
    SELECT batch.rowid AS batch_row
    FROM batch_lessons AS batch
    SEMI JOIN at_one_start
        ON
            batch.file_id = at_one_start.file_id
            AND batch.pupil_key = at_one_start.pupil_key
            AND batch.school_unit_code = at_one_start.school_unit_code
            AND batch.starts_at = at_one_start.starts_at
    UNION ALL
    SELECT batch.rowid AS batch_row
    FROM batch_lessons AS batch
    SEMI JOIN of_one_id
        ON batch.file_id = of_one_id.file_id AND batch.lesson_hash = of_one_id.lesson_hash
),

stated AS (
    SELECT
        file_id,
        line_number,
        pupil_key,
        lesson_id,
        school_unit_code,
        starts_at,
        lower(subject) AS taught,
        bool_or(lesson_id IS NULL) OVER (
            PARTITION BY file_id, pupil_key, school_unit_code, starts_at, lower(subject)
        ) AS lacks_an_id,
        is_cancelled,
        NOT is_cancelled AND is_reported AS has_report,
        hash(
            school_unit_code, starts_at, scheduled_minutes, valid_minutes, invalid_minutes,
            other_minutes
        ) AS content,
        CASE
            WHEN is_cancelled THEN 'cancelled'
            WHEN is_reported
                THEN format(
                    'absent {} of {} min', valid_minutes + invalid_minutes, scheduled_minutes
                )
            ELSE format('unreported, {} min', scheduled_minutes)
        END AS words
    FROM batch_lessons
    WHERE problem IS NULL AND rowid IN (SELECT asked.batch_row FROM asked)
),

competing AS (
    SELECT
        *,
        FALSE AS is_at_start,
        lesson_id AS key_id,
        NULL AS key_school,
        NULL AS key_start,
        NULL AS key_taught
    FROM stated
    WHERE lesson_id IS NOT NULL
    UNION ALL
    -- At one start, whatever the ids; but two ids without a subject are two lessons.
    SELECT
        *,
        TRUE AS is_at_start,
        NULL AS key_id,
        school_unit_code AS key_school,
        starts_at AS key_start,
        taught AS key_taught
    FROM stated
    WHERE lacks_an_id OR taught <> ''
),

counted AS (
    SELECT
        *,
        count(*) OVER same_lesson AS competing,
        bool_or(has_report) OVER same_lesson AS is_reported_somewhere,
        bool_and(is_cancelled) OVER same_lesson AS is_wholly_cancelled,
        max(content) FILTER (WHERE has_report) OVER same_lesson
        <> min(content) FILTER (WHERE has_report) OVER same_lesson AS has_two_reports,
        max(content) FILTER (WHERE NOT is_cancelled) OVER same_lesson
        <> min(content) FILTER (WHERE NOT is_cancelled) OVER same_lesson AS has_two_rows,
        list(words) OVER same_lesson AS all_words,
        row_number() OVER (
            PARTITION BY file_id, pupil_key, key_id, key_school, key_start, key_taught
            ORDER BY is_cancelled ASC, has_report DESC, line_number ASC
        ) AS place
    FROM competing
    WINDOW
        same_lesson AS (
            PARTITION BY file_id, pupil_key, key_id, key_school, key_start, key_taught
        )
),

judged AS (
    SELECT
        *,
        coalesce(CASE WHEN is_reported_somewhere THEN has_two_reports ELSE has_two_rows END, FALSE)
            AS is_contradicted,
        -- A cancelled lesson of another id is a word of its own.
        place > 1 AND NOT (is_cancelled AND is_at_start AND lesson_id IS NOT NULL)
            AS is_passed_over
    FROM counted
    WHERE competing > 1
)

SELECT
    file_id,
    line_number,
    CASE WHEN bool_or(is_contradicted) THEN 'row.contradicts' END AS problem,
    CASE
        WHEN bool_or(is_contradicted) THEN NULL
        WHEN bool_or(is_cancelled AND NOT is_wholly_cancelled) THEN NULL
        WHEN bool_or(is_reported_somewhere AND NOT has_report) THEN 'row.unreported_beside'
        ELSE 'row.repeated'
    END AS warning,
    bool_or(is_contradicted AND is_at_start) AS is_contradicted_at_start,
    array_to_string(list_sort(list_distinct(flatten(list(all_words)))), '; ') AS found
FROM judged
WHERE is_contradicted OR is_passed_over
GROUP BY file_id, line_number
