-- cache.db, schema 10: for searches that servers were asked.

-- What a server found for a search among messages whose bodies are not here.
CREATE TABLE server_hit (
    query TEXT NOT NULL,                 -- as it was typed
    message INTEGER NOT NULL,
    PRIMARY KEY (query, message)
) STRICT, WITHOUT ROWID;
