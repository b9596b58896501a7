-- blanking_macros: when a lesson is still said, for whoever asks what files remove or blank.
-- No SELECT: macros are loaded once per connection. Columns and not rows go in, because of a row
-- DuckDB would read every column.

-- says_whole: whether what is said of a lesson leaves it what it was: held, reported if it was, at
-- least half as long, and with some of its absence.
CREATE OR REPLACE TEMP MACRO says_whole(
    is_cancelled, is_reported, minutes, absent, was_reported, was_minutes, was_absent  -- noqa: CP05
) AS
NOT is_cancelled
AND (is_reported OR NOT was_reported)
AND 2 * minutes >= was_minutes
AND (was_absent = 0 OR absent > 0);

-- shares_half: whether two lessons share half of the time of the shorter one.
CREATE OR REPLACE TEMP MACRO shares_half(
    one_start, one_minutes, other_start, other_minutes  -- noqa: CP05
) AS
2 * date_diff(
    'minute',
    greatest(one_start, other_start),
    least(one_start + to_minutes(one_minutes), other_start + to_minutes(other_minutes))
) >= least(one_minutes, other_minutes);
