-- cache.db, schema 11: for what is muted, put off or to be reminded of, which most mail is not, and for
-- threads as the user wants them.

CREATE INDEX location_marked ON location (thread)
    WHERE instr(lower(keywords), '$muted') > 0 OR instr(lower(keywords), '$snoozed-') > 0
        OR instr(lower(keywords), '$remind-') > 0;

-- The user's rules about threads, as local.db has them, by hashes of Message-IDs: kind 0, the threads
-- of `a` and `b` are one; kind 1, `a` begins one of its own; kind 2, which follows from the messages:
-- `a` is below `b`, which does.
CREATE TABLE thread_rule (
    kind INTEGER NOT NULL,
    a INTEGER NOT NULL,
    b INTEGER NOT NULL,
    PRIMARY KEY (kind, a, b)
) STRICT, WITHOUT ROWID;
