-- listed_unseen: the pupils whom nobody sees, as a list tells them.
-- From: unseen_pupils, belonging, pupil_schools. Grain: a pupil who is not protected.
-- The last lesson is that at the pupil's own school: what was at another is not shown to this one.
SELECT
    cast(unseen_pupils.pupil_key AS VARCHAR) AS pupil_key,
    unseen_pupils.record_start_date,
    pupil_schools.lesson_date AS last_lesson_date
FROM unseen_pupils
INNER JOIN belonging
    ON unseen_pupils.pupil_key = belonging.pupil_key AND NOT belonging.is_protected
LEFT JOIN pupil_schools
    ON
        belonging.pupil_key = pupil_schools.pupil_key
        AND belonging.school_unit_code = pupil_schools.school_unit_code
ORDER BY unseen_pupils.pupil_key
