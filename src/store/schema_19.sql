-- cache.db, schema 19: octets of a message that was shown to be here whole although its server tells a
-- larger size (RFC822.SIZE); 0 where nothing shows it. `size` stays what the server says: by it a
-- message is known elsewhere.
ALTER TABLE message ADD COLUMN proved INTEGER NOT NULL DEFAULT 0;
