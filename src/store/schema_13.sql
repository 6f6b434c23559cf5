-- cache.db, schema 13: for messages without their attachments, and for those that are to be packed once
-- more, with a dictionary (repack.rs).

-- Whether octets of attachments are left out of the message (mime/hollow.rs).
ALTER TABLE kept ADD COLUMN hollow INTEGER NOT NULL DEFAULT 0;
CREATE INDEX kept_hollow ON kept (message) WHERE hollow <> 0;
-- Messages that were packed once more: in the order in which that was done, so that pages are full. In the
-- order of the messages each page would be left as empty as what was packed there has become.
CREATE TABLE pressed (
    id INTEGER PRIMARY KEY,
    octets BLOB NOT NULL
) STRICT;
-- Which of them; then nothing stands in `octets`.
ALTER TABLE kept ADD COLUMN pressed INTEGER;
CREATE TRIGGER kept_gone AFTER DELETE ON kept WHEN old.pressed IS NOT NULL BEGIN
    DELETE FROM pressed WHERE id = old.pressed;
END;
CREATE INDEX kept_alone ON kept (message) WHERE packing = 1 AND length(octets) < 131072;

-- Whether attachments may be left out once they were read.
ALTER TABLE reread ADD COLUMN hollow INTEGER NOT NULL DEFAULT 0;
