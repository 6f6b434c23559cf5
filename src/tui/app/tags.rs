//! Tagging: which tags are known, and what a typed one asks of the ledger.

use crate::model::view::IndexRow;
use crate::model::{Account, FlagChange, Verb, tag};
use crate::text::Clean;
use crate::tui::app::geometry::Pane;
use crate::tui::app::state::Panes;
use crate::tui::effect::Effect;
use crate::tui::event::Now;
use crate::tui::screen::index_view;
use crate::tui::screen::pager::Letter;
use std::collections::BTreeSet;

impl Panes {
    /// The tags of what is listed, by name.
    pub fn known_tags(&self) -> Vec<String> {
        let rows = self.index.lines().iter().map(|l| &l.row);
        let names: BTreeSet<String> = rows
            .flat_map(|row| row.flags.keywords.iter().filter_map(|k| tag::name(k)))
            .collect();
        names.into_iter().collect()
    }

    /// Puts a tag on the targets, or takes it away where all of them have it; `-name` takes it
    /// away, `+name` never does.
    pub fn tag(&mut self, typed: &str, now: Now, fx: &mut Vec<Effect>) {
        let typed = typed.trim();
        let (wanted, name) = match (typed.strip_prefix('+'), typed.strip_prefix('-')) {
            (Some(name), _) => (Some(true), name.trim()),
            (_, Some(name)) => (Some(false), name.trim()),
            _ => (None, typed),
        };
        if name.is_empty() {
            return;
        }
        let rows = self.tagged_rows();
        if self.about_selected() {
            // As it is spelt where it is known; whether it can be a tag may differ by account.
            let spelt = match self.keyword(name, &rows) {
                Ok(keyword) => tag::name(&keyword).unwrap_or_else(|| name.to_owned()),
                Err(why) => return self.alarm(why, now),
            };
            let (name, given) = (spelt, wanted);
            return self.act(Verb::Tag { name, given }, now, fx);
        }
        let has = |row: &&IndexRow| row.flags.keywords.iter().any(|k| tag::is(k, name));
        let add = wanted.unwrap_or_else(|| rows.is_empty() || !rows.iter().all(has));
        let mut change = FlagChange::default();
        if add {
            match self.keyword(name, &rows) {
                Ok(keyword) => _ = change.add.keywords.insert(keyword),
                Err(why) => return self.alarm(why, now),
            }
        } else {
            let all = rows.iter().flat_map(|row| &row.flags.keywords);
            for keyword in all.filter(|k| tag::is(k, name)) {
                change.remove.keywords.insert(keyword.clone());
            }
            if change.remove.is_empty() {
                // A folded conversation shows its newest message's tags only.
                match self.keyword(name, &rows) {
                    Ok(keyword) => _ = change.remove.keywords.insert(keyword),
                    Err(why) => return self.alarm(why, now),
                }
            }
        }
        self.act(Verb::Flag(change), now, fx);
    }

    /// The tags of the message that is read, in at most so many columns.
    pub fn read_tags(&self, cols: usize) -> Option<Clean> {
        let letter = self.pager.as_ref()?.current()?;
        index_view::tags(&letter.row().flags, cols)
    }

    /// The keyword as it is spelt already, or a new one.
    fn keyword(&self, name: &str, rows: &[&IndexRow]) -> Result<String, &'static str> {
        let first = self.index.lines().first().map(|l| &l.row);
        let account = rows
            .first()
            .copied()
            .or(first)
            .and_then(|row| self.sidebar.mailbox(row.mailbox))
            .and_then(|m| self.accounts.iter().find(|a| a.name == m.account));
        let labels = account.is_some_and(Account::has_labels);
        let lines = self.index.lines().iter();
        let known = lines
            .flat_map(|l| &l.row.flags.keywords)
            .find(|k| tag::is(k, name) && k.starts_with(tag::PREFIX) == labels);
        match known {
            Some(known) => Ok(known.clone()),
            None => tag::keyword(name, labels),
        }
    }

    /// The rows that an action is done to.
    fn tagged_rows(&self) -> Vec<&IndexRow> {
        match (&self.pager, self.focus) {
            (Some(pager), Pane::Reader) => pager.current().map(Letter::row).into_iter().collect(),
            _ => self.index.acted().map(|l| &l.row).collect(),
        }
    }
}
