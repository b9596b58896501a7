-- missing_and_counting: lessons missing from a newer file that count all the same, as on the list.
-- From: lessons_missing, lesson_fates (of their days), protected_pupils.
-- Grain: a row of lessons_missing. A lesson whose time was changed is lacked too, but the newer
-- file's counts in its place, so it is missed by nobody.
SELECT missing.*  -- noqa: AM04
FROM lessons_missing AS missing
ANTI JOIN lesson_fates AS fates
    ON
        missing.pupil_key = fates.pupil_key
        AND missing.school_unit_code = fates.school_unit_code
        AND missing.lesson_date = fates.lesson_date
        AND missing.starts_at = fates.starts_at
        AND missing.subject = fates.subject
        AND missing.file_id = fates.file_id
        AND NOT fates.is_contradicted
-- Nobody protected may be behind a number.
ANTI JOIN protected_pupils ON missing.pupil_key = protected_pupils.pupil_key
