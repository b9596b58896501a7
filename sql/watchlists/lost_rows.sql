-- lost_rows: rows of a school that were refused for an identity number, as pupils lost to its list.
-- From: row_problems, files, identity_sources. Grain: a school unit.
-- Parameter: $first_date, the first day of the longest window.
-- A roster says everything again, so of rosters only the newest one counts that speaks of the
-- school; of other files those made since $first_date.
WITH made AS (
    -- A file that came again has several rows in the ledger.
    SELECT DISTINCT
        file_id,
        layout,
        exported_at
    FROM files
    WHERE outcome NOT IN ('duplicate', 'quarantined', 'awaiting_release') AND layout IS NOT NULL
),

rosters AS (
    SELECT DISTINCT layout
    FROM identity_sources
    WHERE is_roster
),

refused AS (
    SELECT
        row_problems.school_unit_code,
        made.layout,
        made.exported_at,
        made.layout IN (SELECT rosters.layout FROM rosters) AS is_roster,
        row_problems.rows AS refused_rows
    FROM row_problems
    INNER JOIN made ON row_problems.file_id = made.file_id
    WHERE
        row_problems.severity = 'rejected'
        AND row_problems.code LIKE 'civic_no.%'
        AND row_problems.school_unit_code IS NOT NULL
),

words AS (
    SELECT
        school_unit_code,
        layout,
        exported_at
    FROM identity_sources
    WHERE is_roster
    UNION ALL
    SELECT
        school_unit_code,
        layout,
        exported_at
    FROM refused
),

newest AS (
    SELECT
        school_unit_code,
        layout,
        max(exported_at) AS exported_at
    FROM words
    GROUP BY school_unit_code, layout
)

SELECT
    refused.school_unit_code,
    cast(sum(refused.refused_rows) AS BIGINT) AS lost_rows
FROM refused
INNER JOIN newest
    ON
        refused.school_unit_code = newest.school_unit_code
        AND refused.layout = newest.layout
WHERE
    CASE
        WHEN refused.is_roster THEN refused.exported_at = newest.exported_at
        ELSE refused.exported_at >= $first_date
    END
GROUP BY refused.school_unit_code
ORDER BY refused.school_unit_code
