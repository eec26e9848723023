"""Say what one row of every table is: the contracts of records, rules and verdicts."""
