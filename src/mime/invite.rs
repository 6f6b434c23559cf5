//! Whether a message invites, and who may be answered: nobody but the organizer that the
//! invitation names (RFC 5546 §3.2.2), at an address that mail can go to and with nothing else.

use super::body;
use super::calendar::{self, Method};
use super::ical::{self, Component};
use super::recipients::check_addr;
use super::tree::Tree;
use crate::model::Address;

/// The longest name of an event that is kept, in characters.
const MAX_WHAT: usize = 200;

/// An invitation that can be answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Invitation {
    /// Who gets the answer. Untrusted text, but an address that can be written to.
    pub organizer: Address,
    /// What one is invited to. Untrusted text.
    pub what: String,
}

/// The first invitation in a message.
pub fn find(tree: &Tree<'_>) -> Option<Invitation> {
    let file = file(tree)?;
    let calendar = calendar::whole(&file);
    let first = answerable(calendar).into_iter().next()?;
    let what: String = first.text("SUMMARY").chars().take(MAX_WHAT).collect();
    Some(Invitation {
        organizer: organizer(first)?,
        what: what.split_whitespace().collect::<Vec<_>>().join(" "),
    })
}

/// The calendar that invites.
pub fn file(tree: &Tree<'_>) -> Option<Component> {
    let parts = tree.parts.iter().filter(|p| body::is_calendar_part(p));
    let mut files = parts.take(10).map(ical::of_part);
    files.find(|file| !answerable(calendar::whole(file)).is_empty())
}

/// The components that an answer is about: the series, or each of its changed days where the
/// series itself is not in the file (RFC 5546 §3.2.3). All belong to one UID and one organizer.
pub fn answerable(calendar: &Component) -> Vec<&Component> {
    if !matches!(Method::of(calendar), Method::Request | Method::Add) {
        return Vec::new();
    }
    let good = |c: &&Component| {
        c.name != "VJOURNAL" && !c.text("UID").is_empty() && organizer(c).is_some()
    };
    let all: Vec<&Component> = calendar::items(calendar).filter(good).take(50).collect();
    let Some(first) = all.first() else {
        return Vec::new();
    };
    let (uid, whom) = (first.text("UID"), organizer(first));
    let of_one = |c: &&&Component| c.text("UID") == uid && organizer(c) == whom;
    let series = all
        .iter()
        .find(|c| c.text("UID") == uid && c.get("RECURRENCE-ID").is_none());
    match series {
        Some(series) => vec![*series],
        None => all.iter().filter(of_one).copied().collect(),
    }
}

/// The organizer, if mail can go there.
pub fn organizer(c: &Component) -> Option<Address> {
    let named = calendar::person(c.get("ORGANIZER")?);
    check_addr(&named.addr).ok().map(|()| named)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(method: &str, event: &str) -> Option<Invitation> {
        let raw = format!(
            "Content-Type: text/calendar\n\nBEGIN:VCALENDAR\nMETHOD:{method}\nBEGIN:VEVENT\nUID:1\nSUMMARY:Tea\n{event}\nEND:VEVENT\nEND:VCALENDAR\n"
        );
        find(&Tree::read(raw.as_bytes()))
    }

    #[test]
    fn only_a_request_with_an_organizer_can_be_answered() {
        let ada = "ORGANIZER;CN=Ada:mailto:ada@x.example";
        let invitation = found("REQUEST", ada).unwrap();
        assert_eq!(invitation.organizer.to_string(), "Ada <ada@x.example>");
        assert_eq!(invitation.what, "Tea");
        assert_eq!(found("REPLY", ada), None);
        assert_eq!(found("PUBLISH", ada), None);
        for nobody in [
            "",
            "ORGANIZER:mailto:ada@x.example?bcc=eve@y.example",
            "ORGANIZER:mailto:ada",
            "ORGANIZER:http://x.example/",
            "ORGANIZER:mailto:a@x.example,b@x.example",
        ] {
            assert_eq!(found("REQUEST", nobody), None, "{nobody}");
        }
    }
}
