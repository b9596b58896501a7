-- judged_enrolments: the days of roster records, and whether the record stands there or waits.
-- From: asked_enrolments (rows of enrolments), moving_records, enrolment_claims,
-- disputable_files. Grain: a record and a span of its days on which the same holds.
-- A record of a sender that may not move pupils is disputed on days on which the pupil is enrolled
-- elsewhere: by a sender that may, whenever that came; by another sender that may not, when the
-- lake had that first. What a record says of the past is known from when it said so of the day: a
-- record that is opened again does not come before the one that took its place. Of one run the
-- smaller school unit code comes first, then the sender's name. Nothing here is taken from dates
-- or times in a file, which can be forged.
WITH records AS (
    SELECT
        asked.*,
        coalesce(asked.start_date, DATE '1000-01-01') AS begins,
        coalesce(asked.end_date, DATE '2999-12-31') AS ends,
        disputable_files.sender AS said_by,
        disputable_files.taken_at AS said_at,
        disputable_files.sender IS NOT NULL AS is_limited
    FROM asked_enrolments AS asked
    LEFT JOIN disputable_files ON asked.file_id = disputable_files.file_id
    WHERE coalesce(asked.end_date >= asked.start_date, TRUE)
),

claimed_days AS (
    -- Of several numbers of a pupil the sooner claim; days after the record's last are nobody's.
    SELECT
        records.pupil_key,
        records.school_unit_code,
        records.start_date,
        records.begins,
        records.ends,
        least(claimed.until_date, records.ends) AS until_date,
        claimed.sender,
        claimed.taken_at
    FROM records
    INNER JOIN enrolment_claims AS claimed
        ON
            records.pupil_key = claimed.pupil_key
            AND records.school_unit_code = claimed.school_unit_code
            AND records.start_date IS NOT DISTINCT FROM claimed.start_date
    WHERE records.is_limited
    QUALIFY row_number() OVER (
        PARTITION BY
            records.pupil_key,
            records.school_unit_code,
            records.start_date,
            least(claimed.until_date, records.ends),
            claimed.sender IS NULL
        ORDER BY claimed.taken_at, claimed.sender
    ) = 1
),

claims AS (
    SELECT * FROM claimed_days
    UNION ALL
    -- Who may move pupils has said the record too, in whatever order.
    SELECT
        records.pupil_key,
        records.school_unit_code,
        records.start_date,
        records.begins,
        records.ends,
        coalesce(moving.end_date, DATE '2999-12-31') AS until_date,
        cast(NULL AS VARCHAR) AS sender,
        cast(NULL AS TIMESTAMP) AS taken_at
    FROM records
    INNER JOIN moving_records AS moving
        ON
            records.pupil_key = moving.pupil_key
            AND records.school_unit_code = moving.school_unit_code
            AND records.start_date IS NOT DISTINCT FROM moving.start_date
    WHERE records.is_limited
    UNION ALL
    -- What no claim covers its own file says.
    SELECT
        pupil_key,
        school_unit_code,
        start_date,
        begins,
        ends,
        ends AS until_date,
        said_by AS sender,
        said_at AS taken_at
    FROM records
),

said AS (
    SELECT
        *,
        sender IS NULL AS is_unlimited,
        max(CASE WHEN sender IS NULL THEN until_date END) OVER (
            PARTITION BY pupil_key, school_unit_code, start_date
        ) AS unlimited_until_date
    FROM claims
),

segments AS (
    SELECT
        pupil_key,
        school_unit_code,
        start_date,
        sender,
        taken_at,
        greatest(
            begins,
            lag(until_date) OVER of_record + 1,
            CASE WHEN NOT is_unlimited THEN unlimited_until_date + 1 END
        ) AS first_date,
        least(until_date, ends) AS last_date
    FROM said
    WINDOW of_record AS (
        PARTITION BY pupil_key, school_unit_code, start_date, is_unlimited
        ORDER BY until_date, taken_at, sender
    )
),

spans AS (
    SELECT *
    FROM segments
    WHERE first_date <= last_date
),

contested AS (
    SELECT pupil_key
    FROM spans
    GROUP BY pupil_key
    HAVING min(school_unit_code) < max(school_unit_code) AND count(sender) > 0
),

turns AS (
    SELECT
        pupil_key,
        first_date AS turn_date
    FROM spans
    UNION
    SELECT
        pupil_key,
        last_date + 1 AS turn_date
    FROM spans
),

pieces AS (
    SELECT
        turns.pupil_key,
        turns.turn_date AS piece_first_date,
        lead(turns.turn_date) OVER (
            PARTITION BY turns.pupil_key ORDER BY turns.turn_date
        ) - 1 AS piece_last_date
    FROM turns
    SEMI JOIN contested ON turns.pupil_key = contested.pupil_key
),

covering AS (
    SELECT
        spans.*,
        pieces.piece_first_date,
        pieces.piece_last_date,
        bool_or(spans.sender IS NULL) OVER of_day AS has_unlimited,
        bool_or(spans.sender IS NULL) OVER of_school AS has_unlimited_here,
        first_value(spans.school_unit_code) OVER in_order AS first_school_unit_code,
        first_value(spans.sender) OVER in_order AS first_sender
    FROM pieces
    INNER JOIN spans
        ON
            pieces.pupil_key = spans.pupil_key
            AND pieces.piece_first_date BETWEEN spans.first_date AND spans.last_date
    WINDOW
        of_day AS (PARTITION BY pieces.pupil_key, pieces.piece_first_date),
        of_school AS (
            PARTITION BY pieces.pupil_key, pieces.piece_first_date, spans.school_unit_code
        ),
        in_order AS (
            PARTITION BY pieces.pupil_key, pieces.piece_first_date
            ORDER BY spans.taken_at, spans.school_unit_code, spans.sender
        )
),

judged AS (
    SELECT
        pupil_key,
        school_unit_code,
        start_date,
        sender,
        piece_first_date AS first_date,
        piece_last_date AS last_date,
        CASE
            WHEN sender IS NULL THEN TRUE
            WHEN has_unlimited THEN has_unlimited_here
            ELSE school_unit_code = first_school_unit_code OR sender = first_sender
        END AS is_standing
    FROM covering
    UNION ALL
    SELECT
        spans.pupil_key,
        spans.school_unit_code,
        spans.start_date,
        spans.sender,
        spans.first_date,
        spans.last_date,
        TRUE AS is_standing
    FROM spans
    ANTI JOIN contested ON spans.pupil_key = contested.pupil_key
)

SELECT
    records.pupil_key,
    records.school_unit_code,
    records.class_name,
    records.grade,
    records.mentor_key,
    records.start_date,
    records.end_date,
    judged.sender,
    judged.first_date,
    judged.last_date,
    judged.is_standing
FROM records
INNER JOIN judged
    ON
        records.pupil_key = judged.pupil_key
        AND records.school_unit_code = judged.school_unit_code
        AND records.start_date IS NOT DISTINCT FROM judged.start_date
