-- Rules: what came and was not asked about yet, and since when each rule is asked.

-- What came, each message once by its Message-ID.
CREATE TABLE arrival (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  account TEXT NOT NULL,
  -- its Message-ID, or its place where it has none
  name TEXT NOT NULL,
  mailbox BLOB NOT NULL,
  uidvalidity INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  message_id TEXT NOT NULL,
  size INTEGER NOT NULL,
  -- when it was seen, seconds since 1970
  at INTEGER NOT NULL,
  -- 0: rules are still to be asked; 1: all were
  state INTEGER NOT NULL DEFAULT 0,
  -- the names of those asked meanwhile, a line each
  asked TEXT NOT NULL DEFAULT '',
  UNIQUE (account, name)
) STRICT;
CREATE INDEX arrival_waiting ON arrival(account) WHERE state = 0;
CREATE INDEX arrival_at ON arrival(at);

-- How far a mailbox was looked through for what came.
CREATE TABLE arrival_mark (
  account TEXT NOT NULL,
  mailbox BLOB NOT NULL,
  uidvalidity INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  PRIMARY KEY (account, mailbox)
) STRICT, WITHOUT ROWID;

-- Since which arrival a rule is asked. One that says something else is another rule.
CREATE TABLE rule_since (
  account TEXT NOT NULL,
  name TEXT NOT NULL,
  text TEXT NOT NULL,
  -- the last arrival before it was known
  seq INTEGER NOT NULL,
  -- when, seconds since 1970
  at INTEGER NOT NULL,
  PRIMARY KEY (account, name)
) STRICT, WITHOUT ROWID;
