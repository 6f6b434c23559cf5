//! Whether a message invites, and who may be answered: nobody but the organizer that the
//! invitation names (RFC 5546 §3.2.2), at an address that mail can go to and with nothing else.

use super::body::{self, Piece, Prefer};
use super::calendar::{self, Method};
use super::ical::{self, Component};
use super::recipients::check_addr;
use super::tree::Tree;
use crate::model::Address;
use std::collections::BTreeSet;

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

/// The calendar that invites: the one that is shown. None if several meetings are, or several who
/// invite: nobody could tell which of them an answer is about.
pub fn file(tree: &Tree<'_>) -> Option<Component> {
    let shown = body::choose(tree, Prefer::Best).pieces.into_iter();
    let parts = shown.filter_map(|piece| match piece {
        Piece::Calendar(id) => tree.part(id),
        _ => None,
    });
    let files: Vec<Component> = parts.map(ical::of_part).collect();
    let all = files
        .iter()
        .flat_map(|file| calendar::items(calendar::whole(file)));
    let (mut meetings, mut people) = (BTreeSet::new(), BTreeSet::new());
    for item in all {
        meetings.insert(item.text("UID"));
        people.extend(organizer(item).map(|a| a.addr.to_lowercase()));
    }
    if meetings.len() > 1 || people.len() > 1 {
        return None;
    }
    let mut files = files.into_iter();
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
    fn what_is_shown_is_what_is_answered() {
        let event = |uid: &str, whom: &str| {
            format!("BEGIN:VEVENT\nUID:{uid}\nSUMMARY:{uid}\nORGANIZER:mailto:{whom}\nEND:VEVENT\n")
        };
        let part = |events: &str| {
            format!(
                "--b\nContent-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\nMETHOD:REQUEST\n{events}END:VCALENDAR\n"
            )
        };
        let found = |kind: &str, parts: &[String]| {
            let raw = format!(
                "Content-Type: multipart/{kind}; boundary=b\n\n{}--b--\n",
                parts.concat()
            );
            find(&Tree::read(raw.as_bytes())).map(|i| i.what)
        };
        let (tea, cake) = (event("tea", "a@x.example"), event("cake", "e@x.example"));
        let both = [part(&tea), part(&cake)];
        assert_eq!(found("alternative", &both).as_deref(), Some("cake"));
        assert_eq!(found("mixed", &both), None);
        assert_eq!(found("mixed", &[part(&format!("{tea}{cake}"))]), None);
        let other = event("tea", "e@x.example");
        assert_eq!(found("mixed", &[part(&format!("{tea}{other}"))]), None);
        assert_eq!(found("mixed", &[part(&tea)]).as_deref(), Some("tea"));
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
