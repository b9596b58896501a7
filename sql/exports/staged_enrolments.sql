-- staged_enrolments: raw cells of roster files as typed records, each with at most one problem.
-- From: raw_enrolments, offered_files. Grain: a data row of a file.
-- A record without a day ends on the day before it begins: it takes the place of an older word of
-- the same record, and places its pupil nowhere.
WITH cells AS (
    -- How the file's layout writes end dates.
    SELECT
        raw_enrolments.*,
        offered_files.has_exclusive_ends
    FROM raw_enrolments
    INNER JOIN offered_files ON raw_enrolments.file_id = offered_files.file_id
)

SELECT
    file_id,
    line_number,
    civic_no AS civic_text,
    given_name,
    family_name,
    sex,
    protected AS protected_text,
    mentor_name,
    mentor_email,
    unit_code(school_unit_code) AS school_unit_code,
    plain_text(class_name) AS class_name,
    school_grade(grade) AS grade,
    calendar_date(start_date) AS start_date,
    end_day(end_date, has_exclusive_ends) AS end_date,
    CASE
        WHEN school_unit_code IS NULL THEN 'school_unit_code.missing'
        WHEN unit_code(school_unit_code) IS NULL THEN 'school_unit_code.unreadable'
        WHEN start_date IS NOT NULL AND calendar_date(start_date) IS NULL
            THEN 'start_date.unreadable'
        WHEN end_date IS NOT NULL AND calendar_date(end_date) IS NULL THEN 'end_date.unreadable'
        WHEN calendar_date(end_date) < calendar_date(start_date) THEN 'end_date.before_start'
    END AS problem,
    CASE
        WHEN has_no_day(calendar_date(start_date), end_date, has_exclusive_ends)
            THEN 'end_date.no_day'
        WHEN grade IS NOT NULL AND school_grade(grade) IS NULL THEN 'grade.unreadable'
        WHEN school_unit_code <> unit_code(school_unit_code)
            THEN 'school_unit_code.zeros_restored'
        WHEN unknown_protection(protected) THEN 'protected.unknown_value'
        WHEN spreadsheets_error(class_name) THEN 'row.error_value'
        WHEN lettered_grade(grade) THEN 'grade.letter_left_over'
        WHEN spreadsheets_class(class_name) THEN 'class_name.spreadsheet'
    END AS warning
FROM cells
