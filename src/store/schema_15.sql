-- cache.db, schema 15: for mailboxes that a server has still to make (making.rs), and for bodies that are
-- tried again (bodies.rs).

-- The operation that makes it; NULL once it is made.
ALTER TABLE mailbox ADD COLUMN making INTEGER;
-- How often a body could not be had.
ALTER TABLE message ADD COLUMN body_tries INTEGER NOT NULL DEFAULT 0;
