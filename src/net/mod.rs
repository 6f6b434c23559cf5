//! IMAP, SMTP and TLS: no database.
pub mod imap;
