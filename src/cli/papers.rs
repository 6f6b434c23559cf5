//! What a package or a shell wants of the command line: man pages and completions, made from the
//! same table that reads it, so that they can't tell anything else.

use super::args::Args;
use clap::CommandFactory as _;
use clap_complete::Shell;
use clap_mangen::Man;
use std::io::{self, Write};
use std::path::Path;

/// Prints what makes this shell complete our words.
///
/// # Errors
/// When standard output is gone.
pub fn completions(shell: Shell) -> anyhow::Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "postrider", &mut script);
    io::stdout().write_all(&script)?;
    Ok(0)
}

/// Prints the man page of the whole, or writes one for each command into a folder, which is made
/// if it isn't there: `postrider-sync.1` for `postrider sync`.
///
/// # Errors
/// When the folder can't be made or written to, or standard output is gone.
pub fn man(folder: Option<&Path>) -> anyhow::Result<u8> {
    match folder {
        None => Man::new(Args::command()).render(&mut io::stdout())?,
        Some(folder) => {
            std::fs::create_dir_all(folder)?;
            clap_mangen::generate_to(Args::command(), folder)?;
        }
    }
    Ok(0)
}
