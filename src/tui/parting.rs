//! How a list is left: what a message says of that, found aside, for the question that is asked.

use crate::lang::tr;
use crate::mime::answer::{self, Hints};
use crate::mime::authres::{self, Receiver};
use crate::mime::link;
use crate::mime::list::{self, Farewell, Way};
use crate::mime::{field, lookalike};
use crate::model::{Account, Draft, Envelope, Leave};
use crate::text::{Clean, width};

/// Columns of what a message to a list says.
const SHOWN: usize = 160;
/// Words that a list may want to be told and that are not shown whole.
const FEW: usize = 4;

/// One way to leave a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// A web server is told so (RFC 8058).
    Telling {
        /// What is recorded.
        leave: Leave,
        /// Who is told.
        host: Clean,
    },
    /// A message.
    Writing {
        /// It.
        draft: Box<Draft>,
        /// To whom.
        to: Clean,
        /// What it says, which a sender of the list chose.
        says: Clean,
    },
    /// A message that says more than a question can show: it is looked over in the composer.
    Drafting {
        /// It.
        draft: Box<Draft>,
        /// To whom.
        to: Clean,
    },
    /// A page, opened in the user's browser.
    Page {
        /// Where it is, for opening: http or https.
        url: String,
    },
}

/// A list, and how it is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parting {
    /// What it is called.
    pub list: Clean,
    /// The ways, the best first; never empty.
    pub ways: Vec<By>,
}

impl Parting {
    /// Reads it from a message that came to this account.
    ///
    /// # Errors
    /// In plain words: it does not say how it is left.
    pub fn find(raw: &[u8], envelope: &Envelope, account: &Account) -> Result<Parting, String> {
        let (fields, _) = field::split(raw);
        let checks = authres::believed(&fields, &Receiver::of(account));
        let ways = list::ways(&fields, checks.as_ref());
        if ways.is_empty() {
            return Err(tr!("this message does not say how its list is left").to_owned());
        }
        let own = list::of(&fields).map(|l| l.name).unwrap_or_default();
        let sender = envelope.from.first();
        let list = match (own.is_empty(), sender) {
            (true, Some(from)) => Clean::line(from.display()),
            (true, None) => Clean::lit(tr!("this list")),
            (false, _) => own,
        };
        let from = answer::identity(envelope, &Hints::read(raw), account);
        let way = |way: Way| match way {
            Way::OneClick(url) => By::Telling {
                host: host(&url),
                leave: Leave {
                    account: account.name.clone(),
                    list: list.to_string(),
                    url,
                },
            },
            Way::Mail(mail) => {
                let to = Clean::line(&lookalike::shown_addr(&mail.to.addr));
                let (says, much) = (Clean::line(&words(&mail)), is_much(&mail));
                // The list knows the user by the address that it wrote to, and by no other.
                let draft = Box::new(Draft {
                    from: from.to_string(),
                    to: mail.to.addr,
                    subject: mail.subject,
                    body: mail.body,
                    ..Draft::new(account.name.clone())
                });
                match much {
                    true => By::Drafting { draft, to },
                    false => By::Writing {
                        draft,
                        to,
                        says: Clean::line(&width::cut(says.as_str(), SHOWN)),
                    },
                }
            }
            Way::Page(url) => By::Page { url },
        };
        let ways = ways.into_iter().map(way).collect();
        Ok(Parting { list, ways })
    }
}

/// What a message to a list says.
fn words(mail: &Farewell) -> String {
    let all = [mail.subject.trim(), mail.body.trim()];
    let said: Vec<&str> = all.into_iter().filter(|words| !words.is_empty()).collect();
    said.join(" / ")
}

/// Whether that is more than is shown, and no mere mark of who leaves: whoever wrote it would have
/// the user say it.
fn is_much(mail: &Farewell) -> bool {
    let words = words(mail);
    let is_mark = |b: u8| b.is_ascii_alphanumeric() || b" +/=_-".contains(&b);
    let tells_who = words.bytes().all(is_mark) && words.split_whitespace().count() <= FEW;
    width::width(Clean::line(&words).as_str()) > SHOWN && !tells_who
}

/// The host of an address, for showing.
pub fn host(url: &str) -> Clean {
    let host = link::host(url).unwrap_or_default();
    Clean::line(&lookalike::shown(&host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::parse;
    use crate::mime::wire::tests::account;
    use crate::model::Identity;

    fn ways(unsubscribe: &str) -> Vec<By> {
        let raw = format!("From: b@y.example\nList-Unsubscribe: <{unsubscribe}>\n\n");
        let raw = raw.as_bytes();
        Parting::find(raw, &parse::envelope(raw), &account())
            .unwrap()
            .ways
    }

    #[test]
    fn what_is_sent_in_ones_name_is_seen_before() {
        let said = |url: &str| match ways(url).as_slice() {
            [By::Writing { says, .. }] => says.to_string(),
            other => panic!("{other:?}"),
        };
        assert_eq!(said("mailto:l@y.example"), "unsubscribe");
        assert_eq!(
            said("mailto:l@y.example?subject=leave%0d%0anow&body=list%20one%1b%5b31m"),
            "leave  now / list one[31m"
        );
        // What only tells who leaves may be as long as it is.
        let token = "x".repeat(400);
        assert!(said(&format!("mailto:l@y.example?subject={token}")).len() < 200);
        // Nor is a letter in a script without blanks a mark.
        let letter = format!(
            "mailto:boss@y.example?body={}",
            "%E8%BE%9E%E3%82%81".repeat(50)
        );
        assert!(matches!(ways(&letter)[..], [By::Drafting { .. }]));
        let letter = format!("mailto:boss@y.example?body={}", "I%20quit.%20".repeat(40));
        let [By::Drafting { draft, to }] = &ways(&letter)[..] else {
            panic!("a letter that nobody saw");
        };
        assert_eq!(
            (draft.to.as_str(), to.as_str()),
            ("boss@y.example", "boss@y.example")
        );
        assert_eq!(draft.body, "I quit. ".repeat(40));
    }

    #[test]
    fn a_list_hears_from_the_address_that_it_knows() {
        let mut own = account();
        own.identities.push(Identity {
            email: "lists@x.example".to_owned(),
            ..Identity::default()
        });
        let much = format!("mailto:l@y.example?body={}", "I%20quit.%20".repeat(40));
        for url in ["mailto:l@y.example", &much] {
            let raw =
                format!("From: b@y.example\nTo: lists@x.example\nList-Unsubscribe: <{url}>\n\n");
            let raw = raw.as_bytes();
            let parting = Parting::find(raw, &parse::envelope(raw), &own).unwrap();
            let [By::Writing { draft, .. } | By::Drafting { draft, .. }] = &parting.ways[..] else {
                panic!("{parting:?}");
            };
            assert!(draft.from.contains("lists@x.example"), "{}", draft.from);
        }
    }
}
