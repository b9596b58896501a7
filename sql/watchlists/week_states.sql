-- week_states: how each pupil of tonight's lists stands against the lists before, and who is gone.
-- From: verdicts, belonging (of as_of), baseline_lists, previous_rows, listed_pupils,
-- listed_verdicts, protected_pupils, earlier_levels (today's data at the days of the lists before,
-- by the values of that day and by tonight's), earlier_days (the version of that day's values),
-- protected_then (who was protected when the lists before were made).
-- Grain: a pupil with a level at as_of on the list of the pupil's school, and a pupil of a
-- school's list before who is on it no more. Parameters: $as_of, $school_year_start.
WITH shown AS (
    -- The lists before with the pupils who had a level there.
    SELECT
        listed_pupils.*,
        baseline_lists.rule_set_version
    FROM listed_pupils
    INNER JOIN baseline_lists
        ON
            listed_pupils.school_unit_code = baseline_lists.school_unit_code
            AND listed_pupils.period = baseline_lists.period
    WHERE listed_pupils.level > 0
),

history AS (
    -- Every week of the school year in which any school's list showed the pupil.
    SELECT
        pupil_key,
        count(DISTINCT as_of_date) AS weeks,
        min(as_of_date) AS first_week_date,
        max(level) AS highest_level
    FROM listed_pupils
    WHERE level > 0 AND as_of_date < $as_of AND as_of_date >= $school_year_start
    GROUP BY pupil_key
),

earlier_hits AS (
    -- What the list before rested on.
    SELECT DISTINCT
        listed_verdicts.pupil_key,
        listed_verdicts.rule,
        listed_verdicts.basis
    FROM listed_verdicts
    INNER JOIN previous_rows
        ON
            listed_verdicts.school_unit_code = previous_rows.school_unit_code
            AND listed_verdicts.period = previous_rows.period
            AND listed_verdicts.pupil_key = previous_rows.pupil_key
    WHERE listed_verdicts.verdict = 'hit'
),

standing AS (
    -- Today's level, and the highest level that today's data cannot speak of. That a school only
    -- gives monthly sums, or that there was no lesson, counts where the list before had a hit: of
    -- silence nobody can say that it is less absence.
    SELECT
        verdicts.pupil_key,
        max(verdicts.level) AS level,
        coalesce(max(verdicts.rule_level) FILTER (
            WHERE
            (verdicts.verdict = 'insufficient' AND verdicts.reason <> 'only_monthly_sums')
            OR (verdicts.verdict = 'insufficient' AND earlier_hits.pupil_key IS NOT NULL)
            OR (verdicts.scheduled_minutes = 0 AND earlier_hits.pupil_key IS NOT NULL)
        ), 0) AS unsure_level
    FROM verdicts
    LEFT JOIN earlier_hits
        ON
            verdicts.pupil_key = earlier_hits.pupil_key
            AND verdicts.rule = earlier_hits.rule
            AND verdicts.basis = earlier_hits.basis
    GROUP BY verdicts.pupil_key
),

listed AS (
    SELECT
        belonging.pupil_key,
        belonging.school_unit_code,
        standing.level,
        previous.level AS previous_level,
        CASE
            WHEN previous.level IS NULL THEN 'new'
            WHEN standing.level > previous.level THEN 'escalated'
            WHEN standing.level < previous.level THEN 'lowered'
            ELSE 'continuing'
        END AS state,
        standing.unsure_level,
        -- What today's data says of the day of the list before.
        coalesce(earlier.level, 0) AS earlier_level,
        coalesce(earlier.level_by_tonights_values, 0) AS earlier_level_by_tonights_values,
        coalesce(previous.rule_set_version, own.rule_set_version) <> earlier_days.rule_set_version
            AS has_other_values,
        protected_then.pupil_key IS NOT NULL AS was_protected,
        belonging.class_name,
        belonging.grade,
        belonging.mentor_key
    FROM belonging
    INNER JOIN standing ON belonging.pupil_key = standing.pupil_key
    LEFT JOIN previous_rows AS previous ON belonging.pupil_key = previous.pupil_key
    LEFT JOIN baseline_lists AS own
        ON belonging.school_unit_code = own.school_unit_code
    LEFT JOIN earlier_days
        ON coalesce(previous.as_of_date, own.as_of_date) = earlier_days.as_of_date
    LEFT JOIN earlier_levels AS earlier
        ON
            belonging.pupil_key = earlier.pupil_key
            AND earlier_days.as_of_date = earlier.as_of_date
    LEFT JOIN protected_then ON belonging.pupil_key = protected_then.pupil_key
    WHERE standing.level > 0
),

listed_with_reason AS (
    SELECT
        *,
        CASE
            -- Who was protected was on no list, whatever the data said.
            WHEN level > coalesce(previous_level, 0) AND was_protected THEN NULL
            -- Today's data gives this level at the day of the list before, too: it came late.
            WHEN level > coalesce(previous_level, 0) AND earlier_level >= level
                THEN CASE WHEN has_other_values THEN 'other_values' ELSE 'late_data' END
            WHEN
                level > coalesce(previous_level, 0)
                AND earlier_level_by_tonights_values >= level
                THEN 'other_values'
            WHEN level >= coalesce(previous_level, 0) THEN NULL
            WHEN unsure_level > level THEN 'insufficient'
            WHEN earlier_level <= level AND NOT has_other_values THEN 'corrected'
            WHEN earlier_level_by_tonights_values <= level OR earlier_level <= level
                THEN 'other_values'
            ELSE 'improved'
        END AS reason
    FROM listed
),

cleared AS (
    SELECT
        shown.pupil_key,
        shown.school_unit_code,
        0 AS level,
        shown.level AS previous_level,
        'cleared' AS state,
        CASE
            -- No lesson and no roster knows the pupil any more: the data that said so was wrong.
            WHEN belonging.pupil_key IS NULL THEN 'corrected'
            WHEN belonging.has_left OR belonging.school_unit_code <> shown.school_unit_code
                THEN 'left'
            WHEN standing.unsure_level > 0 THEN 'insufficient'
            WHEN
                coalesce(earlier.level, 0) = 0
                AND shown.rule_set_version = earlier_days.rule_set_version
                THEN 'corrected'
            WHEN
                coalesce(earlier.level_by_tonights_values, 0) = 0 OR coalesce(earlier.level, 0) = 0
                THEN 'other_values'
            ELSE 'improved'
        END AS reason,
        -- The place of a pupil who went elsewhere is the place that this school knew.
        if(stays.pupil_key IS NULL, shown.class_name, stays.class_name) AS class_name,
        if(stays.pupil_key IS NULL, shown.grade, stays.grade) AS grade,
        if(stays.pupil_key IS NULL, shown.mentor_key, stays.mentor_key) AS mentor_key
    FROM shown
    LEFT JOIN belonging ON shown.pupil_key = belonging.pupil_key
    LEFT JOIN belonging AS stays
        ON
            shown.pupil_key = stays.pupil_key
            AND shown.school_unit_code = stays.school_unit_code
    LEFT JOIN standing ON shown.pupil_key = standing.pupil_key
    LEFT JOIN earlier_days ON shown.as_of_date = earlier_days.as_of_date
    LEFT JOIN earlier_levels AS earlier
        ON shown.pupil_key = earlier.pupil_key AND shown.as_of_date = earlier.as_of_date
    WHERE
        coalesce(standing.level, 0) = 0
        OR belonging.has_left
        OR belonging.school_unit_code <> shown.school_unit_code
),

states AS (
    SELECT
        pupil_key,
        school_unit_code,
        level,
        previous_level,
        state,
        reason,
        class_name,
        grade,
        mentor_key
    FROM listed_with_reason
    UNION ALL BY NAME
    SELECT * FROM cleared
)

SELECT
    cast(states.pupil_key AS VARCHAR) AS pupil_key,
    states.school_unit_code,
    states.level,
    states.state,
    states.reason,
    states.previous_level,
    coalesce(history.first_week_date, $as_of) AS first_week_date,
    coalesce(history.weeks, 0) + cast(states.level > 0 AS INTEGER) AS weeks_on_list,
    greatest(coalesce(history.highest_level, 0), states.level) AS highest_level,
    states.class_name,
    states.grade,
    cast(states.mentor_key AS VARCHAR) AS mentor_key
FROM states
-- Who is protected is on no list, whatever lists said before.
ANTI JOIN protected_pupils ON states.pupil_key = protected_pupils.pupil_key
LEFT JOIN history ON states.pupil_key = history.pupil_key
ORDER BY states.school_unit_code, states.pupil_key
