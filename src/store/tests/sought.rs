//! Queries: what is found is what a look at each message would find.

use super::fixture::*;
use crate::model::query::{Age, Expr, Field, Has, Is, Period, Query, Term, Unit};
use crate::model::view::AttachmentRow;
use crate::model::*;
use crate::store::says::holds;
use crate::store::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// The moment at which is searched: 2026-11-21, 12:00 UTC.
pub const NOW: i64 = 1_795_262_400;
const DAY: i64 = 86_400;
const PASSED: &str = "$Snoozed-19700102T0000Z";
/// The user's addresses, as far as a query asks for them.
pub const OWN: [&str; 2] = ["ada@x.example", "bo@lunch.example"];
const TO_COME: &str = "$Snoozed-21260102T0000Z";

/// A message, and all that a query may ask of it.
#[derive(Clone, Debug)]
pub struct Sample {
    pub new: NewMessage,
    pub archived: bool,
    body: Option<(String, Vec<(String, String)>)>,
}

fn words() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec!["ada", "Ádám", "lunch", "lunches", "日本", "x-y"]);
    prop::collection::vec(word, 0..4).prop_map(|words| words.join(" "))
}

fn people() -> impl Strategy<Value = Vec<Address>> {
    let person = (words(), "(ada|bo|mary\\.ada)@(x|lunch)\\.example");
    let person = person.prop_map(|(name, addr)| Address::new(name, addr));
    prop::collection::vec(person, 0..2)
}

pub fn a_sample() -> impl Strategy<Value = Sample> {
    let keywords = prop::sample::subsequence(
        vec![
            "$Muted",
            "work",
            "$LABEL2",
            "label:To%20do",
            "$label4",
            PASSED,
            TO_COME,
        ],
        0..3,
    );
    let flags = (0u8..32, keywords).prop_map(|(system, keywords)| Flags {
        system: System(system),
        keywords: keywords.into_iter().map(str::to_owned).collect(),
    });
    let file = (
        prop::sample::select(vec!["ada lunch.PDF", "x.png", "日本.ics", ""]),
        prop::sample::select(vec!["application/pdf", "image/png", "text/calendar"]),
    );
    let file = file.prop_map(|(name, kind)| (name.to_owned(), kind.to_owned()));
    let text = (words(), any::<bool>()).prop_map(|(text, link)| match link {
        true => format!("{text} https://x.example/"),
        false => text,
    });
    let body = prop::option::of((text, prop::collection::vec(file, 0..3)));
    let list = prop::option::of(prop::sample::select(vec!["dev.lists.example", "ada"]));
    let rest = (
        flags,
        list,
        0i64..800,
        0u64..4_000,
        any::<bool>(),
        any::<bool>(),
    );
    (people(), people(), people(), words(), body, rest).prop_map(
        |(from, to, cc, subject, body, (flags, list, days, size, archived, maybe))| {
            let mut new = message(1);
            new.flags = flags;
            new.internal_date = NOW - days * DAY;
            new.size = size;
            new.envelope = Envelope {
                sender: to.first().filter(|_| maybe).cloned(),
                from,
                to,
                cc,
                subject,
                list_id: list.map(str::to_owned),
                maybe_attachments: maybe,
                date: None,
                ..Envelope::default()
            };
            Sample {
                new,
                archived,
                body,
            }
        },
    )
}

fn a_term() -> impl Strategy<Value = Term> {
    let fields = vec![
        Field::Any,
        Field::Any,
        Field::From,
        Field::To,
        Field::Cc,
        Field::Subject,
        Field::Body,
        Field::File,
    ];
    let texts = vec![
        "ada",
        "adam",
        "lunch",
        "ada lunch",
        "日",
        "example",
        "lun",
        "*unch",
        "*dam",
        "*x",
        "-",
        "y",
    ];
    let text = (
        prop::sample::select(fields),
        prop::sample::select(texts),
        any::<bool>(),
    );
    let period = prop::sample::select(vec![
        Period::Today,
        Period::LastWeek,
        Period::ThisMonth,
        Period::Year(2025),
        Period::Year(9999),
    ]);
    let other = vec![
        Term::Me(Field::From),
        Term::Me(Field::To),
        Term::Me(Field::Cc),
        Term::Is(Is::Unread),
        Term::Is(Is::Read),
        Term::Is(Is::Flagged),
        Term::Is(Is::Answered),
        Term::Is(Is::Draft),
        Term::Is(Is::Muted),
        Term::Is(Is::Snoozed),
        Term::Is(Is::List),
        Term::Has(Has::Attachment),
        Term::Has(Has::Image),
        Term::Has(Has::Invite),
        Term::Has(Has::Link),
        Term::In("archive".to_owned()),
        Term::Account("WORK".to_owned()),
        Term::Account("nobody".to_owned()),
        Term::Tag("Work".to_owned()),
        Term::Tag("to do".to_owned()),
        Term::List("LISTS".to_owned()),
        Term::Type("pdf".to_owned()),
        Term::Type("text".to_owned()),
        Term::Larger(2_000),
        Term::Smaller(1_000),
        Term::Older(Age {
            count: 30,
            unit: Unit::Days,
        }),
        Term::Newer(Age {
            count: 1,
            unit: Unit::Years,
        }),
    ];
    prop_oneof![
        4 => text.prop_map(|(field, text, prefix)| Term::Words {
            field,
            text: text.to_owned(),
            prefix
        }),
        3 => prop::sample::select(other),
        1 => (period.clone(), 0..3).prop_map(|(period, n)| match n {
            0 => Term::Before(period),
            1 => Term::After(period),
            _ => Term::Within(Period::Year(2025), period),
        }),
    ]
}

pub fn an_expr() -> impl Strategy<Value = Expr> {
    let term = a_term().prop_map(Expr::Term);
    term.prop_recursive(3, 12, 3, |inner| {
        let some = prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            some.clone().prop_map(Expr::all),
            some.prop_map(Expr::any),
            inner.prop_map(Expr::negate),
        ]
    })
}

/// Whether a message is meant; `None` if that is not asked.
pub fn meant(expr: &Expr, sample: &Sample) -> Option<bool> {
    let each = |sides: &[Expr]| -> Vec<bool> {
        sides
            .iter()
            .filter_map(|side| meant(side, sample))
            .collect()
    };
    match expr {
        Expr::All(sides) => {
            let each = each(sides);
            (!each.is_empty()).then(|| each.iter().all(|meant| *meant))
        }
        Expr::Any(sides) => {
            let each = each(sides);
            (!each.is_empty()).then(|| each.iter().any(|meant| *meant))
        }
        Expr::Not(side) => meant(side, sample).map(|meant| !meant),
        Expr::Term(Term::Words { text, .. }) if text == "-" => None,
        Expr::Term(term) => Some(fits(term, sample)),
    }
}

fn fits(term: &Term, sample: &Sample) -> bool {
    let e = &sample.new.envelope;
    let flags = &sample.new.flags;
    let none = Vec::new();
    let (text, files) = match &sample.body {
        Some((text, files)) => (text.as_str(), files),
        None => ("", &none),
    };
    let date = sample.new.internal_date;
    let range = |period: &Period| period.range(&crate::model::query::period::in_zone(NOW));
    let back = |age: &Age| {
        age.before(&crate::model::query::period::in_zone(NOW))
            .unwrap()
    };
    let has = |words: &[&str]| words.iter().any(|word| flags.keywords.contains(*word));
    let of_type = |wanted: &str| {
        let ending = |name: &str| name.to_lowercase().ends_with(&format!(".{wanted}"));
        let typed = |kind: &str| kind == wanted || kind.split('/').any(|part| part == wanted);
        files.iter().any(|(name, kind)| typed(kind) || ending(name))
    };
    match term {
        Term::Words {
            field,
            text: wanted,
            prefix,
        } => {
            let people = |list: &[Address]| {
                let in_one =
                    |a: &Address| holds(&format!("{} {}", a.name, a.addr), wanted, *prefix);
                list.iter().any(in_one)
            };
            let subject = holds(&e.subject, wanted, *prefix);
            let body = sample.body.is_some() && holds(text, wanted, *prefix);
            let from = people(&e.from) || people(e.sender.as_slice());
            let to = people(&e.to) || people(&e.cc);
            let named = files.iter().any(|(name, _)| holds(name, wanted, *prefix));
            let of_kind = |(_, kind): &(String, String)| {
                let short = kind.rsplit('/').next().unwrap();
                kind != "text/calendar" && holds(short, wanted, *prefix)
            };
            match field {
                Field::Any => from || to || subject || body || named || files.iter().any(of_kind),
                Field::From => from,
                Field::To => to,
                Field::Cc => people(&e.cc),
                Field::Subject => subject,
                Field::Body => body,
                Field::File => named,
            }
        }
        Term::Me(field) => {
            let mine = |list: &[Address]| list.iter().any(|a| OWN.contains(&a.addr.as_str()));
            match field {
                Field::From => mine(&e.from),
                Field::Cc => mine(&e.cc),
                _ => mine(&e.to) || mine(&e.cc),
            }
        }
        Term::Is(is) => match is {
            Is::Unread => !flags.system.has(System::SEEN),
            Is::Read => flags.system.has(System::SEEN),
            Is::Flagged => flags.system.has(System::FLAGGED),
            Is::Answered => flags.system.has(System::ANSWERED),
            Is::Draft => flags.system.has(System::DRAFT),
            Is::Muted => flags.keywords.contains("$Muted"),
            Is::Snoozed => flags.keywords.contains(TO_COME),
            Is::List => e.list_id.is_some(),
        },
        Term::Has(Has::Attachment) => match &sample.body {
            Some(_) => !files.is_empty(),
            None => e.maybe_attachments,
        },
        Term::Has(Has::Image) => of_type("image"),
        Term::Has(Has::Invite) => of_type("calendar"),
        Term::Has(Has::Link) => text.contains("https"),
        Term::In(_) => sample.archived,
        Term::Account(name) => name == "WORK",
        Term::Tag(name) => match name.as_str() {
            "Work" => has(&["work", "$LABEL2"]),
            _ => has(&["label:To%20do", "$label4"]),
        },
        Term::List(_) => e.list_id.as_deref() == Some("dev.lists.example"),
        Term::Type(kind) => of_type(kind),
        Term::Larger(size) => sample.new.size > *size,
        Term::Smaller(size) => sample.new.size < *size,
        Term::Within(first, last) => {
            let (first, last) = (range(first), range(last));
            first.is_some_and(|r| date >= r.start) && last.is_some_and(|r| date < r.end)
        }
        Term::Before(period) => range(period).is_some_and(|r| date < r.start),
        Term::After(period) => range(period).is_some_and(|r| date >= r.start),
        Term::Older(age) => date <= back(age),
        Term::Newer(age) => date > back(age),
        Term::Thread(_) | Term::Id(_) => unreachable!("not among those that are made here"),
    }
}

/// A cache with these, numbered from 1 in their subjects' places by their UIDs.
pub fn keep(samples: &[Sample]) -> Fixture {
    let mut f = Fixture::new();
    for (n, sample) in (1u32..).zip(samples) {
        let mut new = sample.new.clone();
        new.uid = uid(n);
        let wire = if sample.archived { "Archive" } else { "INBOX" };
        f.ingest(wire, &[new]);
        let row = MsgId(
            f.cache
                .read()
                .conn
                .query_row("SELECT max(id) FROM message", [], |r| r.get(0))
                .unwrap(),
        );
        if let Some((text, files)) = &sample.body {
            let attachments = files.iter().map(|(name, media_type)| AttachmentRow {
                part: 1,
                name: name.clone(),
                media_type: media_type.clone(),
                size: 1,
            });
            let body = NewBody {
                message: row,
                raw: Vec::new(),
                text: text.clone(),
                snippet: String::new(),
                attachments: attachments.collect(),
            };
            f.cache.store_bodies(&[body]).unwrap();
        }
    }
    f
}

pub(super) fn found(f: &Fixture, query: &Query) -> BTreeSet<u32> {
    let reader = f.reader();
    let result = reader.search(query, NOW, 1_000).unwrap();
    assert_eq!(result.count, result.rows.len() as u64);
    result
        .rows
        .iter()
        .filter_map(|row| row.uid.map(Uid::get))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn what_is_found_is_what_is_meant(
        samples in prop::collection::vec(a_sample(), 0..12),
        roots in prop::collection::vec(an_expr(), 20),
    ) {
        let f = keep(&samples);
        for root in roots {
            let query = Query { root };
            let all = (1u32..).zip(&samples);
            let meant: BTreeSet<u32> = all
                .filter(|(_, sample)| meant(&query.root, sample).unwrap_or(true))
                .map(|(n, _)| n)
                .collect();
            let found = own::during(&OWN, || found(&f, &query));
            prop_assert_eq!(found, meant, "{}", query);
        }
    }
}

#[test]
fn a_message_and_its_conversation_are_named() {
    let mut f = Fixture::new();
    f.ingest("INBOX", &[message(1), answer(2, &[1]), message(3)]);
    let find = |text: &str| found(&f, &Query::parse(text).unwrap());
    assert_eq!(find("id:2@x"), BTreeSet::from([2]));
    assert_eq!(find("id:<3@x> or id:<1@x>"), BTreeSet::from([1, 3]));
    assert_eq!(find("id:<4@x>"), BTreeSet::new());
    let rows = f
        .reader()
        .search(&Query::parse("id:1@x").unwrap(), NOW, 9)
        .unwrap()
        .rows;
    let (thread, number) = (rows[0].thread.0, rows[0].message.0);
    assert_eq!(find(&format!("thread:{thread}")), BTreeSet::from([1, 2]));
    assert_eq!(
        find(&format!("thread:{thread} -id:m{number}")),
        BTreeSet::from([2])
    );
}

#[test]
fn what_seldom_fits_is_found_by_an_index() {
    let mut f = Fixture::new();
    let read = (2..40).map(|n| NewMessage {
        flags: seen(),
        ..message(n)
    });
    f.ingest("INBOX", &read.collect::<Vec<_>>());
    f.ingest("Archive", &[message(40)]);
    let reader = f.reader();
    for text in [
        "is:flagged",
        "is:flagged in:inbox",
        "tag:work",
        "is:muted -is:list",
        "is:unread",
        "is:unread in:archive",
        "in:archive",
        "in:archive larger:1M",
        "file:x",
        "type:pdf",
        "has:image",
        "is:list",
        "list:dev",
        "id:2@x",
        "thread:7",
    ] {
        let plan =
            crate::store::sought::Plan::make(&reader.conn, &Query::parse(text).unwrap(), NOW)
                .unwrap();
        let mut explain = reader
            .conn
            .prepare(&format!("EXPLAIN QUERY PLAN {}", plan.sql))
            .unwrap();
        let steps = explain
            .query_map(rusqlite::params_from_iter(&plan.values), |row| {
                row.get::<_, String>(3)
            })
            .unwrap();
        let steps: Vec<String> = steps.map(|step| step.unwrap()).collect();
        let whole = |step: &&String| {
            step.starts_with("SCAN m") && !step.contains("USING")
                || step.as_str() == "SCAN location"
                || step.starts_with("SCAN l USING COVERING INDEX location_message")
        };
        assert_eq!(steps.iter().find(whole), None, "{text}: {steps:#?}");
    }
}

#[test]
fn what_fits_better_comes_first_and_what_is_new_before_what_is_old() {
    let mut f = Fixture::new();
    let mut put = |n: u32, subject: &str, days: i64, text: &str| {
        let mut new = message(n);
        new.internal_date = NOW - days * DAY;
        new.envelope.date = None;
        new.envelope.subject = subject.to_owned();
        f.ingest("INBOX", &[new]);
        let row = f
            .cache
            .read()
            .conn
            .query_row("SELECT max(id) FROM message", [], |r| r.get(0));
        let body = NewBody {
            message: MsgId(row.unwrap()),
            raw: Vec::new(),
            text: text.to_owned(),
            snippet: String::new(),
            attachments: Vec::new(),
        };
        f.cache.store_bodies(&[body]).unwrap();
    };
    put(1, "Annual budget plan", 40, "x");
    put(
        2,
        "x",
        39,
        "a budget, and much later on in this long and winding text that goes on and on, the plan",
    );
    put(3, "x", 38, "our budget plan");
    put(4, "budget planned", 38, "x");
    put(5, "x", 1_000, "our budget plan");
    for n in 6..700 {
        put(
            n,
            "x",
            60,
            "the budget here, and quite another thing that went on and on before anybody at all had ever had a plan of it",
        );
    }
    put(700, "budget plan", 900, "x");
    let order = |text: &str| -> Vec<u32> {
        let query = Query::typed(text).unwrap();
        let found = f.reader().search_ranked(&query, NOW, 500).unwrap();
        found
            .rows
            .iter()
            .filter_map(|row| row.uid.map(Uid::get))
            .collect()
    };
    let found = order("budget plan");
    assert_eq!(
        found[..3],
        [1, 4, 700],
        "all words in the subject, old or new"
    );
    assert_eq!(found[3..5], [3, 2]);
    assert_eq!(found.len(), 500, "those that are weighed are more");
    assert_eq!(order("is:unread")[..2], [4, 3], "no words: by date");
}

#[test]
fn any_part_of_a_word_without_spaces_is_found() {
    let texts = [
        "昨日の東京都庁の会議録です",
        "我们明天在北京大学见面",
        "내일회의록을 보내드립니다",
        "ยินดีต้อนรับสู่ประเทศไทย",
        "Die Donaudampfschifffahrtsgesellschaft fährt",
        "Přílišžluťoučký kůň",
        "ПРИВЕТ миру",
    ];
    let samples: Vec<Sample> = texts
        .iter()
        .map(|text| Sample {
            new: message(1),
            archived: false,
            body: Some(((*text).to_owned(), Vec::new())),
        })
        .collect();
    let f = keep(&samples);
    for (n, text) in (1u32..).zip(texts).take(4) {
        let letters: Vec<char> = text.chars().collect();
        for two in letters
            .windows(2)
            .filter(|two| two.iter().all(|c| c.is_alphabetic()))
        {
            let two: String = two.iter().collect();
            let query = Query::parse(&two).unwrap();
            assert!(found(&f, &query).contains(&n), "{two} of {text}");
        }
    }
    for (text, n) in [
        ("*dampf*", 5),
        ("*DAMPFSCHIFF*", 5),
        ("*gesellschaft", 5),
        ("body:*zlutouc*", 6),
        ("*gesellschaft fahrt", 5),
        ("привет", 7),
        ("*риве*", 7),
    ] {
        let query = Query::parse(text).unwrap();
        assert_eq!(found(&f, &query), BTreeSet::from([n]), "{text}");
    }
    for none in ["*dampf", "subject:*dampf*", "*gesellschaft schifft"] {
        assert!(found(&f, &Query::parse(none).unwrap()).is_empty(), "{none}");
    }
}
