//! What comes as a calendar, as a card (RFC 5545, RFC 5546): what is asked or told, what it is,
//! when in the reader's zone, where, by whom and who comes. Nothing is expanded or fetched, and
//! what the file says of its sender is only what it says.

use super::ical::{Component, Property};
use super::link::Links;
use super::styled::{Line, Mark, row, say};
use super::{mailto, moment, recur};
use crate::lang::{tr, trc, trn};
use crate::model::Address;
use jiff::tz::TimeZone;

/// Events shown of one calendar.
const MAX_ITEMS: usize = 20;
/// Guests shown of one event.
const MAX_GUESTS: usize = 30;
/// Lines shown of a description.
const MAX_WORDS: usize = 40;

/// What a calendar is for (RFC 5546 §1.4), as its METHOD says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// It tells of events; nobody is asked.
    Publish,
    /// It invites, or changes what one was invited to.
    Request,
    /// It answers an invitation.
    Reply,
    /// It adds to a series.
    Add,
    /// It calls off.
    Cancel,
    /// It asks for the newest form of an invitation.
    Refresh,
    /// It proposes something else.
    Counter,
    /// It declines what was proposed.
    DeclineCounter,
}

impl Method {
    /// Of a calendar; without a METHOD it only tells.
    pub fn of(calendar: &Component) -> Method {
        match calendar.word("METHOD").as_str() {
            "REQUEST" => Method::Request,
            "REPLY" => Method::Reply,
            "ADD" => Method::Add,
            "CANCEL" => Method::Cancel,
            "REFRESH" => Method::Refresh,
            "COUNTER" => Method::Counter,
            "DECLINECOUNTER" => Method::DeclineCounter,
            _ => Method::Publish,
        }
    }
}

/// The calendar in a file: the first VCALENDAR, or the file itself where that line is missing.
pub fn whole(file: &Component) -> &Component {
    let found = file.inside.iter().find(|c| c.name == "VCALENDAR");
    found.unwrap_or(file)
}

/// The events and tasks of a calendar.
pub fn items(calendar: &Component) -> impl Iterator<Item = &Component> {
    let is = |c: &&Component| matches!(c.name.as_str(), "VEVENT" | "VTODO" | "VJOURNAL");
    calendar.inside.iter().filter(is)
}

/// Who a property names (ORGANIZER, ATTENDEE): its CN and the address of its mailto. What would
/// put more into a message than an address (`?subject=`) makes it no address.
pub fn person(p: &Property) -> Address {
    let value = p.value.trim();
    let link = mailto::read(value);
    let addr = link.map_or_else(|| value.to_owned(), |link| link.to);
    let is_odd = |c: char| c.is_control() || c.is_whitespace() || ":?,;".contains(c);
    let good = addr.contains('@') && !addr.contains(is_odd) && !value.contains('?');
    let from_mail = || p.param("EMAIL").unwrap_or_default().to_owned();
    let name = p.param("CN").unwrap_or_default().trim();
    let addr = if good { addr } else { from_mail() };
    let name = if name == addr { "" } else { name };
    Address::new(name, addr)
}

/// A person as they are shown; a name alone if there is no address.
fn shown(p: &Property) -> String {
    let who = person(p);
    match who.addr.is_empty() {
        true => who.name,
        false => who.to_string(),
    }
}

/// Lays a calendar out. `alone`: no text beside it says the same, so its description is shown.
pub fn lines(file: &Component, alone: bool, width: usize, links: &mut Links) -> Vec<Line> {
    let card = Card {
        calendar: whole(file),
        method: Method::of(whole(file)),
        alone,
        home: TimeZone::system(),
        width,
    };
    let mut out = Vec::new();
    let all = items(card.calendar).count();
    for item in items(card.calendar).take(MAX_ITEMS) {
        out.extend(card.item(item, links));
    }
    let shown = all.min(MAX_ITEMS);
    if all > shown {
        let more = trn!(
            n = all - shown,
            "… and {n} more; the file has all",
            "… and {n} more; the file has all"
        );
        out.extend(say(&more, Mark::Dim, width));
    }
    if all == 0 {
        let busy = card.calendar.inside.iter().any(|c| c.name == "VFREEBUSY");
        let what = if busy {
            tr!("Calendar: when somebody is free or busy")
        } else {
            tr!("A calendar in which nothing can be read")
        };
        out.extend(say(what, Mark::Dim, width));
    }
    out
}

/// How a calendar is laid out.
struct Card<'a> {
    calendar: &'a Component,
    method: Method,
    alone: bool,
    home: TimeZone,
    width: usize,
}

impl Card<'_> {
    fn item(&self, item: &Component, links: &mut Links) -> Vec<Line> {
        let mut out = say(&self.title(item), Mark::Heading, self.width);
        let mut put = |name: &str, value: &str| out.extend(row(name, value, self.width));
        put(
            trc!("row", "What"),
            &item.text("SUMMARY").replace('\n', " "),
        );
        if let Some((begin, end)) = moment::range(item, self.calendar) {
            let words = moment::range_words(&begin, end.as_ref(), &self.home);
            put(trc!("row", "When"), &words);
        } else if let Some(p) = item.get("DTSTART") {
            put(trc!("row", "When"), &p.value);
        }
        let repeats = recur::words(item, self.calendar, &self.home);
        put(trc!("row", "Repeats"), &repeats);
        if let Some(p) = item.get("RECURRENCE-ID") {
            let which = moment::Moment::read(p, self.calendar);
            let which = which.map_or_else(|| p.value.clone(), |m| m.words(&self.home));
            let range = p.param("RANGE") == Some("THISANDFUTURE");
            let what = if range {
                tr!("this one and all later: {which}", which)
            } else {
                tr!("only this one: {which}", which)
            };
            put(trc!("row", "Of series"), &what);
        }
        put(
            trc!("row", "Where"),
            &item.text("LOCATION").replace('\n', ", "),
        );
        if let Some(p) = item.get("ORGANIZER") {
            put(trc!("row", "Organizer"), &shown(p));
        }
        out.extend(self.guests(item));
        let comment = item.text("COMMENT").replace('\n', " ");
        out.extend(row(trc!("row", "Says"), &comment, self.width));
        for name in ["X-GOOGLE-CONFERENCE", "CONFERENCE", "URL"] {
            let value = item.get(name).map(|p| p.value.trim()).unwrap_or_default();
            let linked = links.row(trc!("row", "Link"), value, self.width);
            out.extend(linked.into_iter().flatten());
        }
        if self.alone {
            out.extend(self.description(item, links));
        }
        out.push(Line::default());
        out
    }

    fn title(&self, item: &Component) -> String {
        let kind = item.name.as_str();
        let cancelled = || match kind {
            "VTODO" => tr!("Cancelled: this task does not take place"),
            "VJOURNAL" => tr!("Cancelled: this note does not take place"),
            _ => tr!("Cancelled: this event does not take place"),
        };
        let called_off = item.word("STATUS") == "CANCELLED";
        // A first invitation has no SEQUENCE, or 0 (RFC 5546 §2.1.4).
        let newer = item.word("SEQUENCE").parse::<u32>().unwrap_or(0);
        let title = match self.method {
            Method::Cancel => cancelled(),
            Method::Request | Method::Publish | Method::Add if called_off => cancelled(),
            Method::Request if newer > 0 => {
                tr!("Changed invitation: this takes the place of an earlier one")
            }
            Method::Request => tr!("Invitation"),
            Method::Reply => return self.reply(item),
            Method::Add => match kind {
                "VTODO" => tr!("One more task of a series"),
                "VJOURNAL" => tr!("One more note of a series"),
                _ => tr!("One more event of a series"),
            },
            Method::Refresh => tr!("Asks for the newest form of an invitation"),
            Method::Counter => tr!("Another time or place is proposed"),
            Method::DeclineCounter => tr!("What was proposed is declined; it stays as it was"),
            Method::Publish => match kind {
                "VTODO" => tr!("Task"),
                "VJOURNAL" => tr!("Note"),
                _ => tr!("Event"),
            },
        };
        match item.word("STATUS").as_str() {
            "TENTATIVE" if !called_off => tr!("{title} (not yet certain)", title),
            _ => title.to_owned(),
        }
    }

    fn reply(&self, item: &Component) -> String {
        let Some(p) = item.get("ATTENDEE") else {
            return tr!("Answer to an invitation").to_owned();
        };
        let who = person(p);
        let who = who.display();
        match p.param("PARTSTAT").map(str::to_ascii_uppercase).as_deref() {
            Some("ACCEPTED") => tr!("Answer: {who} accepts", who),
            Some("DECLINED") => tr!("Answer: {who} declines", who),
            Some("TENTATIVE") => tr!("Answer: {who} may come", who),
            Some("DELEGATED") => tr!("Answer: {who} sends somebody else", who),
            _ => tr!("Answer: {who} gives no answer", who),
        }
    }

    fn guests(&self, item: &Component) -> Vec<Line> {
        let mut out = Vec::new();
        let all = item.all("ATTENDEE").count();
        if self.method == Method::Reply && all <= 1 {
            return out;
        }
        for (n, p) in item.all("ATTENDEE").take(MAX_GUESTS).enumerate() {
            let role = match p.param("ROLE").map(str::to_ascii_uppercase).as_deref() {
                Some("OPT-PARTICIPANT") => tr!(", need not come"),
                Some("NON-PARTICIPANT") => tr!(", for information"),
                Some("CHAIR") => tr!(", in the chair"),
                _ => "",
            };
            let kind = p.param("CUTYPE").map(str::to_ascii_uppercase);
            let answer = match p.param("PARTSTAT").map(str::to_ascii_uppercase).as_deref() {
                Some("ACCEPTED") => tr!("comes"),
                Some("DECLINED") => tr!("does not come"),
                Some("TENTATIVE") => tr!("may come"),
                Some("DELEGATED") => tr!("sends somebody else"),
                Some("COMPLETED") => tr!("has done it"),
                Some("IN-PROCESS") => tr!("is doing it"),
                _ if matches!(kind.as_deref(), Some("ROOM" | "RESOURCE")) => {
                    tr!("not answered yet")
                }
                _ => tr!("no answer yet"),
            };
            let name = if n == 0 { trc!("row", "With") } else { "" };
            let who = match shown(p) {
                who if who.is_empty() => continue,
                who => format!("{who}: {answer}{role}"),
            };
            out.extend(row(name, &who, self.width));
        }
        if all > MAX_GUESTS {
            let more = trn!(n = all - MAX_GUESTS, "and {n} more", "and {n} more");
            out.extend(row("", &more, self.width));
        }
        out
    }

    fn description(&self, item: &Component, links: &mut Links) -> Vec<Line> {
        let text = item.text("DESCRIPTION");
        if text.is_empty() {
            return Vec::new();
        }
        let mut out = vec![Line::default()];
        let few: Vec<&str> = text.lines().take(MAX_WORDS).collect();
        let more = text.lines().count() > MAX_WORDS;
        let laid = super::plain::lines(&few.join("\n"), false, false, self.width, links);
        out.extend(laid.into_iter().take(MAX_WORDS));
        if more {
            out.extend(say("…", Mark::Dim, self.width));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::ical::tests::component;
    use crate::text::width;
    use proptest::prelude::*;

    fn shown(ics: &str) -> Vec<String> {
        let laid = lines(&component(ics), true, 60, &mut Links::default());
        laid.iter().map(Line::text).collect()
    }

    #[test]
    fn an_invitation_says_what_when_where_and_who() {
        let ics = "BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nSUMMARY:Tea\\, with\n  biscuits\nDTSTART;VALUE=DATE:20250303\nLOCATION:Room 2\nORGANIZER;CN=\"Ada: W\":mailto:ada@x.example\nATTENDEE;CN=Bo;PARTSTAT=ACCEPTED:MAILTO:bo@y.example\nATTENDEE;ROLE=OPT-PARTICIPANT:mailto:cy@y.example\nRRULE:FREQ=SECONDLY\nURL:https://x.example/tea\nDESCRIPTION:Bring\\ncups\nBEGIN:VALARM\nSUMMARY:no\nEND:VALARM\nEND:VEVENT\nEND:VCALENDAR\n";
        let want = [
            "Invitation",
            "What      Tea, with biscuits",
            "When      Mon, 3 Mar 2025 (whole day)",
            "Repeats   every second",
            "Where     Room 2",
            "Organizer \"Ada: W\" <ada@x.example>",
            "With      Bo <bo@y.example>: comes",
            "          cy@y.example: no answer yet, need not come",
            "Link      https://x.example/tea[1]",
            "",
            "Bring",
            "cups",
            "",
        ];
        assert_eq!(shown(ics), want);
    }

    #[test]
    fn methods_are_told_apart() {
        for (method, item, want) in [
            (
                "REQUEST",
                "SEQUENCE:2",
                "Changed invitation: this takes the place of an earlier one",
            ),
            ("CANCEL", "", "Cancelled: this event does not take place"),
            (
                "REPLY",
                "ATTENDEE;CN=Bo;PARTSTAT=DECLINED:mailto:bo@y.example",
                "Answer: Bo declines",
            ),
            ("COUNTER", "", "Another time or place is proposed"),
            ("PUBLISH", "STATUS:TENTATIVE", "Event (not yet certain)"),
            (
                "",
                "STATUS:CANCELLED",
                "Cancelled: this event does not take place",
            ),
        ] {
            let text = format!("METHOD:{method}\nBEGIN:VEVENT\n{item}\nEND:VEVENT");
            assert_eq!(shown(&text)[0], want, "{method}");
        }
        assert_eq!(shown("x")[0], "A calendar in which nothing can be read");
        let many = "BEGIN:VEVENT\nEND:VEVENT\n".repeat(100);
        assert_eq!(
            shown(&many).last().unwrap(),
            "… and 80 more; the file has all"
        );
    }

    #[test]
    fn a_person_is_an_address_and_nothing_more() {
        let who = |value: &str| person(&Property::new("ORGANIZER", value)).addr;
        assert_eq!(who("mailto:a@x.example"), "a@x.example");
        assert_eq!(who("MAILTO:a%40x.example"), "a@x.example");
        for bad in [
            "mailto:a@x.example?cc=b@y.example",
            "mailto:a@x, b@y",
            "urn:uuid:1",
        ] {
            assert_eq!(who(bad), "", "{bad}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_fits(text in "(BEGIN:VEVENT|END:VEVENT|METHOD:REPLY|DTSTART|RRULE:FREQ=|ORGANIZER|ATTENDEE|DESCRIPTION|URL|https://x.example|:|;|=|\"|2025|T|Z|\n|\n\n| |\\PC){0,60}") {
            for line in lines(&component(&text), true, 20, &mut Links::default()) {
                prop_assert!(width::width(&line.text()) <= 20);
            }
        }
    }
}
