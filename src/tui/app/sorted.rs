//! The saved views and the tabs over the inbox: which list each is, and how much of it is unread.

use crate::config::{SavedView, Split};
use crate::lang::trc;
use crate::model::Query;
use crate::model::query::{Expr, Term};
use crate::model::view::{Scope, Sort};
use crate::store::Counted;
use crate::tui::question::{Fitting, Listing};
use crate::tui::screen::sidebar::ViewLine;
use std::sync::Arc;

/// The views and tabs of the user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sorted {
    pub(super) views: Vec<ViewLine>,
    /// Name and query of each tab, the rest last; none: the inbox is one list.
    pub(super) tabs: Vec<(String, Arc<Query>)>,
    pub(super) tab: usize,
    counts: Vec<(Fitting, Counted)>,
}

impl Sorted {
    /// Those of the configuration. What does not read is left out: it was told already.
    pub fn new(views: &[SavedView], splits: &[Split]) -> Sorted {
        let views = views.iter().filter_map(|view| {
            let query = Query::parse(&view.query).ok()?;
            let account = view.account.as_ref().map(|a| Term::Account(a.0.clone()));
            let sides = std::iter::once(query.root).chain(account.map(Expr::Term));
            let root = Expr::all(sides);
            Some(ViewLine {
                name: view.name.clone(),
                icon: view.icon.clone().unwrap_or_default(),
                list: Fitting {
                    scope: None,
                    threaded: false,
                    query: Arc::new(Query { root }),
                },
            })
        });
        let mut tabs = Vec::new();
        let mut before: Vec<Expr> = Vec::new();
        for split in splits {
            let Ok(query) = Query::parse(&split.query) else {
                continue;
            };
            // The first that takes a message has it.
            let others = before.iter().cloned().map(opposite);
            let root = Expr::all(std::iter::once(query.root.clone()).chain(others));
            before.push(query.root);
            tabs.push((split.name.clone(), Arc::new(Query { root })));
        }
        if !tabs.is_empty() {
            let root = Expr::all(before.into_iter().map(opposite));
            // What is in no other tab.
            tabs.push((trc!("tab", "Other").to_owned(), Arc::new(Query { root })));
        }
        Sorted {
            views: views.collect(),
            tabs,
            tab: 0,
            counts: Vec::new(),
        }
    }

    /// The views in their order, and what is unread in them.
    pub fn views(&self) -> Vec<(ViewLine, Counted)> {
        let views = self.views.iter();
        views.map(|v| (v.clone(), self.unread(&v.list))).collect()
    }

    /// The view of a name, without regard to case.
    pub(super) fn named(&self, name: &str) -> Option<&ViewLine> {
        let name = name.trim().to_lowercase();
        self.views.iter().find(|v| v.name.to_lowercase() == name)
    }

    /// How much of a list is unread, as far as that is known.
    pub fn unread(&self, list: &Fitting) -> Counted {
        let known = self.counts.iter().find(|(other, _)| other == list);
        known.map_or_else(Counted::default, |(_, counted)| *counted)
    }

    /// Takes counts in.
    pub fn counted(&mut self, counts: Vec<(Fitting, Counted)>) {
        self.counts = counts;
    }

    /// Takes over what is known of lists that are still there.
    pub(super) fn keep_counts(&mut self, before: Sorted) {
        self.counts = before.counts;
        self.tab = before.tab.min(self.tabs.len().saturating_sub(1));
    }

    /// The list of a scope's tab.
    pub(super) fn part(&self, tab: usize, scope: &Scope, threaded: bool) -> Option<Fitting> {
        self.tabs.get(tab).map(|(_, query)| Fitting {
            scope: Some(scope.clone()),
            threaded,
            query: Arc::clone(query),
        })
    }

    /// What lists an inbox: all of it, or the tab that was shown last.
    pub fn listing(&self, sort: Sort, scope: Scope, threaded: bool) -> Listing {
        let part = self.part(self.tab, &scope, threaded);
        let whole = Listing::Scope {
            scope,
            threaded,
            sort,
        };
        part.map_or(whole, Listing::Fitting)
    }

    /// The names of the views.
    pub fn names(&self) -> Vec<String> {
        self.views.iter().map(|v| v.name.clone()).collect()
    }
}

/// The opposite, without negating twice.
fn opposite(expr: Expr) -> Expr {
    match expr {
        Expr::Not(inner) => *inner,
        expr => expr.negate(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_of_an_account_asks_for_it() {
        let view = SavedView {
            name: "Bills".to_owned(),
            query: "invoice or bill newer:2d".to_owned(),
            account: Some(crate::model::AccountName("my work".to_owned())),
            ..SavedView::default()
        };
        let sorted = Sorted::new(&[view], &[]);
        let list = sorted.named(" bills ").unwrap().list.clone();
        let again = Query::parse(&list.query.to_string()).unwrap();
        assert_eq!(again, *list.query);
        assert!(list.query.to_string().contains("account:\"my work\""));
    }
}
