-- disputed_lessons: stated lessons of a pupil who is enrolled elsewhere, left out before the steps
-- of which count.
-- From: stated_lessons, disputable_files, standing_days. Grain: a stated row, a cancelled one too,
-- that does not count and says nothing of other rows.
-- Its sender may not move pupils, no record of the pupil stands at its school that day, and one
-- does at another, which that sender did not say itself.
SELECT stated.stated_row
FROM stated_lessons AS stated
INNER JOIN disputable_files ON stated.file_id = disputable_files.file_id
INNER JOIN standing_days AS standing
    ON
        stated.pupil_key = standing.pupil_key
        AND stated.lesson_date BETWEEN standing.first_date AND standing.last_date
GROUP BY stated.stated_row
HAVING
    NOT bool_or(standing.school_unit_code = stated.school_unit_code)
    AND bool_or(standing.sender IS DISTINCT FROM disputable_files.sender)
