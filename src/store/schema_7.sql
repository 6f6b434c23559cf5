-- cache.db, schema 7: for questions about attachments and lists, which most messages have nothing to
-- do with.

CREATE INDEX message_attached ON message (id) WHERE attachments IS NOT NULL AND attachments <> '[]';
CREATE INDEX message_list ON message (list_id) WHERE list_id IS NOT NULL;
