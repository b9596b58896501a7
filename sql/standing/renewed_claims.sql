-- renewed_claims: what senders that may not move pupils say of watched pupils' records, and from
-- which file the lake knows it of which days.
-- From: words_before, enrolments, watched_pupils, enrolment_claims, moving_records,
-- disputable_files. Grain: a record and a last day. A newer word that ends the record sooner cuts
-- what was known; one that ends it later is known from then on for the days that it adds. What was
-- said before there were senders stays a word with every right, until one who may move pupils says
-- something of the record. A word about one number of a pupil cuts nothing that was said of
-- another, and claims of records that are not there stay: these may be read again
-- (`drop_lost_claims`).
WITH records AS (
    SELECT
        enrolments.pupil_key,
        enrolments.school_unit_code,
        enrolments.start_date,
        coalesce(enrolments.number_key, enrolments.pupil_key) AS own_key,
        coalesce(enrolments.end_date, DATE '2999-12-31') AS ends,
        disputable_files.sender,
        disputable_files.taken_at
    FROM enrolments
    SEMI JOIN watched_pupils ON enrolments.pupil_key = watched_pupils.pupil_key
    LEFT JOIN disputable_files ON enrolments.file_id = disputable_files.file_id
),

known AS (
    SELECT
        claimed.pupil_key,
        claimed.school_unit_code,
        claimed.start_date,
        coalesce(claimed.number_key, claimed.pupil_key) AS own_key,
        claimed.until_date,
        claimed.sender,
        claimed.taken_at
    FROM enrolment_claims AS claimed
    UNION ALL
    SELECT
        earlier.pupil_key,
        earlier.school_unit_code,
        earlier.start_date,
        coalesce(earlier.number_key, earlier.pupil_key) AS own_key,
        coalesce(earlier.end_date, DATE '2999-12-31') AS until_date,
        cast(NULL AS VARCHAR) AS sender,
        cast(NULL AS TIMESTAMP) AS taken_at
    FROM words_before AS earlier
    ANTI JOIN disputable_files ON earlier.file_id = disputable_files.file_id
    UNION ALL
    -- A claim of a record that has ended sooner by now is cut below; a new one comes last.
    SELECT
        pupil_key,
        school_unit_code,
        start_date,
        own_key,
        ends AS until_date,
        sender,
        taken_at
    FROM records
    WHERE sender IS NOT NULL
),

cut AS (
    SELECT
        records.pupil_key,
        records.school_unit_code,
        records.start_date,
        known.own_key,
        CASE
            WHEN known.own_key = records.own_key THEN least(known.until_date, records.ends)
            ELSE known.until_date
        END AS until_date,
        known.sender,
        known.taken_at
    FROM records
    INNER JOIN known
        ON
            records.pupil_key = known.pupil_key
            AND records.school_unit_code = known.school_unit_code
            AND records.start_date IS NOT DISTINCT FROM known.start_date
    LEFT JOIN moving_records AS moving
        ON
            records.pupil_key = moving.pupil_key
            AND records.school_unit_code = moving.school_unit_code
            AND records.start_date IS NOT DISTINCT FROM moving.start_date
    -- The newest word of who may move pupils stands by itself.
    WHERE known.sender IS NOT NULL OR (moving.pupil_key IS NULL AND records.sender IS NOT NULL)
),

soonest AS (
    SELECT *
    FROM cut
    QUALIFY row_number() OVER (
        PARTITION BY pupil_key, school_unit_code, start_date, own_key, until_date, sender IS NULL
        ORDER BY taken_at, sender
    ) = 1
)

SELECT
    pupil_key,
    school_unit_code,
    start_date,
    until_date,
    sender,
    taken_at,
    nullif(own_key, pupil_key) AS number_key
FROM soonest
UNION ALL
SELECT
    claimed.pupil_key,
    claimed.school_unit_code,
    claimed.start_date,
    claimed.until_date,
    claimed.sender,
    claimed.taken_at,
    claimed.number_key
FROM enrolment_claims AS claimed
SEMI JOIN watched_pupils ON claimed.pupil_key = watched_pupils.pupil_key
ANTI JOIN records
    ON
        claimed.pupil_key = records.pupil_key
        AND claimed.school_unit_code = records.school_unit_code
        AND claimed.start_date IS NOT DISTINCT FROM records.start_date
