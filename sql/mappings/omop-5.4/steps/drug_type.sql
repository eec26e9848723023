-- One row per type concept of a drug exposure, with what it says happened.
-- Ids and names are those of the Type Concept vocabulary, and of the Drug Type vocabulary it
-- replaced. A type that is not listed, such as 32817 (EHR), does not say whether it was given.
SELECT
    type_concept_id,
    type_name,
    happened
FROM (
    VALUES
    ('32818', 'EHR administration record', 'given'),
    ('38000179', 'Physician administered drug (identified as procedure)', 'given'),
    ('38000180', 'Inpatient administration', 'given'),
    ('43542356', 'Physician administered drug (identified from EHR problem list)', 'given'),
    ('43542357', 'Physician administered drug (identified from referral record)', 'given'),
    ('43542358', 'Physician administered drug (identified from EHR observation)', 'given'),
    ('581373', 'Physician administered drug (identified from EHR order)', 'given'),
    ('32825', 'EHR dispensing record', 'issued'),
    ('32857', 'Mail order record', 'issued'),
    ('32869', 'Pharmacy claim', 'issued'),
    ('38000175', 'Prescription dispensed in pharmacy', 'issued'),
    ('38000176', 'Prescription dispensed through mail order', 'issued'),
    ('581452', 'Dispensed in Outpatient office', 'issued'),
    ('32833', 'EHR order', 'ordered'),
    ('32837', 'EHR planned dispensing record', 'ordered'),
    ('32838', 'EHR prescription', 'ordered'),
    ('32839', 'EHR prescription issue record', 'ordered'),
    ('38000177', 'Prescription written', 'ordered'),
    ('32830', 'EHR medication list', 'listed'),
    ('32840', 'EHR problem list', 'listed'),
    ('32865', 'Patient self-report', 'listed'),
    ('38000178', 'Medication list entry', 'listed'),
    ('44787730', 'Patient Self-Reported Medication', 'listed'),
    ('32810', 'Claim', 'claimed'),
    ('32821', 'EHR billing record', 'claimed'),
    ('32844', 'Facility claim', 'claimed'),
    ('32845', 'Facility claim detail', 'claimed'),
    ('32846', 'Facility claim header', 'claimed'),
    ('32853', 'Inpatient claim', 'claimed'),
    ('32854', 'Inpatient claim detail', 'claimed'),
    ('32855', 'Inpatient claim header', 'claimed'),
    ('32859', 'Outpatient claim', 'claimed'),
    ('32860', 'Outpatient claim detail', 'claimed'),
    ('32861', 'Outpatient claim header', 'claimed'),
    ('32871', 'Professional claim', 'claimed'),
    ('32872', 'Professional claim detail', 'claimed'),
    ('32873', 'Professional claim header', 'claimed')
) AS told (type_concept_id, type_name, happened) -- noqa: AL05
