-- repeated_rows: rows of one file that speak of the same lesson of the same pupil.
-- From: batch_lessons of a file read row by row. Grain: a row to refuse or to pass over.
-- Of rows that say the same the first counts; so does the one that was reported beside one that was
-- not, and the one that was held beside a cancelled one. Two rows with other minutes can't both be
-- right and nothing tells which is: all are refused, and the lesson is owed
-- (`contradicted_lessons`).
WITH stated AS (
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
    WHERE problem IS NULL AND line_number IS NOT NULL
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
