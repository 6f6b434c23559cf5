//! Rules: what is done to messages that answer a query, when they come or when the user says so.

use super::query::{Has, Term};
use super::{Query, tag};
use std::fmt::{self, Display, Formatter};

/// What a rule does to a message.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Deed {
    /// Moves to the account's archive.
    Archive,
    /// Moves to a mailbox of the account, by path or last level.
    Move(String),
    /// Copies there.
    Copy(String),
    /// Moves to Junk.
    Junk,
    /// Moves to Trash.
    Trash,
    /// Puts a tag on.
    Tag(String),
    /// Takes a tag away.
    Untag(String),
    /// Sets the star.
    Flag,
    /// Takes the star away.
    Unflag,
    /// Marks as read.
    Read,
    /// Marks as unread.
    Unread,
    /// Mutes the conversation's message (`$muted`).
    Mute,
    /// No later rule is asked.
    Stop,
}

/// Deeds that take nothing, by name.
const BARE: [(&str, Deed); 9] = [
    ("archive", Deed::Archive),
    ("junk", Deed::Junk),
    ("trash", Deed::Trash),
    ("flag", Deed::Flag),
    ("unflag", Deed::Unflag),
    ("mark read", Deed::Read),
    ("mark unread", Deed::Unread),
    ("mute", Deed::Mute),
    ("stop", Deed::Stop),
];

/// How the deeds are written, for messages.
pub const DEEDS: &str = "archive, move MAILBOX, copy MAILBOX, junk, trash, tag NAME, untag NAME, \
                         flag, unflag, mark read, mark unread, mute, stop";

impl Deed {
    /// Reads a deed: `archive`, `move Lists/Rust`, `mark read`.
    ///
    /// # Errors
    /// What it should be, in plain words.
    pub fn parse(text: &str) -> Result<Deed, String> {
        let text = text.trim();
        if let Some((_, deed)) = BARE.iter().find(|(name, _)| *name == text) {
            return Ok(deed.clone());
        }
        let (verb, what) = text.split_once(' ').unwrap_or((text, ""));
        let what = what.trim();
        let named = |make: fn(String) -> Deed, takes: &str| match what {
            "" => Err(format!("`{verb}` takes {takes}")),
            what if what.chars().any(char::is_control) => {
                Err(format!("what `{verb}` takes holds a control character"))
            }
            what => Ok(make(what.to_owned())),
        };
        let tagged = |make| {
            // Either kind of account could have it.
            let fits = tag::keyword(what, true).is_ok() || tag::keyword(what, false).is_ok();
            match what.is_empty() || fits {
                true => named(make, "a tag"),
                false => Err(format!("`{}` can't be a tag", what.escape_debug())),
            }
        };
        match verb {
            "move" => named(Deed::Move, "a mailbox"),
            "copy" => named(Deed::Copy, "a mailbox"),
            "tag" => tagged(Deed::Tag),
            "untag" => tagged(Deed::Untag),
            _ => Err(format!(
                "`{}` is nothing that a rule does",
                text.escape_debug()
            )),
        }
    }

    /// Whether the message leaves its mailbox.
    pub fn moves(&self) -> bool {
        matches!(
            self,
            Deed::Archive | Deed::Move(_) | Deed::Junk | Deed::Trash
        )
    }
}

impl Display for Deed {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some((name, _)) = BARE.iter().find(|(_, deed)| deed == self) {
            return f.write_str(name);
        }
        match self {
            Deed::Move(to) => write!(f, "move {to}"),
            Deed::Copy(to) => write!(f, "copy {to}"),
            Deed::Tag(name) => write!(f, "tag {name}"),
            Deed::Untag(name) => write!(f, "untag {name}"),
            _ => Ok(()),
        }
    }
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What it is called; no two have the same name.
    pub name: String,
    /// Which messages it is about.
    pub query: Query,
    /// What is done to them, in order.
    pub deeds: Vec<Deed>,
    /// Whether it is asked when mail comes, not only when the user says so.
    pub on_arrival: bool,
}

impl Rule {
    /// What it says, in one line: a rule that says something else is another rule.
    pub fn text(&self) -> String {
        let deeds: Vec<String> = self.deeds.iter().map(Deed::to_string).collect();
        format!("{} -> {}", self.query, deeds.join(", "))
    }

    /// Whether only the message's text can answer its query.
    pub fn needs_body(&self) -> bool {
        self.query.root.names(&needs_body)
    }

    /// What must hold of a message before its text is here: where it does not, the text will not
    /// make it answer the query.
    pub fn before_body(&self) -> Query {
        Query {
            root: self.query.root.without(&needs_body),
        }
    }

    /// Whether it names mailboxes itself: else it is about inboxes.
    pub fn names_mailboxes(&self) -> bool {
        let names = |term: &Term| matches!(term, Term::In(_));
        self.query.root.names(&names)
    }

    /// Whether later rules are not asked about what it takes.
    pub fn stops(&self) -> bool {
        self.deeds.contains(&Deed::Stop)
    }
}

/// Whether only the message's text can tell for certain: that something is attached is a guess without
/// it, good enough for a list and not for what a rule does.
fn needs_body(term: &Term) -> bool {
    term.needs_text() || *term == Term::Has(Has::Attachment)
}

#[cfg(test)]
mod tests {
    use super::super::query::Expr;
    use super::*;

    #[test]
    fn deeds_read_as_they_are_printed() {
        let named = [
            Deed::Move("Lists/Rust dev".into()),
            Deed::Copy("INBOX".into()),
            Deed::Tag("work".into()),
            Deed::Untag("Tax 2024".into()),
        ];
        for deed in BARE.into_iter().map(|(_, deed)| deed).chain(named) {
            assert_eq!(Deed::parse(&deed.to_string()).as_ref(), Ok(&deed));
        }
        for bad in [
            "",
            "move",
            "copy  ",
            "tag",
            "tag \\x",
            "burn",
            "mark",
            "move a\nb",
        ] {
            assert!(Deed::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_rule_knows_what_it_needs() {
        let rule = |query: &str| Rule {
            name: "r".into(),
            query: Query::parse(query).unwrap(),
            deeds: vec![Deed::Archive, Deed::Stop],
            on_arrival: true,
        };
        for (query, body, mailboxes) in [
            ("from:ada subject:x -list:y larger:5M", false, false),
            ("from:ada -(to:bo or body:x)", true, false),
            ("invoice", true, false),
            ("has:invite in:Lists", true, true),
            ("type:pdf", true, false),
        ] {
            let rule = rule(query);
            let found = (rule.needs_body(), rule.names_mailboxes());
            assert_eq!(found, (body, mailboxes), "{query}");
            assert!(rule.stops() && rule.text().ends_with("-> archive, stop"));
        }
    }

    #[test]
    fn what_must_hold_before_the_text_is_here_is_never_more_than_the_query() {
        for (query, before) in [
            ("from:ada subject:x", "from:ada subject:x"),
            (
                "subject:invoice has:attachment larger:10k",
                "subject:invoice larger:10k",
            ),
            ("from:ada (body:x or to:bo)", "from:ada"),
            (
                "(from:ada body:x) or (from:bo type:pdf)",
                "from:ada or from:bo",
            ),
            ("from:ada or body:x", ""),
            ("from:ada -body:x", "from:ada"),
            ("from:ada -(to:bo body:x)", "from:ada"),
            ("from:ada -(to:bo or file:x)", "from:ada"),
            ("-(from:ada -has:attachment)", ""),
            ("-(subject:x or -from:ada)", "-(subject:x or -from:ada)"),
            ("invoice", ""),
        ] {
            let rule = Rule {
                name: "r".into(),
                query: Query::parse(query).unwrap(),
                deeds: vec![Deed::Archive],
                on_arrival: true,
            };
            let wanted = match before {
                "" => Expr::All(Vec::new()),
                before => Query::parse(before).unwrap().root,
            };
            assert_eq!(rule.before_body().root, wanted, "{query}");
        }
    }
}
