-- A large message in pieces: one is written and read without ever being held twice. `form` 0 is
-- what goes over the wire; 1 is what is filed in Sent, where that differs (it has Bcc).
CREATE TABLE outbox_piece (
  outbox INTEGER NOT NULL REFERENCES outbox(id) ON DELETE CASCADE,
  form INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  UNIQUE (outbox, form, seq)
) STRICT;
INSERT INTO outbox_piece(outbox, form, seq, bytes) SELECT outbox, 0, 0, wire FROM outbox_bytes;
INSERT INTO outbox_piece(outbox, form, seq, bytes) SELECT outbox, 1, 0, filed FROM outbox_bytes WHERE filed IS NOT NULL;
DROP TABLE outbox_bytes;
