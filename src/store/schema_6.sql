-- cache.db, schema 6: Message-IDs of the last messages, once more.

-- In order of their hashes, new ones wrote nearly every page of the table with every batch. Now those
-- of a batch lie together in one row: pairs of hash and thread, eight octets each (little-endian).
INSERT OR REPLACE INTO thread_ref SELECT hash, thread FROM fresh_ref;
DROP TABLE fresh_ref;
CREATE TABLE fresh_ref (
    id INTEGER PRIMARY KEY,              -- counts batches
    refs BLOB NOT NULL
) STRICT;

-- Pieces of the index of headers are merged when it is said so (merging.rs), levels of 16 at least.
INSERT INTO word (word, rank) VALUES ('automerge', 0);
INSERT INTO word (word, rank) VALUES ('crisismerge', 1999);
INSERT INTO word (word, rank) VALUES ('usermerge', 16);
