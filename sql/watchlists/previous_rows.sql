-- previous_rows: each pupil's row on the newest list before, of whatever school.
-- From: listed_pupils, publications. Grain: a pupil whose newest row has a level, or who left a
-- school's list with one. Parameters: $as_of; $first_date, before which no list is compared with.
WITH dated AS (
    SELECT
        listed_pupils.*,
        publications.rule_set_version,
        publications.published_at
    FROM listed_pupils
    INNER JOIN publications
        ON
            listed_pupils.school_unit_code = publications.school_unit_code
            AND listed_pupils.period = publications.period
    WHERE listed_pupils.as_of_date < $as_of AND listed_pupils.as_of_date >= $first_date
),

newest AS (
    -- What the newest lists say: a level at one school stands before "left" at the other.
    SELECT *
    FROM dated
    QUALIFY row_number() OVER (
        PARTITION BY pupil_key
        ORDER BY as_of_date DESC, level DESC, school_unit_code ASC
    ) = 1
),

with_level AS (
    SELECT *
    FROM dated
    WHERE level > 0
    QUALIFY row_number() OVER (
        PARTITION BY pupil_key
        ORDER BY as_of_date DESC, level DESC, school_unit_code ASC
    ) = 1
)

SELECT with_level.*  -- noqa: AM04
FROM newest
INNER JOIN with_level ON newest.pupil_key = with_level.pupil_key
-- Who went to another school goes on there, although that school's list may have waited a week;
-- who was cleared for another reason, or could not be assessed, begins again.
WHERE newest.level > 0 OR newest.reason = 'left'
