//! What scripts use: one file a command.
