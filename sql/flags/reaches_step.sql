-- reaches_step: whether a part of a whole reaches a share, such as a rule's step, in whole numbers.
-- A macro that every connection has, and the only place in SQL that asks it; in Python it is
-- `rules/threshold.py`, and a test holds the two together. `threshold_bp` is hundredths of a
-- percent. Of nothing (whole = 0) no share is taken, so nothing is reached. All tools we studied
-- disagreed with themselves on `>` and `>=`; here the rule says which, and nothing is rounded.
CREATE OR REPLACE TEMP MACRO reaches_step(part, whole, threshold_bp, is_strict) AS  -- noqa: CP05
whole > 0 AND CASE
    WHEN is_strict THEN part * cast(10000 AS BIGINT) > cast(threshold_bp AS BIGINT) * whole
    ELSE part * cast(10000 AS BIGINT) >= cast(threshold_bp AS BIGINT) * whole
END
