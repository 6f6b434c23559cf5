-- Several windows on one home, and accounts that become other ones.

-- How often it was written: who read another number has not seen what stands there.
ALTER TABLE draft ADD COLUMN rev INTEGER NOT NULL DEFAULT 1;
-- The process that did it (`store/process.rs`); 0: an older program.
ALTER TABLE action ADD COLUMN process INTEGER NOT NULL DEFAULT 0;

-- Whose mailboxes an account's name meant last: what waits there is for these.
CREATE TABLE account_of (
  account TEXT PRIMARY KEY,
  host TEXT NOT NULL,
  user TEXT NOT NULL
) STRICT, WITHOUT ROWID;
