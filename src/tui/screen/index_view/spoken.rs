//! A line of the index as one sentence, for who hears it: what is unread first, then who, about
//! what, and everything else that the signs tell others.

use super::{Setting, date, people, who};
use crate::config::Field;
use crate::lang::{tr, trn};
use crate::mime::trust::{self, Level};
use crate::model::view::IndexRow;
use crate::model::{System, mark};
use crate::text::{Clean, width};
use crate::tui::screen::index::{Kind, Line};
use crate::tui::screen::tags::Tags;

/// A subject has so many columns at least, whatever else there is to say.
const SUBJECT: usize = 12;

/// The sentence in so many columns; `marked`: it is selected for the next action.
pub fn spoken(
    line: &Line,
    marked: bool,
    excerpt: Option<&str>,
    cols: usize,
    set: &Setting,
) -> Clean {
    let it = &line.row;
    let comma = tr!(", ");
    let mut lead = Vec::new();
    if marked {
        lead.push(tr!("selected").to_owned());
    }
    match it.unread {
        0 => {}
        1 if it.count <= 1 || line.kind == Kind::Child => lead.push(tr!("unread").to_owned()),
        n => lead.push(tr!("{n} unread", n)),
    }
    if line.kind == Kind::Child {
        lead.push(tr!("in it").to_owned());
    }
    lead.push(width::cut(who(it, set).as_str(), 26));
    let lead = lead.join(comma) + comma;
    let title = match it.subject.trim() {
        "" => Clean::lit(tr!("no subject")),
        subject => Clean::line(subject),
    };
    let mut tail = chosen(it, set);
    for word in states(line, set) {
        tail.push_str(&format!("{comma}{word}"));
    }
    tail.push_str(&format!(
        "{comma}{}",
        date(it.date, set.now, 10, set.list.dates)
            .as_str()
            .trim_start()
    ));
    let used = width::width(&lead) + width::width(&tail);
    let room = cols.saturating_sub(used).max(SUBJECT);
    let mut text = format!("{lead}{}{tail}", width::cut(title.as_str(), room));
    let found = excerpt.or(it.snippet.as_deref());
    if let Some(found) = found.filter(|f| !f.trim().is_empty()) {
        text.push_str(&format!(". {found}"));
    }
    Clean::line(&width::cut(Clean::line(&text).as_str(), cols))
}

/// What else the user wants to be told in columns.
fn chosen(it: &IndexRow, set: &Setting) -> String {
    let wanted = |field| set.list.columns.iter().any(|c| c.field == field);
    let (account, mailbox) = (set.place)(it.mailbox);
    let to = people(it, true);
    let told = who(it, set);
    let all = [
        // Not where it is told already.
        (Field::To, tr!("to {people}", people = to.as_str())),
        (
            Field::Mailbox,
            tr!("in {mailbox}", mailbox = mailbox.as_str()),
        ),
        (
            Field::Account,
            tr!("of {account}", account = account.as_str()),
        ),
    ];
    let twice =
        |field| field == Field::To && (it.to.is_empty() || told.as_str().ends_with(to.as_str()));
    let all = all
        .into_iter()
        .filter(|(field, _)| wanted(*field) && !twice(*field));
    all.map(|(_, words)| format!("{}{words}", tr!(", ")))
        .collect()
}

/// Everything that a sign stands for, in words.
fn states(line: &Line, set: &Setting) -> Vec<String> {
    let it = &line.row;
    let mut words: Vec<String> = Vec::new();
    let mut say = |word: &str| words.push(word.to_owned());
    match line.kind {
        Kind::Folded => say(&trn!(
            n = it.count,
            "{n} message, folded",
            "{n} messages, folded"
        )),
        Kind::Unfolded => say(&trn!(
            n = it.count,
            "{n} message, unfolded",
            "{n} messages, unfolded"
        )),
        Kind::Child | Kind::Single => {}
    }
    if it.flags.system.has(System::FLAGGED) {
        say(tr!("starred"));
    }
    say_answered(it, &mut say);
    if it.attachments == Some(true) {
        say(tr!("attachment"));
    }
    if !set.outgoing && trust::of_names(&it.from) != Level::Fine {
        say(tr!("doubtful sender"));
    }
    if let Some(tags) = Tags::of(&it.flags, 40, Some(set.now)) {
        say(tags.text().as_str());
    }
    words
}

fn say_answered(row: &IndexRow, say: &mut impl FnMut(&str)) {
    if mark::is_muted(&row.flags) {
        say(tr!("muted"));
    }
    if row.flags.system.has(System::DRAFT) {
        say(tr!("draft"));
    }
    if row.flags.system.has(System::ANSWERED) {
        say(tr!("answered"));
    }
    if row.flags.keywords.contains("$Forwarded") {
        say(tr!("forwarded"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Column, ListLook};
    use crate::model::Address;
    use crate::tui::question::tests::row;
    use crate::tui::signs::Signs;
    use crate::tui::theme::Theme;

    #[test]
    fn chosen_columns_are_told() {
        let mut it = row(1, 1);
        it.to = vec![Address::new("Grace", "grace@example.org")];
        let mut list = ListLook::default();
        let theme = Theme::default();
        let place = |_| (Clean::lit("work"), Clean::lit("Lists/rust"));
        let told = |list: &ListLook| {
            let set = Setting {
                theme: &theme,
                now: 1,
                focused: true,
                outgoing: false,
                own: None,
                found: None,
                list,
                signs: Signs::Unicode,
                place: &place,
            };
            chosen(&it, &set)
        };
        assert_eq!(told(&list), "");
        for field in [Field::To, Field::Mailbox, Field::Account] {
            list.columns.push(Column::usual(field));
        }
        assert_eq!(told(&list), ", to Grace, in Lists/rust, of work");
    }
}
