//! The composer as one uses it: keys in, outcomes and screens out.

use super::*;
use crate::model::{AccountName, Address, DraftAttachment};
use crate::tui::errand::Brought;
use crate::tui::key::Key;
use crate::tui::offer::Source;
use crate::tui::screen::confirm;
use crate::tui::theme::Theme;
use crate::tui::widget::ink::tests::shown;
use proptest::prelude::*;
use std::time::Duration;

/// An account for tests.
pub(super) fn account(name: &str, signature: Option<&str>) -> Account {
    Account {
        name: AccountName(name.into()),
        email: format!("{name}@example.org"),
        full_name: "Ada Example".into(),
        user: name.into(),
        signature: signature.map(str::to_owned),
        ..crate::mime::wire::tests::account()
    }
}

pub(in crate::tui::screen) fn accounts() -> Vec<Account> {
    vec![
        account("work", Some("Ada, at work")),
        account("home", Some("Ada")),
    ]
}

fn reply() -> Draft {
    let mut draft = Draft::new(AccountName("work".into()));
    draft.kind = DraftKind::Reply;
    draft.to = "Grace Example <grace@example.com>".into();
    draft.subject = "Re: 日本の旅 ✈ and lunch".into();
    draft.body = "\n\nOn Monday Grace Example wrote:\n> Shall we?\n> \x1b[2JYes\u{202e}\n".into();
    draft
}

/// A composer with the keys, and a clock that the test moves.
struct Desk {
    composer: Composer,
    keymap: Keymap,
    now: Instant,
}

impl Desk {
    fn new(draft: Draft) -> Desk {
        Desk {
            composer: Composer::open(draft, &accounts()),
            keymap: Keymap::load(None).0,
            now: Instant::now(),
        }
    }

    fn blank() -> Desk {
        Desk::new(blank(&accounts()[0]))
    }

    /// Presses keys; a word of more than one letter that is no key is pasted.
    fn press(&mut self, keys: &str) -> Vec<Outcome> {
        let mut out = Vec::new();
        for name in keys.split_whitespace() {
            out.extend(match Key::parse(name) {
                Ok(key) => self.composer.update(&key.event(), &self.keymap, self.now),
                Err(_) => self.composer.paste(name, self.now),
            });
        }
        out
    }

    fn wait(&mut self, millis: u64) -> Vec<Outcome> {
        self.now += Duration::from_millis(millis);
        self.composer.tick(self.now)
    }

    fn drawn(&self, columns: u16, rows: u16) -> String {
        shown(columns, rows, |buf, area| {
            self.composer
                .draw(buf, area, 1_700_000_000, &Theme::default())
        })
    }
}

fn saves(outcomes: &[Outcome]) -> usize {
    outcomes
        .iter()
        .filter(|o| matches!(o, Outcome::Save(_)))
        .count()
}

#[test]
fn typing_is_saved_within_a_second_and_one_save_at_a_time() {
    let mut desk = Desk::blank();
    assert_eq!(desk.composer.deadline(), None);
    assert_eq!(saves(&desk.press("bob@example.com")), 0);
    assert_eq!(desk.composer.deadline(), Some(desk.now + autosave::EVERY));
    assert_eq!(saves(&desk.wait(999)), 0);
    let out = desk.wait(1);
    assert!(matches!(&out[..], [Outcome::Save(d)] if d.to == "bob@example.com" && d.id.is_none()));
    // While that one runs, none is begun: it would make a second row.
    desk.press("x");
    assert_eq!(
        (saves(&desk.wait(5000)), desk.composer.deadline()),
        (0, None)
    );
    assert_eq!(desk.composer.saved(Some(DraftId(7)), 1), []);
    let out = desk.wait(0);
    assert!(matches!(&out[..], [Outcome::Save(d)] if d.id == Some(DraftId(7))));
    desk.composer.saved(Some(DraftId(7)), 2);
    assert_eq!(
        (saves(&desk.wait(5000)), desk.composer.deadline()),
        (0, None)
    );
    // Typing without a pause is saved all the same.
    let mut saved = 0;
    for _ in 0..30 {
        desk.now += Duration::from_millis(100);
        saved += saves(&desk.press("y"));
        desk.composer.saved(None, 3);
    }
    assert!((2..=3).contains(&saved), "{saved}");
}

#[test]
fn leaving_closes_only_what_is_saved() {
    let mut desk = Desk::new(reply());
    assert_eq!(desk.press("esc"), [Outcome::Close]);

    let mut desk = Desk::new(reply());
    assert_eq!(desk.press("x esc"), []);
    desk.now += confirm::MOMENT;
    let out = desk.press("k");
    assert!(matches!(&out[..], [Outcome::Save(d)] if d.body.starts_with('x')));
    assert_eq!(desk.composer.saved(Some(DraftId(1)), 1), [Outcome::Close]);

    let mut desk = Desk::new(reply());
    assert_eq!(saves(&desk.press("x ctrl-d")), 1);
    desk.composer.save_failed("disk full", desk.now);
    assert!(desk.drawn(40, 12).contains("Not saved: disk full"));
    assert_eq!(saves(&desk.wait(5000)), 1, "it is tried again");

    let mut desk = Desk::new(reply());
    desk.press("x");
    assert_eq!(saves(&desk.wait(1000)), 1);
    desk.press("esc");
    desk.now += confirm::MOMENT;
    assert_eq!(
        desk.press("d"),
        [],
        "the row of the running save isn't known yet"
    );
    assert_eq!(
        desk.composer.saved(Some(DraftId(4)), 1),
        [Outcome::Discard(Some(DraftId(4)))]
    );

    let mut desk = Desk::blank();
    assert_eq!(
        desk.press("ctrl-d"),
        [Outcome::Close],
        "nothing was written"
    );
}

#[test]
fn sending_is_checked_and_freezes_the_composer() {
    let mut desk = Desk::blank();
    assert_eq!(desk.press("ctrl-s"), []);
    assert!(
        desk.drawn(60, 14)
            .contains("There is nobody to send it to.")
    );
    desk.press("nonsense tab tab tab Hi tab Hello");
    assert_eq!(desk.press("ctrl-s"), []);
    assert!(
        desk.drawn(60, 14).contains("To: "),
        "{}",
        desk.drawn(60, 14)
    );
    assert_eq!(desk.composer.focus(), Field::To);
    desk.press("ctrl-u bob@example.com ctrl-s");
    assert!(matches!(desk.composer.over, Over::Nothing));
    assert!(desk.composer.sending);

    let mut desk = Desk::new(reply());
    desk.press("attached ctrl-s");
    assert!(desk.drawn(70, 14).contains("mentions an attachment"));
    desk.now += confirm::MOMENT;
    assert_eq!(saves(&desk.press("c")), 0);
    // What was asked once is not asked again.
    let out = desk.press("ctrl-s");
    // It is saved first: what is taken back later is what was saved.
    assert!(matches!(&out[..], [Outcome::Save(d)] if d.body.starts_with("attached")));
    let out = desk.composer.saved(Some(DraftId(3)), 1);
    assert!(matches!(&out[..], [Outcome::Send(d)] if d.id == Some(DraftId(3))));
    let mut other = Desk::new(reply());
    other.press("attached ctrl-s");
    other.now += confirm::MOMENT;
    other.press("a");
    assert!(matches!(other.composer.over, Over::Path(_)));
    assert_eq!(
        desk.press("lost esc x"),
        [],
        "nothing changes what is being sent"
    );
    desk.composer.send_failed("the account is gone", desk.now);
    assert!(desk.drawn(70, 14).contains("Not sent: the account is gone"));
    assert!(desk.composer.draft().body.starts_with("attached"));
    desk.press("x");
    assert_eq!(saves(&desk.wait(2000)), 1);
}

fn offered(name: &str, addr: &str, source: Source) -> Offered {
    Offered {
        addresses: vec![Address::new(name, addr)],
        group: None,
        source,
        bounced: false,
    }
}

#[test]
fn addresses_are_completed() {
    let mut desk = Desk::blank();
    let out = desk.press("a");
    let Some(Outcome::Complete { serial, prefix }) = out.first().cloned() else {
        panic!("{out:?}");
    };
    assert_eq!(prefix, "a");
    let people = || {
        vec![
            offered("Ada, B", "ada@example.org", Source::Written),
            offered("", "alan@example.net", Source::Seen),
        ]
    };
    desk.composer.people(serial + 1, people());
    assert!(
        desk.composer.people.is_none(),
        "an answer to another question"
    );
    desk.composer.people(serial, people());
    insta::assert_snapshot!("composer_people_60x14", desk.drawn(60, 14));
    desk.press("enter");
    assert_eq!(desk.composer.draft().to, "\"Ada, B\" <ada@example.org>, ");
    let out = desk.press("al");
    let serial = match out.last() {
        Some(Outcome::Complete { serial, prefix }) if prefix == "al" => *serial,
        other => panic!("{other:?}"),
    };
    desk.composer.people(serial, people());
    desk.press("down tab");
    assert_eq!(
        desk.composer.draft().to,
        "\"Ada, B\" <ada@example.org>, alan@example.net, "
    );
    // Esc closes the list, not the composer.
    let out = desk.press("b");
    if let Some(Outcome::Complete { serial, .. }) = out.first() {
        desk.composer.people(*serial, people());
    }
    assert_eq!(desk.press("esc"), []);
    assert!(matches!(desk.composer.over, Over::Nothing));
}

#[test]
fn files_are_attached_and_taken_off() {
    let mut desk = Desk::new(reply());
    assert_eq!(desk.press("ctrl-o"), [Outcome::PathComplete("~/".into())]);
    let names = ["~/report.pdf", "~/report.txt", "~/recipes/"].map(str::to_owned);
    desk.composer.paths("~/", names.to_vec());
    assert_eq!(desk.press("tab"), [Outcome::PathComplete("~/re".into())]);
    assert_eq!(
        desk.press("port"),
        [Outcome::PathComplete("~/report".into())]
    );
    desk.composer.paths("~/re", names.to_vec());
    assert_eq!(desk.press("tab"), [], "a late answer offers nothing");
    desk.composer.paths("~/report", names[..2].to_vec());
    assert_eq!(
        desk.press("tab"),
        [Outcome::PathComplete("~/report.".into())]
    );
    desk.composer.paths("~/report.", names[..2].to_vec());
    insta::assert_snapshot!("composer_path_60x14", desk.drawn(60, 14));
    desk.press("down down");
    assert_eq!(
        desk.press("enter"),
        [Outcome::Errand(Errand::Attach("~/report.txt".into()))]
    );
    for (path, size) in [("/home/ada/report.txt", 12_345), ("/home/ada/\x1b[2Jx", 5)] {
        let found = Found {
            path: path.into(),
            size,
        };
        desk.composer
            .brought(Brought::Attached(Ok(found)), desk.now);
    }
    desk.composer
        .brought(Brought::Attached(Err("it is a folder".into())), desk.now);
    insta::assert_snapshot!("composer_files_60x16", desk.drawn(60, 16));
    desk.press("shift-tab d");
    let left = desk.composer.draft().attachments;
    assert_eq!(left, [DraftAttachment::file("/home/ada/\x1b[2Jx".into())]);
    desk.press("delete");
    assert_eq!(desk.composer.focus(), Field::Body);
    assert_eq!(saves(&desk.wait(1000)), 1);
}

#[test]
fn the_account_goes_round_with_its_signature() {
    let mut desk = Desk::blank();
    desk.press("shift-tab right");
    let draft = desk.composer.draft();
    assert_eq!(draft.account.as_str(), "home");
    assert_eq!(draft.from, "Ada Example <home@example.org>");
    assert_eq!(draft.body, "\n\n-- \nAda\n");
    desk.press("left");
    assert_eq!(desk.composer.draft().body, "\n\n-- \nAda, at work\n");
    // A signature that was changed by hand stays.
    let mut desk = Desk::new(Draft {
        body: "hi\n-- \nA.".into(),
        ..blank(&accounts()[0])
    });
    desk.press("shift-tab right");
    assert_eq!(desk.composer.draft().body, "hi\n-- \nA.");
}

#[test]
fn the_external_editor_gives_fields_and_text_back() {
    let mut desk = Desk::new(reply());
    let before = desk.composer.draft().body;
    let out = desk.press("ctrl-e");
    let [Outcome::Editor(text)] = &out[..] else {
        panic!("{out:?}");
    };
    assert!(text.starts_with("From: Ada Example <work@example.org>\nTo: Grace Example"));
    assert_eq!(desk.composer.edited(Ok(text.clone()), desk.now), []);
    assert!(!desk.composer.saves.touched());
    let out = desk.press("x ctrl-e");
    assert!(
        matches!(&out[..], [Outcome::Save(_), Outcome::Editor(_)]),
        "saved before it is handed over"
    );
    desk.composer.saved(Some(DraftId(1)), 1);
    desk.composer
        .edited(Err("the editor `vi` ended with 1".into()), desk.now);
    assert!(desk.drawn(60, 12).contains("ended with 1"));
    let text = "From: home@example.org\nTo: bob@example.com\nAttach: /tmp/a\n\nnew text\n";
    let out = desk.composer.edited(Ok(text.into()), desk.now);
    assert!(
        matches!(&out[..], [Outcome::Errand(Errand::Attach(p)), Outcome::Save(_)] if p == "/tmp/a"),
        "what it left is saved at once: {out:?}"
    );
    let draft = desk.composer.draft();
    assert_eq!(
        (draft.body.as_str(), draft.to.as_str()),
        ("new text\n", "bob@example.com")
    );
    assert_eq!(draft.account.as_str(), "home");
    desk.composer.saved(None, 2);
    desk.press("ctrl-z");
    assert_eq!(desk.composer.draft().body, format!("x{before}"));
    // While a save runs it waits for that, and no longer.
    let out = desk.press("ctrl-e");
    assert!(matches!(&out[..], [Outcome::Save(_), Outcome::Editor(_)]));
    let text = "To: bob@example.com\n\nnewer text\n";
    assert_eq!(desk.composer.edited(Ok(text.into()), desk.now), []);
    assert_eq!(desk.composer.saved(None, 3), []);
    let out = desk.wait(0);
    assert!(
        matches!(&out[..], [Outcome::Save(d)] if d.body == "newer text\n"),
        "{out:?}"
    );
}

#[test]
fn commands_of_others_are_passed_on_and_letters_are_letters() {
    let mut desk = Desk::new(reply());
    let commands = [
        Outcome::Command(Command::Palette),
        Outcome::Command(Command::Help),
    ];
    assert_eq!(desk.press("ctrl-k f1"), commands);
    desk.press("e # ? : /");
    assert!(desk.composer.draft().body.starts_with("e#?:/"));
    let before = desk.composer.draft();
    desk.composer.paste("\x1b:wq\r\nq", desk.now);
    assert_eq!(
        desk.composer.draft().body,
        before.body.replacen("e#?:/", "e#?:/:wq\nq", 1)
    );
}

#[test]
fn clicks_go_to_what_is_seen() {
    let mut desk = Desk::new(reply());
    let screen = desk.drawn(60, 16);
    let row = |word: &str| {
        let at = screen.lines().position(|l| l.contains(word)).unwrap();
        u16::try_from(at).unwrap()
    };
    desk.composer
        .click(ratatui::layout::Position::new(20, row("Subject")));
    assert_eq!(desk.composer.focus(), Field::Subject);
    desk.composer
        .click(ratatui::layout::Position::new(1, row("On Monday")));
    desk.press("X");
    assert!(desk.composer.draft().body.contains("\nXOn Monday"));
}

#[test]
fn drawn_at_every_size() {
    for (columns, rows) in [
        (40, 12),
        (40, 10),
        (80, 24),
        (200, 50),
        (20, 5),
        (6, 2),
        (1, 1),
    ] {
        let desk = Desk::new(reply());
        insta::assert_snapshot!(
            format!("composer_reply_{columns}x{rows}"),
            desk.drawn(columns, rows)
        );
    }
    insta::assert_snapshot!("composer_new_40x12", Desk::blank().drawn(40, 12));
    let mut leaving = Desk::new(reply());
    leaving.press("x esc");
    insta::assert_snapshot!("composer_leaving_40x12", leaving.drawn(40, 12));
}

#[test]
fn nothing_hostile_reaches_a_cell() {
    let mut draft = reply();
    draft.subject = "a\x1b]0;t\x07b\u{9b}2J".into();
    draft.from = "x\x1b[31m <a@example.org>".into();
    draft.attachments.push(DraftAttachment::Bytes {
        inline: false,
        name: "\u{202e}fdp.exe\x1b[2J".into(),
        media_type: "text/\x1b".into(),
        bytes: vec![0; 3000].into(),
    });
    let desk = Desk::new(draft.clone());
    for c in desk.drawn(80, 24).chars() {
        assert!(c == '\n' || !c.is_control(), "{c:?}");
        assert!(!('\u{202a}'..='\u{202e}').contains(&c), "{c:?}");
    }
    let kept = desk.composer.draft();
    assert_eq!(
        (kept.subject, kept.body),
        (draft.subject, draft.body),
        "the draft is as it was"
    );
}

mod choices;
mod looked_up;
mod recipients;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is pressed: nothing panics, and a crash loses at most what was typed since the
    /// last second; what closed was saved as it stood.
    #[test]
    fn the_text_survives(
        keys in prop::collection::vec(prop::sample::select(vec![
            "a", "日", "e\u{301}", "👩\u{200d}👧", "tab", "shift-tab", "enter", "backspace", "delete", "left",
            "right", "up", "down", "ctrl-w", "ctrl-u", "ctrl-z", "ctrl-y", "ctrl-o", "esc", "ctrl-e",
            "ctrl-s", "k", "c", "some,pasted;text", "home", "end", "space", "alt-b",
        ]), 0..60),
        steps in prop::collection::vec(0u64..700, 60),
        columns in 1u16..90, rows in 1u16..30,
    ) {
        let mut desk = Desk::new(reply());
        let mut stored: Option<Draft> = None;
        for (key, step) in keys.iter().zip(steps) {
            let mut out = desk.wait(step);
            out.extend(desk.press(key));
            desk.drawn(columns, rows);
            let mut n = 0;
            while let Some(outcome) = out.get(n).cloned() {
                n += 1;
                match outcome {
                    Outcome::Save(draft) => {
                        stored = Some(*draft);
                        out.extend(desk.composer.saved(Some(DraftId(1)), 1));
                    }
                    Outcome::Send(draft) => {
                        prop_assert_eq!(&draft.body, &desk.composer.draft().body);
                        desk.composer.send_failed("no", desk.now);
                    }
                    Outcome::Editor(text) => out.extend(desk.composer.edited(Ok(text), desk.now)),
                    Outcome::Close => {
                        let now = desk.composer.draft();
                        let was = stored.clone().unwrap_or_else(reply);
                        prop_assert_eq!((was.to, was.subject, was.body), (now.to, now.subject, now.body));
                        return Ok(());
                    }
                    _ => {}
                }
            }
        }
        for outcome in desk.wait(1000) {
            if let Outcome::Save(draft) = outcome {
                stored = Some(*draft);
            }
        }
        let now = desk.composer.draft();
        let kept = stored.unwrap_or_else(reply);
        prop_assert_eq!((kept.to, kept.cc, kept.subject, kept.body), (now.to, now.cc, now.subject, now.body));
    }
}
