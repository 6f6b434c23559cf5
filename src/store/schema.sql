-- cache.db, schema 1: what a server can give again. Rules: STRICT, ids never reused
-- (AUTOINCREMENT), NOT NULL wherever a value must be, and an index for every question asked.

CREATE TABLE account (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE mailbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL,
    name BLOB NOT NULL,                  -- as the wire spells it
    path TEXT NOT NULL,                  -- decoded, for people
    delimiter TEXT NOT NULL,             -- '' if there is none
    role TEXT NOT NULL,                  -- '' if there is none
    selectable INTEGER NOT NULL,
    uidvalidity INTEGER,                 -- NULL before the first sync
    uidnext INTEGER NOT NULL DEFAULT 0,
    highestmodseq INTEGER NOT NULL DEFAULT 0,
    backfill INTEGER NOT NULL DEFAULT 0, -- every message from this UID up is here
    total INTEGER NOT NULL DEFAULT 0,    -- shown locations
    unread INTEGER NOT NULL DEFAULT 0,   -- of these, unread as shown
    UNIQUE (account, name)
) STRICT;

-- One message, wherever it lies. Lists of addresses and attachments are JSON arrays.
CREATE TABLE message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    date INTEGER NOT NULL,               -- for sorting
    size INTEGER NOT NULL,
    has_body INTEGER NOT NULL DEFAULT 0,
    maybe_attachments INTEGER NOT NULL,
    attachments TEXT,                    -- NULL until the body is here
    subject TEXT NOT NULL,
    from_ TEXT NOT NULL,
    to_ TEXT NOT NULL,
    snippet TEXT,                        -- NULL until the body is here
    header_date INTEGER,
    message_id TEXT NOT NULL,            -- '' if there is none
    in_reply_to TEXT NOT NULL,           -- separated by spaces
    refs TEXT NOT NULL,                  -- separated by spaces, oldest first
    sender TEXT NOT NULL,
    reply_to TEXT NOT NULL,
    cc TEXT NOT NULL,
    list_id TEXT,
    auth_results TEXT,
    body_error TEXT
) STRICT;

-- One place where a message lies. Three kinds:
--   real:     uid set; the server has it (or had it, while `gone` waits for an operation);
--   pending:  root and op set; where an operation not yet confirmed will put it;
--   waiting:  neither; moved here without COPYUID, until a pull finds its UID.
-- thread and date are the message's, repeated here for the indices.
CREATE TABLE location (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    mailbox INTEGER NOT NULL,
    message INTEGER NOT NULL,
    thread INTEGER NOT NULL,
    date INTEGER NOT NULL,
    uid INTEGER,
    root INTEGER,
    op INTEGER,
    server_system INTEGER NOT NULL,
    server_keywords TEXT NOT NULL,
    system INTEGER NOT NULL,             -- as shown: the server's with what is pending
    keywords TEXT NOT NULL,
    hidden INTEGER NOT NULL DEFAULT 0,   -- not shown: moved away or expunged by something pending
    gone INTEGER NOT NULL DEFAULT 0,     -- the server has it no more, an operation still counts on it
    body INTEGER NOT NULL DEFAULT 0      -- 0 wanted, 1 here, 2 can't be had
) STRICT;
CREATE UNIQUE INDEX location_uid ON location (mailbox, uid) WHERE uid IS NOT NULL;
CREATE INDEX location_message ON location (message, hidden, date, mailbox, system);
CREATE INDEX location_shown ON location (mailbox, date, id, system) WHERE hidden = 0;
CREATE INDEX location_thread ON location (thread, mailbox, hidden, date, id, system);
CREATE INDEX location_bodyless ON location (mailbox, date, id) WHERE body = 0;
CREATE INDEX location_root ON location (root) WHERE root IS NOT NULL;
CREATE INDEX location_waiting ON location (mailbox) WHERE uid IS NULL AND root IS NULL;

-- Keys that a location had before we moved it: operations in local.db may still call it so.
CREATE TABLE alias (
    mailbox INTEGER NOT NULL,
    uidvalidity INTEGER NOT NULL,
    uid INTEGER NOT NULL,
    location INTEGER NOT NULL,
    PRIMARY KEY (mailbox, uidvalidity, uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX alias_location ON alias (location);

-- What an operation does to a real or waiting location. Ops count up in the order of the user's
-- actions, so replaying a location's rows in order over the server's state gives what is shown.
CREATE TABLE overlay (
    op INTEGER NOT NULL,
    location INTEGER NOT NULL,
    kind INTEGER NOT NULL,               -- 1 flags, 2 move, 3 copy, 4 expunge
    target INTEGER,                      -- mailbox of a move or copy; NULL if it is not known
    add_system INTEGER NOT NULL,
    add_keywords TEXT NOT NULL,
    remove_system INTEGER NOT NULL,
    remove_keywords TEXT NOT NULL,
    PRIMARY KEY (op, location)
) STRICT, WITHOUT ROWID;
CREATE INDEX overlay_location ON overlay (location, op);

CREATE TABLE body (
    message INTEGER PRIMARY KEY,
    raw BLOB NOT NULL
) STRICT;

-- A message with a body whose last location went: kept for a while, and found again by date,
-- Message-ID and size when it comes back into the same mailbox.
CREATE TABLE orphan (
    message INTEGER PRIMARY KEY,
    mailbox INTEGER NOT NULL,
    date INTEGER NOT NULL,
    since INTEGER NOT NULL
) STRICT;
CREATE INDEX orphan_mailbox ON orphan (mailbox, date);

-- Every Message-ID ever named by a message, hashed, with its thread. A thread has the id of the
-- message that founded it.
CREATE TABLE thread_ref (
    hash INTEGER PRIMARY KEY,
    thread INTEGER NOT NULL
) STRICT;

-- Threads that became part of another one.
CREATE TABLE thread_merge (
    thread INTEGER PRIMARY KEY,
    into_thread INTEGER NOT NULL
) STRICT;

-- A thread as a list shows it in one mailbox: always equal to a count over location.
CREATE TABLE thread_row (
    mailbox INTEGER NOT NULL,
    thread INTEGER NOT NULL,
    date INTEGER NOT NULL,
    count INTEGER NOT NULL,
    unread INTEGER NOT NULL,
    flagged INTEGER NOT NULL,
    location INTEGER NOT NULL,           -- the newest
    PRIMARY KEY (mailbox, thread)
) STRICT, WITHOUT ROWID;
CREATE INDEX thread_row_page ON thread_row (mailbox, date, thread, unread);

CREATE VIRTUAL TABLE word USING fts5 (
    subject, sender, recipients, body,
    content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);
