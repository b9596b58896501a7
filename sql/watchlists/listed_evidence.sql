-- listed_evidence: the verdicts that lists show, with the halves of windows where each must hold.
-- From: verdicts, judgements. Grain: a pupil who is not protected, a rule and a basis with a
-- verdict other than clear; hits first, then the strongest rule.
WITH shown AS (
    SELECT *
    FROM verdicts
    WHERE verdict <> 'clear' AND NOT is_protected
    -- That a whole school gives monthly sums only is one notice, not a row for each pupil.
    QUALIFY bool_or(reason IS DISTINCT FROM 'only_monthly_sums') OVER (PARTITION BY pupil_key)
)

SELECT
    cast(shown.pupil_key AS VARCHAR) AS pupil_key,
    shown.school_unit_code,
    shown.class_name,
    shown.grade,
    cast(shown.mentor_key AS VARCHAR) AS mentor_key,
    shown.level,
    shown.rule,
    shown.basis,
    shown.verdict,
    shown.certainty,
    shown.reason,
    shown.window_start,
    shown.window_end,
    shown.scheduled_minutes,
    shown.reported_minutes,
    shown.valid_minutes,
    shown.invalid_minutes,
    shown.days,
    shown.margin_minutes,
    judgements.method,
    judgements.first_scheduled_minutes,
    judgements.first_reported_minutes,
    judgements.first_absent_minutes,
    judgements.second_scheduled_minutes,
    judgements.second_reported_minutes,
    judgements.second_absent_minutes
FROM shown
INNER JOIN judgements
    ON
        shown.pupil_key = judgements.pupil_key
        AND shown.rule = judgements.rule
        AND shown.basis = judgements.basis
ORDER BY
    shown.pupil_key ASC,
    shown.verdict = 'hit' DESC,
    shown.rule_level DESC,
    shown.rule DESC,
    shown.basis DESC
