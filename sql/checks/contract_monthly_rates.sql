-- contract_monthly_rates: the compact frame of the sums contract.
-- From: absence_monthly. Grain: a month. Shares are of the month's totals.
SELECT
    month_start_date,
    count(*) AS pupils,
    max(days) AS most_days,
    min(scheduled_minutes) AS least_scheduled_minutes,
    max((valid_minutes + invalid_minutes) / nullif(reported_minutes, 0)) AS highest_rate,
    min((valid_minutes + invalid_minutes) / nullif(reported_minutes, 0)) AS lowest_rate,
    max(reported_minutes / scheduled_minutes) AS highest_coverage
FROM absence_monthly
GROUP BY month_start_date
