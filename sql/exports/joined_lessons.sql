-- joined_lessons: the lessons that timetables and files of absences give together, as stored.
-- From: joined_days, planned_lessons, absence_words, absence_coverage, lessons, joined_files.
-- Grain: a lesson of a timetable, or a word of absence that meets none. Which rule decides what:
-- docs/adr/0048. What files of whole lessons say of the same start and subject stands before.
WITH ordinary AS (
    SELECT
        stored.pupil_key,
        stored.school_unit_code,
        stored.lesson_date,
        stored.starts_at,
        lower(stored.subject) AS taught,
        stored.starts_at + to_minutes(cast(stored.scheduled_minutes AS BIGINT)) AS ends_at,
        stored.is_cancelled
    FROM lessons AS stored
    SEMI JOIN joined_days ON stored.lesson_date = joined_days.lesson_date
    ANTI JOIN joined_files ON stored.file_id = joined_files.file_id
),

planned AS (
    SELECT
        planned.*,
        row_number() OVER () AS planned_row,
        lower(planned.subject) AS taught,
        planned.starts_at + to_minutes(cast(planned.scheduled_minutes AS BIGINT)) AS ends_at
    FROM planned_lessons AS planned
    SEMI JOIN joined_days ON planned.lesson_date = joined_days.lesson_date
    -- Of two numbers that became one pupil each may have had a timetable.
    QUALIFY rank() OVER (
        PARTITION BY planned.pupil_key, planned.school_unit_code, planned.lesson_date
        ORDER BY planned.exported_at DESC, planned.file_id DESC
    ) = 1
),

held AS (
    SELECT *
    FROM planned
    WHERE NOT is_cancelled
),

-- A pupil can't be in two places: which of them an absence is from only its subject tells.
parallel AS (
    SELECT DISTINCT one.planned_row
    FROM held AS one
    INNER JOIN held AS other
        ON
            one.pupil_key = other.pupil_key
            AND one.lesson_date = other.lesson_date
            AND one.planned_row <> other.planned_row
            AND one.starts_at < other.ends_at
            AND one.ends_at > other.starts_at
),

beside_ordinary AS (
    SELECT DISTINCT held.planned_row
    FROM held
    INNER JOIN ordinary
        ON
            held.pupil_key = ordinary.pupil_key
            AND held.lesson_date = ordinary.lesson_date
            AND held.starts_at < ordinary.ends_at
            AND held.ends_at > ordinary.starts_at
    WHERE NOT ordinary.is_cancelled
),

-- Where a newer complete file speaks, what it does not say was taken back.
standing AS (
    SELECT words.*
    FROM absence_words AS words
    SEMI JOIN joined_days ON words.lesson_date = joined_days.lesson_date
    ANTI JOIN absence_coverage AS newer
        ON
            words.school_unit_code = newer.school_unit_code
            AND words.lesson_date BETWEEN newer.first_date AND newer.last_date
            AND newer.is_complete
            AND (newer.class_name IS NULL OR words.class_name = newer.class_name)
            AND (newer.exported_at, newer.file_id) > (words.exported_at, words.file_id)
    WHERE NOT words.is_refused
    QUALIFY row_number() OVER (
        PARTITION BY
            words.pupil_key, words.school_unit_code, words.starts_at, lower(words.subject)
        ORDER BY words.exported_at DESC, words.file_id DESC
    ) = 1
),

words AS (
    SELECT
        *,
        row_number() OVER () AS word_row,
        lower(subject) AS taught,
        starts_at + to_minutes(cast(scheduled_minutes AS BIGINT)) AS ends_at,
        valid_minutes + invalid_minutes + other_minutes AS said_minutes,
        scheduled_minutes IN (valid_minutes, invalid_minutes, other_minutes) AS is_whole
    FROM standing
),

-- Every lesson that an absence touches, of the same school.
touching AS (
    SELECT
        words.*,
        held.planned_row,
        held.starts_at AS held_starts_at,
        held.scheduled_minutes AS held_minutes,
        parallel.planned_row IS NOT NULL AS is_parallel,
        held.taught <> '' AND held.taught = words.taught AS is_same_subject,
        date_diff(
            'minute',
            greatest(words.starts_at, held.starts_at),
            least(words.ends_at, held.ends_at)
        ) AS shared_minutes
    FROM words
    INNER JOIN held
        ON
            words.pupil_key = held.pupil_key
            AND words.school_unit_code = held.school_unit_code
            AND words.lesson_date = held.lesson_date
            AND words.starts_at < held.ends_at
            AND words.ends_at > held.starts_at
    LEFT JOIN parallel ON held.planned_row = parallel.planned_row
),

judged AS (
    SELECT
        planned_row,
        held_minutes,
        -- A part of a lesson is a part of the lesson that starts with it; a whole absence is from
        -- all that was in its time.
        is_reported
        AND CASE
            WHEN bool_or(is_same_subject) OVER (PARTITION BY word_row) THEN is_same_subject
            ELSE NOT is_parallel
        END
        AND (is_whole OR (starts_at = held_starts_at AND said_minutes <= held_minutes))
            AS is_clear,
        CASE WHEN is_whole AND valid_minutes > 0 THEN shared_minutes ELSE valid_minutes END
            AS valid_minutes,
        CASE WHEN is_whole AND invalid_minutes > 0 THEN shared_minutes ELSE invalid_minutes END
            AS invalid_minutes,
        CASE WHEN is_whole AND other_minutes > 0 THEN shared_minutes ELSE other_minutes END
            AS other_minutes
    FROM touching
),

spoken AS (
    SELECT
        planned_row,
        sum(valid_minutes) AS valid_minutes,
        sum(invalid_minutes) AS invalid_minutes,
        sum(other_minutes) AS other_minutes,
        coalesce(
            bool_and(is_clear)
            AND sum(valid_minutes + invalid_minutes + other_minutes) <= any_value(held_minutes),
            FALSE
        ) AS is_clear
    FROM judged
    GROUP BY planned_row
),

covered AS (
    SELECT
        held.*,
        max((speaking.exported_at, speaking.file_id)) AS newest
    FROM held
    INNER JOIN absence_coverage AS speaking
        ON
            held.school_unit_code = speaking.school_unit_code
            AND held.lesson_date BETWEEN speaking.first_date AND speaking.last_date
            AND (speaking.class_name IS NULL OR held.class_name = speaking.class_name)
            -- Of what comes after its export a file says nothing.
            AND held.ends_at <= speaking.exported_at
    GROUP BY ALL
),

spans AS (
    SELECT
        file_id,
        min(first_date) AS first_date,
        max(last_date) AS last_date
    FROM absence_coverage
    GROUP BY file_id
),

-- Refused rows of the newest file or of later ones: whom they can mean was perhaps absent.
refused AS (
    SELECT DISTINCT
        words.pupil_key,
        words.school_unit_code,
        words.class_name,
        words.lesson_date,
        words.starts_at,
        words.starts_at + to_minutes(cast(words.scheduled_minutes AS BIGINT)) AS ends_at,
        coalesce(words.lesson_date, spans.first_date) AS first_date,
        coalesce(words.lesson_date, spans.last_date) AS last_date,
        (words.exported_at, words.file_id) AS said
    FROM absence_words AS words
    LEFT JOIN spans ON words.file_id = spans.file_id
    WHERE words.is_refused
),

doubtful AS (
    SELECT DISTINCT covered.planned_row
    FROM covered
    INNER JOIN refused
        ON
            covered.lesson_date BETWEEN refused.first_date AND refused.last_date
            AND covered.newest <= refused.said
            AND coalesce(covered.pupil_key = refused.pupil_key, TRUE)
            AND coalesce(covered.school_unit_code = refused.school_unit_code, TRUE)
            AND coalesce(covered.class_name = refused.class_name, TRUE)
            AND coalesce(
                covered.ends_at > refused.starts_at AND covered.starts_at < refused.ends_at, TRUE
            )
),

present AS (
    SELECT covered.planned_row
    FROM covered
    ANTI JOIN doubtful ON covered.planned_row = doubtful.planned_row
    ANTI JOIN beside_ordinary ON covered.planned_row = beside_ordinary.planned_row
),

lessons_of_timetables AS (
    SELECT
        planned.*,
        coalesce(spoken.is_clear, present.planned_row IS NOT NULL) AS is_reported,
        CASE WHEN spoken.is_clear THEN spoken.valid_minutes ELSE 0 END AS valid_minutes,
        CASE WHEN spoken.is_clear THEN spoken.invalid_minutes ELSE 0 END AS invalid_minutes,
        CASE WHEN spoken.is_clear THEN spoken.other_minutes ELSE 0 END AS other_minutes
    FROM planned
    LEFT JOIN spoken ON planned.planned_row = spoken.planned_row
    LEFT JOIN present ON planned.planned_row = present.planned_row
    ANTI JOIN ordinary
        ON
            planned.pupil_key = ordinary.pupil_key
            AND planned.school_unit_code = ordinary.school_unit_code
            AND planned.starts_at = ordinary.starts_at
            AND planned.taught = ordinary.taught
),

timetabled_days AS (
    SELECT DISTINCT
        pupil_key,
        school_unit_code,
        lesson_date
    FROM held
),

-- An absence that meets no lesson: on a day of the pupil's timetable it is a lesson more, without
-- one nobody knows what it is a part of, so that the rate stays undefined.
unmet AS (
    SELECT
        words.*,
        words.is_reported AND days.pupil_key IS NOT NULL AS is_counted
    FROM words
    LEFT JOIN timetabled_days AS days
        ON
            words.pupil_key = days.pupil_key
            AND words.school_unit_code = days.school_unit_code
            AND words.lesson_date = days.lesson_date
    ANTI JOIN touching ON words.word_row = touching.word_row
    ANTI JOIN planned
        ON
            words.pupil_key = planned.pupil_key
            AND words.school_unit_code = planned.school_unit_code
            AND words.starts_at = planned.starts_at
            AND words.taught = planned.taught
    ANTI JOIN ordinary
        ON
            words.pupil_key = ordinary.pupil_key
            AND words.school_unit_code = ordinary.school_unit_code
            AND words.starts_at = ordinary.starts_at
            AND words.taught = ordinary.taught
)

SELECT
    pupil_key,
    school_unit_code,
    lesson_date,
    starts_at,
    subject,
    cast(NULL AS VARCHAR) AS lesson_id,
    scheduled_minutes,
    cast(valid_minutes AS SMALLINT) AS valid_minutes,
    cast(invalid_minutes AS SMALLINT) AS invalid_minutes,
    cast(other_minutes AS SMALLINT) AS other_minutes,
    is_reported AND NOT is_cancelled AS is_reported,
    is_cancelled,
    class_name,
    grade,
    mentor_key,
    exported_at,
    file_id
FROM lessons_of_timetables
UNION ALL
SELECT
    pupil_key,
    school_unit_code,
    lesson_date,
    starts_at,
    subject,
    cast(NULL AS VARCHAR) AS lesson_id,
    scheduled_minutes,
    CASE WHEN is_counted THEN valid_minutes ELSE 0 END AS valid_minutes,
    CASE WHEN is_counted THEN invalid_minutes ELSE 0 END AS invalid_minutes,
    CASE WHEN is_counted THEN other_minutes ELSE 0 END AS other_minutes,
    is_counted AS is_reported,
    FALSE AS is_cancelled,
    class_name,
    grade,
    mentor_key,
    exported_at,
    file_id
FROM unmet
