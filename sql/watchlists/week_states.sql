-- week_states: how each pupil of tonight's lists stands against the lists before, and who is gone.
-- From: verdicts, belonging (of as_of), baseline_lists, listed_pupils, listed_verdicts,
-- earlier_levels (today's data at the as_of of the baselines), identity_sources.
-- Grain: a pupil with a level at as_of on the list of the pupil's school, and a pupil of a
-- school's list before who is on it no more. Parameters: $as_of, $school_year_start.
WITH shown AS (
    -- The lists before with the pupils who had a level there.
    SELECT listed_pupils.*
    FROM listed_pupils
    INNER JOIN baseline_lists
        ON
            listed_pupils.school_unit_code = baseline_lists.school_unit_code
            AND listed_pupils.period = baseline_lists.period
    WHERE listed_pupils.level > 0
),

previous AS (
    -- A pupil who changed school stands on the old school's list: the clock goes on.
    SELECT *
    FROM shown
    QUALIFY row_number() OVER (
        PARTITION BY pupil_key
        ORDER BY as_of_date DESC, level DESC, school_unit_code ASC
    ) = 1
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
    INNER JOIN previous
        ON
            listed_verdicts.school_unit_code = previous.school_unit_code
            AND listed_verdicts.period = previous.period
            AND listed_verdicts.pupil_key = previous.pupil_key
    WHERE listed_verdicts.verdict = 'hit'
),

standing AS (
    -- Today's level, and the highest level that today's data cannot speak of. That a school only
    -- gives monthly sums counts where the list before rested on lessons.
    SELECT
        verdicts.pupil_key,
        max(verdicts.level) AS level,
        coalesce(max(verdicts.rule_level) FILTER (
            WHERE
            verdicts.verdict = 'insufficient'
            AND (verdicts.reason <> 'only_monthly_sums' OR earlier_hits.pupil_key IS NOT NULL)
        ), 0) AS unsure_level
    FROM verdicts
    LEFT JOIN earlier_hits
        ON
            verdicts.pupil_key = earlier_hits.pupil_key
            AND verdicts.rule = earlier_hits.rule
            AND verdicts.basis = earlier_hits.basis
    GROUP BY verdicts.pupil_key
),

protected AS (
    -- Who is protected is on no list, whatever lists said before.
    SELECT DISTINCT pupil_key
    FROM identity_sources
    WHERE is_protected
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
        CASE
            -- Today's data gives this level at the day of the list before, too: it came late.
            WHEN
                standing.level > coalesce(previous.level, 0)
                AND coalesce(earlier.level, 0) >= standing.level
                THEN 'late_data'
            WHEN standing.level >= coalesce(previous.level, 0) THEN NULL
            WHEN standing.unsure_level > standing.level THEN 'insufficient'
            WHEN coalesce(earlier.level, 0) <= standing.level THEN 'corrected'
            ELSE 'improved'
        END AS reason,
        belonging.class_name,
        belonging.grade,
        belonging.mentor_key
    FROM belonging
    INNER JOIN standing ON belonging.pupil_key = standing.pupil_key
    LEFT JOIN previous ON belonging.pupil_key = previous.pupil_key
    LEFT JOIN baseline_lists AS own
        ON belonging.school_unit_code = own.school_unit_code
    LEFT JOIN earlier_levels AS earlier
        ON
            belonging.pupil_key = earlier.pupil_key
            AND coalesce(previous.as_of_date, own.as_of_date) = earlier.as_of_date
    WHERE standing.level > 0
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
            WHEN coalesce(earlier.level, 0) = 0 THEN 'corrected'
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
    LEFT JOIN earlier_levels AS earlier
        ON shown.pupil_key = earlier.pupil_key AND shown.as_of_date = earlier.as_of_date
    WHERE
        coalesce(standing.level, 0) = 0
        OR belonging.has_left
        OR belonging.school_unit_code <> shown.school_unit_code
),

states AS (
    SELECT * FROM listed
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
LEFT JOIN protected ON states.pupil_key = protected.pupil_key
LEFT JOIN history ON states.pupil_key = history.pupil_key
WHERE protected.pupil_key IS NULL
ORDER BY states.school_unit_code, states.pupil_key
