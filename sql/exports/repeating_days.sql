-- repeating_days: days of a pupil on which a subject may stand twice in this batch.
-- From: batch_lessons. Grain: a pupil and date; some too many, none too few. All other days need
-- no looking for rows of one lesson, or for lessons of a subject beside each other.
-- Fewer bits than rows: a subject came twice, or two subjects have one bit, in both of two sets of
-- bits. Cheap, because every row of a city's month comes by.
SELECT
    pupil_key,
    lesson_date
FROM batch_lessons
WHERE problem IS NULL OR problem = 'row.contradicts'
GROUP BY pupil_key, lesson_date
HAVING
    count(*) > bit_count(bit_or(cast(1 AS UBIGINT) << (hash(lower(subject)) % 64)))
    AND count(*) > bit_count(bit_or(cast(1 AS UBIGINT) << (hash(lower(subject)) // 64 % 64)))
