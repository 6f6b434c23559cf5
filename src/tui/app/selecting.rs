//! The commands that select: rows of the whole list, by what they are and not by where they stand.

use crate::lang::tr;
use crate::model::query::{Expr, Is, Term};
use crate::model::view::Scope;
use crate::model::{Query, Verb};
use crate::store::Stub;
use crate::text::Clean;
use crate::tui::app::state::{Panes, View};
use crate::tui::command::Command;
use crate::tui::effect::Effect;
use crate::tui::event::Now;
use crate::tui::question::How;
use crate::tui::takeout::Takeout;
use std::sync::Arc;

impl Panes {
    /// Selects what a command says.
    pub fn select(&mut self, command: Command, now: Now, fx: &mut Vec<Effect>) {
        if !matches!(self.view, View::Mail) {
            self.tell(Clean::lit(tr!("There are no messages in this list.")), now);
            return;
        }
        let is = |is: Is| {
            let root = Expr::Term(Term::Is(is));
            Arc::new(Query { root })
        };
        self.ask(fx, |p| match command {
            Command::SelectRange => p.index.mark_range(),
            Command::SelectThread => p.index.mark_thread(),
            Command::SelectAll => p.index.mark_all(),
            Command::SelectUnread => p.index.mark_fitting(is(Is::Unread), true, How::Only),
            Command::SelectRead => p.index.mark_fitting(is(Is::Unread), false, How::Only),
            Command::SelectStarred => p.index.mark_fitting(is(Is::Flagged), true, How::Only),
            Command::SelectUnstarred => p.index.mark_fitting(is(Is::Flagged), false, How::Only),
            Command::Unselect => {
                p.index.unmark_all();
                Vec::new()
            }
            _ => {
                p.index.mark();
                Vec::new()
            }
        });
    }

    /// Selects what fits a query, or takes that out of the selection.
    ///
    /// # Errors
    /// What is wrong with the query, in plain words.
    pub fn select_fitting(
        &mut self,
        typed: &str,
        add: bool,
        fx: &mut Vec<Effect>,
    ) -> Result<(), String> {
        if !matches!(self.view, View::Mail) {
            return Err(tr!("there are no messages in this list").to_owned());
        }
        let query = Query::parse(typed.trim()).map_err(|e| e.to_string())?;
        let how = if add { How::Add } else { How::Remove };
        self.ask(fx, |p| p.index.mark_fitting(Arc::new(query), true, how));
        Ok(())
    }

    /// Takes in what was picked of the whole list.
    pub fn picked(
        &mut self,
        of: (u64, u64),
        how: How,
        found: Result<Vec<Stub>, String>,
        now: Now,
        fx: &mut Vec<Effect>,
    ) {
        let none = matches!(&found, Ok(found) if found.is_empty());
        let (questions, result) = self.index.picked(of, how, found);
        fx.extend(questions.into_iter().map(Effect::Query));
        match result {
            Err(why) => self.alarm(&why, now),
            Ok(true) if none && how != How::Remove => {
                self.tell(Clean::lit(tr!("Nothing in this list is like that.")), now);
            }
            Ok(_) => {}
        }
    }

    /// Takes what is selected, or at hand, out of the program.
    pub fn take_out(&mut self, what: Takeout, now: Now, fx: &mut Vec<Effect>) {
        let targets = self.targets();
        if !matches!(self.view, View::Mail) || targets.is_empty() {
            self.tell(Clean::lit(tr!("No message is selected.")), now);
            return;
        }
        if self.is_listed() {
            self.index.unmark_all();
        }
        fx.push(Effect::Takeout(what, targets));
    }

    /// How many rows are selected, in words; empty if none is.
    pub fn selected_words(&self) -> Clean {
        match self.index.marked() {
            0 if self.index.is_picking() => Clean::line(&format!("{} ", tr!("selecting…"))),
            0 => Clean::default(),
            n => {
                let more = if self.index.is_picking() { "…" } else { "" };
                let said = tr!("{n} selected", n = crate::text::gauge::grouped(n as u64));
                Clean::line(&format!("{said}{more} "))
            }
        }
    }

    /// Whether what is done empties the rows out of the list that is shown, as far as anybody can
    /// say before it is done.
    pub fn will_leave(&self, verb: &Verb) -> bool {
        let scope = self.index.listing().scope();
        match verb {
            Verb::Archive | Verb::Trash | Verb::Junk | Verb::Mute | Verb::Snooze(Some(_)) => {
                scope.is_some_and(|s| self.is_an_inbox(s))
            }
            Verb::Move(to) => matches!(scope, Some(Scope::Mailbox(id)) if id != to),
            _ => false,
        }
    }
}
