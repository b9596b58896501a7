-- arriving_identities: what the rows of this batch say of each pupil's identity.
-- From: identity_rows, a view of batch_lessons or batch_enrolments.
-- Grain: a file, school unit ('' when unreadable) and pupil. Within one file the strictest
-- protection counts; of two spellings of a name any will do, but always the same one.
SELECT
    file_id,
    coalesce(school_unit_code, '') AS school_unit_code,
    pupil_key,
    exported_at,
    max(coalesce(civic_text, '')) AS civic_text,
    max(coalesce(given_name, '')) AS given_name,
    max(coalesce(family_name, '')) AS family_name,
    max(coalesce(sex, '')) AS sex,
    bool_or(protected_identity(protected_text)) AS is_protected
FROM identity_rows
WHERE
    problem IS NULL
    -- A row that is refused for its date still says that its pupil is protected.
    OR (pupil_key IS NOT NULL AND protected_identity(protected_text))
GROUP BY file_id, coalesce(school_unit_code, ''), pupil_key, exported_at
