-- Sending as a user means it: times of the user's own, reports of what became of a message,
-- reminders, and copies of drafts on the server.

-- Whether `next_try` is a time that the user chose: then no clock makes it earlier.
ALTER TABLE outbox ADD COLUMN scheduled INTEGER NOT NULL DEFAULT 0;
-- Delivery reports that are asked for (RFC 3461): 0 none, 1 of success too.
ALTER TABLE outbox ADD COLUMN dsn INTEGER NOT NULL DEFAULT 0;
-- Seconds after sending when the user is reminded if nobody answered; 0: never.
ALTER TABLE outbox ADD COLUMN remind INTEGER NOT NULL DEFAULT 0;
-- How often a message in doubt was looked for.
ALTER TABLE outbox ADD COLUMN looked INTEGER NOT NULL DEFAULT 0;
-- When the server accepted it, seconds since 1970; 0 before.
ALTER TABLE outbox ADD COLUMN sent_at INTEGER NOT NULL DEFAULT 0;
-- When it was first tried, seconds since 1970; 0 before.
ALTER TABLE outbox ADD COLUMN first_try INTEGER NOT NULL DEFAULT 0;
CREATE INDEX outbox_message_id ON outbox(message_id);

ALTER TABLE draft ADD COLUMN reply_to TEXT NOT NULL DEFAULT '';
ALTER TABLE draft ADD COLUMN markdown INTEGER NOT NULL DEFAULT 0;
ALTER TABLE draft ADD COLUMN receipt INTEGER NOT NULL DEFAULT 0;
ALTER TABLE draft ADD COLUMN dsn INTEGER NOT NULL DEFAULT 0;
ALTER TABLE draft ADD COLUMN remind INTEGER NOT NULL DEFAULT 0;
-- Not to be sent before this time, seconds since 1970; 0: at once.
ALTER TABLE draft ADD COLUMN send_at INTEGER NOT NULL DEFAULT 0;

-- The process in whose composer it stands open, 0: none. A process that is gone left it open: it
-- crashed, or its terminal went away.
ALTER TABLE draft ADD COLUMN open INTEGER NOT NULL DEFAULT 0;

-- Copies of drafts in the server's Drafts mailbox. One whose draft is gone, or that another copy
-- took the place of, is stale: it is removed from the server, then here.
CREATE TABLE draft_copy (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  draft INTEGER NOT NULL,
  account TEXT NOT NULL,
  -- every copy has a Message-ID of its own, written down before it is appended
  message_id TEXT NOT NULL UNIQUE,
  mailbox BLOB NOT NULL,
  -- 0 until the server said where it lies
  uidvalidity INTEGER NOT NULL DEFAULT 0,
  uid INTEGER NOT NULL DEFAULT 0,
  -- `draft.saved` of what was copied
  saved INTEGER NOT NULL,
  -- 0 about to be appended, 1 there, 2 stale, 3 removed by somebody else
  state INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX draft_copy_draft ON draft_copy(draft);

-- What was reported of messages that we sent (RFC 3464, RFC 8098).
CREATE TABLE report (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account TEXT NOT NULL,
  -- Message-ID of what we sent
  original TEXT NOT NULL,
  recipient TEXT NOT NULL,
  -- failed, delayed, delivered, relayed, expanded, or displayed (a read receipt)
  action TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT '',
  diagnostic TEXT NOT NULL DEFAULT '',
  at INTEGER NOT NULL,
  -- Message-ID of the report itself
  message_id TEXT NOT NULL DEFAULT '',
  UNIQUE (original, recipient, action)
) STRICT;

-- "Remind me if nobody answers": a sent message that comes back.
CREATE TABLE reminder (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account TEXT NOT NULL,
  message_id TEXT NOT NULL,
  subject TEXT NOT NULL DEFAULT '',
  recipients TEXT NOT NULL DEFAULT '',
  due INTEGER NOT NULL,
  -- 0 waiting, 1 due and shown, 2 answered, 3 dismissed
  state INTEGER NOT NULL DEFAULT 0,
  UNIQUE (account, message_id)
) STRICT;
CREATE INDEX reminder_due ON reminder(due) WHERE state < 2;

-- When mail to an address last came back, seconds since 1970; 0: never.
ALTER TABLE person ADD COLUMN bounced INTEGER NOT NULL DEFAULT 0;

-- A message's bytes stand apart from its state: SQLite writes a row whole whenever it changes.
CREATE TABLE outbox_bytes (
  outbox INTEGER PRIMARY KEY REFERENCES outbox(id) ON DELETE CASCADE,
  wire BLOB NOT NULL,
  -- for Sent: as `wire`, with Bcc; NULL: the same octets
  filed BLOB
) STRICT;
INSERT INTO outbox_bytes(outbox, wire, filed) SELECT id, wire, nullif(filed, wire) FROM outbox WHERE state <> 'sent';
-- Octets of the wire form.
ALTER TABLE outbox ADD COLUMN size INTEGER NOT NULL DEFAULT 0;
UPDATE outbox SET size = length(wire);
-- Whether a copy belongs into Sent.
ALTER TABLE outbox ADD COLUMN copy INTEGER NOT NULL DEFAULT 1;
ALTER TABLE outbox DROP COLUMN wire;
ALTER TABLE outbox DROP COLUMN filed;
