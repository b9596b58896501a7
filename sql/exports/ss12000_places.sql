-- ss12000_places: school, class, grade and mentors of affected persons, for each stretch of days.
-- From: affected_persons, living_enrolments, ss12000_organisations, ss12000_members,
-- living_groups, ss12000_roles, living_duties, living_persons, protected_persons. `living_` is what
-- was not taken away at the source.
-- Grain: a person and a stretch of days in which none of it changes. Dates are inclusive; a stretch
-- without a known end ends on 2999-12-31.
WITH enroled AS (
    -- Other school types than the compulsory ones have no grade that the rules know.
    SELECT
        enrolments.person_key,
        enrolments.organisation_key,
        organisations.school_unit_code,
        enrolments.grade,
        enrolments.school_type IN ('FKLASS', 'GR', 'GRS', 'TR', 'SP', 'SAM') AS is_compulsory,
        enrolments.start_date AS first_date,
        coalesce(enrolments.end_date, DATE '2999-12-31') AS last_date
    FROM living_enrolments AS enrolments
    INNER JOIN affected_persons ON enrolments.person_key = affected_persons.person_key
    LEFT JOIN ss12000_organisations AS organisations
        ON enrolments.organisation_key = organisations.organisation_key
    WHERE coalesce(enrolments.end_date >= enrolments.start_date, TRUE)
    -- Places at a leisure centre or preschool go beside school and say nothing of it.
    AND enrolments.school_type NOT IN ('FS', 'FTH', 'OPPFTH', 'KU')
),

joined_groups AS (
    SELECT
        members.person_key,
        members.group_key,
        class_groups.group_type,
        class_groups.class_name,
        organisations.school_unit_code,
        greatest(
            coalesce(members.start_date, DATE '1900-01-01'),
            coalesce(class_groups.start_date, DATE '1900-01-01')
        ) AS first_date,
        least(
            coalesce(members.end_date, DATE '2999-12-31'),
            coalesce(class_groups.end_date, DATE '2999-12-31')
        ) AS last_date
    FROM ss12000_members AS members
    INNER JOIN affected_persons ON members.person_key = affected_persons.person_key
    INNER JOIN living_groups AS class_groups ON members.group_key = class_groups.group_key
    LEFT JOIN ss12000_organisations AS organisations
        ON class_groups.organisation_key = organisations.organisation_key
    WHERE class_groups.group_type IN ('Klass', 'Mentor')
),

mentors AS (
    -- A mentor with protected identity is not named.
    SELECT
        assigned.group_key,
        duties.duty_key,
        persons.staff_key,
        greatest(
            coalesce(assigned.start_date, DATE '1900-01-01'),
            coalesce(duties.start_date, DATE '1900-01-01')
        ) AS first_date,
        least(
            coalesce(assigned.end_date, DATE '2999-12-31'),
            coalesce(duties.end_date, DATE '2999-12-31')
        ) AS last_date
    FROM ss12000_roles AS assigned
    INNER JOIN living_duties AS duties ON assigned.duty_key = duties.duty_key
    INNER JOIN living_persons AS persons ON duties.person_key = persons.person_key
    LEFT JOIN protected_persons ON duties.person_key = protected_persons.person_key
    WHERE assigned.role_type = 'Mentor' AND protected_persons.person_key IS NULL
),

mentored AS (
    SELECT
        joined_groups.person_key,
        joined_groups.group_type = 'Mentor' AS is_mentor_group,
        mentors.duty_key,
        mentors.staff_key,
        greatest(joined_groups.first_date, mentors.first_date) AS first_date,
        least(joined_groups.last_date, mentors.last_date) AS last_date
    FROM joined_groups
    INNER JOIN mentors ON joined_groups.group_key = mentors.group_key
),

spans AS (
    SELECT
        person_key,
        first_date,
        last_date
    FROM enroled
    UNION ALL
    SELECT
        person_key,
        first_date,
        last_date
    FROM joined_groups
    UNION ALL
    SELECT
        person_key,
        first_date,
        last_date
    FROM mentored
),

borders AS (
    SELECT
        person_key,
        first_date
    FROM spans
    WHERE first_date <= last_date
    UNION
    SELECT
        person_key,
        last_date + 1 AS first_date
    FROM spans
    WHERE first_date <= last_date
    UNION
    SELECT
        person_key,
        DATE '1900-01-01' AS first_date
    FROM affected_persons
),

stretches AS (
    SELECT
        person_key,
        first_date,
        coalesce(
            lead(first_date) OVER (PARTITION BY person_key ORDER BY first_date) - 1,
            DATE '2999-12-31'
        ) AS last_date
    FROM borders
    WHERE first_date <= DATE '2999-12-31'
),

enroled_then AS (
    -- Of two at a time the compulsory one, then the one that began last.
    SELECT
        stretches.person_key,
        stretches.first_date,
        enroled.school_unit_code,
        enroled.grade,
        enroled.is_compulsory
    FROM stretches
    INNER JOIN enroled
        ON
            stretches.person_key = enroled.person_key
            AND stretches.first_date BETWEEN enroled.first_date AND enroled.last_date
    QUALIFY row_number() OVER (
        PARTITION BY stretches.person_key, stretches.first_date
        ORDER BY
            enroled.is_compulsory DESC, enroled.first_date DESC, enroled.organisation_key ASC,
            enroled.grade ASC NULLS LAST
    ) = 1
),

class_then AS (
    SELECT
        stretches.person_key,
        stretches.first_date,
        joined_groups.class_name,
        joined_groups.school_unit_code
    FROM stretches
    INNER JOIN joined_groups
        ON
            stretches.person_key = joined_groups.person_key
            AND stretches.first_date BETWEEN joined_groups.first_date AND joined_groups.last_date
    WHERE joined_groups.group_type = 'Klass'
    QUALIFY row_number() OVER (
        PARTITION BY stretches.person_key, stretches.first_date
        ORDER BY joined_groups.first_date DESC, joined_groups.group_key ASC
    ) = 1
),

mentor_words AS (
    -- Everybody who is mentor of one of the pupil's groups, each once; the mentor of a mentor group
    -- stands before that of the class.
    SELECT
        stretches.person_key,
        stretches.first_date,
        mentored.staff_key,
        bool_or(mentored.is_mentor_group) AS is_mentor_group,
        max(mentored.first_date) AS mentor_since,
        min(mentored.duty_key) AS duty_key
    FROM stretches
    INNER JOIN mentored
        ON
            stretches.person_key = mentored.person_key
            AND stretches.first_date BETWEEN mentored.first_date AND mentored.last_date
    GROUP BY stretches.person_key, stretches.first_date, mentored.staff_key
),

mentor_then AS (
    SELECT
        person_key,
        first_date,
        list(
            staff_key
            ORDER BY is_mentor_group DESC, mentor_since DESC, duty_key ASC
        ) AS staff_keys
    FROM mentor_words
    GROUP BY person_key, first_date
)

SELECT
    stretches.person_key,
    stretches.first_date,
    stretches.last_date,
    enroled_then.person_key IS NOT NULL AS is_enroled,
    coalesce(enroled_then.is_compulsory, TRUE) AS is_compulsory,
    enroled_then.school_unit_code AS enroled_unit_code,
    class_then.school_unit_code AS class_unit_code,
    coalesce(class_then.class_name, '') AS class_name,
    enroled_then.grade,
    mentor_then.staff_keys AS mentor_keys,
    -- One mentor's key, or that of several together; the keys are secret, so their hash is too.
    CASE
        WHEN len(mentor_then.staff_keys) = 1 THEN mentor_then.staff_keys[1]
        ELSE cast(md5(array_to_string(mentor_then.staff_keys, ' ')) AS UUID)
    END AS mentor_key
FROM stretches
LEFT JOIN enroled_then
    ON
        stretches.person_key = enroled_then.person_key
        AND stretches.first_date = enroled_then.first_date
LEFT JOIN class_then
    ON
        stretches.person_key = class_then.person_key
        AND stretches.first_date = class_then.first_date
LEFT JOIN mentor_then
    ON
        stretches.person_key = mentor_then.person_key
        AND stretches.first_date = mentor_then.first_date
