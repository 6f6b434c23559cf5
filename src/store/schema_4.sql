-- cache.db, schema 4: for a mailbox that is read for the first time.

-- A thousand messages are a piece of the index. So many pieces are left beside each other before they
-- are merged that 50,000 messages need no merge and a million one; a search looks into each, which
-- takes it some microseconds a piece.
INSERT INTO word (word, rank) VALUES ('automerge', 64);
INSERT INTO word (word, rank) VALUES ('crisismerge', 128);
