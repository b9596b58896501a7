-- staged_school_breaks: raw cells of files of breaks, each row with at most one problem.
-- From: raw_school_breaks, offered_files. Grain: a data row of a file.
-- A blank code, or "alla", is every school unit and is kept as ''. A break of more than 100 days is
-- a mistyped year, which would excuse a school's silence for as long: the longest summer has 75.
-- A break without a day is taken: it excuses nobody, and its file counts in place of older ones.
WITH cells AS (
    -- How the file's layout writes last days.
    SELECT
        raw_school_breaks.*,
        offered_files.has_exclusive_ends
    FROM raw_school_breaks
    INNER JOIN offered_files ON raw_school_breaks.file_id = offered_files.file_id
)

SELECT
    file_id,
    line_number,
    CASE
        WHEN lower(plain_text(school_unit_code)) IN ('', 'alla', 'samtliga') THEN ''
        ELSE unit_code(school_unit_code)
    END AS school_unit_code,
    calendar_date(first_date) AS first_date,
    end_day(last_date, has_exclusive_ends) AS last_date,
    nullif(plain_text(break_name), '') AS break_name,
    CASE
        WHEN
            lower(plain_text(school_unit_code)) NOT IN ('', 'alla', 'samtliga')
            AND unit_code(school_unit_code) IS NULL
            THEN 'school_unit_code.unreadable'
        WHEN first_date IS NULL THEN 'first_date.missing'
        WHEN calendar_date(first_date) IS NULL THEN 'first_date.unreadable'
        WHEN last_date IS NULL THEN 'last_date.missing'
        WHEN calendar_date(last_date) IS NULL THEN 'last_date.unreadable'
        WHEN calendar_date(last_date) < calendar_date(first_date) THEN 'last_date.before_first'
        WHEN end_day(last_date, has_exclusive_ends) - calendar_date(first_date) >= 100
            THEN 'last_date.too_far'
    END AS problem,
    CASE
        WHEN has_no_day(calendar_date(first_date), last_date, has_exclusive_ends)
            THEN 'last_date.no_day'
        WHEN
            lower(plain_text(school_unit_code)) NOT IN ('', 'alla', 'samtliga')
            AND school_unit_code <> unit_code(school_unit_code)
            THEN 'school_unit_code.zeros_restored'
    END AS warning
FROM cells
