//! Tagging: which tags are known, and what a typed one asks of the ledger.

use crate::model::view::IndexRow;
use crate::model::{Account, Verb, naming, tag};
use crate::tui::app::state::Panes;
use crate::tui::effect::Effect;
use crate::tui::event::Now;
use crate::tui::screen::tags::Tags;
use std::collections::BTreeSet;

impl Panes {
    /// The tags that one may want, by name: those that every program knows where an account keeps
    /// keywords, then those that the user named, and those of what is listed.
    pub fn known_tags(&self) -> Vec<String> {
        let words = self.accounts.iter().any(|a| !a.has_labels());
        let five = naming::FIVE.iter().map(|(keyword, _)| *keyword);
        let five: BTreeSet<String> = five.filter(|_| words).map(str::to_owned).collect();
        let named: BTreeSet<String> = naming::all_given().into_iter().map(|n| n.name).collect();
        let rows = self.index.lines().iter().map(|l| &l.row);
        let listed: BTreeSet<&String> = rows.flat_map(|row| &row.flags.keywords).collect();
        let mut seen = BTreeSet::new();
        let five = tag::of_all(&five).into_iter();
        let named = named.into_iter().map(|name| (tag::id_called(&name), name));
        let all = five.chain(named).chain(tag::of_all(listed));
        all.filter(|(id, _)| seen.insert(id.clone()))
            .map(|(_, name)| name)
            .collect()
    }

    /// Puts a tag on the targets, or takes it away where all of them have it; `-name` takes it
    /// away, `+name` never does. What of it each account can have, and what the rest of a
    /// conversation has, the ledger knows.
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
        let rows = self.rows_at_hand();
        let has = |row: &&IndexRow| row.flags.keywords.iter().any(|k| tag::is(k, name));
        let shown = !self.about_selected() && !rows.is_empty() && rows.iter().all(has);
        // What one sees goes, whatever else its conversation has.
        let given = wanted.or(shown.then_some(false));
        if given != Some(false)
            && let Some(why) = self.fits_nowhere(name, &rows)
        {
            return self.alarm(why, now);
        }
        let name = self.spelt(name);
        self.act(Verb::Tag { name, given }, now, fx);
    }

    /// The tags of the message that is read, in at most so many columns.
    pub fn read_tags(&self, cols: usize) -> Option<Tags> {
        let letter = self.pager.as_ref()?.current()?;
        Tags::of(&letter.row().flags, cols, None)
    }

    /// The name as it is spelt where it is known.
    fn spelt(&self, name: &str) -> String {
        let known = (self.index.lines().iter()).flat_map(|l| &l.row.flags.keywords);
        // Not by another name of the same tag: a label is made as it was typed.
        let same = |known: &String| naming::squeezed(known) == naming::squeezed(name);
        let mut names = known.filter_map(|k| tag::name(k));
        names.find(same).unwrap_or_else(|| name.to_owned())
    }

    /// Why none of the accounts of these rows can have such a tag; `None`: one can, or has it.
    fn fits_nowhere(&self, name: &str, rows: &[&IndexRow]) -> Option<&'static str> {
        let first = self.index.lines().first().map(|l| &l.row);
        let mut all = rows
            .iter()
            .copied()
            .chain(first.filter(|_| rows.is_empty()));
        let mut why = None;
        let fits = all.any(|row| {
            let mailbox = self.sidebar.mailbox(row.mailbox);
            let account = mailbox.and_then(|m| self.accounts.iter().find(|a| a.name == m.account));
            let refused = tag::keyword(name, account.is_some_and(Account::has_labels)).err();
            let fits = refused.is_none() || row.flags.keywords.iter().any(|k| tag::is(k, name));
            why = why.or(refused);
            fits
        });
        why.filter(|_| !fits)
    }
}
