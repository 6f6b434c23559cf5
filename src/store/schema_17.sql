-- cache.db, schema 17: what lies between a message's date and INTERNALDATE, in seconds; NULL where that
-- was not told, or before this. The date is what its sender wrote; when it came is what the server says.
ALTER TABLE message ADD COLUMN lag INTEGER;
