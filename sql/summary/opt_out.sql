-- One row where a list of patients who opted out was given: ids on the list and of them in no
-- record, patients and rows left out, unreadable lines whose text is withheld.
SELECT
    n_listed,
    n_unknown,
    n_patients,
    n_rows,
    n_texts_withheld
FROM audit.opt_out
