-- staged_lessons: raw cells of lesson files as typed lessons, each with at most one problem.
-- From: raw_lessons (text cells under our column names, the file's export time, and what stands
-- before its ids).
-- Grain: a data row of a file. Nothing is filtered here: a refused row is a row with a problem.
WITH cells AS (
    -- Every cell is read once; what can't be read is null beside a text that isn't.
    SELECT
        file_id,
        line_number,
        file_exported_at,
        first_believed_day(file_exported_at) AS first_day,
        last_believed_day(file_exported_at) AS last_day,
        civic_no AS civic_text,
        given_name,
        family_name,
        sex,
        protected AS protected_text,
        school_name,
        mentor_name,
        mentor_email,
        unit_code(school_unit_code) AS school_unit_code,
        school_unit_code AS unit_text,
        calendar_date(lesson_date) AS lesson_date,
        clock_time(start_time) AS start_time,
        start_time AS start_text,
        end_time AS end_text,
        subject AS subject_text,
        plain_text(subject) AS subject,
        lesson_id AS id_text,
        -- An id is its sender's own, where one sender must not speak of another's lessons.
        CASE
            WHEN id_tag = '' THEN nullif(plain_text(lesson_id), '')
            ELSE id_tag || nullif(plain_text(lesson_id), '')
        END AS lesson_id,
        class_name AS class_text,
        plain_text(class_name) AS class_name,
        school_grade(grade) AS grade,
        grade AS grade_text,
        whole_minutes(scheduled_minutes) AS length_minutes,
        whole_minutes(present_minutes) AS present_minutes,
        whole_minutes(valid_minutes) AS valid_minutes,
        whole_minutes(invalid_minutes) AS invalid_minutes,
        whole_minutes(other_minutes) AS other_minutes,
        scheduled_minutes AS length_text,
        present_minutes AS present_text,
        valid_minutes AS valid_text,
        invalid_minutes AS invalid_text,
        other_minutes AS other_text,
        reported AS reported_text,
        yes_or_no(reported) AS says_reported,
        cancelled AS cancelled_text,
        yes_or_no(cancelled) AS says_cancelled,
        lesson_date AS date_text
    FROM raw_lessons
),

read_rows AS (
    -- A lesson without a length takes the time from start to end; over midnight it goes on.
    SELECT
        *,
        CASE
            WHEN length_text IS NOT NULL THEN length_minutes
            WHEN end_text IS NOT NULL
                THEN (
                    date_diff(
                        'minute',
                        start_time,
                        CASE end_text WHEN '24:00' THEN TIME '00:00' ELSE clock_time(end_text) END
                    ) + 1440
                ) % 1440
        END AS scheduled_minutes,
        (
            present_text IS NOT NULL OR valid_text IS NOT NULL
            OR invalid_text IS NOT NULL OR other_text IS NOT NULL
        ) AS has_minutes,
        coalesce(valid_minutes, 0) + coalesce(invalid_minutes, 0)
        + coalesce(other_minutes, 0) AS outside_minutes
    FROM cells
)

SELECT
    file_id,
    line_number,
    file_exported_at,
    civic_text,
    given_name,
    family_name,
    sex,
    protected_text,
    school_name,
    mentor_name,
    mentor_email,
    school_unit_code,
    lesson_date,
    lesson_date + start_time AS starts_at,
    subject,
    lesson_id,
    class_name,
    grade,
    scheduled_minutes,
    -- A lesson that nobody reported is neither presence nor absence: its minutes are not kept.
    coalesce(says_reported, TRUE) AND has_minutes AS is_reported,
    CASE WHEN coalesce(says_reported, TRUE) THEN coalesce(valid_minutes, 0) ELSE 0 END
        AS valid_minutes,
    CASE WHEN coalesce(says_reported, TRUE) THEN coalesce(invalid_minutes, 0) ELSE 0 END
        AS invalid_minutes,
    CASE WHEN coalesce(says_reported, TRUE) THEN coalesce(other_minutes, 0) ELSE 0 END
        AS other_minutes,
    coalesce(says_cancelled, FALSE) AS is_cancelled,
    -- The first thing wrong, in the order in which a person would look.
    CASE
        WHEN school_unit_code IS NULL AND unit_text IS NULL THEN 'school_unit_code.missing'
        WHEN school_unit_code IS NULL THEN 'school_unit_code.unreadable'
        WHEN lesson_date IS NULL AND date_text IS NULL THEN 'lesson_date.missing'
        WHEN lesson_date IS NULL THEN 'lesson_date.unreadable'
        WHEN start_time IS NULL AND start_text IS NULL THEN 'start_time.missing'
        WHEN start_time IS NULL THEN 'start_time.unreadable'
        WHEN scheduled_minutes IS NULL AND length_text IS NULL THEN 'scheduled_minutes.missing'
        WHEN scheduled_minutes IS NULL THEN 'scheduled_minutes.unreadable'
        WHEN scheduled_minutes NOT BETWEEN 1 AND 600 THEN 'scheduled_minutes.out_of_range'
        WHEN present_minutes IS NULL AND present_text IS NOT NULL
            THEN 'present_minutes.unreadable'
        WHEN valid_minutes IS NULL AND valid_text IS NOT NULL THEN 'valid_minutes.unreadable'
        WHEN invalid_minutes IS NULL AND invalid_text IS NOT NULL
            THEN 'invalid_minutes.unreadable'
        WHEN other_minutes IS NULL AND other_text IS NOT NULL THEN 'other_minutes.unreadable'
        WHEN present_minutes < 0 THEN 'present_minutes.negative'
        WHEN valid_minutes < 0 THEN 'valid_minutes.negative'
        WHEN invalid_minutes < 0 THEN 'invalid_minutes.negative'
        WHEN other_minutes < 0 THEN 'other_minutes.negative'
        WHEN outside_minutes > scheduled_minutes THEN 'valid_minutes.above_length'
        WHEN says_reported IS NULL AND reported_text IS NOT NULL THEN 'reported.unreadable'
        WHEN says_cancelled IS NULL AND cancelled_text IS NOT NULL THEN 'cancelled.unreadable'
        WHEN lesson_date NOT BETWEEN first_day AND last_day THEN 'lesson_date.not_believed'
    END AS problem,
    -- Taken all the same, and said: nothing here changes a minute.
    CASE
        WHEN grade IS NULL AND grade_text IS NOT NULL THEN 'grade.unreadable'
        WHEN unit_text <> school_unit_code THEN 'school_unit_code.zeros_restored'
        WHEN says_reported = FALSE AND outside_minutes > 0 THEN 'reported.no_but_minutes'
        WHEN
            coalesce(says_reported, TRUE) AND present_minutes IS NOT NULL
            AND present_minutes + outside_minutes <> scheduled_minutes
            THEN 'present_minutes.sum_differs'
        WHEN unknown_protection(protected_text) THEN 'protected.unknown_value'
        -- An error of a spreadsheet was read as nothing.
        WHEN
            CASE
                WHEN subject = '' OR class_name = '' OR (lesson_id IS NULL AND id_text <> '')
                    THEN
                        spreadsheets_error(subject_text) OR spreadsheets_error(class_text)
                        OR spreadsheets_error(id_text)
            END
            THEN 'row.error_value'
        WHEN lettered_grade(grade_text) THEN 'grade.letter_left_over'
        WHEN spreadsheets_class(class_name) THEN 'class_name.spreadsheet'
        WHEN
            CASE
                WHEN date_text NOT LIKE '20__-__-__'
                    THEN regexp_full_match(date_text, '[34567][0-9]{4}(\.0+)?')
            END
            THEN 'lesson_date.serial_number'
    END AS warning
FROM read_rows
