//! The language of searches: what is read, refused and printed.

use super::fields::has_word;
use super::period::{Age, Period, Unit};
use super::tree::{Expr, Field, Has, Is, Query, Term};
use jiff::civil::date;
use proptest::prelude::*;

/// What a text reads as, printed again; or where it is wrong.
fn read(text: &str) -> String {
    match Query::parse(text) {
        Ok(query) => query.to_string(),
        Err(e) => format!("{}: {}", e.at, e.message),
    }
}

fn root(text: &str) -> Expr {
    Query::parse(text).unwrap().root
}

fn words(field: Field, text: &str, prefix: bool) -> Expr {
    let text = text.to_owned();
    Expr::Term(Term::Words {
        field,
        text,
        prefix,
    })
}

#[test]
fn words_fields_quotes_and_negation() {
    assert_eq!(
        root(r#"lunch from:"Ada L" subj* -is:unread"#),
        Expr::all([
            words(Field::Any, "lunch", false),
            words(Field::From, "Ada L", false),
            words(Field::Any, "subj", true),
            Expr::Term(Term::Is(Is::Unread)).negate(),
        ])
    );
    for plain in [
        "12:30",
        "http://x",
        "Re:",
        "a-b",
        "x@y.example",
        "AT&T",
        "c++",
    ] {
        assert_eq!(root(plain), words(Field::Any, plain, false));
    }
    assert!(root("").is_empty() && root(" \t").is_empty());
}

#[test]
fn me_is_the_user_where_people_stand_and_a_word_in_quotes() {
    let me = |field| Expr::Term(Term::Me(field));
    for (typed, means) in [
        ("from:me", me(Field::From)),
        ("to:ME", me(Field::To)),
        ("-cc:me", me(Field::Cc).negate()),
        (
            "from:(me or bo)",
            Expr::any([me(Field::From), words(Field::From, "bo", false)]),
        ),
        ("~P ~p", Expr::all([me(Field::From), me(Field::To)])),
        (r#"from:"me""#, words(Field::From, "me", false)),
        ("from:me*", words(Field::From, "me", true)),
        ("subject:me", words(Field::Subject, "me", false)),
        ("me", words(Field::Any, "me", false)),
    ] {
        let query = Query::parse(typed).unwrap();
        assert_eq!(query.root, means, "{typed}");
        assert_eq!(Query::parse(&query.to_string()), Ok(query), "{typed}");
    }
    // What goes on is somebody else.
    assert_eq!(Query::typed("from:me").unwrap().root, me(Field::From));
    assert_eq!(
        Query::typed("from:mel").unwrap().root,
        words(Field::From, "mel", true)
    );
}

#[test]
fn operators_and_parentheses() {
    for (typed, means) in [
        ("a b or c d", "a b or c d"),
        ("a and (b or c) AND d", "a (b or c) d"),
        ("not a", "-a"),
        ("not (a b)", "-(a b)"),
        ("-(a or -b)", "-(a or -b)"),
        ("((a) (b (c)))", "a b c"),
        ("a or (b or c)", "a or b or c"),
        (
            "from:(ada or \"bo b\" -subject:x) y",
            "(from:ada or from:\"bo b\" -subject:x) y",
        ),
        ("-from:(a b)", "-(from:a from:b)"),
        (
            "\"or\" \"not\" \"-a\" \"(b\"",
            "\"or\" \"not\" \"-a\" \"(b\"",
        ),
        ("a | b & c", "a or b c"),
        ("f(x)", "f x"),
    ] {
        assert_eq!(read(typed), means, "{typed}");
    }
}

#[test]
fn values_of_fields() {
    for (typed, means) in [
        ("is:starred IS:Seen", "is:flagged is:read"),
        (
            "filename:plan newer_than:2d -older_than:1y in:anywhere",
            "file:plan newer:2d -older:1y",
        ),
        ("rfc822msgid:<a@b.example>", "id:<a@b.example>"),
        ("x_y:z", "x_y:z"),
        ("since:monday date:Friday", "after:monday date:friday"),
        ("has:attachments has:picture", "has:attachment has:image"),
        ("larger:5MB smaller:1000", "larger:5M smaller:1000"),
        (
            "date:21.11.2026 before:2025 since:2024-03",
            "date:2026-11-21 before:2025 after:2024-03",
        ),
        ("date:2024..last-year", "date:2024..last-year"),
        ("date:2024..", "after:2024"),
        ("date:..2024", "before:2024 or date:2024"),
        ("older:30D newer:2h", "older:30d newer:2h"),
        ("older:2024-01-01", "before:2024-01-01"),
        (
            "label:\"To do\" list:dev.lists",
            "tag:\"To do\" list:dev.lists",
        ),
        ("thread:12 id:m7 id:<a@b>", "thread:12 id:m7 id:<a@b>"),
        (
            "file:report type:pdf in:Lists/rust",
            "file:report type:pdf in:Lists/rust",
        ),
    ] {
        assert_eq!(read(typed), means, "{typed}");
    }
}

#[test]
fn patterns_of_mutts() {
    for (typed, means) in [
        ("~f ada ~s \"x y\" ~N", "from:ada subject:\"x y\" is:unread"),
        ("~b word !~F", "body:word -is:flagged"),
        ("~L bo | ! ~X", "from:bo or to:bo or -has:attachment"),
        ("~d >2w", "older:2w"),
        ("~d 1/2/2024-3/2/2024", "date:2024-02-01..2024-02-03"),
        ("~z >1M ~z 1k-2k", "larger:1M larger:1k smaller:2k"),
        ("~A ~y todo", "tag:todo"),
        ("~ab ~1", "\"~ab\" \"~1\""),
    ] {
        assert_eq!(read(typed), means, "{typed}");
    }
}

#[test]
fn errors_point_at_the_place() {
    for (typed, at) in [
        ("a form:bob", 2),
        ("is:new", 3),
        ("x subject:", 2),
        ("x or", 2),
        ("or x", 0),
        ("a (b", 2),
        ("a b)", 3),
        ("a ()", 2),
        ("and", 0),
        ("x not", 2),
        ("is:(a)", 3),
        ("nowhere:(a)", 0),
        ("date:2026-02-30", 5),
        ("~x a", 0),
        ("~f", 0),
        ("thread:x", 7),
    ] {
        let error = Query::parse(typed).unwrap_err();
        assert_eq!(error.at, at, "{typed}: {error}");
    }
    let deep = "(".repeat(5_000);
    assert!(Query::parse(&deep).is_err() && Query::typed(&deep).is_err());
    assert!(Query::typed(&"not ".repeat(5_000)).is_err());
    assert!(Query::parse(&"a ".repeat(65)).is_err());
}

#[test]
fn what_is_being_typed_may_go_on() {
    for (typed, means) in [
        ("lunch inv", "lunch inv*"),
        ("from:ad", "from:ad*"),
        ("from:(ad", "from:ad*"),
        ("a", "a"),
        ("inv ", "inv"),
        ("\"inv\"", "inv"),
        ("-inv", "-inv"),
        ("in:sent", "in:sent"),
        ("a or", "a"),
        ("a and not", "a"),
        ("a (b or", "a b"),
        ("a -(", "a"),
        ("a from:", "a"),
        ("a -is:f", "a"),
        ("a newer:2", "a"),
        ("a ~f", "a"),
        ("a) b", "a b"),
        ("part", "part*"),
        ("*part", "*part"),
    ] {
        let query = Query::typed(typed).unwrap_or_else(|e| panic!("{typed}: {e}"));
        assert_eq!(query.to_string(), means, "{typed}");
    }
    for (typed, at) in [
        ("or", 0),
        ("from:", 0),
        (" is:", 1),
        ("is:f", 3),
        ("a is:f ", 5),
        ("~f", 0),
        ("a form:", 2),
    ] {
        assert_eq!(Query::typed(typed).unwrap_err().at, at, "{typed}");
    }
}

fn a_term() -> impl Strategy<Value = Term> {
    let text = prop_oneof![
        3 => "[a-zäé日*:()~!|.-]{1,6}",
        1 => "(and|or|not|-|!|is:read|re:x|from:|~f|me)",
        1 => "[a-z]{1,3} [a-z]{1,3}",
    ];
    let value = "[a-z*:()~ -]{0,4}[a-z日]";
    let field = prop::sample::select(vec![
        Field::Any,
        Field::From,
        Field::To,
        Field::Cc,
        Field::Subject,
        Field::Body,
        Field::File,
    ]);
    let period = prop::sample::select(vec![
        Period::Day(date(2024, 2, 29)),
        Period::Month(date(2024, 3, 1)),
        Period::Year(7),
        Period::Today,
        Period::LastWeek,
        Period::LastYear,
    ]);
    let unit = prop::sample::select(vec![Unit::Hours, Unit::Days, Unit::Months, Unit::Years]);
    let age = (any::<u16>(), unit).prop_map(|(count, unit)| Age { count, unit });
    let is = prop::sample::select(vec![
        Is::Unread,
        Is::Answered,
        Is::Muted,
        Is::Snoozed,
        Is::List,
    ]);
    let has = prop::sample::select(vec![Has::Attachment, Has::Image, Has::Invite, Has::Link]);
    let people = prop::sample::select(vec![Field::From, Field::To, Field::Cc]);
    prop_oneof![
        1 => people.prop_map(Term::Me),
        6 => (field, text.prop_filter("words", |text| has_word(text)), any::<bool>())
            .prop_map(|(field, text, prefix)| Term::Words { field, text, prefix }),
        1 => is.prop_map(Term::Is),
        1 => has.prop_map(Term::Has),
        2 => (value, 0..6).prop_map(|(value, n)| match n {
            0 => Term::In(value),
            1 => Term::Account(value),
            2 => Term::Tag(value),
            3 => Term::List(value),
            4 => Term::Type(value),
            _ => Term::Id(value),
        }),
        1 => any::<u64>().prop_map(Term::Larger),
        1 => (0u64..9000).prop_map(|n| Term::Smaller(n << 10)),
        1 => (period.clone(), period.clone()).prop_map(|(a, b)| Term::Within(a, b)),
        1 => period.clone().prop_map(Term::Before),
        1 => period.prop_map(Term::After),
        1 => age.clone().prop_map(Term::Older),
        1 => age.prop_map(Term::Newer),
        1 => any::<i64>().prop_map(Term::Thread),
    ]
}

fn an_expr() -> impl Strategy<Value = Expr> {
    a_term()
        .prop_map(Expr::Term)
        .prop_recursive(4, 24, 4, |inner| {
            let some = prop::collection::vec(inner.clone(), 1..4);
            prop_oneof![
                some.clone().prop_map(Expr::all),
                some.prop_map(Expr::any),
                inner.prop_map(Expr::negate),
            ]
        })
}

#[test]
fn signs_alone_are_no_words() {
    for (text, at) in [
        ("***", 0),
        (r#"subject:"$$$""#, 8),
        ("from:ada subject:🔥", 17),
        (r#"-subject:"!!!""#, 9),
        ("from:(ada or --)", 14),
        ("~s $$", 0),
    ] {
        let error = Query::parse(text).unwrap_err();
        assert_eq!(error.at, at, "{text}: {error}");
    }
    // Whoever types may go on, and finds what the rest says meanwhile.
    assert_eq!(
        Query::typed("offer – ada").unwrap(),
        Query::typed("offer ada").unwrap()
    );
    assert!(Query::typed("–").is_err());
    assert_eq!(read("ada \""), "ada");
    assert!(Query::parse("\"").is_err());
}

proptest! {
    #[test]
    fn what_is_printed_reads_as_the_same(root in an_expr()) {
        let query = Query { root };
        let text = query.to_string();
        prop_assert_eq!(Query::parse(&text), Ok(query), "{}", text);
    }

    #[test]
    fn whatever_is_typed_is_read_or_refused(text in "([a-z]{1,3}|[ ()|!*\"~:-]|or |not |from:|is:|日){0,12}") {
        let place = |at: usize| text.is_char_boundary(at) && at <= text.len();
        match Query::parse(&text) {
            Ok(query) => {
                let printed = query.to_string();
                prop_assert_eq!(Query::parse(&printed), Ok(query), "{}", printed);
            }
            Err(e) => prop_assert!(place(e.at)),
        }
        if let Err(e) = Query::typed(&text) {
            prop_assert!(place(e.at));
        }
    }
}

#[test]
fn what_the_documentation_shows_is_read() {
    let page = include_str!("../../../docs/searching.md");
    let cells = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('|').next());
    let mut shown = 0;
    for term in cells.flat_map(|cell| cell.split('`').step_by(2)) {
        shown += usize::from(!term.trim().is_empty());
        assert!(Query::parse(term).is_ok(), "{term}");
    }
    assert!(shown > 30, "{shown}");
    for (name, _) in super::fields::FIELDS {
        assert!(page.contains(&format!("`{name}")) || name == "(", "{name}");
    }
}
