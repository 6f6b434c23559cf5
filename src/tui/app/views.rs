//! The commands that make, open and remove saved views and the tabs over the inbox.

use crate::config::keep::Keep;
use crate::config::{SavedView, Split};
use crate::lang::{tr, trc};
use crate::model::query::{Expr, Term};
use crate::model::view::Scope;
use crate::model::{Query, Role};
use crate::text::Clean;
use crate::tui::app::geometry::Pane;
use crate::tui::app::outward::Wants;
use crate::tui::app::sorted::Sorted;
use crate::tui::app::state::{Panes, View};
use crate::tui::command::Command;
use crate::tui::effect::Effect;
use crate::tui::event::Now;
use crate::tui::question::{Fitting, Listing, Question};
use crate::tui::screen::sidebar::ViewLine;
use crate::tui::screen::tabs::Tab;

/// Senders that nobody answers.
const MACHINES: [&str; 6] = [
    "noreply",
    "no-reply",
    "notifications",
    "notification",
    "donotreply",
    "mailer-daemon",
];

impl Panes {
    /// What lists a scope: all of it, or of an inbox the tab that was shown last.
    pub fn listing_of(&self, scope: Scope) -> Listing {
        let threaded = self.threaded;
        match self.is_an_inbox(&scope) {
            true => self.sorted.listing(self.sort_of(&scope), scope, threaded),
            false => Listing::Scope {
                sort: self.sort_of(&scope),
                scope,
                threaded,
            },
        }
    }

    /// Whether it is one inbox, or all of them.
    pub fn is_an_inbox(&self, scope: &Scope) -> bool {
        match scope {
            Scope::UnifiedInbox => true,
            Scope::Mailbox(id) => self
                .sidebar
                .mailbox(*id)
                .is_some_and(|m| m.role == Some(Role::Inbox)),
        }
    }

    /// The tabs over the list, and which is shown; `None` where there are none.
    pub fn tabs(&self) -> Option<(Vec<Tab>, usize)> {
        let scope = self.tabbed()?;
        let all = self.sorted.tabs.iter().enumerate();
        let tabs = all.filter_map(|(n, (name, _))| {
            let part = self.sorted.part(n, scope, self.threaded)?;
            Some(Tab {
                name: Clean::line(name),
                unread: self.sorted.unread(&part),
            })
        });
        Some((tabs.collect(), self.sorted.tab))
    }

    /// The inbox over whose list tabs stand.
    fn tabbed(&self) -> Option<&Scope> {
        let Listing::Fitting(list) = self.index.listing() else {
            return None;
        };
        let scope = list.scope.as_ref();
        let whole = matches!(self.view, View::Mail) && self.narrowed().is_none();
        scope.filter(|_| whole)
    }

    /// Whether a line with tabs stands over the list.
    pub fn has_tabs(&self) -> bool {
        self.tabbed().is_some()
    }

    /// Shows a tab.
    pub fn show_tab(&mut self, tab: usize, now: Now, fx: &mut Vec<Effect>) {
        let Some(scope) = self.tabbed().cloned() else {
            let key = Command::SplitInbox.name();
            let text = match self.sorted.tabs.is_empty() {
                true => tr!("The inbox has no tabs; :{key} makes some.", key),
                false => tr!("Tabs stand over inboxes only.").to_owned(),
            };
            self.tell(Clean::line(&text), now);
            return;
        };
        self.sorted.tab = tab.min(self.sorted.tabs.len().saturating_sub(1));
        self.close_reader();
        self.focus = Pane::Index;
        let listing = self.listing_of(scope);
        self.ask(fx, |p| p.index.show(listing, now.mono));
    }

    /// Shows the tab that stands so many from the shown one, around the end.
    fn turn_tab(&mut self, by: isize, now: Now, fx: &mut Vec<Effect>) {
        let count = isize::try_from(self.sorted.tabs.len()).unwrap_or(1).max(1);
        let at = isize::try_from(self.sorted.tab).unwrap_or(0);
        let to = (at + by).rem_euclid(count);
        self.show_tab(usize::try_from(to).unwrap_or(0), now, fx);
    }

    /// Lists a saved view. Says whether there is one of that name.
    pub fn show_view(&mut self, name: &str, now: Now, fx: &mut Vec<Effect>) -> bool {
        let Some(view) = self.sorted.named(name).cloned() else {
            return false;
        };
        self.sidebar.select_view(&view.name);
        self.view = View::Mail;
        self.before_search = None;
        self.close_reader();
        self.focus = Pane::Index;
        let listing = Listing::Fitting(view.list);
        self.ask(fx, |p| p.index.show(listing, now.mono));
        true
    }

    /// The view that is listed.
    pub fn shown_view(&self) -> Option<&ViewLine> {
        self.view_of(self.index.listing())
    }

    /// The view that this lists.
    pub(super) fn view_of(&self, listing: &Listing) -> Option<&ViewLine> {
        let Listing::Fitting(list) = listing else {
            return None;
        };
        self.sorted.views.iter().find(|v| v.list == *list)
    }

    /// The command without an argument.
    pub fn keeping(&mut self, command: Command, now: Now, fx: &mut Vec<Effect>) -> Wants {
        match command {
            Command::NextTab => self.turn_tab(1, now, fx),
            Command::PreviousTab => self.turn_tab(-1, now, fx),
            Command::View if self.sorted.views.is_empty() => {
                let key = Command::SaveView.name();
                let text = tr!(
                    "There are no views; :{key} NAME keeps a search as one.",
                    key
                );
                self.tell(Clean::line(&text), now);
            }
            Command::View => return Wants::View,
            Command::SaveView => match self.searched() {
                Ok(_) => return Wants::ViewName,
                Err(why) => self.alarm(&why, now),
            },
            Command::RemoveView => match self.shown_view().map(|v| v.name.clone()) {
                Some(name) => fx.push(Effect::Keep(Keep::NoView(name))),
                None => {
                    let text = tr!("No view is shown; say the name of the one to be removed.");
                    self.tell(Clean::lit(text), now);
                }
            },
            Command::SplitInbox => return Wants::Splits,
            _ => {}
        }
        Wants::Nothing
    }

    /// The command with what it was given; what is wrong with that.
    pub fn keeping_with(
        &mut self,
        command: Command,
        argument: &str,
        now: Now,
        fx: &mut Vec<Effect>,
    ) -> Result<(), String> {
        let none = || tr!("No view is called `{name}`", name = argument);
        match command {
            Command::View => match self.show_view(argument, now, fx) {
                true => Ok(()),
                false => Err(none()),
            },
            Command::SaveView => {
                let query = self.searched()?;
                if self.sorted.named(argument).is_some() {
                    return Err(tr!("There already is a view `{name}`", name = argument));
                }
                fx.push(Effect::Keep(Keep::View(SavedView {
                    name: argument.trim().to_owned(),
                    query,
                    ..SavedView::default()
                })));
                Ok(())
            }
            Command::RemoveView => {
                let name = self.sorted.named(argument).map(|v| v.name.clone());
                fx.push(Effect::Keep(Keep::NoView(name.ok_or_else(none)?)));
                Ok(())
            }
            Command::SplitInbox if argument == "off" => {
                fx.push(Effect::Keep(Keep::Splits(Vec::new())));
                Ok(())
            }
            _ => Err(
                tr!("`split-inbox` alone shows what there is to choose; `off` ends it").to_owned(),
            ),
        }
    }

    /// What the list is narrowed to and where, as a query.
    pub(super) fn narrowed_query(&self) -> Option<String> {
        self.narrowed()?;
        let Listing::Fitting(list) = self.index.listing() else {
            return None;
        };
        let place = match &list.scope {
            None => Expr::all([]),
            Some(Scope::UnifiedInbox) => Expr::Term(Term::In("inbox".to_owned())),
            Some(Scope::Mailbox(id)) => {
                let mailbox = self.sidebar.mailbox(*id)?;
                let account = Term::Account(mailbox.account.0.clone());
                let place = Expr::Term(Term::In(format!("/{}", mailbox.path)));
                Expr::all([place, Expr::Term(account)])
            }
        };
        let query = Query {
            root: Expr::all([list.query.root.clone(), place]),
        };
        let text = query.to_string();
        // A mailbox may have a name that no query can say.
        (Query::parse(&text).ok()? == query).then_some(text)
    }

    /// What is searched for, as a query that finds the same without being typed.
    fn searched(&self) -> Result<String, String> {
        if let Some(query) = self.narrowed_query() {
            return Ok(query);
        }
        let Listing::Search(text, _) = self.index.listing() else {
            let key = self.way_to(Command::Search);
            return Err(tr!(
                "Search first ({key}): what is found then can be kept",
                key
            ));
        };
        let query = Query::typed(text).map_err(|e| e.to_string())?;
        match query.is_empty() {
            true => Err(tr!("Nothing is searched for").to_owned()),
            false => Ok(query.to_string()),
        }
    }

    /// These views and tabs from now on; what was counted in those that stay is known still.
    pub fn sort_anew(&mut self, views: &[SavedView], splits: &[Split]) {
        let mut sorted = Sorted::new(views, splits);
        std::mem::swap(&mut self.sorted, &mut sorted);
        self.sorted.keep_counts(sorted);
        self.sidebar.set_views(self.sorted.views());
    }

    /// What is kept from now on, and what is said of it.
    pub fn kept(
        &mut self,
        change: &Keep,
        (views, splits): (Vec<SavedView>, Vec<Split>),
        now: Now,
        fx: &mut Vec<Effect>,
    ) {
        let tabbed = self.has_tabs();
        self.sort_anew(&views, &splits);
        match change {
            Keep::Set(..) => {}
            Keep::View(view) => {
                self.show_view(&view.name, now, fx);
                let text = tr!("Kept as the view {name}.", name = view.name);
                self.tell(Clean::line(&text), now);
            }
            Keep::NoView(name) => {
                let whole = self.whole();
                let gone = match &whole {
                    Listing::Fitting(list) => {
                        list.scope.is_none() && self.view_of(&whole).is_none()
                    }
                    _ => false,
                };
                if gone {
                    self.show_scope(Scope::UnifiedInbox, now, fx);
                }
                self.tell(Clean::line(&tr!("The view {name} is removed.", name)), now);
            }
            Keep::Splits(_) => {
                self.sorted.tab = 0;
                let inbox = match self.index.listing() {
                    Listing::Scope { scope, .. } if self.is_an_inbox(scope) => Some(scope.clone()),
                    Listing::Fitting(list) if tabbed => list.scope.clone(),
                    _ => None,
                };
                if let Some(scope) = inbox {
                    self.show_scope(scope, now, fx);
                }
                let text = match splits.is_empty() {
                    true => tr!("The inbox is one list again.").to_owned(),
                    false => tr!(
                        "{next} goes to the next tab, {back} to the one before.",
                        next = self.way_to(Command::NextTab),
                        back = self.way_to(Command::PreviousTab)
                    ),
                };
                self.tell(Clean::line(&text), now);
            }
        }
        self.count(fx);
    }

    /// Asks how much is unread in views and tabs.
    pub fn count(&self, fx: &mut Vec<Effect>) {
        let mut lists: Vec<Fitting> = self.sorted.views.iter().map(|v| v.list.clone()).collect();
        if let Some(scope) = self.tabbed() {
            let tabs = 0..self.sorted.tabs.len();
            lists.extend(tabs.filter_map(|n| self.sorted.part(n, scope, self.threaded)));
        }
        if !lists.is_empty() {
            fx.push(Effect::Query(Question::Counts(lists)));
        }
    }
}

/// Tabs for who has none: what is in each. Their names are in the language of the screen, and kept so.
pub fn suggestions() -> Vec<Vec<Split>> {
    let split = |name: &str, query: &str| Split {
        name: name.to_owned(),
        query: query.to_owned(),
    };
    let machines: Vec<String> = MACHINES.iter().map(|m| format!("-from:{m}")).collect();
    let people = format!("-is:list {}", machines.join(" "));
    let of_people = |query: &str| split(trc!("tab", "People"), query);
    let notices = || split(trc!("tab", "Notices"), "-is:list");
    let lists = || split(trc!("tab", "Lists"), "is:list");
    let starred = || split(trc!("tab", "Starred"), "is:flagged");
    let unread = || split(trc!("tab", "Unread"), "is:unread");
    vec![
        vec![of_people("-is:list"), lists()],
        vec![of_people(&people), notices(), lists()],
        vec![starred(), of_people("-is:list"), lists()],
        vec![unread(), starred()],
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_is_in_one_tab_and_suggestions_read() {
        for splits in suggestions() {
            assert!(
                splits.iter().all(|s| Query::parse(&s.query).is_ok()),
                "{splits:?}"
            );
            let sorted = Sorted::new(&[], &splits);
            assert_eq!(sorted.tabs.len(), splits.len() + 1, "{splits:?}");
        }
        let splits = suggestions().remove(2);
        let queries: Vec<String> = Sorted::new(&[], &splits)
            .tabs
            .iter()
            .map(|(_, query)| query.to_string())
            .collect();
        assert_eq!(queries[1], "-is:list -is:flagged");
        assert!(Query::parse(&queries[3]).is_ok(), "{queries:?}");
    }
}
