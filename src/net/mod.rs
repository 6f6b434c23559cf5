//! IMAP, SMTP and TLS: no database.
