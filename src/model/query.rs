//! The search language: text to a small tree. Terms stand side by side and must all hold.

/// What a word is looked for in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Anywhere: people, subject, text.
    Any,
    /// Name or address in From.
    From,
    /// Name or address in To or Cc.
    To,
    /// Subject.
    Subject,
    /// The text of the body.
    Body,
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
}

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// Words in order (one or more); the last may be a prefix.
    Text {
        /// Where.
        field: Field,
        /// What, as typed, without quotes.
        text: String,
        /// Whether the last word may go on (`word*`).
        prefix: bool,
    },
    /// A state.
    Is(Is),
    /// Has at least one attachment.
    HasAttachment,
    /// In a mailbox of this name or role.
    In(String),
    /// Of this account.
    Account(String),
}

/// A condition or its opposite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// Whether the term must not hold.
    pub negated: bool,
    /// The term.
    pub term: Term,
}

/// A whole query: every clause must hold. Empty matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// The clauses as typed.
    pub clauses: Vec<Clause>,
}

/// Why a query can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    /// Octet offset in the text where the trouble begins.
    pub at: usize,
    /// What is wrong and what would be right.
    pub message: String,
}

impl std::fmt::Display for QueryError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (at character {})", self.message, self.at + 1)
    }
}

impl std::error::Error for QueryError {}

/// Every `field:` with what it takes, for help and completion.
pub const FIELDS: [(&str, &str); 9] = [
    ("from:", "name or address of the sender"),
    ("to:", "name or address of a recipient"),
    ("subject:", "words of the subject"),
    ("body:", "words of the text"),
    ("is:", "unread, read, flagged, answered, draft"),
    ("has:", "attachment"),
    ("in:", "a mailbox or role"),
    ("account:", "an account"),
    ("-", "before a term: must not hold"),
];

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// An unknown field, an unknown value of `is:` or `has:`, or a field without a value.
    pub fn parse(text: &str) -> Result<Query, QueryError> {
        let mut clauses = Vec::new();
        for (at, word) in words(text) {
            clauses.push(clause(at, &word)?);
        }
        Ok(Query { clauses })
    }
}

impl Query {
    /// Reads a query that may be in the middle of being typed: a last word of two letters or more
    /// that nothing ends yet may go on.
    ///
    /// # Errors
    /// As [`Query::parse`].
    pub fn typed(text: &str) -> Result<Query, QueryError> {
        let mut query = Query::parse(text)?;
        let goes_on = text.ends_with(char::is_alphanumeric);
        if let Some(Clause {
            negated: false,
            term: Term::Text {
                text: word, prefix, ..
            },
        }) = query.clauses.last_mut().filter(|_| goes_on)
        {
            *prefix |= word.chars().count() > 1;
        }
        Ok(query)
    }
}

/// Splits at white space outside double quotes; an unclosed quote runs to the end.
fn words(text: &str) -> Vec<(usize, String)> {
    let mut out = Vec::new();
    let mut word: Option<(usize, String)> = None;
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        if c == '"' {
            quoted = !quoted;
        }
        if c.is_whitespace() && !quoted {
            out.extend(word.take());
        } else {
            word.get_or_insert_with(|| (at, String::new())).1.push(c);
        }
    }
    out.extend(word);
    out
}

fn clause(at: usize, word: &str) -> Result<Clause, QueryError> {
    let (negated, rest) = match word.strip_prefix('-') {
        Some(rest) if !rest.is_empty() => (true, rest),
        _ => (false, word),
    };
    let term = match rest.split_once(':') {
        Some((name, value)) if !name.contains('"') && is_field_name(name) => {
            field(at, name, value)?
        }
        _ => text_term(Field::Any, rest),
    };
    Ok(Clause { negated, term })
}

/// Only letters before the colon: `12:30` and `http://x` are words to look for.
fn is_field_name(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphabetic())
        && !matches!(
            name,
            "http" | "https" | "mailto" | "re" | "Re" | "RE" | "fwd" | "Fwd"
        )
}

fn text_term(field: Field, value: &str) -> Term {
    let prefix = value.ends_with('*');
    let text = value.trim_end_matches('*').replace('"', "");
    Term::Text {
        field,
        text,
        prefix,
    }
}

fn field(at: usize, name: &str, value: &str) -> Result<Term, QueryError> {
    let bare = value.replace('"', "");
    if bare.trim().is_empty() {
        return Err(QueryError {
            at,
            message: format!("`{name}:` needs a value right after the colon"),
        });
    }
    let bad = |message: String| {
        Err(QueryError {
            at: at + name.len() + 1,
            message,
        })
    };
    Ok(match name.to_ascii_lowercase().as_str() {
        "from" => text_term(Field::From, value),
        "to" | "cc" => text_term(Field::To, value),
        "subject" => text_term(Field::Subject, value),
        "body" => text_term(Field::Body, value),
        "in" => Term::In(bare),
        "account" => Term::Account(bare),
        "has" => match bare.as_str() {
            "attachment" | "attachments" => Term::HasAttachment,
            other => return bad(format!("`has:{other}` is not known; `has:attachment` is")),
        },
        "is" => Term::Is(match bare.as_str() {
            "unread" | "unseen" => Is::Unread,
            "read" | "seen" => Is::Read,
            "flagged" | "starred" => Is::Flagged,
            "answered" => Is::Answered,
            "draft" => Is::Draft,
            other => {
                return bad(format!(
                    "`is:{other}` is not known; is: takes unread, read, flagged, answered, draft"
                ));
            }
        }),
        other => {
            let message = format!(
                "there is no field `{other}:`; put the word in quotes to look for it as it stands"
            );
            return Err(QueryError { at, message });
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(text: &str) -> Vec<Clause> {
        Query::parse(text).unwrap().clauses
    }

    fn word(field: Field, text: &str, prefix: bool) -> Clause {
        Clause {
            negated: false,
            term: Term::Text {
                field,
                text: text.into(),
                prefix,
            },
        }
    }

    #[test]
    fn words_fields_quotes_and_negation() {
        assert_eq!(
            terms(r#"lunch from:"Ada L" subj* -is:unread"#),
            [
                word(Field::Any, "lunch", false),
                word(Field::From, "Ada L", false),
                word(Field::Any, "subj", true),
                Clause {
                    negated: true,
                    term: Term::Is(Is::Unread)
                },
            ]
        );
        assert_eq!(
            terms("12:30 http://x"),
            [
                word(Field::Any, "12:30", false),
                word(Field::Any, "http://x", false)
            ]
        );
    }

    #[test]
    fn a_word_that_is_being_typed_may_go_on() {
        let last = |text: &str| Query::typed(text).unwrap().clauses.pop().unwrap();
        assert_eq!(last("lunch inv"), word(Field::Any, "inv", true));
        assert_eq!(last("from:ad"), word(Field::From, "ad", true));
        for text in ["a", "inv ", "\"inv\"", "-inv", "in:sent"] {
            let clause = last(text);
            let prefix = matches!(clause.term, Term::Text { prefix: true, .. });
            assert!(!prefix, "{text}");
        }
    }

    #[test]
    fn errors_point_at_the_place() {
        assert_eq!(Query::parse("a form:bob").unwrap_err().at, 2);
        assert_eq!(Query::parse("is:new").unwrap_err().at, 3);
        assert_eq!(Query::parse("x subject:").unwrap_err().at, 2);
    }

    #[test]
    fn nothing_panics() {
        for odd in ["", "-", "\"", ":", "a:", "-:", "is:\"", "é:ü", "*"] {
            let _ = Query::parse(odd);
        }
    }
}
