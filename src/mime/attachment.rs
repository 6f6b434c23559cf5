//! Attachments: their bytes, and names that are safe to give to a file.

/// A part taken out of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extracted {
    /// A name that is safe to create a file with; never a path.
    pub name: String,
    /// Media type, lower case.
    pub media_type: String,
    /// Decoded content.
    pub bytes: Vec<u8>,
}

/// The part that `AttachmentRow::part` names; `None` if there is none such.
pub fn extract(_raw: &[u8], _part: u32) -> Option<Extracted> {
    unimplemented!()
}

/// A name that is safe to create a file with.
pub fn safe_name(_name: &str) -> String {
    unimplemented!()
}
