-- disputable_days: days of a pupil at a school where no record stands, while one stands elsewhere.
-- From: summed_days, standing_days. Grain: a pupil and date.
-- Only on these can a lesson be disputed; who reported it is asked of the lessons themselves.
WITH strange AS (
    SELECT
        days.pupil_key,
        days.school_unit_code,
        days.lesson_date
    FROM summed_days AS days
    ANTI JOIN standing_days AS here
        ON
            days.pupil_key = here.pupil_key
            AND days.school_unit_code = here.school_unit_code
            AND days.lesson_date BETWEEN here.first_date AND here.last_date
)

SELECT DISTINCT
    strange.pupil_key,
    strange.lesson_date
FROM strange
SEMI JOIN standing_days AS elsewhere
    ON
        strange.pupil_key = elsewhere.pupil_key
        AND strange.school_unit_code <> elsewhere.school_unit_code
        AND strange.lesson_date BETWEEN elsewhere.first_date AND elsewhere.last_date
