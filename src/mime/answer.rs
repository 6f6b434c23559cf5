//! Whom an answer goes to, and from which of our addresses (RFC 5322 §3.6.2, RFC 2369 §3.4).
//!
//! A sender's wish comes first: Mail-Followup-To for an answer to all, Reply-To for one to the
//! sender. We never write to ourselves, unless there is nobody else.

use super::field;
use super::list;
use super::recipients::check_addr;
use crate::model::{Account, Address, Envelope};

/// The most addresses that are taken from one field.
const MOST: usize = 1_000;

/// To whom an answer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To the sender, or where the sender wants answers.
    Sender,
    /// To everybody.
    All,
    /// To the mailing list alone.
    List,
}

/// What only a message's whole header tells of where answers go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// Mail-Followup-To: where answers to all are wanted, lists the sender reads among them.
    pub followup_to: Vec<Address>,
    /// List-Post: the list's address (RFC 2369 §3.4).
    pub list_post: Option<Address>,
    /// Delivered-To and X-Original-To: which of our addresses it came to, whatever To says. Only
    /// the first of each, and only above the first Received: what stands below may be the
    /// sender's own.
    pub delivered_to: Vec<Address>,
}

impl Hints {
    /// The hints in a message.
    pub fn read(raw: &[u8]) -> Hints {
        let (fields, _) = field::split(raw);
        let all = |name: &str| -> Vec<Address> {
            let found = fields.iter().filter(|f| f.is(name));
            let mut list: Vec<Address> = found
                .flat_map(|f| field::all_addresses(f.value))
                .filter(|a| check_addr(&a.addr).is_ok())
                .collect();
            list.truncate(MOST);
            list
        };
        let arrived = fields.iter().position(|f| f.is("Received"));
        let by_server = fields.get(..arrived.unwrap_or(0)).unwrap_or_default();
        let delivered_to = ["Delivered-To", "X-Original-To"]
            .iter()
            .filter_map(|name| field::find(by_server, name))
            .filter_map(|f| field::all_addresses(f.value).into_iter().next())
            .collect();
        Hints {
            followup_to: all("Mail-Followup-To"),
            list_post: list::post(&fields),
            delivered_to,
        }
    }
}

/// To and Cc of an answer. `own` are the user's addresses in the account that the message came to,
/// and in all accounts: mail from one of them to another is answered like anybody's. Empty for
/// [`Way::List`] if the message came from no list that takes mail.
pub fn whom(
    envelope: &Envelope,
    hints: &Hints,
    (here, own): (&[Address], &[Address]),
    way: Way,
) -> (Vec<Address>, Vec<Address>) {
    let mut to = Vec::new();
    let mut cc = Vec::new();
    let others = |a: &&Address| !is_own(a, own);
    let not_here = |a: &&Address| !is_own(a, here);
    match way {
        Way::List => {
            add(&mut to, &[], hints.list_post.iter());
            return (to, cc);
        }
        Way::All if !hints.followup_to.is_empty() => {
            add(&mut to, &[], hints.followup_to.iter().filter(others));
            if !to.is_empty() {
                return (to, cc);
            }
        }
        Way::All | Way::Sender => {}
    }
    let sent_by_us = !envelope.from.is_empty() && envelope.from.iter().all(|a| is_own(a, here));
    // Answering what one wrote oneself goes on talking to those it went to, wherever one wants answers
    // oneself; a form on one's own page writes to nobody else, and says there who filled it in.
    // `undisclosed-recipients` is nobody, however it is spelt.
    let named = |a: &&Address| a.addr.contains('@');
    let went_out = sent_by_us && envelope.to.iter().filter(named).any(|a| !is_own(a, here));
    let first = match (sent_by_us, envelope.reply_to.is_empty()) {
        _ if went_out => &envelope.to,
        (true, true) if envelope.to.iter().any(|a| named(&a)) => &envelope.to,
        (_, true) => &envelope.from,
        (_, false) => &envelope.reply_to,
    };
    match sent_by_us {
        true => add(&mut to, &[], first.iter().filter(others)),
        false => add(&mut to, &[], first.iter().filter(not_here)),
    }
    if way == Way::All {
        let also = envelope.to.iter().chain(&envelope.cc).filter(named);
        add(&mut cc, &to, also.filter(others));
        // A list that puts itself into Reply-To must not make the author fall out.
        let author = envelope.from.iter().filter(|_| !sent_by_us);
        let known = [to.as_slice(), &cc].concat();
        add(&mut cc, &known, author.filter(not_here));
    }
    if to.is_empty() {
        // Only ourselves: to whom else? With others in Cc, they come first.
        to = std::mem::take(&mut cc);
    }
    if to.is_empty() {
        add(&mut to, &[], first.iter());
    }
    (to, cc)
}

/// The address of the account that the message was written to (or by), with the name that goes
/// with it; else the account's first. Never one of another account: what steers this is the
/// sender's, and the answer would go through a server that is not that address's.
pub fn identity(envelope: &Envelope, hints: &Hints, account: &Account) -> Address {
    let named = envelope.to.iter().chain(&envelope.cc);
    let mut places = named.chain(&hints.delivered_to).chain(&envelope.from);
    let of_account = account.senders();
    // The spelling is ours: a sender may have put any name beside it.
    match places.find_map(|a| ours(a, &of_account)) {
        Some(address) if address.name.is_empty() => {
            Address::new(account.full_name.clone(), address.addr.clone())
        }
        Some(address) => address.clone(),
        None => account.identity(),
    }
}

/// Which of our addresses this is; what follows a `+` in it does not matter (RFC 5233).
pub(super) fn ours<'o>(address: &Address, own: &'o [Address]) -> Option<&'o Address> {
    let plain = match address.addr.rsplit_once('@') {
        Some((local, domain)) => match local.split_once('+') {
            Some((local, _)) if !local.is_empty() => format!("{local}@{domain}"),
            _ => address.addr.clone(),
        },
        None => return None,
    };
    let is = |o: &&Address| {
        o.same_mailbox(address) || o.same_mailbox(&Address::new(String::new(), plain.clone()))
    };
    own.iter().find(is)
}

fn is_own(address: &Address, own: &[Address]) -> bool {
    ours(address, own).is_some()
}

/// Adds addresses that are in neither list yet.
fn add<'a>(list: &mut Vec<Address>, other: &[Address], more: impl Iterator<Item = &'a Address>) {
    for a in more {
        if !a.addr.is_empty() && !list.iter().chain(other).any(|b| b.same_mailbox(a)) {
            list.push(a.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::parse;
    use crate::mime::wire::tests::account;
    use crate::model::Identity;

    fn own() -> Vec<Address> {
        ["ada@x.example", "a2@x.example"]
            .map(|a| Address::new(String::new(), a.to_owned()))
            .to_vec()
    }

    fn go(text: &str, way: Way) -> (String, String) {
        let other = Address::new(String::new(), "home@z.example".to_owned());
        let all = [own(), vec![other]].concat();
        let text = text.replace('|', "\n") + "\n\n";
        let (to, cc) = whom(
            &parse::envelope(text.as_bytes()),
            &Hints::read(text.as_bytes()),
            (&own(), &all),
            way,
        );
        let list = |l: Vec<Address>| l.into_iter().map(|a| a.addr).collect::<Vec<_>>().join(" ");
        (list(to), list(cc))
    }

    #[test]
    fn answers_go_where_the_sender_wants_them() {
        use Way::{All, List, Sender};
        for (text, way, to, cc) in [
            ("From: b@y|To: ada@x.example", Sender, "b@y", ""),
            (
                "From: b@y|Reply-To: c@y|To: ada@x.example",
                Sender,
                "c@y",
                "",
            ),
            (
                "From: b@y|To: ada@x.example, c@y|Cc: d@y, b@Y",
                All,
                "b@y",
                "c@y d@y",
            ),
            ("From: b@y|To: l@y|Reply-To: l@y", All, "l@y", "b@y"),
            (
                "From: b@y|To: l@y|Mail-Followup-To: l@y, b@y|Cc: z@y",
                All,
                "l@y b@y",
                "",
            ),
            (
                "From: b@y|To: l@y|Mail-Followup-To: ada@x.example",
                All,
                "b@y",
                "l@y",
            ),
            ("From: b@y|To: l@y|Mail-Followup-To: l@y", Sender, "b@y", ""),
            (
                "From: b@y|To: l@y|List-Post: <mailto:l@y?x=y> (all)",
                List,
                "l@y",
                "",
            ),
            (
                "From: b@y|To: l@y|List-Post: <https://y>, <MAILTO:l%40y>",
                List,
                "l@y",
                "",
            ),
            ("From: b@y|To: l@y|List-Post: NO", List, "", ""),
            ("From: b@y|To: l@y", List, "", ""),
            ("From: ada@x.example|To: c@y|Cc: d@y", All, "c@y", "d@y"),
            (
                "From: ada@x.example|To: A2@x.example",
                All,
                "a2@x.example",
                "",
            ),
            ("From: b@y|To: ada+shop@x.example, c@y", All, "b@y", "c@y"),
            // From another account of one's own, and with one in copy.
            (
                "From: home@z.example|To: ada@x.example",
                Sender,
                "home@z.example",
                "",
            ),
            (
                "From: home@z.example|To: ada@x.example, c@y",
                All,
                "home@z.example",
                "c@y",
            ),
            (
                "From: b@y|To: ada@x.example|Cc: home@z.example, c@y",
                All,
                "b@y",
                "c@y",
            ),
            (
                "From: b@y|Reply-To: home@z.example|To: ada@x.example",
                Sender,
                "home@z.example",
                "",
            ),
            (
                "From: ada@x.example|To: home@z.example",
                Sender,
                "home@z.example",
                "",
            ),
            // What one sent oneself with a Reply-To goes on to those who got it.
            (
                "From: ada@x.example|Reply-To: a2@x.example|To: c@y",
                Sender,
                "c@y",
                "",
            ),
            (
                "From: ada@x.example|Reply-To: team@x.example|To: c@y|Cc: d@y",
                All,
                "c@y",
                "d@y",
            ),
            // A form on one's own page.
            (
                "From: ada@x.example|Reply-To: c@y|To: ada@x.example",
                Sender,
                "c@y",
                "",
            ),
            (
                "From: b@y|To: undisclosed-recipients|Cc: c@y",
                All,
                "b@y",
                "c@y",
            ),
        ] {
            let (to, cc) = (to.to_owned(), cc.to_owned());
            let found = go(text, way);
            assert_eq!((found.0.to_lowercase(), found.1), (to, cc), "{text}");
        }
    }

    #[test]
    fn the_address_that_was_written_to_answers() {
        let mut account = account();
        account.identities.push(Identity {
            email: "a2@x.example".to_owned(),
            full_name: "A. Lovelace".to_owned(),
            ..Identity::default()
        });
        let from = |text: &str| {
            let text = text.replace('|', "\n") + "\n\n";
            let e = parse::envelope(text.as_bytes());
            identity(&e, &Hints::read(text.as_bytes()), &account).to_string()
        };
        let second = "\"A. Lovelace\" <a2@x.example>";
        assert_eq!(from("From: b@y|To: Evil <A2@x.example>"), second);
        assert_eq!(from("From: b@y|To: a2+shop@x.example"), second);
        let first = account.identity().to_string();
        let arrived = "Received: by mx|From: b@y|To: l@y";
        assert_eq!(
            from(&format!("Delivered-To: a2@x.example|{arrived}")),
            second
        );
        assert_eq!(
            from(&format!("X-Original-To: a2@x.example|{arrived}")),
            second
        );
        assert_eq!(
            from("From: home@z.example|To: l@y"),
            account.identity().to_string(),
            "another account's address that wrote it does not answer itself"
        );
        for (forged, why) in [
            (format!("{arrived}|Delivered-To: a2@x.example"), "below"),
            (
                format!("Delivered-To: ada@x.example|{arrived}|Delivered-To: a2@x.example"),
                "second",
            ),
            (
                "From: b@y|To: l@y|Delivered-To: a2@x.example".to_owned(),
                "never received",
            ),
            ("From: b@y|To: l@y".to_owned(), "none"),
            // Another account's: the server of this one would send in its name.
            ("From: b@y|To: home@z.example".to_owned(), "another account"),
            (
                format!("Delivered-To: home@z.example|{arrived}"),
                "another account",
            ),
        ] {
            assert_eq!(from(&forged), first, "{why}");
        }
    }
}
