-- parsing_macros: how exports write minutes, dates, clock times, grades and codes. Each macro takes
-- a cell's text (null when empty) and returns a value, or null when the text can't be read as one.
-- No SELECT: macros are loaded once per connection.

-- Each begins with the usual form behind a cheap guard: a month of a city is ten million rows. The
-- guard is a CASE, because AND looks at both sides of every row.
-- Of a long IN list DuckDB makes a join that every row goes through, so lists are looked into.

-- Whole minutes. "60,0" and "60.00" are 60; "7,5" and "1.234" are refused, never rounded. A cast
-- alone would make 8 of "7.5", 100 of "1e2" and 10 of "1_0", so it must give the same text again.
CREATE OR REPLACE TEMP MACRO whole_minutes(cell) AS
CASE
    WHEN cast(try_cast(cell AS SMALLINT) AS VARCHAR) = cell THEN try_cast(cell AS INTEGER)
    WHEN cell IS NULL THEN NULL
    WHEN regexp_full_match(trim(cell, ' ' || chr(160)), '[-–—]') THEN 0
    WHEN regexp_full_match(trim(cell, ' ' || chr(160)), '-?[0-9]{1,5}([.,]0{1,2})?')
        THEN try_cast(regexp_extract(cell, '-?[0-9]+') AS INTEGER)
    WHEN regexp_full_match(trim(cell), '[0-9]{1,3}([ \x{A0}\x{202F}][0-9]{3})+([.,]0{1,2})?')
        THEN try_cast(
            regexp_replace(regexp_extract(cell, '[^.,]+'), '[^0-9]', '', 'g') AS INTEGER
        )
END;

-- A date: 2026-10-05, 20261005, a spreadsheet's date-time, or its serial number (days since
-- 1899-12-30). Years outside 2000-2099 are refused.
CREATE OR REPLACE TEMP MACRO calendar_date(cell) AS
CASE
    -- A blank at the end would pass for a digit, and "2026-10-5" isn't one of our forms.
    WHEN cell LIKE '20__-__-__' AND NOT ends_with(cell, ' ') THEN try_cast(cell AS DATE)
    WHEN cell IS NULL THEN NULL
    WHEN regexp_full_match(cell, '20[0-9]{2}/[0-9]{2}/[0-9]{2}')
        THEN try_cast(cell AS DATE)
    WHEN regexp_full_match(cell, '20[0-9]{6}')
        THEN cast(try_strptime(cell, '%Y%m%d') AS DATE)
    WHEN regexp_full_match(cell, '20[0-9]{2}-[0-9]{2}-[0-9]{2}[ T]00:00:00(\.0+)?')
        THEN try_cast(substr(cell, 1, 10) AS DATE)
    -- 36526 is 2000-01-01 and 73050 is 2099-12-31.
    WHEN
        regexp_full_match(cell, '[34567][0-9]{4}(\.0+)?')
        AND substr(cell, 1, 5) BETWEEN '36526' AND '73050'
        THEN DATE '1899-12-30' + cast(substr(cell, 1, 5) AS INTEGER)
END;

-- Which days an export can know of: from the first day of the tenth school year before its own to
-- 366 days after it (our choice). Absence that is planned is real, the year 2062 is not.
CREATE OR REPLACE TEMP MACRO first_believed_day(exported) AS
make_date(
    cast(year(exported) AS INTEGER) - CASE WHEN month(exported) < 7 THEN 11 ELSE 10 END, 7, 1
);

CREATE OR REPLACE TEMP MACRO last_believed_day(exported) AS
cast(exported AS DATE) + 366;

CREATE OR REPLACE TEMP MACRO believed_day(cell, exported) AS
cell BETWEEN first_believed_day(exported) AND last_believed_day(exported);

-- A date of a record, which may be older than a lesson's: a teacher was employed in 1987.
CREATE OR REPLACE TEMP MACRO record_date(cell) AS
CASE
    WHEN cell LIKE '19__-__-__' AND NOT ends_with(cell, ' ') THEN try_cast(cell AS DATE)
    ELSE calendar_date(cell)
END;

-- The last day that an end date means: itself, or the day before it where the layout says that end
-- dates are exclusive.
CREATE OR REPLACE TEMP MACRO end_day(cell, is_exclusive) AS  -- noqa: CP05
calendar_date(cell) - CASE WHEN is_exclusive THEN 1 ELSE 0 END;

-- Whether a layout's exclusive end is the first day, so that no day is left.
CREATE OR REPLACE TEMP MACRO has_no_day(first_day, cell, is_exclusive) AS  -- noqa: CP05
coalesce(is_exclusive AND calendar_date(cell) = first_day, FALSE);

-- The first day of a month: 2026-10, 202610, 2026-10-01, "oktober 2026".
CREATE OR REPLACE TEMP MACRO month_start(cell) AS
CASE
    WHEN cell IS NULL THEN NULL
    WHEN regexp_full_match(cell, '20[0-9]{2}-?(0[1-9]|1[0-2])')
        THEN make_date(cast(cell[1:4] AS INTEGER), cast(cell[-2:] AS INTEGER), 1)
    WHEN
        regexp_full_match(cell, '(?i)[a-z]{3,9} 20[0-9]{2}')
        AND list_contains(
            [
                'januari', 'februari', 'mars', 'april', 'maj', 'juni', 'juli', 'augusti',
                'september', 'oktober', 'november', 'december'
            ],
            lower(split_part(cell, ' ', 1))
        )
        THEN make_date(
            cast(cell[-4:] AS INTEGER),
            cast(
                list_position(
                    [
                        'januari', 'februari', 'mars', 'april', 'maj', 'juni', 'juli', 'augusti',
                        'september', 'oktober', 'november', 'december'
                    ],
                    lower(split_part(cell, ' ', 1))
                ) AS INTEGER
            ),
            1
        )
    ELSE cast(date_trunc('month', calendar_date(cell)) AS DATE)
END;

-- The minutes of a fraction of a day, with a point or a comma.
CREATE OR REPLACE TEMP MACRO day_minutes(cell) AS
try_cast(replace(cell, ',', '.') AS DOUBLE) * 1440;

-- A clock time: 08:20, 8.20, 0820, 08:20:00, a spreadsheet's date-time, or its fraction of a day.
-- Not 24:00, which is a time of the next day. 0.25 is a quarter of a day, 06:00, and never 00:25,
-- when nobody has a lesson; a fraction that is no whole minute is none, nor is 0, which may be
-- midnight or nothing.
CREATE OR REPLACE TEMP MACRO clock_time(cell) AS
CASE
    WHEN cell LIKE '__:__' AND cell < '24' THEN try_cast(cell AS TIME)
    WHEN cell IS NULL THEN NULL
    WHEN regexp_full_match(cell, '0?[.,][0-9]+')
        THEN CASE
            WHEN
                abs(day_minutes(cell) - round(day_minutes(cell))) < 0.05
                AND round(day_minutes(cell)) BETWEEN 1 AND 1439
                THEN TIME '00:00' + to_minutes(cast(round(day_minutes(cell)) AS INTEGER))
        END
    WHEN regexp_full_match(cell, '([01]?[0-9]|2[0-3])[:.][0-9]{2}([:.]00)?')
        THEN try_cast(
            regexp_extract(cell, '^[0-9]+') || ':' || regexp_extract(cell, '[:.]([0-9]{2})', 1)
            AS TIME
        )
    WHEN regexp_full_match(cell, '([01][0-9]|2[0-3])[0-9]{2}')
        THEN try_cast(cell[1:2] || ':' || cell[3:4] AS TIME)
    WHEN regexp_full_match(cell, '1[89][0-9]{2}-[0-9]{2}-[0-9]{2}[ T][0-9:]{8}(\.0+)?')
        THEN try_cast(cell[12:19] AS TIME)
END;

-- Årskurs 0-9; förskoleklass is 0. A letter after the digit is the class's: 7A is 7.
CREATE OR REPLACE TEMP MACRO school_grade(cell) AS
CASE
    WHEN length(cell) = 1 AND cell BETWEEN '0' AND '9' THEN try_cast(cell AS TINYINT)
    WHEN cell IS NULL THEN NULL
    WHEN
        regexp_full_match(
            trim(cell), '(?i)(åk|år|årskurs)?[ .:]*0?[0-9]([.,]0+)?([ -]?[a-zåäö])?'
        )
        THEN cast(regexp_extract(cell, '^[^0-9]*0?([0-9])', 1) AS TINYINT)
    WHEN
        regexp_full_match(
            trim(cell),
            '(?i)(åk|år|årskurs)?[ .:]*(f|fk|fsk|fkl|[f0][ -]?klass|förskole[ -]?klass)'
        )
        THEN 0
END;

-- Whether a letter stands after a grade, which is read past.
CREATE OR REPLACE TEMP MACRO lettered_grade(cell) AS
CASE
    WHEN length(cell) > 1
        THEN regexp_full_match(trim(cell), '(?i).*[0-9]([.,]0+)?[ -]?[a-zåäö]')
    ELSE FALSE
END;

-- Whether a spreadsheet has made a number, day or time of a class: "8.0", "8 maj", 2026-05-08 of
-- "8-5", its serial number, 07:01:00 of "7:1", 8,00E+01 of "8E1".
CREATE OR REPLACE TEMP MACRO spreadsheets_class(cell) AS
CASE
    WHEN length(cell) > 2
        THEN regexp_full_match(
            trim(cell),
            '(?i)[0-9]+[.,]0+|[0-9]{4}-[0-9]{2}-[0-9]{2}([ T].*)?|[34][0-9]{4}([.,][0-9]+)?'
            || '|[0-9]{1,2}:[0-9]{2}:[0-9]{2}|[0-9]+([.,][0-9]+)?E[+-]?[0-9]+'
            || '|[0-9]{1,2}[ /.-](jan|feb|mar|apr|maj|may|jun|jul|aug|sep|okt|oct|nov|dec)[a-z]*'
            || '[.]?([ /-][0-9]{2,4})?'
            || '|(jan|feb|mar|apr|maj|may|jun|jul|aug|sep|okt|oct|nov|dec)[a-z]*[.]?[ /-][0-9]{1,4}'
        )
    ELSE FALSE
END;

-- Skolenhetskod, 8 digits; a spreadsheet's lost leading zeros are put back.
CREATE OR REPLACE TEMP MACRO unit_code(cell) AS
CASE
    WHEN regexp_full_match(cell, '[0-9]{8}') THEN cell
    WHEN cell IS NULL THEN NULL
    WHEN regexp_full_match(cell, '[0-9]{5,8}(\.0)?')
        THEN lpad(regexp_extract(cell, '^[0-9]+'), 8, '0')
END;

-- Yes (true), no (false) or unreadable (null).
CREATE OR REPLACE TEMP MACRO yes_or_no(cell) AS
CASE
    WHEN cell = 'Ja' THEN TRUE
    WHEN cell = 'Nej' THEN FALSE
    WHEN cell IS NULL THEN NULL
    WHEN list_contains(['ja', 'j', 'sant', 'true', 'yes', 'x', '1', '1.0'], lower(cell)) THEN TRUE
    WHEN list_contains(['nej', 'n', 'falskt', 'false', 'no', '0', '0.0'], lower(cell)) THEN FALSE
END;

-- Protected unless the source plainly says no: an unknown or mis-spelt value is protected too.
CREATE OR REPLACE TEMP MACRO protected_identity(cell) AS
coalesce(cell NOT IN ('Ingen', 'Nej'), FALSE);

-- Whether a cell says something of protection that is none of the words we know.
CREATE OR REPLACE TEMP MACRO unknown_protection(cell) AS
NOT list_contains(
    ['Ingen', 'Nej', 'Ja', 'Sekretessmarkering', 'Skyddad folkbokföring'],
    cell
);

-- Whether a cell has an error of a spreadsheet instead of a value: #N/A, #SAKNAS!, #REF!, or what
-- our own reader says of a formula without a result and of merged cells.
CREATE OR REPLACE TEMP MACRO spreadsheets_error(cell) AS
CASE
    WHEN starts_with(cell, '#') THEN regexp_full_match(trim(cell), '#N/A|#[A-ZÅÄÖ0-9/]+[!?]')
    ELSE FALSE
END;

-- A text as it is compared and kept: no outer blanks, '' for nothing and for an error. Letters are
-- composed (NFC) when the file is read.
CREATE OR REPLACE TEMP MACRO plain_text(cell) AS
CASE
    WHEN starts_with(cell, '#')
        THEN CASE WHEN spreadsheets_error(cell) THEN '' ELSE trim(cell) END
    ELSE coalesce(trim(cell), '')
END;

-- A moment as RFC 3339 writes it, with its offset: without one nobody knows which hour is meant. No
-- place on Earth is more than 14 hours from Greenwich: what is further off is a slip of the pen.
CREATE OR REPLACE TEMP MACRO moment(cell) AS
CASE
    WHEN
        regexp_full_match(
            cell,
            '20[0-9]{2}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?'
            || '([Zz]|[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00))'
        )
        THEN try_cast(upper(cell) AS TIMESTAMPTZ)
END;

-- The same moment on a clock in Stockholm.
CREATE OR REPLACE TEMP MACRO stockholm_time(cell) AS
timezone('Europe/Stockholm', moment(cell));

-- When an object's word was said, UTC: as it says itself, but no later than a day after its file.
CREATE OR REPLACE TEMP MACRO stated_time(cell, exported) AS
least(
    coalesce(
        timezone('UTC', moment(cell)), timezone('UTC', timezone('Europe/Stockholm', exported))
    ),
    timezone('UTC', timezone('Europe/Stockholm', exported)) + INTERVAL 1 DAY
);

-- The key of an object by its id.
CREATE OR REPLACE TEMP MACRO object_key(cell) AS
cast(md5(cell) AS UUID);

-- The key of a sender of SS12000 that speaks of a person: the person's where senders are not told
-- apart. `server_source` of `assets/exports/pupils/protection.py` says the same of one.
CREATE OR REPLACE TEMP MACRO server_source(person, tag) AS  -- noqa: CP05
CASE WHEN tag = '' THEN person ELSE cast(md5(tag || cast(person AS VARCHAR)) AS UUID) END;

-- The same number for rows of one lesson of a pupil that has an id; null without one. It only finds
-- rows of one lesson within a batch and is never stored, so any hash will do.
CREATE OR REPLACE TEMP MACRO lesson_of(pupil, id) AS  -- noqa: CP05
CASE WHEN id IS NOT NULL THEN hash(pupil, id) END;

-- The id of one lesson of a timetable slot: the slot's id and the date. The separator sorts before
-- every letter, so that ids keep their order.
CREATE OR REPLACE TEMP MACRO slot_lesson(id, day) AS  -- noqa: CP05
id || chr(31) || cast(day AS VARCHAR);

-- Whether an id has its lesson's date in it already.
CREATE OR REPLACE TEMP MACRO is_slot_lesson(id, day) AS  -- noqa: CP05
ends_with(id, chr(31) || cast(day AS VARCHAR));
