//! In which order a mailbox is listed: what the user chose for it, and keeps.

use crate::lang::tr;
use crate::model::Intent;
use crate::model::view::{Scope, Sort};
use crate::text::Clean;
use crate::tui::app::state::Panes;
use crate::tui::command::Command;
use crate::tui::effect::Effect;
use crate::tui::event::{About, Now};
use crate::tui::question::Listing;

impl Panes {
    /// The order of a mailbox.
    pub fn sort_of(&self, scope: &Scope) -> Sort {
        let found = self.sorts.iter().find(|(of, _)| of == scope);
        found.map_or_else(Sort::default, |(_, sort)| *sort)
    }

    /// Takes in what was chosen before.
    pub fn sorts_came(&mut self, sorts: Vec<(Scope, Sort)>, now: Now, fx: &mut Vec<Effect>) {
        self.sorts = sorts;
        if let Listing::Scope { scope, .. } = self.index.listing() {
            let listing = self.listing_of(scope.clone());
            if listing != *self.index.listing() {
                self.ask(fx, |p| p.index.show(listing, now.mono));
            }
        }
    }

    /// Lists the mailbox in another order from now on: `from`, `-from`, `reverse` for the other way
    /// round, `thread` for conversations.
    ///
    /// # Errors
    /// Why not, in plain words.
    pub fn sort(&mut self, typed: &str, now: Now, fx: &mut Vec<Effect>) -> Result<(), String> {
        let typed = typed.trim();
        let scope = match self.index.listing() {
            Listing::Scope { scope, .. } => scope.clone(),
            _ if self.narrowed().is_some() => {
                let key = self.way_to(Command::Back);
                return Err(tr!(
                    "what is narrowed is listed by date; {key} shows all again",
                    key
                ));
            }
            Listing::Fitting(list) if list.scope.is_some() => {
                return Err(tr!("tabs are listed by date; :split-inbox off ends them").to_owned());
            }
            _ => return Err(tr!("only a mailbox can be sorted").to_owned()),
        };
        let before = self.sort_of(&scope);
        let sort = match typed {
            "reverse" | "reversed" => Sort {
                reversed: !before.reversed,
                ..before
            },
            "thread" | "threads" => {
                self.threaded = true;
                Sort::default()
            }
            typed => {
                let (name, reversed) = match typed.split_once(char::is_whitespace) {
                    Some((name, way)) if matches!(way.trim(), "reverse" | "reversed") => {
                        (name, true)
                    }
                    _ => (typed, false),
                };
                let sort = Sort::parse(name).ok_or_else(|| {
                    tr!("`{typed}` is no order: date, from, subject, size, thread, with a minus the other way round", typed)
                })?;
                Sort {
                    reversed: sort.reversed != reversed,
                    ..sort
                }
            }
        };
        self.sorts.retain(|(of, _)| *of != scope);
        self.sorts.push((scope.clone(), sort));
        let mailbox = match &scope {
            Scope::Mailbox(id) => Some(*id),
            Scope::UnifiedInbox => None,
        };
        let kept = (sort != Sort::default()).then(|| sort.name());
        fx.push(Effect::Ask(Intent::SortBy(mailbox, kept), About::Quiet));
        let listing = self.listing_of(scope);
        self.ask(fx, |p| p.index.show(listing, now.mono));
        self.tell(
            Clean::line(&tr!("Listed {order}.", order = sort.words())),
            now,
        );
        Ok(())
    }
}
