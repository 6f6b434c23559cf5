//! Scripts printed and read again, rules there and back, and what is said of the rest.

use super::export::{Naming, export};
use super::import::import;
use super::tree::{Arg, Command, Script, Test};
use crate::model::{Deed, Query, Rule};
use proptest::collection::vec;
use proptest::prelude::*;

fn name() -> impl Strategy<Value = String> {
    "[a-z_][a-z0-9_]{0,6}"
}

/// Anything but what can't stand in a text: NUL, and line ends that are none.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~\n\"\\\\.é日]{0,12}",
        Just("a\n.\n..b\n".to_owned()),
        Just("text:\n.".to_owned()),
    ]
}

fn arg() -> impl Strategy<Value = Arg> {
    prop_oneof![
        name().prop_map(Arg::Tag),
        any::<u64>().prop_map(Arg::Number),
        (1u64..9).prop_map(|n| Arg::Number(n << 30)),
        text().prop_map(Arg::Text),
        vec(text(), 2..4).prop_map(Arg::List),
    ]
}

fn test() -> impl Strategy<Value = Test> {
    let leaf = (name(), vec(arg(), 0..3)).prop_map(|(name, args)| Test::new(&name, args));
    leaf.prop_recursive(3, 8, 3, |inner| {
        (name(), vec(arg(), 0..2), vec(inner, 0..3)).prop_map(|(name, args, tests)| Test {
            tests,
            ..Test::new(&name, args)
        })
    })
}

fn command() -> impl Strategy<Value = Command> {
    let note = proptest::option::of("[!-~]([ -~]{0,8}[!-~])?")
        .prop_map(|note| note.map(|n| n.trim_start_matches('#').trim().to_owned()))
        .prop_map(|note| note.filter(|n| !n.is_empty()));
    let leaf = (name(), vec(arg(), 0..3), vec(test(), 0..3), note).prop_map(
        |(name, args, tests, note)| Command {
            note,
            tests,
            ..Command::new(&name, args)
        },
    );
    leaf.prop_recursive(3, 12, 3, |inner| {
        (name(), vec(test(), 0..2), vec(inner, 0..3)).prop_map(|(name, tests, block)| Command {
            tests,
            block: Some(block),
            ..Command::new(&name, Vec::new())
        })
    })
}

/// Without the lines, which a tree that was not read has none of.
fn bare(mut commands: Vec<Command>) -> Vec<Command> {
    fn tests(all: &mut [Test]) {
        for test in all {
            test.line = 0;
            tests(&mut test.tests);
        }
    }
    for command in &mut commands {
        command.line = 0;
        tests(&mut command.tests);
        command.block = command.block.take().map(bare);
    }
    commands
}

fn rule(query: &str, deeds: &[&str]) -> Rule {
    Rule {
        name: format!("r {query}"),
        query: Query::parse(query).unwrap(),
        deeds: deeds.iter().map(|d| Deed::parse(d).unwrap()).collect(),
        on_arrival: true,
    }
}

fn naming() -> Naming<'static> {
    Naming {
        account: "work",
        mailbox: &|name| name.to_owned(),
    }
}

/// Queries that come back as they are.
const QUERIES: [&str; 14] = [
    "from:ada",
    "from:\"ada lovelace\"",
    "to:bo",
    "cc:bo",
    "subject:\"a \\ b\"",
    "body:invoice",
    "list:rust-lang",
    "is:list",
    "larger:5M smaller:1G",
    "is:unread -is:flagged",
    "tag:rust or from:x or subject:y",
    "-(from:a or subject:b)",
    "after:2024-01-02 before:2024-02-03",
    "id:a@b.example",
];

fn a_rule() -> impl Strategy<Value = Rule> {
    let query = prop::sample::subsequence(QUERIES.to_vec(), 1..4);
    let flags = prop::sample::subsequence(
        vec![
            "mark read",
            "flag",
            "tag rust",
            "tag To Do",
            "untag x",
            "mute",
            "mark unread",
        ],
        0..4,
    );
    let moved = prop::sample::select(vec!["", "move Lists/Rust \"x\" \\ y", "copy Keep"]);
    (query, flags, moved, any::<bool>()).prop_filter_map(
        "does nothing",
        |(query, mut deeds, moved, stop)| {
            deeds.extend((!moved.is_empty()).then_some(moved));
            deeds.extend(stop.then_some("stop"));
            (!deeds.is_empty()).then(|| {
                let each: Vec<String> = query.iter().map(|q| format!("({q})")).collect();
                rule(&each.join(" "), &deeds)
            })
        },
    )
}

proptest! {
    #[test]
    fn what_is_printed_reads_as_the_same(commands in vec(command(), 0..4)) {
        let script = Script { commands };
        let printed = script.to_string();
        let read = Script::parse(&printed);
        prop_assert!(read.is_ok(), "{read:?}\n{printed}");
        prop_assert_eq!(bare(read.unwrap().commands), script.commands, "{}", printed);
        // Line ends of another kind say the same.
        let unix = Script::parse(&printed.replace("\r\n", "\n")).unwrap();
        prop_assert_eq!(unix, Script::parse(&printed).unwrap());
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[ -~\r\n\0é]{0,80}") {
        let _ = import(&text);
    }

    #[test]
    fn rules_come_back(mut rules in vec(a_rule(), 1..4)) {
        for (n, rule) in rules.iter_mut().enumerate() {
            rule.name = format!("rule {n} [x]");
        }
        let exported = export(&rules, &naming(), 0);
        let text = exported.script.to_string();
        let back = import(&text).unwrap();
        let mut other = back.remarks.iter();
        prop_assert!(other.all(|(_, t)| t.ends_with("is not moved again here")), "{:?}", back.remarks);
        prop_assert_eq!(back.rules, rules, "{}", text);
    }
}

#[test]
fn a_rule_as_a_script() {
    let rules = [
        rule(
            "list:rust -from:\"a \\ b\"",
            &["copy Keep", "move Lists/Rust", "mark read", "stop"],
        ),
        rule("in:inbox account:work larger:5M", &["trash"]),
    ];
    let named = |name: &str| match name {
        "trash" => "Deleted Items".to_owned(),
        name => name.replace('/', "."),
    };
    let naming = Naming {
        account: "work",
        mailbox: &named,
    };
    let exported = export(&rules, &naming, 0);
    let text = exported.script.to_string().replace("\r\n", "\n");
    assert_eq!(exported.remarks, Vec::<String>::new());
    assert_eq!(
        text,
        r#"require ["copy", "fileinto", "imap4flags"];
# rule:[r list:rust -from:"a \ b"]
if allof (header :contains "list-id" "rust", not header :contains "from" "a \\ b") {
    addflag "\\Seen";
    fileinto :copy "Keep";
    fileinto "Lists.Rust";
    stop;
}
# rule:[r in:inbox account:work larger:5M]
if allof (true, true, size :over 5M) {
    fileinto "Deleted Items";
}
"#
    );
}

#[test]
fn the_user_is_known_by_whole_addresses() {
    let rules = [rule("to:me -from:me", &["flag"])];
    let said = |own: &[&str]| {
        let exported = crate::model::own::during(own, || export(&rules, &naming(), 0));
        (exported.script.to_string(), exported.remarks.len())
    };
    let (text, remarks) = said(&["a@x.example", "b@x.example"]);
    let to = r#"address :is ["to", "cc"] ["a@x.example", "b@x.example"]"#;
    let from = r#"not address :is "from" ["a@x.example", "b@x.example"]"#;
    assert!(text.contains(&format!("allof ({to}, {from})")), "{text}");
    assert_eq!(remarks, 0);
    assert_eq!(said(&[]).1, 1, "nobody knows who that is");
}

#[test]
fn tags_that_every_program_knows_are_their_keywords() {
    let rules = [
        rule("tag:important", &["tag todo"]),
        rule("from:x", &["untag Work"]),
    ];
    let text = export(&rules, &naming(), 0).script.to_string();
    for line in [
        "hasflag \"$label1\"",
        "addflag \"$label4\"",
        "removeflag \"$label2\"",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn what_sieve_has_no_words_for_is_told() {
    let mut by_hand = rule("from:x", &["flag"]);
    by_hand.on_arrival = false;
    let rules = [
        rule("has:attachment from:x", &["flag"]),
        rule("older:30d", &["trash"]),
        rule("date:last-week", &["trash"]),
        rule("in:Lists", &["mark read"]),
        rule("from:x", &["tag Tax 2024"]),
        by_hand,
        rule("from:a", &["archive"]),
        rule("from:b", &["junk"]),
        rule("from:c", &["copy Keep"]),
        rule("from:d", &["tag x", "copy Keep"]),
        rule("from:e", &["trash", "flag", "stop"]),
    ];
    let exported = export(&rules, &naming(), 0);
    let told = exported.remarks.join("\n");
    for words in [
        "rule \"r from:x has:attachment\" is left out",
        "`older:30d` can't be said",
        "`date:last-week` can't be said",
        "a server's tag is one word",
        "it is asked by hand only",
        "rule \"r from:b\": what rule \"r from:a\" has moved gets a second copy there",
        "rule \"r from:d\": what rule \"r from:b\" has moved keeps the flags it had there",
        "rule \"r from:e\": what rule \"r from:b\" has moved gets a second copy there",
    ] {
        let words = words.replace("r from:x has:attachment", "r has:attachment from:x");
        assert!(told.contains(&words), "{words}\n{told}");
    }
    assert!(!told.contains("r from:c"), "{told}");
    let text = exported.script.to_string();
    assert!(text.contains("if false {"), "{text}");
    assert!(
        text.starts_with("require [\"copy\", \"fileinto\", \"imap4flags\"];"),
        "{text}"
    );
}

#[test]
fn scripts_of_others_become_rules() {
    let script = r#"
require ["fileinto", "imap4flags", "copy", "reject"];
# a comment
/* another
   one */
if anyof (header :contains ["From", "Sender"] "ada", address :domain :is "to" "example.org") {
    setflag ["\\Seen work"];
    fileinto :create "Lists/A";
    fileinto "Lists/B";
} elsif size :over 2M {
    fileinto :copy :flags "\\Flagged" "Big"; keep; stop;
} else {
    if header :matches "Subject" "*sale*" { discard; }
}
# rule:[Text]
if header :is "subject" text: # so
..dots
"and"
.
{ fileinto "X"; stop; }
# rule:[Kept]
if header :is "subject" "a" { discard; keep; addflag "\\Seen"; }
if header :is "subject" "b" { discard; fileinto "Y"; }
"#;
    let imported = import(script).unwrap();
    // The branches of one `if` are one another's other cases.
    let again = [20, 23].map(|line| (line, "what line 7 moves is not moved again here".to_owned()));
    assert_eq!(imported.remarks, again);
    let said: Vec<(String, String)> = imported
        .rules
        .iter()
        .map(|rule| (rule.name.clone(), rule.text()))
        .collect();
    let expected = [
        (
            "Sieve, line 7",
            "from:ada or to:example.org -> mark read, tag work, copy Lists/A, move Lists/B",
        ),
        (
            "Sieve, line 11",
            "-(from:ada or to:example.org) larger:2M -> flag, copy Big, stop",
        ),
        (
            "Sieve, line 13",
            "-(from:ada or to:example.org) -larger:2M subject:sale -> trash",
        ),
        ("Text", "subject:\".dots  and\" -> move X, stop"),
        ("Kept", "subject:a -> mark read"),
        ("Sieve, line 23", "subject:b -> move Y"),
    ];
    let expected = expected.map(|(name, text)| (name.to_owned(), text.to_owned()));
    assert_eq!(said, expected);
}

#[test]
fn what_rules_have_no_counterpart_for_is_told_with_its_line() {
    let script = "require \"vacation\";\n\
        if header :contains \"X-Spam-Flag\" \"YES\" { fileinto \"Junk\"; }\n\
        if header :contains \"from\" \"x\" { redirect \"a@b\"; fileinto \"Y\"; }\n\
        if header :regex \"subject\" \"a.*b\" { discard; }\n\
        if not exists \"x-mailer\" { stop; }\n\
        vacation \"away\";\n\
        fileinto \"All\";\n\
        if false { discard; }\n\
        if header :matches \"subject\" \"a*b\" { discard; }\n\
        if header :contains \"subject\" \"***\" { discard; }\n\
        else { fileinto \"Z\"; }\n\
        keep;\n";
    let imported = import(script).unwrap();
    assert_eq!(imported.rules, []);
    let lines: Vec<usize> = imported.remarks.iter().map(|(line, _)| *line).collect();
    assert_eq!(
        lines,
        [2, 3, 4, 5, 6, 8, 9, 10, 11],
        "{:#?}",
        imported.remarks
    );
    let told: Vec<&str> = imported.remarks.iter().map(|(_, t)| t.as_str()).collect();
    assert!(told[0].contains("X-Spam-Flag") || told[0].contains("x-spam-flag"));
    assert!(
        told[1].contains("redirect") && told[4].contains("vacation"),
        "{told:?}"
    );
}

#[test]
fn what_stands_behind_a_stop_is_no_rule() {
    let behind = |line| {
        (
            line,
            "nothing behind `stop` is reached: it is left out".to_owned(),
        )
    };
    let all = |line| {
        (
            line,
            "what is done to every message is no rule: it is left out".to_owned(),
        )
    };
    let off = "require \"fileinto\";\nstop;\nif header :is \"subject\" \"a\" { discard; }\n\
        fileinto \"X\";\n";
    let imported = import(off).unwrap();
    assert_eq!(imported.rules, []);
    assert_eq!(imported.remarks, [all(2), behind(3)]);
    let inside = "if header :is \"subject\" \"a\" {\n stop;\n fileinto \"X\";\n discard; }\n\
        if header :is \"subject\" \"b\" { keep; addflag \"\\\\Seen\"; stop; }\n\
        else { fileinto \"Y\"; }\n";
    let imported = import(inside).unwrap();
    let said: Vec<String> = imported.rules.iter().map(Rule::text).collect();
    assert_eq!(
        said,
        [
            "subject:a -> stop",
            "subject:b -> mark read, stop",
            "-subject:b -> move Y"
        ]
    );
    assert_eq!(imported.remarks, [behind(3)]);
}

#[test]
fn what_is_no_script_is_refused_with_its_line() {
    for (script, line) in [
        ("\n\nif true {", 3),
        ("stop", 1),
        ("\"x\";", 1),
        ("a \"x", 1),
        ("a /* b", 1),
        ("a text:\nx\n", 1),
        ("a;\n}", 2),
        ("a [\"x\" \"y\"];", 1),
        ("a [];", 1),
        ("a (b, );", 1),
        ("a 99999999999999999999;", 1),
        ("a 99999999999999G;", 1),
        ("é;", 1),
        ("a \"\0\";", 1),
        ("a :;", 1),
    ] {
        let error = Script::parse(script).unwrap_err();
        assert_eq!(error.line, line, "{script:?}: {error}");
    }
    let deep = format!("{}{}", "a {".repeat(100), "}".repeat(100));
    assert!(Script::parse(&deep).is_err());
    assert!(Script::parse(&"not ".repeat(10_000)).is_err());
    assert!(Script::parse(&"a;".repeat(30_000)).is_err());
    assert!(Script::parse(&"a".repeat(2 << 20)).is_err());
}
