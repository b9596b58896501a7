-- reaches_step: whether a part of a whole reaches a rule's step, in exact integers.
-- A macro, loaded once per connection. `step` is hundredths of a percent. Of nothing (whole = 0)
-- no share is taken, so nothing is reached. All tools we studied disagreed with themselves on
-- `>` and `>=`; here the rule says which, and nothing is rounded.
CREATE OR REPLACE TEMP MACRO reaches_step(part, whole, step, is_strict) AS
whole > 0 AND CASE
    WHEN is_strict THEN part * 10000 > step * whole
    ELSE part * 10000 >= step * whole
END
