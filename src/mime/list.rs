//! Mailing lists: what a list calls itself (RFC 2919), where its archive is, how it is written to
//! and how it is left (RFC 2369, RFC 8058).
//!
//! All of it is what a message says, so all of it is bounded, and only web and mail addresses are
//! taken ([`link::openable`]). A list may be left with one POST only where a signature that the
//! user's own server found good, for sure, covers the fields that say so (RFC 8058 §4): else anybody
//! could make the user's program call upon any machine.

use super::authres::{Checks, Verdict};
use super::field::{self, Field};
use super::recipients::check_addr;
use super::{link, mailto};
use crate::model::Address;
use crate::text::{Clean, width};

/// Addresses read of one field.
const MOST: usize = 8;
/// Fields of one name that are read.
const FIELDS: usize = 4;
/// Columns of a list's name.
const NAME: usize = 60;
/// Signatures that are read.
const SIGNATURES: usize = 20;

/// What a message says of the list that it came through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// What it calls itself, else its identifier; empty if it has neither.
    pub name: Clean,
    /// Whether it says how it is left.
    pub can_be_left: bool,
    /// Where its archive is: http or https, as [`link::openable`] gives it.
    pub archive: Option<String>,
    /// Where its help is: http, https or mailto.
    pub help: Option<String>,
    /// Who takes mail for it.
    pub post: Option<Address>,
}

/// What one writes to leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Farewell {
    /// To whom.
    pub to: Address,
    /// In one line.
    pub subject: String,
    /// The text; may be empty.
    pub body: String,
}

/// A way to leave a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// A POST to this https address (RFC 8058).
    OneClick(String),
    /// A message.
    Mail(Farewell),
    /// A page to be looked at: http or https.
    Page(String),
}

/// What the fields of a message say of its list; `None` if it came through none.
pub fn of(fields: &[Field<'_>]) -> Option<List> {
    let id = fields.iter().find(|f| f.is("List-Id"));
    let list = List {
        name: id.map(|f| name(f.value)).unwrap_or_default(),
        can_be_left: !addresses(fields, "List-Unsubscribe").is_empty(),
        archive: addresses(fields, "List-Archive")
            .into_iter()
            .find(|url| !url.starts_with("mailto:")),
        help: addresses(fields, "List-Help").into_iter().next(),
        post: post(fields),
    };
    let is_none = List {
        name: Clean::default(),
        ..list.clone()
    } == List::default();
    (id.is_some() || !is_none).then_some(list)
}

/// Who takes mail for the list; nothing for `NO`, a list that takes none (RFC 2369 §3.4).
pub fn post(fields: &[Field<'_>]) -> Option<Address> {
    let mut all = addresses(fields, "List-Post").into_iter();
    all.find_map(|url| farewell(&url)).map(|f| f.to)
}

/// How the list is left, the best way first. `checks`: what the user's own server found.
pub fn ways(fields: &[Field<'_>], checks: Option<&Checks>) -> Vec<Way> {
    let all = addresses(fields, "List-Unsubscribe");
    let one_click = checks.is_some_and(|c| c.sure && is_one_click(fields, c));
    let told = all.iter().find(|u| one_click && u.starts_with("https://"));
    let written = all.iter().find_map(|u| farewell(u));
    let pages = all.iter().filter(|u| !u.starts_with("mailto:"));
    let told = told.cloned().map(Way::OneClick).into_iter();
    let written = written.map(Way::Mail);
    let page = pages.take(1).cloned().map(Way::Page);
    told.chain(written).chain(page).collect()
}

/// What the list calls itself, else its identifier.
fn name(value: &[u8]) -> Clean {
    let text = field::text(value);
    let (phrase, id) = match text.rsplit_once('<') {
        Some((phrase, rest)) => (phrase, rest.split('>').next().unwrap_or_default()),
        None => ("", text.as_str()),
    };
    let phrase = Clean::line(phrase.trim().trim_matches('"'));
    let shown = match phrase.as_str().trim() {
        // Some encode what has no letters to encode it for.
        "" => Clean::line(field::text(id.as_bytes()).trim()),
        _ => phrase,
    };
    Clean::line(&width::cut(shown.as_str().trim(), NAME))
}

/// The addresses of a field, in order: what stands in angle brackets, without blanks
/// (RFC 2369 §2), outside comments.
fn addresses(fields: &[Field<'_>], name: &str) -> Vec<String> {
    let mut out = Vec::new();
    for f in fields.iter().filter(|f| f.is(name)).take(FIELDS) {
        let (mut depth, mut inside) = (0usize, None::<String>);
        for c in field::unfolded(f.value).chars() {
            match (c, &mut inside) {
                ('>', inside) if depth == 0 => {
                    out.extend(inside.take().and_then(|u| link::openable(&u)))
                }
                (c, Some(_)) if c.is_whitespace() => {}
                (c, Some(url)) => url.push(c),
                ('(', None) => depth += 1,
                (')', None) => depth = depth.saturating_sub(1),
                ('<', None) if depth == 0 => inside = Some(String::new()),
                _ => {}
            }
        }
    }
    out.truncate(MOST);
    out
}

/// What is written to such an address: to one person only, and nothing but a subject and a text.
fn farewell(url: &str) -> Option<Farewell> {
    let link = mailto::read(url)?;
    check_addr(&link.to).ok()?;
    let silent = link.subject.is_empty() && link.body.trim().is_empty();
    Some(Farewell {
        to: Address::new(String::new(), link.to),
        // Some programs behind such addresses take no message that says nothing.
        subject: if silent {
            "unsubscribe".to_owned()
        } else {
            link.subject
        },
        body: link.body,
    })
}

/// Whether the fields ask for a POST, and a good signature covers them (RFC 8058 §4). Either field
/// twice is refused: a signature covers the lower one, and what is read is the upper.
fn is_one_click(fields: &[Field<'_>], checks: &Checks) -> bool {
    let only = |name: &str| {
        let mut found = fields.iter().filter(|f| f.is(name));
        found.next().filter(|_| found.next().is_none())
    };
    let asks = only("List-Unsubscribe-Post").is_some_and(|f| {
        let value = field::unfolded(f.value);
        value
            .trim()
            .eq_ignore_ascii_case("List-Unsubscribe=One-Click")
    });
    if !asks || only("List-Unsubscribe").is_none() {
        return false;
    }
    let found = fields.iter().filter(|f| f.is("DKIM-Signature"));
    let signatures: Vec<Signature> = found.take(SIGNATURES).map(|f| signature(f.value)).collect();
    let good = checks.dkim.iter().filter(|c| c.verdict == Verdict::Pass);
    let mut good = good.filter(|c| !c.domain.is_empty());
    // Which of a domain's signatures was found good is not told, so each has to cover them.
    good.any(|check| {
        let mut own = signatures
            .iter()
            .filter(|s| s.is_of(&check.domain))
            .peekable();
        own.peek().is_some() && own.all(|s| s.covers)
    })
}

/// What is read of a signature (RFC 6376 §3.5).
#[derive(Debug, Default)]
struct Signature {
    /// Whose it is, lower case.
    domain: String,
    /// Whether it covers both fields.
    covers: bool,
}

impl Signature {
    /// Whether a server's word on this domain is about it: its own, or that of a user in it (`i=`).
    fn is_of(&self, domain: &str) -> bool {
        let below = domain.strip_suffix(&self.domain);
        !self.domain.is_empty() && below.is_some_and(|b| b.is_empty() || b.ends_with('.'))
    }
}

fn signature(value: &[u8]) -> Signature {
    let text = field::unfolded(value).to_ascii_lowercase();
    let tag = |name: &str| {
        let mut tags = text.split(';').filter_map(|t| t.split_once('='));
        let found = tags.find(|(n, _)| n.trim() == name);
        found
            .map_or("", |(_, v)| v)
            .split_whitespace()
            .collect::<String>()
    };
    let covered = tag("h");
    let has = |name: &str| covered.split(':').any(|c| c == name);
    Signature {
        domain: tag("d").trim_end_matches('.').to_owned(),
        covers: has("list-unsubscribe") && has("list-unsubscribe-post"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::authres::Check;
    use proptest::prelude::*;

    fn header(text: &str) -> Vec<u8> {
        format!("{}\n\n", text.replace('|', "\n")).into_bytes()
    }

    fn list(text: &str) -> Option<List> {
        let raw = header(text);
        of(&field::split(&raw).0)
    }

    fn found(text: &str, passed: &[&str]) -> Vec<Way> {
        let check = |d: &&str| Check {
            verdict: Verdict::Pass,
            domain: (*d).to_owned(),
        };
        let checks = Checks {
            dkim: passed.iter().map(check).collect(),
            sure: true,
            ..Checks::default()
        };
        let raw = header(text);
        ways(&field::split(&raw).0, Some(&checks))
    }

    #[test]
    fn a_list_is_named_as_it_calls_itself() {
        let of = |text: &str| list(text).unwrap().name.to_string();
        assert_eq!(
            of("List-Id: \"Rust users\" <users.rust.example>"),
            "Rust users"
        );
        assert_eq!(of("List-Id: =?utf-8?q?Caf=C3=A9?= <c.example>"), "Café");
        assert_eq!(of("List-Id: <=?utf-8?q?Caf=C3=A9?=>"), "Café");
        assert_eq!(of("List-Id: <c.example>"), "c.example");
        assert_eq!(of("List-Id: c.example"), "c.example");
        assert_eq!(of("List-Unsubscribe: <https://x.example/>"), "");
        assert_eq!(list("Subject: x|List-Post: NO"), None);
        let long = format!("List-Id: {} <x>", "y".repeat(500));
        assert!(of(&long).chars().count() <= NAME);
    }

    #[test]
    fn addresses_stand_in_brackets() {
        let text = "List-Id: <l.x>|List-Archive: (old <ftp://x>) <https://x.example/\n a/b> (new)|List-Post: <mailto:l%40x.example?subject=y>|List-Help: <javascript:x>, <mailto:h@x.example>";
        let list = list(text).unwrap();
        assert_eq!(list.archive.as_deref(), Some("https://x.example/a/b"));
        assert_eq!(list.post.unwrap().addr, "l@x.example");
        assert_eq!(list.help.as_deref(), Some("mailto:h@x.example"));
        assert!(!list.can_be_left);
    }

    #[test]
    fn one_writes_to_one_person_and_says_what_the_list_wants() {
        let ways = found(
            "List-Unsubscribe: <mailto:a@x.example,b@x.example>, <mailto:leave@x.example?subject=out&cc=c@x.example&body=id%207>, <http://x.example/u>",
            &[],
        );
        let [Way::Mail(mail), Way::Page(page)] = ways.as_slice() else {
            panic!("{ways:?}");
        };
        assert_eq!(
            (mail.to.addr.as_str(), mail.subject.as_str()),
            ("leave@x.example", "out")
        );
        assert_eq!(
            (mail.body.as_str(), page.as_str()),
            ("id 7", "http://x.example/u")
        );
    }

    const ASKS: &str = "List-Unsubscribe: <https://x.example/u?7>, <mailto:l@x.example>|List-Unsubscribe-Post: List-Unsubscribe=One-Click";
    const SIGNED: &str = "DKIM-Signature: v=1; a=rsa-sha256; d=X.example; h=From:To:\n List-Unsubscribe :List-Unsubscribe-Post; b=abc";

    #[test]
    fn one_click_needs_a_good_signature_over_both_fields() {
        let clicks = |text: &str, passed: &[&str]| {
            matches!(found(text, passed).first(), Some(Way::OneClick(_)))
        };
        let good = format!("{SIGNED}|{ASKS}");
        let want = [
            Way::OneClick("https://x.example/u?7".to_owned()),
            Way::Mail(Farewell {
                to: Address::new("", "l@x.example"),
                subject: "unsubscribe".to_owned(),
                body: String::new(),
            }),
            Way::Page("https://x.example/u?7".to_owned()),
        ];
        assert_eq!(found(&good, &["x.example"]), want);
        assert!(
            clicks(&good, &["y.example", "news.x.example"]),
            "a user of the domain"
        );
        for (text, passed, why) in [
            (good.clone(), &[][..], "nothing was found good"),
            (good.clone(), &["y.example"], "another's was"),
            (good.clone(), &["evilx.example"], "a name that only ends so"),
            (ASKS.to_owned(), &["x.example"], "no signature is there"),
            (
                good.replace(":List-Unsubscribe-Post;", ";"),
                &["x.example"],
                "one field is not covered",
            ),
            (
                format!("{good}|List-Unsubscribe: <https://evil.example/>"),
                &["x.example"],
                "twice",
            ),
            (
                format!("DKIM-Signature: d=x.example; h=From|{good}"),
                &["x.example"],
                "which of two was good is not told",
            ),
            (
                good.replace("=One-Click", "=Two-Clicks"),
                &["x.example"],
                "another word",
            ),
            (
                good.replace("https:", "http:"),
                &["x.example"],
                "in the clear",
            ),
        ] {
            assert!(!clicks(&text, passed), "{why}");
        }
        let raw = header(&good);
        let doubtful = Checks {
            dkim: vec![Check {
                verdict: Verdict::Pass,
                domain: "x.example".to_owned(),
            }],
            ..Checks::default()
        };
        let anybody = ways(&field::split(&raw).0, Some(&doubtful));
        assert!(
            !matches!(anybody.first(), Some(Way::OneClick(_))),
            "anybody may have written that it was found good"
        );
        let nobody = ways(&field::split(&raw).0, None);
        assert!(
            !matches!(nobody.first(), Some(Way::OneClick(_))),
            "nobody checked"
        );
    }

    proptest! {
        #[test]
        fn whatever_it_says_is_bounded_and_plain(
            value in "(<|>|\\(|\\)|,|mailto:|https://|http://|x\\.example|@|\\?|subject=|%0a|\\PC|\u{1b}){0,60}",
        ) {
            for name in ["List-Id", "List-Unsubscribe", "List-Archive", "List-Post", "List-Help"] {
                let raw = header(&format!("{name}: {value}"));
                let (fields, _) = field::split(&raw);
                if let Some(list) = of(&fields) {
                    prop_assert!(list.name.as_str().chars().count() <= 2 * NAME);
                    let urls = list.archive.iter().chain(&list.help);
                    for url in urls {
                        prop_assert!(url.bytes().all(|b| (0x21..0x7f).contains(&b)));
                    }
                }
                for way in ways(&fields, Some(&Checks::default())) {
                    match way {
                        Way::OneClick(_) => prop_assert!(false, "nothing was signed"),
                        Way::Mail(mail) => {
                            prop_assert!(check_addr(&mail.to.addr).is_ok());
                            prop_assert!(!mail.subject.contains(['\n', '\r']));
                        }
                        Way::Page(url) => prop_assert!(url.starts_with("http")),
                    }
                }
            }
        }
    }
}
