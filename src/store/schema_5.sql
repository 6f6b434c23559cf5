-- cache.db, schema 5: for bodies.

-- The words of texts have an index of their own. A message is known by its header first; to put its
-- text beside that would mean to take the row out of the index and put it in again, and from then on
-- each merge asks of every row whether it is one of those that were taken out. A text that was read
-- before this schema stays in `word`.
CREATE VIRTUAL TABLE body_word USING fts5 (
    body, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);
-- So many pieces are left beside each other before they are merged; a search looks into each.
INSERT INTO body_word (body_word, rank) VALUES ('automerge', 16);
INSERT INTO body_word (body_word, rank) VALUES ('crisismerge', 64);
