-- What goes out over HTTPS at the user's word.

-- Lists that the user leaves with a POST (RFC 8058).
CREATE TABLE leaving (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account TEXT NOT NULL,
  -- What it calls itself, for showing.
  list TEXT NOT NULL,
  url TEXT NOT NULL,
  -- When the user said so, seconds since 1970.
  asked INTEGER NOT NULL,
  -- How often a server was reached, or not reached, in vain.
  tries INTEGER NOT NULL DEFAULT 0,
  unreached INTEGER NOT NULL DEFAULT 0,
  -- When it is tried again, seconds since 1970.
  due INTEGER NOT NULL,
  -- 0: still to be said; 1: left; 2: given up.
  state INTEGER NOT NULL DEFAULT 0,
  UNIQUE(account, url)
);

-- Senders whose pictures are loaded without a question.
CREATE TABLE picture_sender (
  -- Lower case.
  addr TEXT PRIMARY KEY,
  -- When the user said so, seconds since 1970.
  since INTEGER NOT NULL
);
