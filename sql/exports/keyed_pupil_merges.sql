-- keyed_pupil_merges: staged changes of numbers with the keys of both numbers.
-- From: staged_pupil_merges, civic_keys, offered_files, unmerged_pairs. Grain: a data row of a
-- file. What somebody parted stays so, until a file that had not come by then says it of later.
-- The keys are those of the numbers themselves, whatever other numbers they were joined with.
SELECT
    staged.file_id,
    staged.line_number,
    staged.old_text,
    staged.new_text,
    staged.changed_date,
    old_keys.own_key AS old_pupil_key,
    new_keys.own_key AS new_pupil_key,
    offered_files.exported_at,
    coalesce(
        staged.problem,
        'old_' || old_keys.problem,
        'new_' || new_keys.problem,
        CASE WHEN old_keys.own_key = new_keys.own_key THEN 'new_civic_no.same' END
    ) AS problem,
    coalesce(
        staged.warning,
        CASE
            WHEN
                EXISTS (
                    SELECT 1 FROM unmerged_pairs AS parted
                    WHERE
                        parted.old_pupil_key = old_keys.own_key
                        AND parted.new_pupil_key = new_keys.own_key
                        AND (
                            parted.file_id = staged.file_id
                            OR parted.until_at >= offered_files.exported_at
                        )
                )
                THEN 'new_civic_no.parted'
        END
    ) AS warning
FROM staged_pupil_merges AS staged
INNER JOIN offered_files ON staged.file_id = offered_files.file_id
LEFT JOIN civic_keys AS old_keys ON coalesce(staged.old_text, '') = old_keys.civic_text
LEFT JOIN civic_keys AS new_keys ON coalesce(staged.new_text, '') = new_keys.civic_text
