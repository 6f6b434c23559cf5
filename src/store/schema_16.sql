-- cache.db, schema 16: whether a place is muted, put off or to be reminded of stands in a column. An index
-- whose condition calls a function makes SQLite keep, for each statement that adds places, a copy of each
-- page that it changes.
ALTER TABLE location ADD COLUMN marked INTEGER NOT NULL DEFAULT 0;
UPDATE location SET marked = 1
    WHERE instr(lower(keywords), '$muted') > 0 OR instr(lower(keywords), '$snoozed-') > 0
        OR instr(lower(keywords), '$remind-') > 0;
DROP INDEX location_marked;
CREATE INDEX location_marked ON location (thread) WHERE marked <> 0;
