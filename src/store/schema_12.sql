-- cache.db, schema 12: for messages that are packed, and an index that knows which words a text has,
-- but not where.

-- Text, what attachments are called (a line each) and the message, one behind the other.
CREATE TABLE kept (
    message INTEGER PRIMARY KEY,
    packing INTEGER NOT NULL,            -- 0 as it is, 1 Zstandard, else with the dictionary of that id
    text INTEGER NOT NULL,               -- octets of each
    files INTEGER NOT NULL,
    raw INTEGER NOT NULL,
    octets BLOB NOT NULL
) STRICT;
CREATE TABLE dictionary (
    id INTEGER PRIMARY KEY,              -- from 2 on
    octets BLOB NOT NULL
) STRICT;

-- Each word of a text once, as tokens.rs cuts and folds it; words of attachments' names a second time
-- behind U+E000. Where words stand beside each other is asked of the text.
CREATE VIRTUAL TABLE text_word USING fts5 (
    words, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii'
);
INSERT INTO text_word (text_word, rank) VALUES ('automerge', 16);
INSERT INTO text_word (text_word, rank) VALUES ('crisismerge', 64);

-- What is in `body` and `body_word` goes over while nobody waits, and is found there until then.
INSERT OR IGNORE INTO reread SELECT message FROM body;
-- Places that are not shown, which are few: all others are, so that what is found can be counted.
CREATE INDEX location_hidden ON location (message) WHERE hidden <> 0;
