//! How accounts stand, tags, journeys, and what a key does for whoever waits.

use super::*;
use crate::model::{AccountStatus, Link, Progress, Quota, Verb};
use crate::signal::Posted;

fn status(link: Link) -> AccountStatus {
    AccountStatus {
        link,
        ..AccountStatus::default()
    }
}

fn waiting() -> AccountStatus {
    let link = Link::Waiting {
        reason: "no route to host".into(),
        retry_at: WALL + 300,
    };
    AccountStatus {
        since: WALL - 240,
        ..status(link)
    }
}

fn syncing() -> AccountStatus {
    AccountStatus {
        since: WALL - 60,
        progress: Some(Progress {
            doing: String::new(),
            what: "headers of INBOX".into(),
            done: 12_400,
            total: 50_000,
            rate: 9_800,
            left: Some(4),
        }),
        pending: 3,
        connections: 3,
        received: 310 << 20,
        budget: Some(11 * (1 << 30) / 5),
        quota: Some(Quota {
            used: 33 * (1 << 30) / 10,
            limit: 15 << 30,
        }),
        ..status(Link::Online)
    }
}

fn stopped() -> AccountStatus {
    status(Link::Stopped {
        reason: "the password was refused: check password-command".into(),
    })
}

/// Three accounts, each in another way.
fn three_accounts(size: (u16, u16)) -> Bench {
    let mut bench = Bench::new(three(), size);
    let names = ["home", "work", "club"];
    bench.app.panes.accounts = names.map(account).into();
    let names = names.map(|n| AccountName(n.into()));
    bench.app.panes.status =
        crate::tui::screen::status::Status::new(names.to_vec(), bench.app.panes.keymap.clone());
    let states = [syncing(), waiting(), stopped()];
    bench.post(names.into_iter().zip(states).collect());
    bench
}

impl Bench {
    fn post(&mut self, statuses: std::collections::BTreeMap<AccountName, AccountStatus>) {
        self.event(Event::Board(Posted {
            statuses,
            ..Posted::default()
        }));
    }

    fn post_home(&mut self, status: AccountStatus) {
        self.post([(AccountName("home".into()), status)].into());
    }

    /// The screen with every time of day made the same: it depends on the zone.
    fn timeless(&self) -> String {
        let mut out = self.screen();
        for at in [WALL - 240, WALL - 60, WALL + 300] {
            let clock = crate::text::when::clock(at, WALL);
            out = out.replace(&clock, "HH:MM");
        }
        out
    }
}

#[test]
fn accounts_say_how_they_stand_on_every_screen() {
    for size in [(40, 12), (80, 24), (200, 50)] {
        let mut bench = three_accounts(size);
        let name = format!("status_{}x{}", size.0, size.1);
        let line = |screen: String| {
            let from = screen.lines().count() - 2;
            screen.lines().skip(from).take(1).collect::<String>()
        };
        insta::assert_snapshot!(name, line(bench.timeless()));
        bench.keys("gc");
        let name = format!("accounts_{}x{}", size.0, size.1);
        insta::assert_snapshot!(name, bench.timeless());
    }
}

#[test]
fn the_accounts_are_gone_through_to_their_end_and_no_further() {
    let mut bench = three_accounts((80, 12));
    bench.keys("gcG");
    let end = bench.screen();
    assert!(end.contains("SMTP  mail.example.org"), "{end}");
    bench.keys("k");
    assert_ne!(bench.screen(), end);
}

#[test]
fn one_account_is_told_of_in_forty_columns() {
    let mut bench = Bench::new(three(), (40, 12));
    bench.post_home(AccountStatus {
        pending: 0,
        ..syncing()
    });
    bench.sees("⟳ home █▉░░░░░░ 12,400/50,000, 4 s left");
    bench.post_home(waiting());
    assert!(
        bench.timeless().contains("✕ home offline: no route"),
        "{}",
        bench.timeless()
    );
}

#[test]
fn a_key_makes_who_waits_try_again_but_not_every_key() {
    let again = |bench: &Bench| {
        let tries = |i: &&Intent| matches!(i, Intent::TryAgain(a) if a.as_str() == "home");
        bench.asked.iter().filter(tries).count()
    };
    let mut bench = Bench::new(three(), (80, 24));
    bench.keys("jk");
    assert_eq!(again(&bench), 0);
    bench.post_home(waiting());
    bench.keys("jkjk");
    assert_eq!(again(&bench), 1);
    bench.now.mono += Duration::from_secs(29);
    bench.keys("j");
    assert_eq!(again(&bench), 1);
    bench.now.mono += Duration::from_secs(2);
    bench.keys("k");
    assert_eq!(again(&bench), 2);
    // A wrong password is not tried again for a key.
    bench.now.mono += Duration::from_secs(60);
    bench.post_home(stopped());
    bench.keys("j");
    assert_eq!(again(&bench), 2);
}

#[test]
fn who_looks_for_mail_is_told_also_that_nothing_came() {
    let online = |looked, arrived| AccountStatus {
        looked,
        arrived,
        ..status(Link::Online)
    };
    let said = |bench: &Bench, words: &str| bench.screen().contains(words);
    let mut bench = Bench::new(three(), (80, 24));
    bench.post_home(online(WALL - 60, 5));
    bench.keys(":check-mail\n");
    bench.sees("Looking for new mail…");
    // What was looked at before does not count.
    bench.post_home(online(WALL - 1, 5));
    bench.sees("Looking for new mail…");
    bench.post_home(online(WALL, 5));
    assert!(said(&bench, ": nothing new."), "{}", bench.screen());
    // It is said once.
    bench.now.mono += Duration::from_secs(7);
    bench.event(Event::Tick);
    bench.post_home(online(WALL + 9, 5));
    assert!(!said(&bench, "nothing new"), "{}", bench.screen());

    bench.keys(":check-mail\n");
    bench.post_home(online(WALL + 9, 7));
    assert!(said(&bench, ": 2 messages came."), "{}", bench.screen());

    // One that waits tries again, and only what it says then is an answer.
    bench.post_home(waiting());
    bench.keys(":check-mail\n");
    bench.post_home(AccountStatus {
        pending: 1,
        ..waiting()
    });
    bench.sees("Looking for new mail…");
    let link = Link::Waiting {
        reason: "no route to host".into(),
        retry_at: WALL + 900,
    };
    bench.post_home(status(link));
    bench.sees("Nothing could be looked for: there is no connection.");
}

#[test]
fn a_journey_is_begun_told_and_ended() {
    let mut bench = Bench::new(three(), (80, 24));
    bench.keys(":offline\n");
    assert!(
        matches!(bench.asked[..], [Intent::Offline(None)]),
        "{:?}",
        bench.asked
    );
    bench.keys(":offline HOME\n");
    assert!(matches!(&bench.asked[1], Intent::Offline(Some(a)) if a.as_str() == "home"));
    bench.keys(":offline nobody\n");
    assert_eq!(bench.asked.len(), 2);
    bench.sees("No account is called `nobody`");
    bench.keys("\x1b");
    assert_eq!(bench.asked.len(), 2);
    let journey = |journey| AccountStatus {
        journey,
        ..status(Link::Online)
    };
    bench.now.mono += Duration::from_secs(60);
    bench.event(Event::Tick);
    bench.post_home(journey(true));
    bench.sees("everything, esc stops");
    bench.keys("\x1b");
    assert!(
        matches!(bench.asked[2..], [Intent::StopOffline]),
        "{:?}",
        bench.asked
    );
    bench.post_home(journey(false));
    bench.keys("\x1b:offline stop\n");
    assert!(
        matches!(bench.asked[3..], [Intent::StopOffline]),
        "{:?}",
        bench.asked
    );
}

fn tagged() -> Vec<IndexRow> {
    let mut rows = three();
    for keyword in ["work", "$Forwarded", "NonJunk", "label:Tax%202024%1B[31m"] {
        rows[0].flags.keywords.insert(keyword.into());
    }
    rows
}

#[test]
fn tags_stand_beside_the_subject_without_the_noise() {
    let mut bench = Bench::new(tagged(), (120, 24));
    let screen = bench.screen();
    assert!(
        screen.contains("Lunch on Friday #work #Tax 2024"),
        "{screen}"
    );
    for noise in ["Forwarded", "NonJunk", "\x1b", "label:"] {
        assert!(!screen.contains(noise), "{screen}");
    }
    bench.keys("\n");
    let title = bench.screen().lines().next().unwrap_or_default().to_owned();
    assert!(title.contains("#work +1"), "{title}");
    let narrow = Bench::new(tagged(), (40, 12));
    assert!(narrow.screen().contains("Lunch on"), "{}", narrow.screen());
}

/// Which tags were asked for: put on, taken away, or as the ledger finds.
fn tags(bench: &Bench) -> Vec<(&str, Option<bool>)> {
    let asked = bench.asked.iter().filter_map(|intent| match intent {
        Intent::Act {
            verb: Verb::Tag { name, given },
            ..
        } => Some((name.as_str(), *given)),
        _ => None,
    });
    asked.collect()
}

#[test]
fn a_tag_is_put_on_and_taken_away() {
    let mut bench = Bench::new(tagged(), (120, 24));
    bench.keys("tsoon\n");
    assert_eq!(tags(&bench), [("soon", None)]);
    // It has this one: away with it, however it is spelt.
    bench.keys("tWORK\n");
    assert_eq!(tags(&bench)[1], ("work", Some(false)));
    bench.keys(":tag -gone\n");
    assert_eq!(tags(&bench)[2], ("gone", Some(false)));
    bench.keys("ttwo words\n");
    assert_eq!(tags(&bench).len(), 3);
    bench.sees("one word");
    bench.app.panes.accounts[0].imap.host = "imap.gmail.com".into();
    bench.keys("ttwo words\n");
    assert_eq!(tags(&bench)[3], ("two words", None));
}

/// The colour of what stands at the first place of a word on the screen.
fn colour_of(bench: &Bench, word: &str) -> ratatui::style::Color {
    let buf = bench.drawn().0;
    let area = buf.area;
    let at = area.positions().find(|at| {
        let cells = (at.x..area.right()).filter_map(|x| buf.cell((x, at.y)));
        let rest: String = cells.map(|cell| cell.symbol()).collect();
        rest.starts_with(word)
    });
    buf.cell(at.expect(word)).unwrap().fg
}

#[test]
fn thunderbirds_tags_are_shown_by_name_and_colour_and_set_as_it_does() {
    let mut rows = three();
    for keyword in ["$Label1", "$label4", "$Junk", "rust"] {
        rows[0].flags.keywords.insert(keyword.into());
    }
    let mut bench = Bench::new(rows.clone(), (120, 24));
    bench.sees("#Important #To Do +1");
    let theme = bench.app.dress.theme().clone();
    assert_eq!(
        Some(colour_of(&bench, "#Important")),
        theme.tag("$label1").fg
    );
    assert_eq!(Some(colour_of(&bench, "#To Do")), theme.tag("$label4").fg);
    // They are offered, whether they are listed or not, in their colours.
    bench.keys("t");
    for name in ["Important", "Work", "Personal", "To Do", "Later", "rust"] {
        bench.sees(name);
    }
    assert_eq!(Some(colour_of(&bench, "Personal")), theme.tag("$label3").fg);
    // It has this one already: away with it, by its name.
    bench.keys("todo\n");
    assert_eq!(tags(&bench), [("To Do", Some(false))]);
    bench.keys("\n");
    let title = bench.screen().lines().next().unwrap_or_default().to_owned();
    assert!(title.contains("#Important"), "{title}");
    // Where there is no room for a name, that there is one.
    let narrow = Bench::new(rows, (40, 12)).screen();
    let line = narrow.lines().find(|l| l.contains("Lunch"));
    assert!(line.unwrap_or_default().contains(" #"), "{narrow}");
}

#[test]
fn names_and_colours_of_tags_that_change_are_taken_up_at_once() {
    let mut rows = three();
    for keyword in ["$label5", "zebra"] {
        rows[0].flags.keywords.insert(keyword.into());
    }
    let mut bench = Bench::new(rows, (120, 24));
    bench.sees("#zebra");
    let text = "[tags.zebra]\nname = \"Stripes\"\ncolour = \"green\"\n";
    let config = crate::config::load::parse(text, std::path::Path::new("/c")).config;
    let fresh = crate::tui::files::Fresh {
        config: Some(Box::new(config)),
        ..Default::default()
    };
    bench.event(Event::Fresh {
        fresh: Box::new(fresh),
        number: 1,
        open: false,
    });
    bench.sees("#Later #Stripes");
    let green = bench.app.dress.theme().tag("$label3").fg;
    assert_eq!(Some(colour_of(&bench, "#Stripes")), green);
    assert!(!bench.quit);
    bench.keys("tstripes\n");
    assert_eq!(tags(&bench), [("Stripes", Some(false))]);
    crate::model::naming::choose(Vec::new());
}

#[test]
fn a_tag_that_the_first_of_two_accounts_cant_have_comes_off_the_other() {
    let mut rows = three();
    rows[1].flags.keywords.insert("label:two%20words".into());
    let mut bench = Bench::new(rows, (120, 24));
    bench.keys("xjx");
    bench.keys("ttwo words\n");
    // Who has it is no account with labels here; the ledger knows what comes of it.
    assert_eq!(tags(&bench), [("two words", None)]);
}

#[test]
fn what_nobody_answered_stands_above_the_inbox_and_can_be_dismissed() {
    use crate::model::{MessageId, Reminder, ReminderId, ReminderState};
    let mut bench = Bench::new(three(), (100, 20));
    let reminder = Reminder {
        id: ReminderId(4),
        account: AccountName("home".into()),
        message_id: MessageId::new("<tea@x>").unwrap(),
        subject: "Tea".into(),
        recipients: "bo@example.test".into(),
        due: WALL - 60,
        state: ReminderState::Due,
    };
    let before = bench.app.panes.places().unwrap().index.unwrap().inner;
    let answer = Answer::Sidebar {
        mailboxes: bench.mailboxes.clone(),
        outbox: Tray::default(),
        drafts: 0,
        reminders: vec![reminder.clone()],
    };
    bench.event(Event::Rows(answer));
    let after = bench.app.panes.places().unwrap().index.unwrap().inner;
    assert_eq!((after.y, after.height), (before.y + 1, before.height - 1));
    bench.sees("nobody answered \"Tea\" to bo@example.test");
    let outbox = |bench: &mut Bench, reminders| {
        bench.event(Event::Rows(Answer::Outbox(Vec::new(), reminders)));
    };
    bench.keys("go");
    outbox(&mut bench, vec![reminder.clone()]);
    bench.keys("R");
    bench.keys("4in 2 days\n");
    assert!(
        matches!(bench.asked.last(), Some(Intent::RemindAgain(ReminderId(4), at)) if *at == WALL + 2 * 86_400),
        "{:?}",
        bench.asked
    );
    // A number decides by itself.
    bench.keys("R5");
    assert!(
        matches!(bench.asked.last(), Some(Intent::Dismiss(ReminderId(4)))),
        "{:?}",
        bench.asked
    );
    outbox(&mut bench, vec![reminder]);
    bench.keys("\n");
    let screen = bench.screen();
    assert!(
        screen.contains("Conversation") && screen.contains("Subject 2"),
        "{screen}"
    );
    bench.keys("\x1b");
    bench.sees("All inboxes");
}

#[test]
fn one_is_reminded_of_what_one_sent_and_of_nothing_else() {
    let mut rows = three();
    rows[0].from = vec![crate::model::Address::new("", "HOME@example.org")];
    let mut bench = Bench::new(rows, (100, 20));
    bench.keys("R");
    bench.sees("24 dec");
    bench.keys("in 3 weaks");
    bench.sees("not understood");
    bench.keys("\n\x1bRin 2h\n");
    let message = bench.app.panes.at_hand().unwrap();
    let set = |bench: &Bench| {
        bench.asked.iter().rev().find_map(|i| match i {
            Intent::Remind(id, at) => Some((*id, at - WALL)),
            _ => None,
        })
    };
    assert_eq!(set(&bench), Some((message, 7_200)));
    bench.keys(":remind in 1h\n");
    assert_eq!(set(&bench), Some((message, 3_600)));
    bench.keys(":remind whenever\n");
    bench.sees("not understood");
    bench.keys("jR");
    bench.sees("only be reminded of messages");
    assert_eq!(
        bench
            .asked
            .iter()
            .filter(|i| matches!(i, Intent::Remind(..)))
            .count(),
        2
    );
}

#[test]
fn what_is_dragged_over_in_the_reader_is_copied() {
    use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
    let mut bench = Bench::new(three(), (100, 20));
    bench.keys("\n");
    let inner = bench.app.panes.places().unwrap().reader.unwrap().inner;
    let mut mouse = |kind, column, row| {
        let event = Event::Mouse(MouseEvent {
            kind,
            column: inner.x + column,
            row: inner.y + row,
            modifiers: KeyModifiers::NONE,
        });
        bench.app.update(event, bench.now)
    };
    let left = MouseButton::Left;
    mouse(MouseEventKind::Down(left), 2, 0);
    mouse(MouseEventKind::Drag(left), 6, 0);
    let fx = mouse(MouseEventKind::Up(left), 6, 0);
    let copied = |fx: &[Effect]| {
        fx.iter().find_map(|e| match e {
            Effect::Copy(text) => Some(text.clone()),
            _ => None,
        })
    };
    assert_eq!(copied(&fx).as_deref(), Some("From:"));
    mouse(MouseEventKind::Down(left), 2, 0);
    assert_eq!(
        copied(&mouse(MouseEventKind::Up(left), 2, 0)),
        None,
        "a click copies nothing"
    );
    let key = |c| Event::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE));
    let text = bench.app.update(key('Y'), bench.now);
    assert!(
        copied(&text).is_some_and(|t| !t.contains("From:")),
        "{text:?}"
    );
}

#[test]
fn a_journey_of_an_account_that_is_not_connected_is_said_to_wait() {
    let mut bench = Bench::new(three(), (80, 24));
    let statuses = [(AccountName("home".into()), waiting())].into();
    bench.event(Event::Board(Posted {
        statuses,
        ..Posted::default()
    }));
    bench.keys(":offline\n");
    bench.sees("home is not connected; it begins when it is");
    assert!(matches!(bench.asked.last(), Some(Intent::Offline(_))));
}

/// The configuration looks like that now.
fn looks(look: impl FnOnce(&mut crate::config::Look)) -> Event {
    let mut config = crate::config::Config::default();
    look(&mut config.look);
    let fresh = crate::tui::files::Fresh {
        config: Some(Box::new(config)),
        ..Default::default()
    };
    Event::Fresh {
        fresh: Box::new(fresh),
        number: 1,
        open: false,
    }
}

#[test]
fn other_signs_may_want_another_language_so_the_program_begins_anew() {
    let mut bench = Bench::new(three(), (120, 30));
    bench.event(looks(|look| look.icons = crate::config::look::Icons::Ascii));
    assert!(bench.quit);
}

#[test]
fn a_layout_that_the_configuration_says_is_written_over_that_of_a_key() {
    let mut bench = Bench::new(three(), (120, 30));
    bench.keys(":layout stacked\n");
    let event = looks(|look| look.layout = crate::config::Arrangement::Two);
    let fx = bench.app.update(event, bench.now);
    let written = fx.iter().find_map(|effect| match effect {
        Effect::Shape(text) => Some(text.clone()),
        _ => None,
    });
    assert_eq!(written.as_deref(), Some(""), "{fx:?}");
}
