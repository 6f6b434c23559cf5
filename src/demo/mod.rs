//! An IMAP and SMTP server on loopback, in memory, for the demo.
