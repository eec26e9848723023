-- One row per file of the source folder of a kind that is read, or sheet beside others, that
-- nothing read.
SELECT file_name
FROM audit.unused_file
