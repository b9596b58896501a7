-- is_clearly_over: whether one share is so much over another that a pattern is named for it.
-- A macro, loaded once per connection. `difference` is hundredths of a percentage point; whole
-- numbers only: A/R - a/r >= d, multiplied by R and r.
CREATE OR REPLACE TEMP MACRO is_clearly_over(part, whole, other_part, other_whole, difference) AS
(part * other_whole - other_part * whole) * 10000 >= difference * whole * other_whole
