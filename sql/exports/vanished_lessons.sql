-- vanished_lessons: how many lessons each file of objects removes or blanks, once it is stored.
-- From: lessons_before, lessons, ss12000_persons, affected_lessons, watched_files (those whose
-- sender may not remove lessons). Grain: a file, school unit and month. Of a lesson that several
-- files of a sender affect one is named; the others have it not counted, and a row all the same.
-- A lesson is there when one of its day, pupil and school unit has its id, or its subject and half
-- of its time, is neither cancelled nor no longer reported, has some of its absence and at least
-- half of its length. A pupil who had no number before, and has one now, is the same pupil.
-- Parameters: $first_date, $last_date, $first_school and $last_school of the lessons before (they
-- prune the files that the scan opens).
WITH standing AS (
    SELECT earlier.lesson_row
    FROM lessons_before AS earlier
    LEFT JOIN ss12000_persons AS persons ON earlier.pupil_key = persons.person_key
    INNER JOIN lessons AS stored
        ON
            coalesce(persons.pupil_key, earlier.pupil_key) = stored.pupil_key
            AND earlier.school_unit_code = stored.school_unit_code
            AND earlier.lesson_date = stored.lesson_date
    WHERE
        stored.lesson_date BETWEEN $first_date AND $last_date
        AND stored.school_unit_code BETWEEN $first_school AND $last_school
        AND says_whole(
            stored.is_cancelled,
            stored.is_reported,
            stored.scheduled_minutes,
            stored.valid_minutes + stored.invalid_minutes,
            earlier.is_reported,
            earlier.scheduled_minutes,
            earlier.valid_minutes + earlier.invalid_minutes
        )
        AND (
            coalesce(earlier.lesson_id = stored.lesson_id, FALSE)
            OR (
                lower(earlier.subject) = lower(stored.subject)
                AND shares_half(
                    earlier.starts_at,
                    earlier.scheduled_minutes,
                    stored.starts_at,
                    stored.scheduled_minutes
                )
            )
        )
),

vanished AS (
    SELECT
        lesson_row,
        lesson_id,
        pupil_key,
        school_unit_code,
        cast(date_trunc('month', lesson_date) AS DATE) AS month_first_date
    FROM lessons_before
    WHERE lesson_row NOT IN (SELECT standing.lesson_row FROM standing)
),

taking_part AS (
    SELECT DISTINCT
        vanished.lesson_row,
        vanished.school_unit_code,
        vanished.month_first_date,
        watched.sender,
        watched.file_id
    FROM vanished
    INNER JOIN affected_lessons AS affected
        ON vanished.lesson_id = affected.lesson_id AND vanished.pupil_key = affected.pupil_key
    INNER JOIN watched_files AS watched ON affected.file_id = watched.file_id
),

named AS (
    SELECT
        sender,
        file_id,
        school_unit_code,
        month_first_date,
        file_id = max(file_id) OVER (PARTITION BY lesson_row, sender) AS is_named
    FROM taking_part
)

SELECT
    sender,
    file_id,
    school_unit_code,
    month_first_date,
    count(*) FILTER (WHERE is_named) AS lessons
FROM named
GROUP BY ALL
