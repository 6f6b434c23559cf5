-- cache.db, schema 8: for words of attachments.

-- Names of attachments are words too, and Korean and Thai are cut into characters. What a message
-- says is known from its octets alone, so all that are here are read once more (sync/reread.rs).
DROP TABLE body_word;
CREATE VIRTUAL TABLE body_word USING fts5 (
    body, file, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO body_word (body_word, rank) VALUES ('automerge', 16);
INSERT INTO body_word (body_word, rank) VALUES ('crisismerge', 64);
-- Messages whose bodies are here and have to be read again.
CREATE TABLE reread (
    message INTEGER PRIMARY KEY
) STRICT;
INSERT INTO reread SELECT message FROM body;
-- All words of letters that texts were found to have, for parts of words (vocabulary.rs).
CREATE TABLE vocabulary (
    word TEXT PRIMARY KEY                -- lower case
) STRICT, WITHOUT ROWID;
