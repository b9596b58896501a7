-- lessons_set_aside: stated lessons at the time of better known ones: step 5 of which count.
-- From: undisputed_lessons, superseded_lessons, lessons_after_leaving, parallel_in_force.
-- Grain: a stated row that does not count; `beside_row` is the counting lesson that has most of its
-- time. A pupil can't be in two places: of a day's lessons, from the best to the least known, those
-- don't count of which the ones that do have at least `least_cover_bp` of the minutes.
WITH RECURSIVE remaining AS (
    SELECT stated.*
    FROM undisputed_lessons AS stated
    ANTI JOIN superseded_lessons ON stated.stated_row = superseded_lessons.stated_row
    ANTI JOIN lessons_after_leaving ON stated.stated_row = lessons_after_leaving.stated_row
    WHERE NOT stated.is_cancelled
),

dates AS (
    SELECT DISTINCT lesson_date
    FROM remaining
),

values_by_date AS (
    SELECT
        *,
        row_number() OVER (ORDER BY valid_from_date) = 1 AS is_first
    FROM parallel_in_force
),

dated_values AS (
    -- The value in force on the lesson's date; the first holds for dates before it too.
    SELECT
        dates.lesson_date,
        values_by_date.method,
        values_by_date.least_cover_bp
    FROM dates
    INNER JOIN values_by_date
        ON values_by_date.is_first OR dates.lesson_date >= values_by_date.valid_from_date
    QUALIFY row_number() OVER (
        PARTITION BY dates.lesson_date ORDER BY values_by_date.valid_from_date DESC
    ) = 1
),

ranked AS (
    SELECT
        remaining.stated_row,
        remaining.pupil_key,
        remaining.lesson_date,
        remaining.scheduled_minutes,
        dated_values.least_cover_bp,
        NOT remaining.is_reported AS is_unreported,
        -- What an unreported lesson gives way to: presence, or another one that nobody reported.
        remaining.present_minutes > 0 OR NOT remaining.is_reported AS is_owed_beside,
        -- A bit a minute; a lesson may go on for ten hours after midnight.
        cast(
            repeat('0', cast(remaining.first_minute AS INTEGER))
            || repeat('1', remaining.scheduled_minutes)
            || repeat(
                '0', cast(2040 - remaining.first_minute AS INTEGER) - remaining.scheduled_minutes
            )
            AS BIT
        ) AS minutes,
        row_number() OVER (
            PARTITION BY remaining.pupil_key, remaining.lesson_date
            ORDER BY
                remaining.present_minutes DESC,
                remaining.is_reported DESC,
                remaining.scheduled_minutes DESC,
                remaining.first_minute ASC,
                remaining.school_unit_code ASC,
                remaining.taught ASC,
                coalesce(remaining.lesson_id, '') ASC,
                remaining.subject ASC,
                remaining.exported_at DESC,
                remaining.file_id DESC
        ) AS place
    FROM remaining
    INNER JOIN dated_values ON remaining.lesson_date = dated_values.lesson_date
    WHERE dated_values.method = 'set_aside'
),

walk AS (
    SELECT
        stated_row,
        pupil_key,
        lesson_date,
        place,
        FALSE AS is_set_aside,
        minutes AS counted,
        CASE WHEN is_owed_beside THEN minutes ELSE minutes & ~minutes END AS counted_for_unreported
    FROM ranked
    WHERE place = 1
    UNION ALL
    SELECT
        stated_row,
        pupil_key,
        lesson_date,
        place,
        is_set_aside,
        CASE WHEN is_set_aside THEN counted ELSE counted | minutes END AS counted,
        CASE
            WHEN is_set_aside OR NOT is_owed_beside THEN counted_for_unreported
            ELSE counted_for_unreported | minutes
        END AS counted_for_unreported
    FROM (
        SELECT
            ranked.stated_row,
            ranked.pupil_key,
            ranked.lesson_date,
            ranked.place,
            ranked.minutes,
            ranked.is_owed_beside,
            walk.counted,
            walk.counted_for_unreported,
            reaches_step(
                bit_count(
                    CASE
                        WHEN ranked.is_unreported THEN walk.counted_for_unreported
                        ELSE walk.counted
                    END
                    & ranked.minutes
                ),
                cast(ranked.scheduled_minutes AS BIGINT), ranked.least_cover_bp, FALSE
            ) AS is_set_aside
        FROM walk
        INNER JOIN ranked
            ON
                walk.pupil_key = ranked.pupil_key
                AND walk.lesson_date = ranked.lesson_date
                AND walk.place + 1 = ranked.place
    ) AS next_lessons
),

fates AS (
    SELECT
        ranked.*,
        walk.is_set_aside
    FROM ranked
    INNER JOIN walk ON ranked.stated_row = walk.stated_row
)

SELECT
    aside.stated_row,
    arg_max(counting.stated_row, (bit_count(counting.minutes & aside.minutes), -counting.place))
        AS beside_row
FROM fates AS aside
INNER JOIN fates AS counting
    ON
        aside.pupil_key = counting.pupil_key
        AND aside.lesson_date = counting.lesson_date
WHERE
    aside.is_set_aside
    AND NOT counting.is_set_aside
    AND counting.place < aside.place
    AND bit_count(counting.minutes & aside.minutes) > 0
    AND (counting.is_owed_beside OR NOT aside.is_unreported)
GROUP BY aside.stated_row
