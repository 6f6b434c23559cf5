//! Texts to begin with: chosen from a list, their variables filled in, the cursor put where the
//! mark stands. A template may begin with fields, as in the external editor.

use super::block;
use super::fields::Field;
use super::{Composer, Outcome, Over};
use crate::lang::tr;
use crate::mime::recipients::parse_list;
use crate::text::{Clean, when};
use crate::tui::errand::{Errand, Template};
use crate::tui::screen::picker::{Item, Picker};
use crossterm::event::{KeyCode, KeyEvent};
use std::time::Instant;

/// Where the cursor is to stand.
const CURSOR: &str = "{cursor}";

/// What is written like a variable and was not filled in, each once.
fn unfilled(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some((_, from)) = rest.split_once('{') {
        rest = from;
        let Some((name, _)) = from.split_once('}') else {
            break;
        };
        let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let whole = format!("{{{name}}}");
        if !name.is_empty() && name.chars().all(named) && whole != CURSOR && !found.contains(&whole)
        {
            found.push(whole);
        }
    }
    found
}

impl Composer {
    /// Offers the templates.
    pub(super) fn offer_templates(&mut self, all: Vec<Template>) {
        if !matches!(self.over, Over::Nothing) {
            return;
        }
        let item = |t: Template| Item {
            label: Clean::line(&t.name),
            detail: Clean::line(t.text.trim().lines().next().unwrap_or("")),
            aside: Clean::default(),
            value: t.text,
        };
        let items = all.into_iter().map(item).collect();
        self.over = Over::Template(Picker::new(Clean::lit(tr!("Template")), items));
    }

    /// Puts a template in where the cursor stands in the text.
    pub(super) fn put_template(&mut self, text: &str, now: Instant, out: &mut Vec<Outcome>) {
        let empty = crate::model::Draft::new(self.draft.account.clone());
        let back = block::read(text, &empty);
        let body = if back.said.is_empty() {
            for (line, value) in [
                (&mut self.to, &back.draft.to),
                (&mut self.cc, &back.draft.cc),
                (&mut self.bcc, &back.draft.bcc),
                (&mut self.reply_to, &back.draft.reply_to),
            ] {
                let typed = line.text().trim().trim_end_matches(',').to_owned();
                match (typed.is_empty(), value.is_empty()) {
                    (_, true) => {}
                    (true, _) => line.set(value),
                    (false, _) => line.set(&format!("{typed}, {value}")),
                }
            }
            let subject = self.filled(&back.draft.subject);
            if self.subject.text().trim().is_empty() {
                self.subject.set(&subject);
            }
            for path in back.attach {
                self.look_for(Errand::Attach(path), out);
            }
            back.draft.body
        } else {
            text.to_owned()
        };
        self.go(Field::Body);
        let body = self.filled(body.trim_end_matches('\n'));
        let left = unfilled(&body);
        if !left.is_empty() {
            let said = tr!(
                "Nothing is known to put in for {left}. There are {known} and {last}.",
                left = left.join(tr!(", ")),
                known = "{name}, {full-name}, {date}, {time}, {subject}, {me}",
                last = CURSOR
            );
            self.notice = Some(Clean::line(&said));
        }
        self.unfilled.extend(left);
        let (before, after) = body.split_once(CURSOR).unwrap_or((&body, ""));
        let _ = self.body.paste(&format!("{before}{after}"));
        use unicode_segmentation::UnicodeSegmentation as _;
        let left = KeyEvent::from(KeyCode::Left);
        for _ in after.graphemes(true) {
            let _ = self.body.key(&left);
        }
        self.saves.changed(now);
    }

    /// The text with its variables filled in; what is no variable stays.
    fn filled(&self, text: &str) -> String {
        let first = parse_list(self.to.text())
            .ok()
            .and_then(|l| l.into_iter().next());
        let whole = first.map(|a| {
            if a.name.trim().is_empty() {
                String::new()
            } else {
                a.name
            }
        });
        let whole = whole.unwrap_or_default();
        let me = self
            .address()
            .map(|a| if a.name.is_empty() { a.addr } else { a.name });
        let short = match whole.split_once(',') {
            // Written as in a register: the first name comes last.
            Some((_, first)) => first.split_whitespace().next().unwrap_or(""),
            None => whole.split_whitespace().next().unwrap_or(""),
        };
        let values = [
            ("{name}", short.to_owned()),
            ("{full-name}", whole.clone()),
            ("{date}", when::sent_day(self.clock)),
            ("{time}", when::time(self.clock)),
            ("{subject}", self.subject.text().to_owned()),
            ("{me}", me.unwrap_or_default()),
        ];
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
            out.push_str(before);
            match values.iter().find(|(name, _)| from.starts_with(name)) {
                Some((name, value)) => {
                    out.push_str(value);
                    rest = from.get(name.len()..).unwrap_or("");
                }
                None => {
                    out.push('{');
                    rest = from.get(1..).unwrap_or("");
                }
            }
        }
        out + rest
    }
}
