-- Messages on their way from one account to another.

-- The account that an operation's messages lie in, where it isn't its own.
ALTER TABLE op ADD COLUMN source TEXT NOT NULL DEFAULT '';
-- The operation that has to be done before this one begins.
ALTER TABLE op ADD COLUMN after INTEGER;
CREATE INDEX op_after ON op(after) WHERE after IS NOT NULL;
-- Whether it was taken back while it was under way: it is finished, then undone.
ALTER TABLE op ADD COLUMN recalled INTEGER NOT NULL DEFAULT 0;

-- How far each message of a carry got. A row stands before anything goes over the wire: what came
-- into the mailbox from `uidnext` on may be the copy.
CREATE TABLE carried (
  op INTEGER NOT NULL REFERENCES op(id) ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  uidvalidity INTEGER NOT NULL,
  uidnext INTEGER NOT NULL,
  -- 0 until the copy was proved
  uid INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (op, seq)
) STRICT, WITHOUT ROWID;
