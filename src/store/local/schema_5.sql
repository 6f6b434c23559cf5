-- Second thoughts: what was thrown away by mistake, and what waits only for a network.

-- Whether the last attempt failed because no server was reached: then it is due as soon as one is.
ALTER TABLE outbox ADD COLUMN unreached INTEGER NOT NULL DEFAULT 0;
-- When it was discarded, seconds since 1970; 0: it was not. It is hidden, and kept for some days.
ALTER TABLE draft ADD COLUMN discarded INTEGER NOT NULL DEFAULT 0;
-- The draft, if the action was discarding it.
ALTER TABLE action ADD COLUMN draft INTEGER;
