-- pattern_sequences: a pupil's school days in order, as spells are laid on them.
-- From: pattern_days. Grain: a pupil with a reported school day.
SELECT
    cast(pupil_key AS VARCHAR) AS pupil_key,
    list(iso_weekday ORDER BY lesson_date) AS iso_weekdays,
    list(has_missed_lesson ORDER BY lesson_date) AS absences
FROM pattern_days
GROUP BY pupil_key
