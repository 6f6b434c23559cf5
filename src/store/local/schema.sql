-- local.db: what only we have. Small, synchronous=FULL, never deleted or rebuilt by the program.
-- Messages are named by natural keys (account, mailbox, UIDVALIDITY, UID, Message-ID, size):
-- the cache's row ids mean nothing here.

CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One user action: one step of undo.
CREATE TABLE action (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  label TEXT NOT NULL,
  at INTEGER NOT NULL,
  -- 0: can't be undone (inverses, marks made by the program), 1: can, 2: has been
  undo INTEGER NOT NULL,
  -- the outbox row, if the action was sending
  outbox INTEGER
) STRICT;

CREATE TABLE op (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  action INTEGER NOT NULL REFERENCES action(id) ON DELETE CASCADE,
  account TEXT NOT NULL,
  kind TEXT NOT NULL,
  dest BLOB NOT NULL DEFAULT x'',
  add_system INTEGER NOT NULL DEFAULT 0,
  add_keywords TEXT NOT NULL DEFAULT '',
  remove_system INTEGER NOT NULL DEFAULT 0,
  remove_keywords TEXT NOT NULL DEFAULT '',
  -- 0 pending, 1 in flight, 2 failed, 3 done, 4 taken back or dismissed
  state INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  error TEXT
) STRICT;
CREATE INDEX op_pending ON op(account, id) WHERE state < 2;
CREATE INDEX op_action ON op(action);

CREATE TABLE target (
  op INTEGER NOT NULL REFERENCES op(id) ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  mailbox BLOB NOT NULL,
  uidvalidity INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  message_id TEXT NOT NULL DEFAULT '',
  size INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (op, seq)
) STRICT, WITHOUT ROWID;
-- Which earlier operations named the same message.
CREATE INDEX target_message ON target(mailbox, uidvalidity, uid);

-- Where our own moves put messages, so that a later operation finds them. dest_uid 0: the server
-- did not say.
CREATE TABLE moved (
  account TEXT NOT NULL,
  mailbox BLOB NOT NULL,
  uidvalidity INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  dest BLOB NOT NULL,
  dest_uidvalidity INTEGER NOT NULL,
  dest_uid INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (account, mailbox, uidvalidity, uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX moved_at ON moved(at);
-- By which names it was known before.
CREATE INDEX moved_dest ON moved(account, dest, dest_uidvalidity, dest_uid);

CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account TEXT NOT NULL,
  message_id TEXT NOT NULL,
  mail_from TEXT NOT NULL,
  subject TEXT NOT NULL,
  wire BLOB NOT NULL,
  filed BLOB NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_try INTEGER NOT NULL,
  created INTEGER NOT NULL,
  error TEXT,
  -- the message that this one answers or forwards, and what it is marked with then
  source_mailbox BLOB,
  source_uidvalidity INTEGER NOT NULL DEFAULT 0,
  source_uid INTEGER NOT NULL DEFAULT 0,
  source_message_id TEXT NOT NULL DEFAULT '',
  source_size INTEGER NOT NULL DEFAULT 0,
  mark_system INTEGER NOT NULL DEFAULT 0,
  mark_keywords TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX outbox_state ON outbox(state, account);

CREATE TABLE recipient (
  outbox INTEGER NOT NULL REFERENCES outbox(id) ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  address TEXT NOT NULL,
  state TEXT NOT NULL,
  reply TEXT,
  PRIMARY KEY (outbox, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE draft (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account TEXT NOT NULL,
  kind INTEGER NOT NULL,
  from_line TEXT NOT NULL,
  to_line TEXT NOT NULL,
  cc_line TEXT NOT NULL,
  bcc_line TEXT NOT NULL,
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  in_reply_to TEXT NOT NULL,
  refs TEXT NOT NULL,
  saved INTEGER NOT NULL,
  source INTEGER,
  -- set while the message is in the outbox: hidden from the drafts, there to be taken back
  outbox INTEGER REFERENCES outbox(id) ON DELETE CASCADE
) STRICT;

CREATE TABLE draft_attachment (
  draft INTEGER NOT NULL REFERENCES draft(id) ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  path BLOB,
  name TEXT NOT NULL DEFAULT '',
  media_type TEXT NOT NULL DEFAULT '',
  bytes BLOB,
  PRIMARY KEY (draft, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE person (
  addr TEXT PRIMARY KEY,
  spelled TEXT NOT NULL,
  name TEXT NOT NULL,
  folded TEXT NOT NULL,
  written INTEGER NOT NULL DEFAULT 0,
  seen INTEGER NOT NULL DEFAULT 0,
  last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX person_rank ON person(written DESC, last DESC);
