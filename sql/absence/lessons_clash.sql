-- lessons_clash: whether one of a list's lessons starts before the one that stands before it ends.
-- A macro. A lesson is its start, minutes from midnight, times 1024, and its length. Of a list in
-- order of time that is whether any two are at the same time; of a list in another order FALSE
-- still means that no two are, because then each begins where all before it have ended.
CREATE OR REPLACE TEMP MACRO lessons_clash(lessons) AS  -- noqa: CP05
-- Until when the pupil is busy, in minutes from midnight; a lesson that starts before makes it a
-- time that no day has, and so it stays.
list_reduce(  -- noqa: PRS
    lessons,
    LAMBDA busy_until, lesson: CASE
        WHEN busy_until > lesson // 1024 THEN 1000000
        ELSE lesson // 1024 + lesson % 1024
    END,
    0
) = 1000000
