//! SQLite: no network, no MIME.
