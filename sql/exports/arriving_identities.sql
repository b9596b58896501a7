-- arriving_identities: what the rows of this batch say of each pupil's identity and protection.
-- From: identity_rows (a view of batch_lessons, batch_enrolments or batch_aggregates),
-- offered_files.
-- Grain: a file, school unit ('' when unreadable) and text of an identity number. Of two spellings
-- of a name any will do, but always the same one. A row that is refused says nobody's name, but it
-- still says that its pupil is protected, also by a number that can't be read. Of a file whose
-- time is not believed nobody knows whether its "not protected" is newer than anything, so it
-- lifts nothing; nor does one whose sender may not.
WITH said AS (
    SELECT
        file_id,
        coalesce(school_unit_code, '') AS school_unit_code,
        coalesce(civic_text, '') AS civic_text,
        any_value(pupil_key) AS pupil_key,
        exported_at,
        max(coalesce(given_name, '')) AS given_name,
        max(coalesce(family_name, '')) AS family_name,
        max(coalesce(sex, '')) AS sex,
        bool_or(problem IS NULL) AS is_accepted,
        bool_or(protected_identity(protected_text)) AS says_protected,
        coalesce(
            bool_or(
                problem IS NULL AND protected_text <> '' AND NOT protected_identity(protected_text)
            ), FALSE
        ) AS says_not_protected
    FROM identity_rows
    WHERE problem IS NULL OR protected_identity(protected_text)
    GROUP BY file_id, coalesce(school_unit_code, ''), coalesce(civic_text, ''), exported_at
)

SELECT
    said.* EXCLUDE (says_not_protected),  -- noqa: AM04
    coalesce(offered.source_tag, '') AS source_tag,
    offered.releases_needed,
    said.says_not_protected
    AND coalesce(offered.is_time_believed AND offered.may_lift, FALSE) AS says_not_protected
FROM said
LEFT JOIN offered_files AS offered ON said.file_id = offered.file_id
