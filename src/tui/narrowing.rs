//! A list narrowed to what fits a query, as mutt's limit does: it stays the list of its mailbox, by
//! date and page by page, where a search lists all mail by how well it fits. Conversations come
//! apart in it, because a message of their middle may be what fits.

use crate::model::Query;
use crate::model::query::Expr;
use crate::tui::question::{Fitting, Listing};
use std::sync::Arc;

/// What was narrowed, and to what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Narrowing {
    /// What is listed when it ends.
    pub whole: Listing,
    /// What is listed while it lasts.
    pub part: Listing,
    /// What was typed.
    pub text: String,
}

impl Narrowing {
    /// The part of a list that fits what is typed, which may be in the middle of a word; all of it
    /// while there is nothing to look for. `None` for what can't be narrowed.
    pub fn new(whole: Listing, text: &str) -> Option<Narrowing> {
        let query = Query::typed(text).ok().filter(|query| !query.is_empty());
        let part = match &query {
            None if matches!(whole, Listing::Conversation(..)) => return None,
            None => whole.clone(),
            Some(query) => narrowed(&whole, query)?,
        };
        let text = query.map_or(String::new(), |_| text.trim().to_owned());
        Some(Narrowing { whole, part, text })
    }
}

fn narrowed(whole: &Listing, query: &Query) -> Option<Listing> {
    let both = |one: &Query| Query {
        root: Expr::all([one.root.clone(), query.root.clone()]),
    };
    Some(match whole {
        Listing::Scope { scope, .. } => Listing::Fitting(Fitting {
            scope: Some(scope.clone()),
            threaded: false,
            query: Arc::new(query.clone()),
        }),
        Listing::Fitting(list) => Listing::Fitting(Fitting {
            scope: list.scope.clone(),
            threaded: false,
            query: Arc::new(both(&list.query)),
        }),
        Listing::Search(sought, order) => {
            let sought = Query::typed(sought).ok()?;
            Listing::Search(both(&sought).to_string(), *order)
        }
        Listing::Conversation(..) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::view::{Order, Scope, Sort};

    fn inbox() -> Listing {
        Listing::Scope {
            scope: Scope::UnifiedInbox,
            threaded: true,
            sort: Sort::default(),
        }
    }

    /// What is asked of a list that is narrowed, and of what.
    fn asked(listing: &Listing) -> (String, bool) {
        match listing {
            Listing::Fitting(list) => (list.query.to_string(), list.scope.is_some()),
            Listing::Search(text, _) => (text.clone(), false),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_list_is_narrowed_and_what_is_narrowed_already_the_more() {
        let once = Narrowing::new(inbox(), "from:ada is:unread ").unwrap();
        assert_eq!(asked(&once.part), ("from:ada is:unread".to_owned(), true));
        assert_eq!(
            (once.whole, once.text.as_str()),
            (inbox(), "from:ada is:unread")
        );
        let twice = Narrowing::new(once.part, "a or b ").unwrap();
        let query = "from:ada is:unread (a or b)".to_owned();
        assert_eq!(asked(&twice.part), (query, true));
        let sought = Listing::Search("x or y".to_owned(), Order::Best);
        let sought = Narrowing::new(sought, "lun").unwrap();
        assert_eq!(asked(&sought.part).0, "(x or y) lun*");
    }

    #[test]
    fn while_there_is_nothing_to_look_for_all_of_it_is_listed() {
        for text in ["", " ", "from:", "(", "or"] {
            let none = Narrowing::new(inbox(), text).unwrap();
            assert_eq!((none.part, none.text.as_str()), (inbox(), ""), "{text}");
        }
        let id = crate::model::MessageId::new("a@x").unwrap();
        let talk = Listing::Conversation(crate::model::AccountName("home".into()), id);
        assert_eq!(Narrowing::new(talk.clone(), ""), None);
        assert_eq!(Narrowing::new(talk, "x"), None);
    }
}
