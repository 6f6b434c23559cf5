-- cache.db, schema 9: for lists and counts of what is unread, starred or tagged, which is little of
-- what there is.

CREATE INDEX location_unread ON location (mailbox, date, id, thread) WHERE hidden = 0 AND system & 1 = 0;
CREATE INDEX location_flagged ON location (message, mailbox) WHERE hidden = 0 AND system & 4 <> 0;
CREATE INDEX location_keyworded ON location (message, mailbox) WHERE hidden = 0 AND keywords <> '';
