//! Patterns as mutt has them (`~f ada`, `~N`, `~d >2w`), which people have in their fingers: the most
//! usual ones, each as a term of our own.

use crate::model::query::fields::{self, has_word};
use crate::model::query::tree::{Expr, Field, Has, Is, Term};

/// Those that there are, for whoever writes another.
pub(super) const KNOWN: &str =
    "~A ~b ~B ~c ~C ~d ~e ~f ~F ~i ~l ~L ~N ~O ~p ~P ~Q ~r ~R ~s ~t ~u ~U ~X ~y ~z";

/// What a letter behind `~` means.
pub(super) enum Pattern {
    /// Something by itself.
    Alone(Expr),
    /// Something with the word that follows.
    With(fn(&str) -> Option<Expr>),
}

/// The pattern of a letter; `None` if it is not one of those that are known.
pub(super) fn pattern(letter: char) -> Option<Pattern> {
    let is = |is| Some(Pattern::Alone(Expr::Term(Term::Is(is))));
    match letter {
        'A' => Some(Pattern::Alone(Expr::all([]))),
        'N' | 'U' | 'O' => is(Is::Unread),
        'R' => is(Is::Read),
        'F' => is(Is::Flagged),
        'Q' => is(Is::Answered),
        'l' | 'u' => is(Is::List),
        'p' => Some(Pattern::Alone(Expr::Term(Term::Me(Field::To)))),
        'P' => Some(Pattern::Alone(Expr::Term(Term::Me(Field::From)))),
        'X' => Some(Pattern::Alone(Expr::Term(Term::Has(Has::Attachment)))),
        'f' | 'e' => Some(Pattern::With(|word| words(&[Field::From], word))),
        't' | 'c' | 'C' => Some(match letter {
            'c' => Pattern::With(|word| words(&[Field::Cc], word)),
            _ => Pattern::With(|word| words(&[Field::To], word)),
        }),
        'L' => Some(Pattern::With(|word| words(&[Field::From, Field::To], word))),
        's' => Some(Pattern::With(|word| words(&[Field::Subject], word))),
        'b' => Some(Pattern::With(|word| words(&[Field::Body], word))),
        'B' => Some(Pattern::With(|word| words(&[Field::Any], word))),
        'y' => Some(Pattern::With(|word| {
            Some(Expr::Term(Term::Tag(word.to_owned())))
        })),
        'i' => Some(Pattern::With(|word| {
            Some(Expr::Term(Term::Id(word.to_owned())))
        })),
        'z' => Some(Pattern::With(size)),
        'd' | 'r' => Some(Pattern::With(date)),
        _ => None,
    }
}

fn words(places: &[Field], word: &str) -> Option<Expr> {
    has_word(word).then_some(())?;
    let in_place = |field: &Field| Expr::Term(Term::words(*field, word));
    Some(Expr::any(places.iter().map(in_place)))
}

/// `>5M`, `<100k`, `100k-5M`.
fn size(word: &str) -> Option<Expr> {
    let of = |field: &str, size: &str| fields::of_value(field, size).ok();
    if let Some(size) = word.strip_prefix('>') {
        return of("larger", size);
    }
    if let Some(size) = word.strip_prefix('<') {
        return of("smaller", size);
    }
    let (least, most) = word.split_once('-')?;
    Some(Expr::all([of("larger", least)?, of("smaller", most)?]))
}

/// `>2w` (longer ago), `<3d` (less long ago), `21/11/2026`, `1/1/2026-21/11/2026`, `1/1/2026-`.
fn date(word: &str) -> Option<Expr> {
    if let Some(age) = word.strip_prefix('>') {
        return fields::of_value("older", age).ok();
    }
    if let Some(age) = word.strip_prefix('<') {
        return fields::of_value("newer", age).ok();
    }
    let ours = |day: &str| match day {
        "" => String::new(),
        day => day.replace('/', "."),
    };
    let range = match word.split_once('-') {
        None => ours(word),
        Some((first, last)) => format!("{}..{}", ours(first), ours(last)),
    };
    fields::of_value("date", &range).ok()
}
