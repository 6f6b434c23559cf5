-- cache.db, schema 14: PDF documents that were here before there was anything to read them are read
-- (reread.rs), and stay: somebody may have asked for them.
INSERT OR IGNORE INTO reread (message, hollow)
    SELECT m.id, 0 FROM message m JOIN kept k ON k.message = m.id
    WHERE k.hollow = 0 AND m.attachments LIKE '%pdf%';
