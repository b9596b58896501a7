-- repeated_records: rows of one file that speak of the same thing: a record, register row or sum.
-- From: comparable_rows (a view of the kind's `comparable_*`). Grain: a row to refuse.
-- As in `repeated_rows`, of lessons: of equal rows the first counts, of rows that differ none. One
-- that gives way beside others is refused for that, and is compared with its like only.
WITH counted AS (
    SELECT
        file_id,
        line_number,
        yields AND NOT bool_and(yields) OVER same_thing AS gives_way,
        min(line_number) OVER same_kind AS first_line,
        max(content) OVER same_kind <> min(content) OVER same_kind AS is_contradicted
    FROM comparable_rows
    WINDOW
        same_thing AS (PARTITION BY file_id, thing),
        same_kind AS (PARTITION BY file_id, thing, yields)
)

SELECT
    file_id,
    line_number,
    CASE
        WHEN gives_way THEN 'row.no_day_beside'
        WHEN is_contradicted THEN 'row.contradicts'
        ELSE 'row.repeated'
    END AS problem
FROM counted
WHERE gives_way OR is_contradicted OR line_number > first_line
