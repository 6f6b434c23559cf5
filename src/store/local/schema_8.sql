-- The journal: what was done can be taken back one by one, and done once more.

-- The subject of the first message that it was done to.
ALTER TABLE action ADD COLUMN about TEXT NOT NULL DEFAULT '';
-- Who did it: 0 the user, 1 a rule when mail came.
ALTER TABLE action ADD COLUMN origin INTEGER NOT NULL DEFAULT 0;
-- The action that this one takes back.
ALTER TABLE action ADD COLUMN undoes INTEGER;
CREATE INDEX action_undoes ON action(undoes) WHERE undoes IS NOT NULL;
-- How often it was done once more. Only operations of this round are what it did last.
ALTER TABLE action ADD COLUMN round INTEGER NOT NULL DEFAULT 0;
ALTER TABLE op ADD COLUMN round INTEGER NOT NULL DEFAULT 0;
