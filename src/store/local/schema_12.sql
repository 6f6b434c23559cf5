-- What became of each message of a carry that could not be sent, or not yet.

-- Whether it stays where it is: nothing of it goes over the wire any more.
ALTER TABLE carried ADD COLUMN stays INTEGER NOT NULL DEFAULT 0;
-- What the server said to it last, or why it stays.
ALTER TABLE carried ADD COLUMN why TEXT NOT NULL DEFAULT '';
-- How often it was sent, or begun to be.
ALTER TABLE carried ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
-- It is not sent again before this time, seconds since 1970.
ALTER TABLE carried ADD COLUMN next INTEGER NOT NULL DEFAULT 0;

-- In which order mailboxes are listed that have one of their own.
CREATE TABLE sorting (
  -- '' for all inboxes together.
  account TEXT NOT NULL,
  mailbox BLOB NOT NULL,
  -- As `model::view::Sort` writes it.
  sort TEXT NOT NULL,
  PRIMARY KEY (account, mailbox)
) STRICT, WITHOUT ROWID;
