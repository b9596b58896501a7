-- asked_pupils: who is explained: everybody with a verdict other than clear, or the one asked for.
-- From: belonging, verdicts. Grain: a pupil who has not left and is not protected.
-- Parameter: $pupil_key, or null for everybody.
SELECT
    pupil_key,
    school_unit_code
FROM belonging
WHERE
    NOT is_protected
    AND NOT has_left
    AND CASE
        WHEN $pupil_key IS NOT NULL THEN pupil_key = cast($pupil_key AS UUID)
        ELSE pupil_key IN (
            SELECT verdicts.pupil_key
            FROM verdicts
            WHERE verdicts.verdict <> 'clear'
        )
    END
