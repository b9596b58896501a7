-- disputed_pupils: who belongs to a school at as_of while another school says the same.
-- From: judged_enrolments, belonging. Grain: a key of a pupil who is not protected.
-- Parameters: $as_of. Which school it is stands nowhere: a list is printed, and the pupil may be
-- protected tomorrow.
SELECT DISTINCT cast(belonging.pupil_key AS VARCHAR) AS pupil_key
FROM belonging
INNER JOIN judged_enrolments AS judged
    ON
        belonging.pupil_key = judged.pupil_key
        AND belonging.school_unit_code <> judged.school_unit_code
WHERE
    NOT belonging.is_protected
    AND NOT belonging.has_left
    AND NOT judged.is_standing
    AND $as_of BETWEEN judged.first_date AND judged.last_date
