-- cache.db, schema 3: for a sync engine that knows messages, mailboxes and servers again.

-- The personal namespace: what names of the user's own mailboxes begin with (NULL before it is
-- known) and what separates their levels ('' if nothing does).
ALTER TABLE account ADD COLUMN prefix BLOB;
ALTER TABLE account ADD COLUMN delimiter TEXT NOT NULL DEFAULT '';

-- EXISTS when the last turn was finished. With a policy that leaves older messages out, less is held.
ALTER TABLE mailbox RENAME COLUMN backfill TO exists_;
-- MAILBOXID, '' if the server has no such thing.
ALTER TABLE mailbox ADD COLUMN mailbox_id TEXT NOT NULL DEFAULT '';
-- The last listing did not name it; the next one that does not either drops it.
ALTER TABLE mailbox ADD COLUMN missing INTEGER NOT NULL DEFAULT 0;
-- What the server has, as it last told: always equal to counts over location.
ALTER TABLE mailbox ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mailbox ADD COLUMN held_seen INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mailbox ADD COLUMN held_answered INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mailbox ADD COLUMN held_flagged INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mailbox ADD COLUMN held_deleted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mailbox ADD COLUMN held_draft INTEGER NOT NULL DEFAULT 0;
UPDATE mailbox SET (held, held_seen, held_answered, held_flagged, held_deleted, held_draft) =
    (SELECT count(*), coalesce(sum(server_system & 1 <> 0), 0), coalesce(sum(server_system & 2 <> 0), 0),
         coalesce(sum(server_system & 4 <> 0), 0), coalesce(sum(server_system & 8 <> 0), 0),
         coalesce(sum(server_system & 16 <> 0), 0)
     FROM location WHERE location.mailbox = mailbox.id AND uid IS NOT NULL AND gone = 0);

-- What names a message for ever within an account, wherever it lies (EMAILID, Gmail's X-GM-MSGID),
-- and its conversation, hashed.
CREATE TABLE identity (
    account INTEGER NOT NULL,
    id TEXT NOT NULL,
    message INTEGER NOT NULL,
    thread_hint INTEGER,
    PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX identity_message ON identity (message);

-- Mailboxes that were renamed elsewhere, until operations in local.db that name them follow. Those
-- of one listing have the batch of the first.
CREATE TABLE renamed (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    batch INTEGER NOT NULL,
    account INTEGER NOT NULL,
    was BLOB NOT NULL,
    name BLOB NOT NULL
) STRICT;
