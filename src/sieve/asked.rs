//! What a test of a script asks, as a query, for `import`.

use crate::model::query::period::Period;
use crate::model::query::{Field, Is};
use crate::model::{Expr, Term, tag};
use crate::sieve::tree::{Arg, Test};

/// A query takes no more terms.
const TERMS: usize = 64;

/// The number of terms in a query, and of what joins them.
pub(super) fn weight(expr: &Expr) -> usize {
    match expr {
        Expr::All(sides) | Expr::Any(sides) => 1 + sides.iter().map(weight).sum::<usize>(),
        Expr::Not(side) => 1 + weight(side),
        Expr::Term(_) => 1,
    }
}

/// How keys are compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Match {
    Is,
    Contains,
    Matches,
}

/// A test's arguments: how it compares, its other tags, and what else it takes.
struct Taken<'a> {
    how: Match,
    relation: Option<&'a str>,
    tags: Vec<&'a str>,
    texts: Vec<&'a [String]>,
    numbers: Vec<u64>,
}

/// The query that holds where a test does.
///
/// # Errors
/// What of it no query can ask, and in which line.
pub(super) fn expr(test: &Test) -> Result<Expr, (usize, String)> {
    let no = |why: String| Err((test.line, why));
    let inner = || test.tests.iter().map(expr).collect::<Result<Vec<_>, _>>();
    match test.name.as_str() {
        "allof" => return Ok(Expr::all(inner()?)),
        "anyof" if !test.tests.is_empty() => return Ok(Expr::any(inner()?)),
        "not" => {
            return match inner()?.pop() {
                Some(Expr::Not(side)) => Ok(*side),
                Some(Expr::Term(Term::Is(Is::Read))) => Ok(Expr::Term(Term::Is(Is::Unread))),
                Some(side) => Ok(side.negate()),
                None => no("`not` wants a test".to_owned()),
            };
        }
        "true" => return Ok(Expr::All(Vec::new())),
        _ => {}
    }
    let taken = match taken(test) {
        Ok(taken) => taken,
        Err(why) => return no(why),
    };
    let found = match test.name.as_str() {
        "header" => header(&taken),
        "address" => address(&taken),
        "exists" => exists(&taken),
        "size" => size(&taken),
        "body" => body(&taken),
        "hasflag" => flags(&taken),
        "date" => date(&taken),
        name => Err(format!("the test `{name}` has no counterpart")),
    };
    found.or_else(no)
}

fn taken(test: &Test) -> Result<Taken<'_>, String> {
    let mut out = Taken {
        how: Match::Is,
        relation: None,
        tags: Vec::new(),
        texts: Vec::new(),
        numbers: Vec::new(),
    };
    let mut args = test.args.iter();
    while let Some(arg) = args.next() {
        match arg {
            Arg::Tag(name) => match name.as_str() {
                "is" => out.how = Match::Is,
                "contains" => out.how = Match::Contains,
                "matches" => out.how = Match::Matches,
                "value" => match args.next() {
                    Some(Arg::Text(relation)) => out.relation = Some(relation),
                    _ => return Err("`:value` wants a relation".to_owned()),
                },
                "comparator" => match args.next().and_then(Arg::strings) {
                    Some([name]) if name == "i;ascii-casemap" || name == "i;unicode-casemap" => {}
                    _ => return Err("only comparisons without regard to case are known".to_owned()),
                },
                "zone" => match args.next() {
                    Some(Arg::Text(_)) => {}
                    _ => return Err("`:zone` wants a zone".to_owned()),
                },
                "regex" | "count" | "list" => {
                    return Err(format!("`:{name}` has no counterpart"));
                }
                tag => out.tags.push(tag),
            },
            Arg::Number(n) => out.numbers.push(*n),
            arg => out.texts.extend(arg.strings()),
        }
    }
    Ok(out)
}

/// A key as words: what stands around a star at its ends is looked for.
fn words(key: &str, how: Match) -> Result<String, String> {
    let key = match how {
        Match::Matches => {
            let inside = key.trim_matches('*');
            if inside.contains(['*', '?', '\\']) {
                return Err(format!(
                    "the pattern `{}` has no counterpart",
                    key.escape_debug()
                ));
            }
            inside
        }
        _ => key,
    };
    // A query knows no escapes in quotes, and nothing that can't be typed in one line.
    let text: String = key
        .chars()
        .map(|c| if c == '"' || c.is_control() { ' ' } else { c })
        .collect();
    let text = text.trim().to_owned();
    match text.chars().any(char::is_alphanumeric) {
        true => Ok(text),
        false => Err(format!("there is no word in `{}`", key.escape_debug())),
    }
}

fn word(field: Field, text: String) -> Expr {
    Expr::Term(Term::words(field, text))
}

fn two<'a>(taken: &Taken<'a>) -> Result<(&'a [String], &'a [String]), String> {
    match taken.texts.as_slice() {
        [names, keys] if taken.relation.is_none() => Ok((names, keys)),
        _ => Err("its arguments are not understood".to_owned()),
    }
}

fn header(taken: &Taken<'_>) -> Result<Expr, String> {
    if let Some(tag) = taken.tags.first() {
        return Err(format!("`:{tag}` has no counterpart"));
    }
    let (names, keys) = two(taken)?;
    fields(names, keys, |name, key| {
        let text = |how| words(key, how);
        Ok(match name {
            "from" | "sender" => word(Field::From, text(taken.how)?),
            "to" => word(Field::To, text(taken.how)?),
            "cc" => word(Field::Cc, text(taken.how)?),
            "subject" => word(Field::Subject, text(taken.how)?),
            "list-id" => {
                let key = key.trim_matches(['*', '<', '>']);
                Expr::Term(Term::List(words(key, Match::Contains)?))
            }
            "message-id" if taken.how == Match::Is => {
                let id = key.trim_matches(['<', '>']);
                Expr::Term(Term::Id(words(id, Match::Contains)?))
            }
            name => {
                let shown = name.escape_debug();
                return Err(format!(
                    "the header field `{shown}` is not looked at by rules"
                ));
            }
        })
    })
}

/// To and Cc together are one field of a query.
fn fields(
    names: &[String],
    keys: &[String],
    make: impl Fn(&str, &str) -> Result<Expr, String>,
) -> Result<Expr, String> {
    if names.len().saturating_mul(keys.len()) > TERMS {
        return Err(format!("more than {TERMS} things are asked"));
    }
    let names: Vec<String> = names.iter().map(|n| n.to_ascii_lowercase()).collect();
    let both = names.iter().any(|n| n == "to");
    let mut sides = Vec::new();
    for key in keys {
        for name in names.iter().filter(|name| !(both && *name == "cc")) {
            let side = make(name, key)?;
            if !sides.contains(&side) {
                sides.push(side);
            }
        }
    }
    match sides.is_empty() {
        true => Err("its arguments are not understood".to_owned()),
        false => Ok(Expr::any(sides)),
    }
}

fn address(taken: &Taken<'_>) -> Result<Expr, String> {
    for tag in &taken.tags {
        if !matches!(*tag, "all" | "domain") {
            return Err(format!("`:{tag}` has no counterpart"));
        }
    }
    let (names, keys) = two(taken)?;
    fields(names, keys, |name, key| {
        let text = words(key, taken.how)?;
        Ok(match name {
            "from" | "sender" => word(Field::From, text),
            "to" => word(Field::To, text),
            "cc" => word(Field::Cc, text),
            name => {
                let shown = name.escape_debug();
                return Err(format!("addresses of `{shown}` are not looked at by rules"));
            }
        })
    })
}

fn exists(taken: &Taken<'_>) -> Result<Expr, String> {
    match taken.texts.as_slice() {
        [[name]] if name.eq_ignore_ascii_case("list-id") => Ok(Expr::Term(Term::Is(Is::List))),
        _ => Err("only whether there is a List-Id can be asked".to_owned()),
    }
}

fn size(taken: &Taken<'_>) -> Result<Expr, String> {
    match (taken.tags.as_slice(), taken.numbers.as_slice()) {
        (["over"], [n]) => Ok(Expr::Term(Term::Larger(*n))),
        (["under"], [n]) => Ok(Expr::Term(Term::Smaller(*n))),
        _ => Err("its arguments are not understood".to_owned()),
    }
}

fn body(taken: &Taken<'_>) -> Result<Expr, String> {
    let keys = match (taken.tags.as_slice(), taken.texts.as_slice()) {
        ([] | ["text"], [keys]) => *keys,
        (["content"], [kinds, keys]) if kinds.iter().all(|kind| kind.starts_with("text")) => *keys,
        _ => return Err("only the text of a body can be looked at".to_owned()),
    };
    if keys.len() > TERMS {
        return Err(format!("more than {TERMS} things are asked"));
    }
    let sides = keys
        .iter()
        .map(|key| Ok(word(Field::Body, words(key, taken.how)?)));
    Ok(Expr::any(sides.collect::<Result<Vec<_>, String>>()?))
}

fn flags(taken: &Taken<'_>) -> Result<Expr, String> {
    let [flags] = taken.texts.as_slice() else {
        return Err("its arguments are not understood".to_owned());
    };
    let side = |flag: &String| {
        let is = match flag.to_ascii_lowercase().as_str() {
            "\\seen" => Is::Read,
            "\\flagged" => Is::Flagged,
            "\\answered" => Is::Answered,
            "\\draft" => Is::Draft,
            "$muted" => Is::Muted,
            _ if tag::keyword(flag, false).is_ok() => {
                return Ok(Expr::Term(Term::Tag(tag::in_english(flag).to_owned())));
            }
            _ => {
                return Err(format!(
                    "the flag `{}` is not looked at",
                    flag.escape_debug()
                ));
            }
        };
        Ok(Expr::Term(Term::Is(is)))
    };
    let sides: Result<Vec<Expr>, String> = flags.iter().map(side).collect();
    Ok(Expr::any(sides?))
}

fn date(taken: &Taken<'_>) -> Result<Expr, String> {
    let told = "only days of the date can be compared, with `ge` or `lt`";
    let [[name], [part], [day]] = taken.texts.as_slice() else {
        return Err(told.to_owned());
    };
    let is_day = name.eq_ignore_ascii_case("date") && part.eq_ignore_ascii_case("date");
    let day = Period::parse(day).filter(|day| is_day && matches!(day, Period::Day(_)));
    match (taken.relation, day) {
        (Some("ge"), Some(day)) => Ok(Expr::Term(Term::After(day))),
        (Some("lt"), Some(day)) => Ok(Expr::Term(Term::Before(day))),
        _ => Err(told.to_owned()),
    }
}
