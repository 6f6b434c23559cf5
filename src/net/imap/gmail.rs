//! Gmail's labels (X-GM-EXT-1) as keywords (see [`tag`]), so that the rest of the program needs no
//! second kind of flag. Labels that begin with `\` are Gmail's mailboxes again and are left out.

use crate::model::name;
use crate::model::tag;

pub use crate::model::tag::{PREFIX, label};

/// A longer label is not kept.
const LONGEST: usize = 1024;

/// The keyword for a label from the wire; `utf8`: whether the server sends UTF-8 there.
pub fn keyword(label: &[u8], utf8: bool) -> Option<String> {
    if label.is_empty() || label.starts_with(b"\\") || label.len() > LONGEST {
        return None;
    }
    let text = match std::str::from_utf8(label) {
        Ok(text) if utf8 => text.to_owned(),
        _ => name::decode(label),
    };
    Some(tag::of_label(&text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn labels_are_keywords_and_system_labels_are_not() {
        let is = |label: &[u8], utf8| keyword(label, utf8).unwrap();
        assert_eq!(is(b"Work/Tax 2024", false), "label:Work/Tax%202024");
        assert_eq!(is(b"Entw&APw-rfe", false), "label:Entw%C3%BCrfe");
        assert_eq!(is("Entwürfe".as_bytes(), true), "label:Entw%C3%BCrfe");
        assert_eq!(is(b"a&-b", false), "label:a%26b");
        assert_eq!(is(b"a&-b", true), "label:a%26-b");
        assert_eq!(keyword(b"\\Inbox", false), None);
        assert_eq!(keyword(b"", false), None);
        assert_eq!(label("label:Entw%C3%BCrfe").unwrap(), "Entwürfe");
        for bad in [
            "$Work",
            "label:",
            "label:%C3",
            "label:%0",
            "label:%+1",
            "label:%5CSent",
        ] {
            assert_eq!(label(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_label_comes_back(text in "[^\\\\\0]{1,40}") {
            prop_assert_eq!(label(&keyword(text.as_bytes(), true).unwrap()), Some(text.clone()));
            let wire = name::encode(&text);
            prop_assert_eq!(label(&keyword(&wire, false).unwrap()), Some(text));
        }
    }
}
