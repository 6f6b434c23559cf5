-- cache.db, schema 18: for conversations by subject (subjects.rs, by_subject.rs). All of it is empty as
-- long as nobody wants them.

-- What is wanted: one row, or none. `clearing`: what was found goes first.
CREATE TABLE subject_wish (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    wanted INTEGER NOT NULL,
    clearing INTEGER NOT NULL,
    through INTEGER NOT NULL,            -- every message up to this one has a row
    own TEXT NOT NULL                    -- the user's addresses, separated by spaces
) STRICT;
-- Each message: its Message-ID and the subject that it shares with others of its account, hashed.
CREATE TABLE subject_row (
    message INTEGER PRIMARY KEY,
    own INTEGER,
    family INTEGER
) STRICT;
CREATE INDEX subject_row_own ON subject_row (own) WHERE own IS NOT NULL;
CREATE INDEX subject_row_family ON subject_row (family) WHERE family IS NOT NULL;
-- Subjects that have to be looked at (anew).
CREATE TABLE subject_due (
    family INTEGER PRIMARY KEY
) STRICT;
-- Identifiers, hashed, that messages named which are gone or back: the threads in which they were noted
-- are put together anew, and those that nobody names any more are forgotten.
CREATE TABLE subject_gone (
    hash INTEGER PRIMARY KEY
) STRICT;
-- An answer whose References lead nowhere, and what it most likely belongs to: a Message-ID, hashed.
CREATE TABLE subject_link (
    message INTEGER PRIMARY KEY,
    family INTEGER NOT NULL,
    target INTEGER NOT NULL
) STRICT;
CREATE INDEX subject_link_family ON subject_link (family);
CREATE INDEX subject_link_target ON subject_link (target);
