-- What the user decided himself: about threads, and when reminders travel.

-- Threads: kind 0, those of `a` and `b` (Message-IDs) are one; kind 1, `a` begins one of its own.
CREATE TABLE thread_rule (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind INTEGER NOT NULL,
  a TEXT NOT NULL,
  b TEXT NOT NULL DEFAULT '',
  -- the action that made it, and whether that was taken back
  action INTEGER NOT NULL,
  taken INTEGER NOT NULL DEFAULT 0,
  -- the action that ended it, 0: none; below 0 if that was taken back
  ended INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The time of a reminder as it stands on the server, seconds since 1970; 0: it does not. What differs
-- from it there was changed by another machine.
ALTER TABLE reminder ADD COLUMN carried INTEGER NOT NULL DEFAULT 0;
