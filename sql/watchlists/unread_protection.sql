-- unread_protection: school units whose lists wait, because nobody could read who is protected.
-- From: protection_columns, school_units, identity_sources. Grain: a school unit and layout.
-- A file that names no school unit lets those wait of whom its layout has spoken; all, when none.
WITH unread AS (
    SELECT
        layout,
        school_unit_code,
        max(exported_at) AS exported_at
    FROM protection_columns
    WHERE NOT is_read
    GROUP BY layout, school_unit_code
),

spoken AS (
    SELECT DISTINCT
        layout,
        school_unit_code
    FROM identity_sources
),

known_units AS (
    SELECT school_unit_code
    FROM school_units
    UNION
    SELECT school_unit_code
    FROM spoken
),

waiting AS (
    SELECT
        layout,
        school_unit_code,
        exported_at
    FROM unread
    WHERE school_unit_code <> ''
    UNION ALL
    SELECT
        unread.layout,
        known_units.school_unit_code,
        unread.exported_at
    FROM unread
    CROSS JOIN known_units
    LEFT JOIN spoken
        ON
            unread.layout = spoken.layout
            AND known_units.school_unit_code = spoken.school_unit_code
    WHERE
        unread.school_unit_code = ''
        AND (
            spoken.layout IS NOT NULL
            OR unread.layout NOT IN (SELECT other.layout FROM spoken AS other)
        )
)

SELECT
    waiting.school_unit_code,
    waiting.layout,
    max(waiting.exported_at) AS exported_at
FROM waiting
LEFT JOIN protection_columns AS later
    ON
        waiting.layout = later.layout
        AND waiting.school_unit_code = later.school_unit_code
        AND later.is_read
        -- Of one moment: the strictest.
        AND waiting.exported_at < later.exported_at
WHERE later.layout IS NULL
GROUP BY waiting.school_unit_code, waiting.layout
ORDER BY waiting.school_unit_code, waiting.layout
