-- forecast_pupils: everybody who may be forecast or learned from, numbered for arrays.
-- From: belonging. Grain: a pupil who is not protected, also one who has left: a history without
-- them would be too good. `pupil_row` counts from 0.
SELECT
    pupil_key,
    school_unit_code,
    class_name,
    grade,
    mentor_key,
    has_left,
    cast(row_number() OVER (ORDER BY pupil_key) - 1 AS BIGINT) AS pupil_row
FROM belonging
WHERE NOT is_protected
ORDER BY pupil_row
