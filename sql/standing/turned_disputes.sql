-- turned_disputes: days of a watched pupil at a school on which the records say something else now
-- of whether the pupil was there: disputed, left, or neither.
-- From: standing_before, standing_days, absence_daily, uncounted_lessons.
-- Grain: a pupil, school unit and date. What is not summed yet is stale already.
WITH records AS (
    SELECT
        pupil_key,
        school_unit_code,
        end_date,
        sender,
        first_date,
        last_date,
        FALSE AS is_now
    FROM standing_before
    UNION ALL
    SELECT
        pupil_key,
        school_unit_code,
        end_date,
        sender,
        first_date,
        last_date,
        TRUE AS is_now
    FROM standing_days
),

turning AS (
    -- Whose records are as before turns nothing; these are nearly all.
    SELECT pupil_key
    FROM (
        SELECT
            pupil_key,
            is_now,
            bit_xor(hash(school_unit_code, end_date, sender, first_date, last_date)) AS content
        FROM records
        GROUP BY pupil_key, is_now
    ) AS contents
    GROUP BY pupil_key
    HAVING count(*) < 2 OR min(content) < max(content)
),

days AS (
    SELECT
        days.pupil_key,
        days.school_unit_code,
        days.lesson_date
    FROM absence_daily AS days
    SEMI JOIN turning ON days.pupil_key = turning.pupil_key
    UNION
    SELECT
        days.pupil_key,
        days.school_unit_code,
        days.lesson_date
    FROM uncounted_lessons AS days
    SEMI JOIN turning ON days.pupil_key = turning.pupil_key
),

states AS (
    SELECT
        days.pupil_key,
        days.school_unit_code,
        days.lesson_date,
        records.is_now,
        bool_or(
            records.school_unit_code = days.school_unit_code
            AND days.lesson_date BETWEEN records.first_date AND records.last_date
        ) AS is_here,
        bool_or(
            records.school_unit_code = days.school_unit_code
            AND coalesce(records.end_date < days.lesson_date, FALSE)
        ) AS has_ended_here,
        list_sort(list(DISTINCT coalesce(records.sender, '')) FILTER (
            WHERE records.school_unit_code <> days.school_unit_code
            AND days.lesson_date BETWEEN records.first_date AND records.last_date
        )) AS elsewhere_by
    FROM days
    INNER JOIN records ON days.pupil_key = records.pupil_key
    GROUP BY days.pupil_key, days.school_unit_code, days.lesson_date, records.is_now
),

meanings AS (
    SELECT
        *,
        CASE
            WHEN is_here OR coalesce(len(elsewhere_by), 0) = 0 THEN ''
            ELSE concat(has_ended_here, array_to_string(elsewhere_by, chr(30)))
        END AS meaning
    FROM states
)

SELECT lesson_date
FROM meanings
GROUP BY pupil_key, school_unit_code, lesson_date
HAVING
    coalesce(max(meaning) FILTER (WHERE is_now), '')
    <> coalesce(max(meaning) FILTER (WHERE NOT is_now), '')
