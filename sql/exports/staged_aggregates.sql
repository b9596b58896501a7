-- staged_aggregates: raw cells of sums per pupil and period, each row with at most one problem.
-- From: raw_aggregates, offered_files. Grain: a data row of a file.
-- Reported minutes that the source doesn't give are those that it has a kind for. Sums of a period
-- without a day are refused: nobody can tell when their minutes were.
WITH dialects AS (
    -- How the file's layout writes the ends of periods.
    SELECT
        raw_aggregates.*,
        offered_files.has_exclusive_ends
    FROM raw_aggregates
    INNER JOIN offered_files ON raw_aggregates.file_id = offered_files.file_id
),

cells AS (
    SELECT
        *,
        unit_code(school_unit_code) AS unit,
        coalesce(calendar_date(period_start), month_start(month)) AS first_date,
        CASE
            WHEN period_end IS NULL
                THEN last_day(coalesce(calendar_date(period_start), month_start(month)))
            ELSE end_day(period_end, has_exclusive_ends)
        END AS last_date,
        whole_minutes(scheduled_minutes) AS scheduled,
        whole_minutes(present_minutes) AS present,
        coalesce(whole_minutes(valid_minutes), 0) AS valid_sum,
        coalesce(whole_minutes(invalid_minutes), 0) AS invalid_sum,
        coalesce(whole_minutes(other_minutes), 0) AS other_sum,
        whole_minutes(reported_minutes) AS reported_sum
    FROM dialects
),

sums AS (
    SELECT
        *,
        CASE
            WHEN reported_minutes IS NOT NULL THEN reported_sum
            ELSE coalesce(present, 0) + valid_sum + invalid_sum + other_sum
        END AS reported
    FROM cells
)

SELECT
    file_id,
    line_number,
    civic_no AS civic_text,
    given_name,
    family_name,
    sex,
    protected AS protected_text,
    school_name,
    mentor_name,
    mentor_email,
    unit AS school_unit_code,
    plain_text(class_name) AS class_name,
    school_grade(grade) AS grade,
    first_date AS period_first_date,
    last_date AS period_last_date,
    plain_text(activity) AS activity,
    scheduled AS scheduled_minutes,
    reported AS reported_minutes,
    valid_sum AS valid_minutes,
    invalid_sum AS invalid_minutes,
    CASE
        WHEN school_unit_code IS NULL THEN 'school_unit_code.missing'
        WHEN unit IS NULL THEN 'school_unit_code.unreadable'
        WHEN first_date IS NULL AND coalesce(period_start, month) IS NULL THEN 'month.missing'
        WHEN first_date IS NULL OR last_date IS NULL THEN 'month.unreadable'
        WHEN has_no_day(first_date, period_end, has_exclusive_ends) THEN 'period_end.no_day'
        WHEN last_date < first_date THEN 'end_date.before_start'
        WHEN scheduled_minutes IS NULL THEN 'scheduled_minutes.missing'
        WHEN scheduled IS NULL THEN 'scheduled_minutes.unreadable'
        WHEN scheduled < 0 THEN 'scheduled_minutes.negative'
        WHEN present_minutes IS NOT NULL AND present IS NULL THEN 'present_minutes.unreadable'
        WHEN valid_minutes IS NOT NULL AND whole_minutes(valid_minutes) IS NULL
            THEN 'valid_minutes.unreadable'
        WHEN invalid_minutes IS NOT NULL AND whole_minutes(invalid_minutes) IS NULL
            THEN 'invalid_minutes.unreadable'
        WHEN other_minutes IS NOT NULL AND whole_minutes(other_minutes) IS NULL
            THEN 'other_minutes.unreadable'
        WHEN reported_minutes IS NOT NULL AND reported_sum IS NULL
            THEN 'reported_minutes.unreadable'
        WHEN present < 0 THEN 'present_minutes.negative'
        WHEN valid_sum < 0 THEN 'valid_minutes.negative'
        WHEN invalid_sum < 0 THEN 'invalid_minutes.negative'
        WHEN other_sum < 0 THEN 'other_minutes.negative'
        WHEN reported > scheduled THEN 'reported_minutes.above_scheduled'
        WHEN valid_sum + invalid_sum + other_sum > reported THEN 'valid_minutes.above_reported'
    END AS problem,
    CASE
        WHEN first_date <> date_trunc('month', first_date) OR last_date <> last_day(first_date)
            THEN 'month.not_a_month'
        WHEN grade IS NOT NULL AND school_grade(grade) IS NULL THEN 'grade.unreadable'
        WHEN school_unit_code <> unit THEN 'school_unit_code.zeros_restored'
        WHEN unknown_protection(protected) THEN 'protected.unknown_value'
        WHEN spreadsheets_error(class_name) OR spreadsheets_error(activity) THEN 'row.error_value'
        WHEN lettered_grade(grade) THEN 'grade.letter_left_over'
        WHEN spreadsheets_class(class_name) THEN 'class_name.spreadsheet'
    END AS warning
FROM sums
