//! The draft that a `mailto:` link begins, and what it may put into it (RFC 6068): recipients, subject,
//! text and what it answers. Nothing else: a link must not attach a file or choose the sender
//! (RFC 6068 §7), and nothing is sent without the composer. A blind copy stands where it is seen, and
//! is spoken of.

use super::mailto;
use super::reply::fresh;
use crate::model::{Account, Draft};
use crate::text::Clean;

/// What is to be said of a draft that a link made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said(Vec<String>);

impl Said {
    /// The words, cleaned; nothing if there is nothing to say.
    pub fn words(&self) -> Option<String> {
        (!self.0.is_empty()).then(|| Clean::line(&self.0.join("; ")).to_string())
    }
}

/// A draft from a link, and what is to be said of it: fields that were left out, and a blind copy;
/// `None` if it is no `mailto:` link.
pub fn from_mailto(url: &str, account: &Account) -> Option<(Draft, Said)> {
    let link = mailto::read(url)?;
    let mut draft = fresh(account);
    (draft.to, draft.cc, draft.bcc) = (link.to, link.cc, link.bcc);
    draft.subject = link.subject;
    draft.references = link.in_reply_to.clone().into_iter().collect();
    draft.in_reply_to = link.in_reply_to;
    draft.body = format!("{}{}", link.body, draft.body);
    let mut said = Vec::new();
    if !draft.bcc.is_empty() {
        said.push("the link asks for a blind copy: see Bcc".to_owned());
    }
    if !link.left_out.is_empty() {
        let names = link.left_out.join(", ");
        said.push(format!("it may not set {names}: left out"));
    }
    Some((draft, Said(said)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::mailto::LONGEST;
    use crate::mime::wire::tests;
    use crate::model::MessageId;

    fn account() -> Account {
        Account {
            signature: None,
            ..tests::account()
        }
    }

    fn parsed(url: &str) -> (Draft, String) {
        let (draft, said) = from_mailto(url, &account()).unwrap();
        (draft, said.words().unwrap_or_default())
    }

    #[test]
    fn what_is_allowed_is_taken() {
        let (draft, left_out) = parsed(
            "MAILTO:a@x.example,b%40y.example?to=c@z.example&cc=d+e@w.example&subject=caf%C3%A9%20now\
             &body=one%0D%0Atwo%3f&in-reply-to=%3Cid@x.example%3E",
        );
        assert_eq!(draft.to, "a@x.example, b@y.example, c@z.example");
        assert_eq!(draft.cc, "d+e@w.example");
        assert_eq!(draft.subject, "café now");
        assert_eq!(draft.body, "one\ntwo?\n");
        assert_eq!(draft.in_reply_to, MessageId::new("id@x.example"));
        assert_eq!(left_out, "");
    }

    #[test]
    fn what_is_dangerous_is_left_out_and_a_blind_copy_is_told() {
        let (draft, said) = parsed(
            "mailto:joe@x.example?attach=~/.ssh/id_rsa&attachment=/etc/passwd&bcc=evil@x.example\
             &subject=a%0d%0aX:y&from=z@y.example&%62cc=eve@x.example",
        );
        assert_eq!(
            said,
            "the link asks for a blind copy: see Bcc; \
             it may not set attach, attachment, from: left out"
        );
        assert!(draft.attachments.is_empty());
        assert_eq!(draft.bcc, "evil@x.example, eve@x.example");
        assert_eq!(draft.from, "\"Ada W.\" <ada@x.example>");
        assert_eq!(draft.subject, "a  X:y");
        let (draft, _) = parsed(&format!("mailto:?body={}&to=%zz%", "x".repeat(10_000_000)));
        assert!(draft.body.len() <= LONGEST + 1);
        assert_eq!(draft.to, "%zz%");
        assert!(from_mailto("https://x.example", &account()).is_none());
    }

    #[test]
    fn nobody_is_pushed_out_of_sight() {
        let wide = "%20".repeat(300);
        let url = format!(
            "mailto:joe@x.example,{wide}eve@y.example?cc=a@x.example,,{},b@x.example",
            "%2C".repeat(300)
        );
        let (draft, _) = parsed(&url);
        assert_eq!(draft.to, "joe@x.example, eve@y.example");
        assert_eq!(draft.cc, "a@x.example, b@x.example");
        let (draft, _) = parsed(&format!("mailto:joe,{wide}eve@y.example"));
        assert_eq!(draft.to, "joe, eve@y.example");
    }
}
