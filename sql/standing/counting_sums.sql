-- counting_sums: monthly sums that nobody disputes.
-- From: monthly_sums, disputable_files, standing_days. Grain: a row of monthly_sums.
-- As for lessons: those of a sender that may not move pupils don't count where no record of the
-- pupil stands at their school on any day of the period, and one does elsewhere that this sender
-- did not say.
WITH disputed AS (
    SELECT
        sums.pupil_key,
        sums.school_unit_code,
        sums.activity,
        sums.period_first_date,
        sums.period_last_date
    FROM monthly_sums AS sums
    INNER JOIN disputable_files ON sums.file_id = disputable_files.file_id
    INNER JOIN standing_days AS standing
        ON
            sums.pupil_key = standing.pupil_key
            AND sums.period_first_date <= standing.last_date
            AND sums.period_last_date >= standing.first_date
    GROUP BY ALL
    HAVING
        NOT bool_or(standing.school_unit_code = sums.school_unit_code)
        AND bool_or(standing.sender IS DISTINCT FROM disputable_files.sender)
)

SELECT sums.*  -- noqa: AM04
FROM monthly_sums AS sums
ANTI JOIN disputed
    ON
        sums.pupil_key = disputed.pupil_key
        AND sums.school_unit_code = disputed.school_unit_code
        AND sums.activity = disputed.activity
        AND sums.period_first_date = disputed.period_first_date
        AND sums.period_last_date = disputed.period_last_date
