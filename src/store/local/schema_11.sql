-- Where mail is filed: what a list of mailboxes offers first.
CREATE TABLE filed (
  -- Who it was from, lower case; '' for all mail.
  kind TEXT NOT NULL,
  account TEXT NOT NULL,
  mailbox BLOB NOT NULL,
  -- How often, halved with the years.
  times INTEGER NOT NULL,
  -- When last, seconds since 1970.
  last INTEGER NOT NULL,
  PRIMARY KEY (kind, account, mailbox)
) STRICT, WITHOUT ROWID;
CREATE INDEX filed_last ON filed(last);
