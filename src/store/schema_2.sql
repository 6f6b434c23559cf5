-- cache.db, schema 2: for taking many messages at once.

-- Message-IDs of the last messages, on their way into thread_ref. A hash lies anywhere, so each new
-- one would write a page of a large table; here they gather and go over in slices.
CREATE TABLE fresh_ref (
    hash INTEGER PRIMARY KEY,
    thread INTEGER NOT NULL
) STRICT;

-- Twice as many pieces are left before they are merged: fewer merges, and search does not feel it.
INSERT INTO word (word, rank) VALUES ('automerge', 8);
