//! Whom a message goes to: where people are known from, groups, and domains that are looked up.

use super::*;
use crate::model::MailDomain;

fn team() -> Group {
    Group {
        name: "team".into(),
        members: vec![
            Address::new("Bo", "bo@x.example"),
            Address::new("", "cy@x.example"),
        ],
    }
}

fn careful() -> Desk {
    let mut desk = Desk::blank();
    desk.composer.take_habits(&Habits {
        groups: vec![team()],
        check_domains: true,
        ..Habits::default()
    });
    desk
}

/// The serial of the last question for people.
fn serial(out: &[Outcome]) -> u64 {
    match out.last() {
        Some(Outcome::Complete { serial, .. }) => *serial,
        other => panic!("{other:?}"),
    }
}

fn everybody() -> Vec<Offered> {
    let mut gone = offered("Ada Gone", "ada@gone.example", Source::Written);
    gone.bounced = true;
    let mut both = offered("Evil\u{202e}\x1b[2J Ada", "eve@x.example", Source::Seen);
    both.bounced = true;
    vec![
        offered("Ada", "ada@example.org", Source::Written),
        gone,
        Offered {
            addresses: team().members,
            group: Some("adas\u{202e}".into()),
            source: Source::Group,
            bounced: false,
        },
        offered(
            "Ada Augusta King, Countess of Lovelace",
            "ada.lovelace@a-long-domain.example.net",
            Source::Card,
        ),
        offered("Adam", "adam@x.example", Source::Program),
        both,
    ]
}

#[test]
fn each_source_has_its_mark() {
    for columns in [80, 40] {
        let mut desk = Desk::blank();
        let serial = serial(&desk.press("a"));
        desk.composer.people(serial, everybody());
        insta::assert_snapshot!(
            format!("composer_sources_{columns}x14"),
            desk.drawn(columns, 14)
        );
    }
}

#[test]
fn what_was_selected_stays_so_when_more_is_found() {
    let mut desk = Desk::blank();
    let asked = serial(&desk.press("a"));
    desk.composer.people(asked, everybody().split_off(3));
    desk.press("down");
    desk.composer.people(asked, everybody());
    desk.press("enter");
    assert_eq!(desk.composer.draft().to, "Adam <adam@x.example>, ");
    // A list that was closed is not brought back by what is found later.
    let asked = serial(&desk.press("a"));
    desk.composer.people(asked, everybody());
    desk.press("esc");
    desk.composer.people(asked, everybody());
    assert!(desk.composer.people.is_none());
}

#[test]
fn a_group_becomes_its_members() {
    let mut desk = careful();
    let asked = serial(&desk.press("ad"));
    desk.composer.people(asked, everybody().split_off(2));
    desk.press("enter");
    let members = "Bo <bo@x.example>, cy@x.example";
    assert_eq!(desk.composer.draft().to, format!("{members}, "));
    // Typed by hand, too.
    let mut desk = careful();
    desk.composer.domains.wanted = false;
    desk.press("Team tab tab tab hi tab hello");
    assert_eq!(desk.composer.draft().to, "Team");
    assert_eq!(saves(&desk.press("ctrl-s")), 1);
    assert_eq!(desk.composer.draft().to, members);
}

/// Writes a message to two domains; what was asked of them.
fn written(desk: &mut Desk) -> Vec<Outcome> {
    desk.press("a@gone.test,b@fine.test,c@[192.0.2.1]");
    let out = desk.press("tab tab tab hi tab hello");
    out.into_iter()
        .filter(|o| matches!(o, Outcome::Errand(_)))
        .collect()
}

fn told(desk: &mut Desk, gone: MailDomain) -> Vec<Outcome> {
    let found = vec![
        ("gone.test".to_owned(), gone),
        ("fine.test".to_owned(), MailDomain::Takes),
    ];
    desk.composer.brought(Brought::Domains(found), desk.now)
}

#[test]
fn domains_are_looked_up_early_and_asked_about_once() {
    let mut desk = careful();
    let domains = ["fine.test", "gone.test"].map(str::to_owned).to_vec();
    let wanted = [Outcome::Errand(Errand::Domains(domains))];
    assert_eq!(written(&mut desk), wanted, "once");
    told(&mut desk, MailDomain::IsNot);
    assert_eq!(saves(&desk.press("ctrl-s")), 0);
    let drawn = desk.drawn(80, 14);
    assert!(drawn.contains("There is no domain gone.test"), "{drawn}");
    desk.now += Duration::from_secs(1);
    desk.press("c");
    desk.composer.saved(Some(DraftId(7)), 1);
    let out = desk.press("ctrl-s");
    assert!(
        matches!(out.as_slice(), [Outcome::Send(_)]),
        "it was asked already: {out:?}"
    );
}

#[test]
fn sending_waits_for_the_answer_and_for_nothing_else() {
    let mut desk = careful();
    written(&mut desk);
    assert_eq!(saves(&desk.press("ctrl-s")), 0);
    assert!(desk.drawn(80, 14).contains("Looking the recipients"));
    // Nobody knew: that is no reason to ask.
    assert_eq!(saves(&told(&mut desk, MailDomain::Unknown)), 1);
    assert!(desk.composer.sending);
    // Sent twice: at once.
    let mut desk = careful();
    written(&mut desk);
    assert_eq!(saves(&desk.press("ctrl-s ctrl-s")), 1);
    // Gone on with: not sent behind one's back.
    for other in ["x", "tab", "pasted"] {
        let mut desk = careful();
        written(&mut desk);
        desk.press("ctrl-s");
        desk.press(other);
        told(&mut desk, MailDomain::Takes);
        assert!(!desk.composer.sending, "{other}");
    }
    // Who doesn't want it is not asked and doesn't wait.
    let mut desk = Desk::blank();
    assert_eq!(written(&mut desk), []);
    assert_eq!(saves(&desk.press("ctrl-s")), 1);
}
