-- trend_days: school days with a report at the own school, before every window that was hit.
-- From: counting_lessons, asked_pupils, verdicts. Grain: a pupil and date.
-- Parameters: $first_date, the first for anybody; $as_of; $days_before the earliest window, and
-- $days_after its start, so that a spell is seen that goes on into it; $missed_share (hundredths
-- of a percent).
-- Who is on a list for a window had much absence in it, whatever came before or after: compared
-- with it, every other time looks better.
WITH spans AS (
    SELECT
        asked_pupils.pupil_key,
        asked_pupils.school_unit_code,
        coalesce(
            min(verdicts.window_start) FILTER (WHERE verdicts.verdict = 'hit'),
            cast($as_of AS DATE) + 1
        ) AS window_date
    FROM asked_pupils
    LEFT JOIN verdicts ON asked_pupils.pupil_key = verdicts.pupil_key
    GROUP BY asked_pupils.pupil_key, asked_pupils.school_unit_code
)

SELECT
    lessons.pupil_key,
    lessons.lesson_date,
    spans.window_date,
    cast(sum(lessons.scheduled_minutes) AS BIGINT) AS reported_minutes,
    cast(sum(lessons.valid_minutes + lessons.invalid_minutes) AS BIGINT) AS absent_minutes,
    bool_or(
        reaches_step(
            cast(lessons.valid_minutes + lessons.invalid_minutes AS BIGINT),
            cast(lessons.scheduled_minutes AS BIGINT),
            $missed_share,
            FALSE
        )
    ) AS has_missed_lesson
FROM counting_lessons AS lessons
INNER JOIN spans
    ON
        lessons.pupil_key = spans.pupil_key
        AND lessons.school_unit_code = spans.school_unit_code
WHERE
    lessons.is_reported
    AND lessons.lesson_date BETWEEN $first_date AND $as_of
    AND lessons.lesson_date >= spans.window_date - $days_before
    AND lessons.lesson_date < spans.window_date + $days_after
GROUP BY lessons.pupil_key, lessons.lesson_date, spans.window_date
