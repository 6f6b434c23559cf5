//! What is wrong with a draft before it is sent: what forbids it, and what is worth asking about,
//! once.

use crate::lang::{tr, trc};
use crate::mime::recipients::parse_list;
use crate::model::{Account, Address, Draft, DraftKind, MailDomain};
use crate::text::{size, when};
use crate::tui::question::Known;
use crate::tui::screen::composer::announced::{own_words, speaks_of_attachment};
use std::collections::{BTreeMap, BTreeSet};

/// With so many people who see each other's addresses it is asked.
const CROWD: usize = 15;
/// More octets than this are more than most servers take.
const MOST_TAKE: u64 = 25 << 20;
/// Domains that many people have their address at.
const COMMON: [&str; 29] = [
    "gmail.com",
    "googlemail.com",
    "outlook.com",
    "hotmail.com",
    "hotmail.fr",
    "hotmail.co.uk",
    "yahoo.com",
    "yahoo.co.uk",
    "yahoo.fr",
    "icloud.com",
    "live.com",
    "protonmail.com",
    "proton.me",
    "gmx.de",
    "gmx.net",
    "gmx.at",
    "web.de",
    "t-online.de",
    "freenet.de",
    "fastmail.com",
    "orange.fr",
    "wanadoo.fr",
    "free.fr",
    "laposte.net",
    "libero.it",
    "mail.ru",
    "yandex.ru",
    "comcast.net",
    "verizon.net",
];

/// What is known beside the draft itself.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Whom one wrote to before.
    pub known: &'a Known,
    /// The sender that an answer began with: the address that was written to.
    pub began_from: Option<&'a str>,
    /// Octets attached.
    pub size: u64,
    /// What the name system says of domains, in lower case.
    pub domains: &'a BTreeMap<String, MailDomain>,
    /// Variables of templates that nothing was known for.
    pub unfilled: &'a BTreeSet<String>,
    /// Every account.
    pub accounts: &'a [Account],
}

/// A line of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// To.
    To,
    /// Cc.
    Cc,
    /// Bcc.
    Bcc,
    /// Reply-To.
    ReplyTo,
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
        (To::To, trc!("field", "To"), &draft.to),
        (To::Cc, trc!("field", "Cc"), &draft.cc),
        (To::Bcc, trc!("field", "Bcc"), &draft.bcc),
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
    if let Err(e) = parse_list(&draft.reply_to) {
        return Err(Fault {
            field: To::ReplyTo,
            message: format!("{}: {e}", trc!("field", "Reply-To")),
        });
    }
    if any {
        Ok(())
    } else {
        Err(Fault {
            field: To::To,
            message: tr!("There is nobody to send it to.").to_owned(),
        })
    }
}

/// What is worth asking about, in sentences.
pub fn doubts(draft: &Draft, facts: &Facts<'_>) -> Vec<String> {
    let mut doubts = Vec::new();
    if draft.subject.trim().is_empty() {
        doubts.push(tr!("The message has no subject.").to_owned());
    }
    doubts.extend(lacks_attachment(draft));
    if own_words(&draft.body).all(|l| l.trim().is_empty())
        && draft.attachments.is_empty()
        && draft.kind != DraftKind::Forward
    {
        doubts.push(trc!("message", "It is empty.").to_owned());
    }
    doubts.extend(blanks(draft, facts.unfilled));
    doubts.extend(too_large(draft, facts.size, facts.known));
    let read = |line: &str| parse_list(line).unwrap_or_default();
    let seen: Vec<Address> = [read(&draft.to), read(&draft.cc)].concat();
    if seen.len() >= CROWD {
        doubts.push(tr!(
            "{many} people will see each other's addresses; in Bcc they don't.",
            many = seen.len()
        ));
    }
    doubts.extend(other_sender(draft, facts));
    doubts.extend(other_account(draft, facts.accounts));
    for address in seen.iter().chain(&read(&draft.bcc)) {
        doubts.extend(doubt_of(address, facts.known));
        doubts.extend(doubt_of_domain(address, facts.domains));
    }
    doubts
}

/// That it speaks of what is not there.
pub fn lacks_attachment(draft: &Draft) -> Option<String> {
    let lacks = draft.attachments.is_empty() && speaks_of_attachment(&draft.body);
    lacks.then(|| tr!("It mentions an attachment, but nothing is attached.").to_owned())
}

/// Places of a form that nobody filled in: `{{anything}}`, and what a template left.
fn blanks(draft: &Draft, unfilled: &BTreeSet<String>) -> Option<String> {
    let mut left: BTreeSet<&str> = BTreeSet::new();
    for line in std::iter::once(draft.subject.as_str()).chain(own_words(&draft.body)) {
        let mut rest = line;
        while let Some((_, from)) = rest.split_once("{{") {
            let (name, after) = from.split_once("}}")?;
            if !name.trim().is_empty() {
                left.insert(name.trim());
            }
            rest = after;
        }
        let names = unfilled.iter().filter(|name| line.contains(name.as_str()));
        left.extend(names.map(|name| name.trim_matches(['{', '}'])));
    }
    let left: Vec<&str> = left.into_iter().collect();
    (!left.is_empty()).then(|| tr!("Not filled in yet: {names}.", names = left.join(tr!(", "))))
}

/// Attachments that the account's server will not take, or (where it is not known what that takes)
/// that many servers don't. `attached` are their octets.
pub(super) fn too_large(draft: &Draft, attached: u64, known: &Known) -> Option<String> {
    // As base64 in lines of 76 characters, and what stands around it.
    let around = draft.body.len() + draft.subject.len() + 4096;
    let whole = (attached.div_ceil(57) * 78).saturating_add(around as u64);
    let have = size::human(whole);
    match known.largest.get(&draft.account) {
        _ if attached == 0 => None,
        Some(largest) => (whole > *largest).then(|| {
            let may = size::human(*largest);
            tr!(
                "The server takes {may}, and this is {have} as it goes out.",
                may,
                have
            )
        }),
        None => (whole > MOST_TAKE).then(|| {
            tr!(
                "It is {have} as it goes out: many servers take no more than 25 MB.",
                have
            )
        }),
    }
}

/// An answer that comes from another address than the one that was written to.
fn other_sender(draft: &Draft, facts: &Facts<'_>) -> Option<String> {
    let began = parse_list(facts.began_from?).ok()?.into_iter().next()?;
    let now = parse_list(&draft.from).ok()?.into_iter().next()?;
    let other = draft.kind == DraftKind::Reply && !began.same_mailbox(&now);
    other.then(|| {
        tr!(
            "It answers from {now}, but the message was sent to {began}.",
            now = now.addr,
            began = began.addr
        )
    })
}

/// A sender that belongs to another account than the one whose server gets the message.
fn other_account(draft: &Draft, accounts: &[Account]) -> Option<String> {
    let from = parse_list(&draft.from).ok()?.into_iter().next()?;
    let own = accounts.iter().find(|a| a.name == draft.account)?;
    let mut others = accounts.iter().filter(|_| !own.sends_as(&from));
    let other = others.find(|a| a.sends_as(&from))?;
    Some(tr!(
        "{address} is an address of {other}, and this goes through {own}.",
        address = from.addr,
        other = other.name,
        own = own.name
    ))
}

/// What is odd about an address.
fn doubt_of(address: &Address, known: &Known) -> Option<String> {
    let addr = address.addr.to_lowercase();
    if let Some(at) = known.bounced.get(&addr) {
        let day = when::day(*at);
        return Some(tr!("Mail to {addr} came back on {day}.", addr, day));
    }
    let (_, domain) = addr.rsplit_once('@')?;
    if COMMON.contains(&domain) || known.domains.contains(domain) {
        return None;
    }
    let own = known.domains.iter().map(String::as_str);
    // Short names are near to each other by chance.
    let near = |d: &&str| d.len() >= 6 && one_apart(d, domain);
    let meant = COMMON.into_iter().chain(own).find(near)?;
    Some(tr!("Is {addr} right, or is it at {meant}?", addr, meant))
}

/// What the name system has against an address.
fn doubt_of_domain(address: &Address, told: &BTreeMap<String, MailDomain>) -> Option<String> {
    let domain = address.domain().to_lowercase();
    let addr = &address.addr;
    match told.get(&domain)? {
        MailDomain::Takes | MailDomain::Unknown => None,
        MailDomain::TakesNone => Some(tr!(
            "{domain} takes no mail: {addr} can't get it.",
            domain,
            addr
        )),
        MailDomain::HasNoServer => Some(tr!(
            "{domain} has no server for mail: {addr} can't get it.",
            domain,
            addr
        )),
        MailDomain::IsNot => Some(tr!(
            "There is no domain {domain}: {addr} can't get it.",
            domain,
            addr
        )),
    }
}

/// Whether one letter too many, too few or wrong, or two in the wrong order, tell two words apart.
fn one_apart(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let same = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (Some(a), Some(b)) = (a.get(same..), b.get(same..)) else {
        return false;
    };
    let after = |v: &[char], n: usize| v.get(n..).map(<[char]>::to_vec);
    let turned = matches!((a, b), ([p, q, ..], [r, s, ..]) if p == s && q == r)
        && after(a, 2) == after(b, 2);
    let replaced = !a.is_empty() && !b.is_empty() && after(a, 1) == after(b, 1);
    let more = !a.is_empty() && after(a, 1).as_deref() == Some(b);
    let less = !b.is_empty() && after(b, 1).as_deref() == Some(a);
    turned || replaced || more || less
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
    fn a_line_that_is_wrong_is_called_as_it_is_on_the_screen() {
        use crate::lang::{Lang, during};
        let wrong = draft("nonsense", "x", "y");
        let fault = during(Lang::German, || {
            let name = trc!("field", "To");
            (name, recipients(&wrong).unwrap_err().message)
        });
        assert!(fault.0 != "To" && fault.1.starts_with(fault.0), "{fault:?}");
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
        let known = Known::default();
        let unfilled = ["{firm}".to_owned()].into();
        let facts = Facts {
            known: &known,
            began_from: None,
            size: 0,
            domains: &BTreeMap::new(),
            unfilled: &unfilled,
            accounts: &[],
        };
        let count = |d: &Draft| doubts(d, &facts).len();
        assert_eq!(count(&draft("a@x.example", "x", "hello")), 0);
        assert_eq!(count(&draft("a@x.example", " ", "hello")), 1);
        let blanks = doubts(&draft("a@x.example", "{{ what }}", "Dear {firm},"), &facts);
        assert_eq!(blanks, ["Not filled in yet: firm, what."]);
        let free = "a {name} and {{}} and {{\n> {{quoted}}\n-- \n{{signature}}";
        assert_eq!(count(&draft("a@x.example", "x", free)), 0);
        for body in [
            "See the attached file",
            "Anbei die Rechnung",
            "Voici en pièce jointe",
            "ATTACHMENT",
            "資料を添付します",
            "Файл прикреплён",
            "w załączniku umowa",
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
            .push(DraftAttachment::file("/tmp/a".into()));
        assert_eq!(count(&with), 0);
    }

    #[test]
    fn s30_a_sender_of_another_account_is_asked_about() {
        let accounts = crate::tui::screen::composer::tests::accounts();
        let known = Known::default();
        let facts = Facts {
            known: &known,
            began_from: None,
            size: 0,
            domains: &BTreeMap::new(),
            unfilled: &BTreeSet::new(),
            accounts: &accounts,
        };
        let said = |from: &str| {
            let mut draft = draft("a@x.example", "x", "hello");
            draft.from = from.to_owned();
            doubts(&draft, &facts)
        };
        for fine in [
            "work@example.org",
            "Ada <WORK@example.org>",
            "new@example.org",
            "",
        ] {
            assert_eq!(said(fine), Vec::<String>::new(), "{fine}");
        }
        assert_eq!(
            said("Ada <home@example.org>"),
            ["home@example.org is an address of home, and this goes through work."]
        );
    }

    #[test]
    fn what_the_server_does_not_take_is_said_with_both_sizes() {
        let mut known = Known::default();
        let work = draft("a@x.example", "x", "hello");
        let said = |octets, known: &Known| too_large(&work, octets, known);
        assert_eq!(said(18 << 20, &known), None);
        assert!(said(19 << 20, &known).unwrap().contains("25 MB"));
        known.largest = [(AccountName("work".into()), 10 << 20)].into();
        let told = said(23 << 20, &known).unwrap();
        assert_eq!(
            told,
            "The server takes 10 MB, and this is 31 MB as it goes out."
        );
        assert_eq!(said(7 << 20, &known), None);
        assert_eq!(said(0, &known), None);
        known.largest = [(AccountName("work".into()), 100 << 20)].into();
        assert_eq!(said(50 << 20, &known), None, "it takes more than most");
    }

    #[test]
    fn s30_an_address_that_is_nearly_another_or_came_back_is_asked_about() {
        let known = Known {
            domains: ["example.org".to_owned(), "gmeil.com".to_owned()].into(),
            bounced: [("old@example.org".to_owned(), 1_700_000_000)].into(),
            ..Known::default()
        };
        let unfilled = BTreeSet::new();
        let facts = Facts {
            known: &known,
            began_from: Some("Ada <ada@work.example>"),
            size: 0,
            domains: &BTreeMap::new(),
            unfilled: &unfilled,
            accounts: &[],
        };
        let said = |to: &str| doubts(&draft(to, "x", "hello"), &facts);
        for (to, meant) in [
            ("bo@gmial.com", "gmail.com"),
            ("bo@hotmai.com", "hotmail.com"),
            ("bo@exampel.org", "example.org"),
            ("bo@gmaill.com", "gmail.com"),
        ] {
            let said = said(to);
            assert!(said.len() == 1 && said[0].contains(meant), "{to}: {said:?}");
        }
        for to in [
            "bo@gmail.com",
            "bo@gmeil.com",
            "bo@other.example",
            "bo@example.org",
            "bo@gmx.co",
        ] {
            assert_eq!(said(to), [""; 0], "{to}");
        }
        let said = said("Old@Example.org");
        assert!(
            said[0].starts_with("Mail to old@example.org came back on"),
            "{said:?}"
        );
        let mut answer = draft("bo@example.org", "x", "hello");
        answer.kind = DraftKind::Reply;
        answer.from = "ada@home.example".into();
        assert_eq!(doubts(&answer, &facts).len(), 1);
        answer.from = "ADA@work.example".into();
        assert_eq!(doubts(&answer, &facts).len(), 0);
        let crowd: Vec<String> = (0..20).map(|n| format!("p{n}@example.org")).collect();
        assert_eq!(
            doubts(&draft(&crowd.join(", "), "x", "hello"), &facts).len(),
            1
        );
    }
}
