//! A query as a tree. It is kept in one form (no `and` directly in an `and`, none of one term), so
//! that equal trees print equally.

use crate::model::query::period::{Age, Period};

/// What words are looked for in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Anywhere: people, subject, text.
    Any,
    /// Name or address in From.
    From,
    /// Name or address in To or Cc.
    To,
    /// Name or address in Cc.
    Cc,
    /// Subject.
    Subject,
    /// The text of the body.
    Body,
    /// The name of an attachment.
    File,
}

/// What `is:` may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Is {
    /// Not `\Seen`.
    Unread,
    /// `\Seen`.
    Read,
    /// `\Flagged`.
    Flagged,
    /// `\Answered`.
    Answered,
    /// `\Draft`.
    Draft,
    /// `$muted` (IANA's registry of IMAP keywords).
    Muted,
    /// Put off, and not back yet.
    Snoozed,
    /// Came over a mailing list (List-Id, RFC 2919).
    List,
}

/// What `has:` may ask. Certain once the body is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Has {
    /// An attachment; likely before the body is here.
    Attachment,
    /// An attached picture.
    Image,
    /// A calendar.
    Invite,
    /// A link in its text.
    Link,
}

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// Words in order (one or more); the last may be a prefix.
    Words {
        /// Where.
        field: Field,
        /// What, as typed, without quotes.
        text: String,
        /// Whether the last word may go on (`word*`).
        prefix: bool,
    },
    /// The user's own addresses ([`crate::model::own`]) in one of these: From, To or Cc, Cc.
    Me(Field),
    /// A state.
    Is(Is),
    /// Something in it.
    Has(Has),
    /// In a mailbox of this name or role.
    In(String),
    /// Of this account.
    Account(String),
    /// With this tag.
    Tag(String),
    /// Of a mailing list whose List-Id holds this.
    List(String),
    /// With an attachment whose media type holds this (`image`, `application/pdf`, `pdf`).
    Type(String),
    /// Of more than so many octets.
    Larger(u64),
    /// Of fewer octets.
    Smaller(u64),
    /// From the first day of a period to the last day of another.
    Within(Period, Period),
    /// Before a period began.
    Before(Period),
    /// Since a period began.
    After(Period),
    /// So long ago or longer.
    Older(Age),
    /// Not so long ago.
    Newer(Age),
    /// Of the conversation with this number.
    Thread(i64),
    /// A message: its number here (`m12`), or its Message-ID.
    Id(String),
}

impl Term {
    /// Words that must all stand there as they are.
    pub fn words(field: Field, text: impl Into<String>) -> Term {
        let (text, prefix) = (text.into(), false);
        Term::Words {
            field,
            text,
            prefix,
        }
    }

    /// Whether only the message's text can tell.
    pub fn needs_text(&self) -> bool {
        match self {
            Term::Words { field, .. } => matches!(field, Field::Any | Field::Body | Field::File),
            Term::Has(has) => *has != Has::Attachment,
            Term::Type(_) => true,
            _ => false,
        }
    }
}

/// Conditions, put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expr {
    /// All of these; none at all holds for everything.
    All(Vec<Expr>),
    /// At least one of these, which are two or more.
    Any(Vec<Expr>),
    /// Not this.
    Not(Box<Expr>),
    /// This.
    Term(Term),
}

impl Expr {
    /// All of these. One is itself, and those of an inner `All` are among them.
    pub fn all(sides: impl IntoIterator<Item = Expr>) -> Expr {
        let mut flat = Vec::new();
        for side in sides {
            match side {
                Expr::All(inner) => flat.extend(inner),
                side => flat.push(side),
            }
        }
        match flat.pop() {
            Some(only) if flat.is_empty() => only,
            last => {
                flat.extend(last);
                Expr::All(flat)
            }
        }
    }

    /// One of these. One is itself, those of an inner `Any` are among them, and one of none is
    /// the same as all of none.
    pub fn any(sides: impl IntoIterator<Item = Expr>) -> Expr {
        let mut flat = Vec::new();
        for side in sides {
            match side {
                Expr::Any(inner) => flat.extend(inner),
                side => flat.push(side),
            }
        }
        match flat.pop() {
            Some(only) if flat.is_empty() => only,
            Some(last) => {
                flat.push(last);
                Expr::Any(flat)
            }
            None => Expr::All(flat),
        }
    }

    /// The opposite.
    pub fn negate(self) -> Expr {
        Expr::Not(Box::new(self))
    }

    /// Whether any of its terms is such.
    pub fn names(&self, is: &impl Fn(&Term) -> bool) -> bool {
        match self {
            Expr::All(sides) | Expr::Any(sides) => sides.iter().any(|side| side.names(is)),
            Expr::Not(side) => side.names(is),
            Expr::Term(term) => is(term),
        }
    }

    /// The same without such terms, for where they can't be told yet: whatever this will hold for,
    /// that holds for. It may be weaker and is never stronger, also under a `not`.
    pub fn without(&self, open: &impl Fn(&Term) -> bool) -> Expr {
        match self {
            Expr::All(sides) => Expr::all(sides.iter().map(|side| side.without(open))),
            Expr::Any(sides) => {
                let sides: Vec<Expr> = sides.iter().map(|side| side.without(open)).collect();
                match sides.iter().any(Expr::is_empty) {
                    true => Expr::All(Vec::new()),
                    false => Expr::any(sides),
                }
            }
            // The opposite of something weaker is something stronger.
            expr if expr.names(open) => Expr::All(Vec::new()),
            expr => expr.clone(),
        }
    }

    /// Whether it holds for everything because it asks for nothing.
    pub fn is_empty(&self) -> bool {
        matches!(self, Expr::All(sides) if sides.is_empty())
    }
}

/// A whole query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// What must hold.
    pub root: Expr,
}

impl Query {
    /// Whether it asks for nothing, which everything answers.
    pub fn is_empty(&self) -> bool {
        self.root.is_empty()
    }
}
