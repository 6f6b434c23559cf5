//! Lines for whoever listens: standard output and standard error.
//!
//! Nobody may be listening any more (`postrider doctor | head -1`). What a command did is done then
//! all the same and its exit code says so; `println!` would panic instead, and a script that is
//! told of a failure might send a letter twice. What is the whole point of a command (a list, a
//! message) is written with the error passed on: `table.rs`, `json.rs`, `show.rs`.

/// Writes a line to standard output, as `println!` does.
macro_rules! say {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($words)*);
    }};
}

/// Writes a line to standard error, as `eprintln!` does.
macro_rules! aside {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($words)*);
    }};
}

pub(super) use {aside, say};
