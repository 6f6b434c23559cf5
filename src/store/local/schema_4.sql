-- Attachments that are shown in the text rather than below it.

ALTER TABLE draft_attachment ADD COLUMN inline INTEGER NOT NULL DEFAULT 0;
