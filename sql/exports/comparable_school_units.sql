-- comparable_school_units: rows of a register, each with its school unit and what it says of it.
-- From: batch_school_units. Grain: a row that is not refused.
-- With two principals the list could go to the wrong one; what the register said before stays.
SELECT
    file_id,
    line_number,
    school_unit_code AS thing,
    hash(school_name, district, principal_key) AS content,
    FALSE AS yields
FROM batch_school_units
WHERE problem IS NULL
