//! A draft as one text for the external editor: its fields line by line, an empty line, the text;
//! and back again, leniently. Whatever can't be understood is said, and nothing typed is dropped.

use crate::lang::{tr, trn};
use crate::model::{Draft, DraftAttachment};

/// The fields in their order.
const NAMES: [&str; 7] = ["From", "To", "Cc", "Bcc", "Reply-To", "Subject", "Attach"];

/// A draft that came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Back {
    /// As it is now; attachments are those it had and still names.
    pub draft: Draft,
    /// Paths that it names and didn't have.
    pub attach: Vec<String>,
    /// What was not understood, in sentences.
    pub said: Vec<String>,
}

/// The draft as text.
pub fn write(draft: &Draft) -> String {
    let mut text = String::new();
    let mut put = |name: &str, value: &str| {
        // Everything of a field stands on its line.
        let value = value.replace(['\n', '\r'], " ");
        text.push_str(format!("{name}: {value}").trim_end());
        text.push('\n');
    };
    put("From", &draft.from);
    put("To", &draft.to);
    put("Cc", &draft.cc);
    put("Bcc", &draft.bcc);
    put("Reply-To", &draft.reply_to);
    put("Subject", &draft.subject);
    for (n, attached) in draft.attachments.iter().enumerate() {
        put("Attach", &mark(n, attached));
    }
    text.push('\n');
    text.push_str(&draft.body);
    text
}

/// How an attachment is named there: by its path, or by its number where it has none.
fn mark(n: usize, attached: &DraftAttachment) -> String {
    match attached {
        DraftAttachment::File {
            path, name: None, ..
        } if path.to_str().is_some_and(|p| p.trim() == p) => path.display().to_string(),
        other => format!("#{} {}", n + 1, other.name()),
    }
}

/// Reads the text back over the draft that it was written from.
pub fn read(text: &str, before: &Draft) -> Back {
    let text = text
        .strip_prefix('\u{feff}')
        .unwrap_or(text)
        .replace("\r\n", "\n");
    let mut draft = before.clone();
    let Some((fields, odd, body)) = parts(&text) else {
        draft.body = text;
        let said =
            tr!("No fields stand at the beginning of the text: they are as before.").to_owned();
        return Back {
            draft,
            attach: Vec::new(),
            said: vec![said],
        };
    };
    let all = |name: &str| {
        let found = fields.iter().filter(|(n, v)| *n == name && !v.is_empty());
        found.map(|(_, v)| v.as_str()).collect::<Vec<_>>()
    };
    let from = all("From").join(", ");
    if !from.is_empty() {
        draft.from = from;
    }
    draft.to = all("To").join(", ");
    draft.cc = all("Cc").join(", ");
    draft.bcc = all("Bcc").join(", ");
    draft.reply_to = all("Reply-To").join(", ");
    draft.subject = all("Subject").join(" ");
    let mut attach = Vec::new();
    draft.attachments.clear();
    let mut said = Vec::new();
    for value in all("Attach") {
        let had = before.attachments.iter().enumerate();
        let number = |v: &str| {
            v.strip_prefix('#')
                .and_then(|r| r.split(' ').next()?.parse::<usize>().ok())
        };
        match had
            .clone()
            .find(|(n, a)| mark(*n, a) == value || number(value) == Some(n + 1))
        {
            Some((_, kept)) if !draft.attachments.contains(kept) => {
                draft.attachments.push(kept.clone())
            }
            Some(_) => {}
            None if value.starts_with('#') => {
                said.push(tr!("There is no attachment {value}.", value))
            }
            None => attach.push(value.to_owned()),
        }
    }
    draft.body = body.to_owned();
    if !odd.is_empty() {
        said.push(trn!(
            n = odd.len(),
            "A line at the top not understood: it stands in the text now.",
            "{n} lines at the top not understood: it stands in the text now."
        ));
        draft.body = format!("{}\n\n{body}", odd.join("\n"));
    }
    Back {
        draft,
        attach,
        said,
    }
}

type Fields = Vec<(&'static str, String)>;

/// Fields, lines among them that are none, and the text after the first empty line; `None` if no field
/// stands at the beginning.
fn parts(text: &str) -> Option<(Fields, Vec<String>, &str)> {
    let (head, body) = match text.split_once("\n\n") {
        Some((head, body)) => (head, body),
        // Only fields, or only an empty line after them.
        None => (text.trim_end_matches('\n'), ""),
    };
    let mut fields: Fields = Vec::new();
    let mut odd = Vec::new();
    for line in head.lines() {
        let known = line.split_once(':').and_then(|(name, value)| {
            let same = |n: &&&str| n.eq_ignore_ascii_case(name.trim());
            Some((*NAMES.iter().find(same)?, value.trim().to_owned()))
        });
        match (known, fields.last_mut()) {
            (Some(field), _) => fields.push(field),
            // A field that went on on the next line (RFC 5322 §2.2.3).
            (None, Some((_, value))) if line.starts_with([' ', '\t']) => {
                value.push(' ');
                value.push_str(line.trim());
            }
            (None, None) => return None,
            (None, Some(_)) => odd.push(line.to_owned()),
        }
    }
    (!fields.is_empty()).then_some((fields, odd, body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::AccountName;
    use proptest::prelude::*;

    fn draft() -> Draft {
        let mut draft = Draft::new(AccountName("work".into()));
        draft.from = "Ada <ada@example.org>".into();
        draft.to = "bob@example.com".into();
        draft.subject = "Soup".into();
        draft.body = "\nHi: there\n\nBye\n".into();
        draft.attachments = vec![
            DraftAttachment::file("/tmp/a b.txt".into()),
            DraftAttachment::Bytes {
                inline: false,
                name: "x.png".into(),
                media_type: "image/png".into(),
                bytes: vec![1].into(),
            },
        ];
        draft
    }

    #[test]
    fn it_comes_back_as_it_went() {
        let text = write(&draft());
        assert!(
            text.starts_with("From: Ada <ada@example.org>\nTo: bob@example.com\nCc:\n"),
            "{text}"
        );
        assert!(
            text.contains("Attach: /tmp/a b.txt\nAttach: #2 x.png\n\n\nHi"),
            "{text}"
        );
        assert_eq!(
            read(&text, &draft()),
            Back {
                draft: draft(),
                attach: vec![],
                said: vec![]
            }
        );
    }

    #[test]
    fn without_fields_they_are_as_before() {
        for text in ["\n\nOn Monday Bob wrote:\n> x\n", "Hi Bob\n", ""] {
            let back = read(text, &draft());
            assert_eq!(back.draft.to, "bob@example.com");
            assert_eq!((back.draft.attachments.len(), back.said.len()), (2, 1));
            assert_eq!(back.draft.body, text);
        }
    }

    #[test]
    fn fields_are_read_as_people_write_them() {
        let text = "to: a@x.example,\n  b@y.example\nTO: c@z.example\nsubject : Tea\nAttach: ~/new.pdf\nattach: #2\nPlease see\n\nText\n";
        let back = read(text, &draft());
        assert_eq!(back.draft.to, "a@x.example, b@y.example, c@z.example");
        assert_eq!(
            (back.draft.subject.as_str(), back.draft.from.as_str()),
            ("Tea", "Ada <ada@example.org>")
        );
        assert_eq!(back.attach, ["~/new.pdf"]);
        assert_eq!(back.draft.attachments.len(), 1);
        assert_eq!(
            back.draft.body, "Please see\n\nText\n",
            "nothing typed is lost"
        );
        assert_eq!(back.said.len(), 1);
        let bare = read("Dear Bob,\n\nTo: nobody\n", &draft());
        assert_eq!(
            (bare.draft.to.as_str(), bare.draft.body.as_str()),
            ("bob@example.com", "Dear Bob,\n\nTo: nobody\n")
        );
        assert_eq!(bare.said.len(), 1);
    }

    proptest! {
        #[test]
        fn any_body_and_any_field_survive(body in "\\PC{0,40}(\n\\PC{0,20}){0,4}", to in "[ -~é日]{0,30}", text in "(\\PC|\n){0,80}") {
            let mut one = draft();
            (one.body, one.to) = (body, to.trim().to_owned());
            prop_assert_eq!(read(&write(&one), &one).draft, one.clone());
            let back = read(&text, &one);
            for word in text.split_whitespace().filter(|w| !w.contains(':') && w.len() > 3 && !w.contains('\u{feff}')) {
                let b = &back.draft;
                let all = format!("{} {} {} {} {} {} {} {} {:?}", b.body, b.from, b.to, b.cc, b.bcc, b.reply_to, b.subject, back.attach.join(" "), back.said);
                prop_assert!(all.contains(word), "{word} of {text:?}");
            }
        }
    }
}
