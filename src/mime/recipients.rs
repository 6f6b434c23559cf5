//! Address lists as people type them.

use crate::model::Address;

/// Why a list of addresses can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} (at character {})", .at + 1)]
pub struct ListError {
    /// Where the trouble begins, in characters from the start.
    pub at: usize,
    /// What is wrong and what would be right.
    pub message: String,
}

/// Reads what was typed into To, Cc or Bcc: addresses divided by commas or semicolons.
///
/// # Errors
/// The first entry that is not an address.
pub fn parse_list(_text: &str) -> Result<Vec<Address>, ListError> {
    unimplemented!()
}

/// The list as it would be typed.
pub fn format_list(_list: &[Address]) -> String {
    unimplemented!()
}
