-- One row per part of a reading and weight, audit.failed kept for the steps that gather it.
FROM audit.failed
