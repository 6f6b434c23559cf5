//! What is said of the files and folders that a path may become, and how one is listed.

use super::PATHS;
use crate::lang::tr;
use crate::text::Clean;

/// What is said of so many names that begin as the path does.
pub(super) fn said(names: usize, path: &str) -> Clean {
    match names {
        0 if path.ends_with('/') => Clean::lit(tr!("This folder is empty, or isn't there.")),
        0 => Clean::lit(tr!("No file or folder begins like this.")),
        1 => Clean::lit(tr!("tab completes it")),
        n if n > PATHS => Clean::line(&tr!(
            "the first of {n} names: tab completes, ↓ goes through them",
            n
        )),
        n => Clean::line(&tr!("{n} names: tab completes, ↓ goes through them", n)),
    }
}

/// The last name of a path, with the `/` behind a folder's.
pub(super) fn last_name(path: &str) -> &str {
    let name = path.strip_suffix('/').unwrap_or(path);
    let at = name.rfind('/').map_or(0, |at| at + 1);
    path.get(at..).unwrap_or(path)
}
