//! Rules as a script. What Sieve has no words for is told, rule by rule, and left out whole: half a
//! rule would file what it should not.
//!
//! Words of a query are whole words here and parts of words there (`:contains`, RFC 5228 §2.7.1).

use crate::model::query::period::{Period, in_zone};
use crate::model::query::{Field, Has, Is};
use crate::model::{Deed, Expr, Rule, Term, own, tag};
use crate::sieve::tree::{Arg, Command, Script, Test};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// How the server calls what rules name.
pub struct Naming<'a> {
    /// The account whose server gets the script; `account:` of another is never true there.
    pub account: &'a str,
    /// A mailbox by the name or role that a rule calls it.
    pub mailbox: &'a dyn Fn(&str) -> String,
}

/// A script, and what it does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// The script.
    pub script: Script,
    /// The rules that are not in it, each with the reason, and what is different there.
    pub remarks: Vec<String>,
}

/// Rules as a script; `now` in seconds since 1970.
pub fn export(rules: &[Rule], naming: &Naming<'_>, now: i64) -> Exported {
    let mut out = Exported::default();
    let mut writer = Writer {
        naming,
        now,
        needs: BTreeSet::new(),
    };
    let mut goes_on: Option<&str> = None;
    for rule in rules {
        let mut left_out = |why: &str| {
            out.remarks
                .push(format!("rule \"{}\" is left out: {why}", rule.name));
        };
        if !rule.on_arrival {
            left_out("it is asked by hand only");
            continue;
        }
        // Those of a rule that is left out are not needed.
        let before = writer.needs.clone();
        let command = writer.rule(rule);
        match command {
            Ok(command) => out.script.commands.push(command),
            Err(why) => {
                writer.needs = before;
                left_out(&why);
                continue;
            }
        }
        let moves = rule.deeds.iter().any(Deed::moves);
        let different = match (moves, rule.deeds.iter().any(marks)) {
            (true, _) => Some("gets a second copy there"),
            // A flag is given to what is filed behind it.
            (false, true) => Some("keeps the flags it had there"),
            (false, false) => None,
        };
        if let (Some(earlier), Some(different)) = (goes_on, different) {
            out.remarks.push(format!(
                "rule \"{}\": what rule \"{earlier}\" has moved {different}",
                rule.name
            ));
        }
        if moves && !rule.stops() {
            goes_on = Some(&rule.name);
        }
    }
    if !writer.needs.is_empty() {
        let needs = Command::new("require", vec![Arg::texts(writer.needs)]);
        out.script.commands.insert(0, needs);
    }
    out
}

/// Whether something is marked on a message where it lies.
fn marks(deed: &Deed) -> bool {
    !deed.moves() && !matches!(deed, Deed::Copy(_) | Deed::Stop)
}

struct Writer<'a> {
    naming: &'a Naming<'a>,
    now: i64,
    /// The extensions that are used.
    needs: BTreeSet<&'static str>,
}

impl Writer<'_> {
    fn rule(&mut self, rule: &Rule) -> Result<Command, String> {
        let test = self.expr(&rule.query.root)?;
        let mut block = Vec::new();
        // Flags first: an action takes those that are set before it (RFC 5232 §4).
        for deed in &rule.deeds {
            block.extend(self.flag(deed)?);
        }
        for deed in &rule.deeds {
            if let Deed::Copy(to) = deed {
                block.push(self.file(to, true));
            }
        }
        for deed in &rule.deeds {
            match deed {
                Deed::Move(to) => block.push(self.file(to, false)),
                Deed::Archive => block.push(self.file("archive", false)),
                Deed::Junk => block.push(self.file("junk", false)),
                Deed::Trash => block.push(self.file("trash", false)),
                _ => {}
            }
        }
        if rule.stops() {
            block.push(Command::new("stop", Vec::new()));
        }
        Ok(Command {
            note: Some(format!("rule:[{}]", rule.name)),
            tests: vec![test],
            block: Some(block),
            ..Command::new("if", Vec::new())
        })
    }

    fn file(&mut self, to: &str, copy: bool) -> Command {
        self.needs.insert("fileinto");
        let mut args = Vec::new();
        if copy {
            self.needs.insert("copy");
            args.push(Arg::tag("copy"));
        }
        args.push(Arg::Text((self.naming.mailbox)(to)));
        Command::new("fileinto", args)
    }

    fn flag(&mut self, deed: &Deed) -> Result<Option<Command>, String> {
        let (name, flag) = match deed {
            Deed::Flag => ("addflag", "\\Flagged"),
            Deed::Unflag => ("removeflag", "\\Flagged"),
            Deed::Read => ("addflag", "\\Seen"),
            Deed::Unread => ("removeflag", "\\Seen"),
            Deed::Mute => ("addflag", "$muted"),
            Deed::Tag(tag) => ("addflag", tag.as_str()),
            Deed::Untag(tag) => ("removeflag", tag.as_str()),
            _ => return Ok(None),
        };
        let flag = match deed {
            Deed::Tag(name) | Deed::Untag(name) => tag::keyword(name, false)
                .map_err(|_| format!("`{deed}`: a server's tag is one word"))?,
            _ => flag.to_owned(),
        };
        self.needs.insert("imap4flags");
        Ok(Some(Command::new(name, vec![Arg::Text(flag)])))
    }

    fn expr(&mut self, expr: &Expr) -> Result<Test, String> {
        let mut several = |name: &str, sides: &[Expr]| {
            let tests = sides.iter().map(|side| self.expr(side));
            Ok(Test::of(name, tests.collect::<Result<Vec<_>, String>>()?))
        };
        match expr {
            Expr::All(sides) if sides.is_empty() => Ok(Test::of("true", Vec::new())),
            Expr::All(sides) => several("allof", sides),
            Expr::Any(sides) => several("anyof", sides),
            Expr::Not(side) => Ok(Test::of("not", vec![self.expr(side)?])),
            Expr::Term(term) => self.term(term),
        }
    }

    fn term(&mut self, term: &Term) -> Result<Test, String> {
        let no = || Err(format!("`{term}` can't be said in Sieve"));
        Ok(match term {
            Term::Words { field, text, .. } => match field {
                Field::From | Field::To | Field::Cc => header(of_people(*field), text),
                Field::Subject => header(&["subject"], text),
                Field::Body => self.body(text),
                Field::Any => {
                    let fields = header(&["from", "to", "cc", "subject"], text);
                    Test::of("anyof", vec![fields, self.body(text)])
                }
                Field::File => return no(),
            },
            Term::Me(field) => match own::addresses().as_slice() {
                [] => return no(),
                own => address(of_people(*field), own),
            },
            Term::Is(Is::List) => Test::new("exists", vec![Arg::Text("list-id".to_owned())]),
            Term::Is(is) => {
                self.needs.insert("imap4flags");
                let (flag, set) = match is {
                    Is::Unread => ("\\Seen", false),
                    Is::Read => ("\\Seen", true),
                    Is::Flagged => ("\\Flagged", true),
                    Is::Answered => ("\\Answered", true),
                    Is::Draft => ("\\Draft", true),
                    _ => ("$muted", true),
                };
                let has = has_flag(flag);
                if set { has } else { Test::of("not", vec![has]) }
            }
            Term::Tag(name) => match tag::keyword(name, false) {
                Ok(keyword) => {
                    self.needs.insert("imap4flags");
                    has_flag(&keyword)
                }
                Err(_) => return no(),
            },
            Term::List(name) => header(&["list-id"], name),
            Term::Id(id) if id.contains('@') => {
                let id = format!("<{}>", id.trim_matches(['<', '>']));
                let args = vec![
                    Arg::tag("is"),
                    Arg::Text("message-id".to_owned()),
                    Arg::Text(id),
                ];
                Test::new("header", args)
            }
            Term::Larger(octets) => size("over", *octets),
            Term::Smaller(octets) => size("under", *octets),
            Term::Before(period) => match self.days(*period) {
                Some((first, _)) => self.date("lt", &first),
                None => return no(),
            },
            Term::After(period) => match self.days(*period) {
                Some((first, _)) => self.date("ge", &first),
                None => return no(),
            },
            Term::Within(first, last) => match (self.days(*first), self.days(*last)) {
                (Some((first, _)), Some((_, end))) => {
                    let both = vec![self.date("ge", &first), self.date("lt", &end)];
                    Test::of("allof", both)
                }
                _ => return no(),
            },
            // Scripts see what comes into the inbox.
            Term::In(name) => {
                let name = name.strip_prefix('/').unwrap_or(name);
                always(name.eq_ignore_ascii_case("inbox"))
            }
            Term::Account(name) => always(name.eq_ignore_ascii_case(self.naming.account)),
            Term::Has(Has::Attachment | Has::Image | Has::Invite | Has::Link)
            | Term::Type(_)
            | Term::Older(_)
            | Term::Newer(_)
            | Term::Thread(_)
            | Term::Id(_) => return no(),
        })
    }

    fn body(&mut self, text: &str) -> Test {
        self.needs.insert("body");
        let args = vec![
            Arg::tag("text"),
            Arg::tag("contains"),
            Arg::Text(text.to_owned()),
        ];
        Test::new("body", args)
    }

    /// The date of the message against a day (RFC 5260 §4, RFC 5231 §4).
    fn date(&mut self, relation: &str, day: &str) -> Test {
        self.needs.extend(["date", "relational"]);
        let texts = ["date", "date", day];
        let mut args = vec![Arg::tag("value"), Arg::Text(relation.to_owned())];
        args.extend(texts.map(|text| Arg::Text(text.to_owned())));
        Test::new("date", args)
    }

    /// The first day of a period and the first one after it; `None` for those that go with time.
    fn days(&self, period: Period) -> Option<(String, String)> {
        if !matches!(period, Period::Day(_) | Period::Month(_) | Period::Year(_)) {
            return None;
        }
        let now = in_zone(self.now);
        let range = period.range(&now)?;
        let day = |at: i64| {
            let at = Timestamp::from_second(at).ok()?;
            Some(at.to_zoned(now.time_zone().clone()).date().to_string())
        };
        Some((day(range.start)?, day(range.end)?))
    }
}

fn header(names: &[&str], text: &str) -> Test {
    let args = vec![
        Arg::tag("contains"),
        Arg::texts(names.iter().copied()),
        Arg::Text(text.to_owned()),
    ];
    Test::new("header", args)
}

fn of_people(field: Field) -> &'static [&'static str] {
    match field {
        Field::From => &["from"],
        Field::Cc => &["cc"],
        _ => &["to", "cc"],
    }
}

/// Whether one of these addresses stands there, the whole of it (RFC 5228 §5.1).
fn address(names: &[&str], own: &[String]) -> Test {
    let args = vec![
        Arg::tag("is"),
        Arg::texts(names.iter().copied()),
        Arg::texts(own.iter().cloned()),
    ];
    Test::new("address", args)
}

fn has_flag(flag: &str) -> Test {
    Test::new("hasflag", vec![Arg::Text(flag.to_owned())])
}

fn size(which: &str, octets: u64) -> Test {
    Test::new("size", vec![Arg::tag(which), Arg::Number(octets)])
}

fn always(so: bool) -> Test {
    Test::of(if so { "true" } else { "false" }, Vec::new())
}
