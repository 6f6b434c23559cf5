//! What is wrong with a draft before it is sent: what forbids it, and what is worth asking about.

use crate::mime::recipients::parse_list;
use crate::model::Draft;

/// A line of recipients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// To.
    To,
    /// Cc.
    Cc,
    /// Bcc.
    Bcc,
}

/// Why a draft can't be sent: where, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The line to mend.
    pub field: To,
    /// In plain words.
    pub message: String,
}

/// Looks at the recipients.
///
/// # Errors
/// The first line that can't be read, or that there is nobody to send to.
pub fn recipients(draft: &Draft) -> Result<(), Fault> {
    let mut any = false;
    let fields = [
        (To::To, "To", &draft.to),
        (To::Cc, "Cc", &draft.cc),
        (To::Bcc, "Bcc", &draft.bcc),
    ];
    for (field, name, text) in fields {
        match parse_list(text) {
            Ok(list) => any |= !list.is_empty(),
            Err(e) => {
                let message = format!("{name}: {e}");
                return Err(Fault { field, message });
            }
        }
    }
    if any {
        Ok(())
    } else {
        Err(Fault {
            field: To::To,
            message: "There is nobody to send it to.".to_owned(),
        })
    }
}

/// What is worth asking about, in sentences.
pub fn doubts(draft: &Draft) -> Vec<&'static str> {
    let mut doubts = Vec::new();
    if draft.subject.trim().is_empty() {
        doubts.push("The message has no subject.");
    }
    if draft.attachments.is_empty() && speaks_of_attachment(&draft.body) {
        doubts.push("It speaks of an attachment, and there is none.");
    }
    if draft.body.trim().is_empty() && draft.attachments.is_empty() {
        doubts.push("It is empty.");
    }
    doubts
}

/// Beginnings of words that announce an attachment, in a few languages; and whole phrases.
const WORDS: [&str; 14] = [
    "attach",
    "enclosed",
    "enclosure",
    "anhang",
    "angehängt",
    "angehangen",
    "anbei",
    "beigefügt",
    "adjunto",
    "adjunta",
    "allegato",
    "allegata",
    "bijlage",
    "bijgevoegd",
];
const PHRASES: [&str; 5] = [
    "pièce jointe",
    "pièces jointes",
    "ci-joint",
    "em anexo",
    "w załączeniu",
];

/// Whether the writer's own words (not what is quoted, not the signature) announce one.
fn speaks_of_attachment(body: &str) -> bool {
    for line in body.lines() {
        // A signature, or a message passed on, is not the writer speaking.
        if matches!(line.trim_end(), "--") || line.starts_with("-----") {
            return false;
        }
        if line.starts_with('>') {
            continue;
        }
        let line = line.to_lowercase();
        let mut words = line.split(|c: char| !c.is_alphanumeric());
        if words.any(|w| WORDS.iter().any(|k| w.starts_with(k)))
            || PHRASES.iter().any(|p| line.contains(p))
        {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AccountName, DraftAttachment};

    fn draft(to: &str, subject: &str, body: &str) -> Draft {
        let mut draft = Draft::new(AccountName("work".into()));
        (draft.to, draft.subject, draft.body) = (to.into(), subject.into(), body.into());
        draft
    }

    #[test]
    fn nobody_and_nonsense_forbid_sending() {
        let fault = recipients(&draft(" , ", "x", "y")).unwrap_err();
        assert_eq!(
            (fault.field, fault.message.as_str()),
            (To::To, "There is nobody to send it to.")
        );
        let mut wrong = draft("a@x.example", "x", "y");
        wrong.cc = "b@y.example, not an address".into();
        let fault = recipients(&wrong).unwrap_err();
        assert_eq!(fault.field, To::Cc);
        assert!(fault.message.starts_with("Cc: "));
        let mut hidden = draft("", "x", "y");
        hidden.bcc = "a@x.example".into();
        assert_eq!(recipients(&hidden), Ok(()));
    }

    #[test]
    fn forgotten_things_are_asked_about() {
        let count = |d: &Draft| doubts(d).len();
        assert_eq!(count(&draft("a@x.example", "x", "hello")), 0);
        assert_eq!(count(&draft("a@x.example", " ", "hello")), 1);
        for body in [
            "See the attached file",
            "Anbei die Rechnung",
            "Voici en pièce jointe",
            "ATTACHMENT",
        ] {
            assert_eq!(count(&draft("a@x.example", "x", body)), 1, "{body}");
        }
        for body in [
            "> see the attached file\nthanks",
            "hi\n-- \nattached to life",
            "reattaching",
        ] {
            assert_eq!(count(&draft("a@x.example", "x", body)), 0, "{body}");
        }
        let mut with = draft("a@x.example", "x", "attached");
        with.attachments
            .push(DraftAttachment::File("/tmp/a".into()));
        assert_eq!(count(&with), 0);
    }
}
