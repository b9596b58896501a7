-- belonging: where each pupil belongs at as_of, and who has left.
-- From: standing_days, pupil_schools, protected_pupils. Grain: a pupil who belongs, or belonged,
-- somewhere. Parameters: $as_of, $leaver_after_days.
-- The roster record valid at as_of decides; without one, the latest lesson.
-- `record_start_date` is null without a record, and where the record says no first day.
WITH records AS (
    -- A record without a day was never a place: nobody was there by it, and nobody left by it.
    -- Of one that is disputed on some days, the last that it speaks of counts, or as_of.
    SELECT *
    FROM standing_days
    WHERE
        coalesce(end_date >= start_date, TRUE)
        AND least(greatest($as_of, start_date), end_date) BETWEEN first_date AND last_date
),

latest_lesson AS (
    SELECT *
    FROM pupil_schools
    QUALIFY row_number() OVER (
        PARTITION BY pupil_key
        ORDER BY last_starts_at DESC, last_exported_at DESC, school_unit_code ASC
    ) = 1
),

school_last AS (
    SELECT
        school_unit_code,
        max(lesson_date) AS lesson_date
    FROM pupil_schools
    GROUP BY school_unit_code
),

started AS (
    -- A record that has not begun yet says nothing about today.
    SELECT
        *,
        coalesce(end_date >= $as_of, TRUE) AS is_valid
    FROM records
    WHERE coalesce(start_date <= $as_of, TRUE)
),

valid_record AS (
    SELECT started.*
    FROM started
    LEFT JOIN latest_lesson ON started.pupil_key = latest_lesson.pupil_key
    WHERE started.is_valid
    QUALIFY row_number() OVER (
        PARTITION BY started.pupil_key
        ORDER BY
            started.start_date DESC NULLS LAST,
            started.school_unit_code = latest_lesson.school_unit_code DESC NULLS LAST,
            started.school_unit_code ASC
    ) = 1
),

expected AS (
    -- A record that begins later is a pupil between two schools, not one who has left: a move
    -- from Friday to Monday has a Sunday in between.
    SELECT DISTINCT pupil_key
    FROM records
    WHERE start_date > $as_of
),

ended AS (
    -- Pupils whose every record has ended, and where.
    SELECT
        started.pupil_key,
        max(started.end_date) AS last_end_date,
        list(DISTINCT started.school_unit_code) AS school_unit_codes
    FROM started
    ANTI JOIN expected ON started.pupil_key = expected.pupil_key
    GROUP BY started.pupil_key
    HAVING NOT bool_or(started.is_valid)
),

moved_on AS (
    -- Lessons at another school after the last record's end: the roster is behind, not the pupil.
    SELECT DISTINCT ended.pupil_key
    FROM ended
    INNER JOIN pupil_schools
        ON
            ended.pupil_key = pupil_schools.pupil_key
            AND ended.last_end_date < pupil_schools.lesson_date
    WHERE NOT list_contains(ended.school_unit_codes, pupil_schools.school_unit_code)
),

placed AS (
    SELECT
        coalesce(valid_record.pupil_key, latest_lesson.pupil_key) AS pupil_key,
        coalesce(valid_record.school_unit_code, latest_lesson.school_unit_code)
            AS school_unit_code,
        valid_record.pupil_key IS NOT NULL AS has_record,
        valid_record.class_name AS record_class_name,
        valid_record.grade AS record_grade,
        valid_record.mentor_key AS record_mentor_key,
        valid_record.start_date AS record_start_date,
        latest_lesson.lesson_date AS latest_lesson_date
    FROM valid_record
    FULL JOIN latest_lesson ON valid_record.pupil_key = latest_lesson.pupil_key
)

SELECT
    placed.pupil_key,
    placed.school_unit_code,
    -- What the record leaves open is taken from the pupil's latest lesson at that school.
    coalesce(nullif(placed.record_class_name, ''), there.class_name, '') AS class_name,
    coalesce(placed.record_grade, there.grade) AS grade,
    coalesce(placed.record_mentor_key, there.mentor_key) AS mentor_key,
    protected_pupils.pupil_key IS NOT NULL AS is_protected,
    placed.has_record,
    placed.record_start_date,
    (
        (ended.pupil_key IS NOT NULL AND moved_on.pupil_key IS NULL)
        -- Who stands on a roster today and has no lessons is a pupil nobody sees, not one who left.
        OR coalesce(
            NOT placed.has_record
            AND placed.latest_lesson_date <= $as_of - $leaver_after_days
            AND school_last.lesson_date > placed.latest_lesson_date,
            TRUE
        )
    ) AS has_left
FROM placed
LEFT JOIN pupil_schools AS there
    ON
        placed.pupil_key = there.pupil_key
        AND placed.school_unit_code = there.school_unit_code
LEFT JOIN school_last ON placed.school_unit_code = school_last.school_unit_code
LEFT JOIN ended ON placed.pupil_key = ended.pupil_key
LEFT JOIN moved_on ON placed.pupil_key = moved_on.pupil_key
LEFT JOIN protected_pupils ON placed.pupil_key = protected_pupils.pupil_key
