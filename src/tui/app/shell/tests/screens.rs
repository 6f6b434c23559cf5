//! Every screen at every size in a dark theme, a light one and without colours: one table, and one
//! golden for each (`UPDATE_GOLDEN=1 INSTA_UPDATE=always cargo test --lib screens`; look at the
//! difference).

use super::*;
use crate::config::keep::Keep;
use crate::config::{Column, Field, SavedView, Split, settings};
use crate::mime::render::{RenderOptions, render};
use crate::model::checkup::{Advice, Progress as Checked, Step};
use crate::model::setup::Cancel;
use crate::model::{
    AccountStatus, Link, MessageId, OutboxId, Progress, Recipient, RecipientState, Running,
    SignInStep, Submission, SubmissionState,
};
use crate::signal::{Posted, Topic};
use crate::store::Past;
use crate::tui::event::SignInNews;
use crate::tui::files::Fresh;
use crate::tui::screen::confirm::MOMENT;
use crate::tui::work::{Work, WorkNews};

/// A letter with everything that a letter's text can have.
const LETTER: &str = "From: Ada Lovelace <ada@example.org>\r\nTo: home@example.org\r\nSubject: Lunch on Friday\r\n\
Date: Tue, 14 Nov 2023 10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nShall we? See https://example.org/menu for what there is.\r\n\r\n\
> I would like soup.\r\n>> Soup or salad?\r\n>>> Either.\r\n\r\nHere is the change:\r\n\r\n\
diff --git a/menu b/menu\r\n--- a/menu\r\n+++ b/menu\r\n@@ -1,2 +1,2 @@\r\n-salad\r\n+soup\r\n bread\r\n\r\n-- \r\nAda\r\n\
--b\r\nContent-Type: application/pdf; name=\"menu.pdf\"\r\nContent-Disposition: attachment; filename=\"menu.pdf\"\r\n\r\nx\r\n\
--b\r\nContent-Type: text/csv; name=\"prices of everything that is on the menu.csv\"\r\nContent-Disposition: attachment; filename=\"prices of everything that is on the menu.csv\"\r\n\r\na,b\r\n--b--\r\n";

/// A row in every state that there is.
pub fn states() -> Vec<IndexRow> {
    let mut rows: Vec<_> = (1..=9).map(|n| row(n, WALL - n * 86_400)).collect();
    let names = [
        "Ada Lovelace",
        "Bo",
        "Cy Twombly",
        "Di",
        "Eve",
        "Fay",
        "Gus",
        "Hal",
        "Ida",
    ];
    for (row, name) in rows.iter_mut().zip(names) {
        row.from = vec![Address::new(name, "s@example.org")];
        row.flags = Flags::of(System::SEEN);
        row.unread = 0;
    }
    let keyword = |row: &mut IndexRow, word: &str| {
        row.flags.keywords.insert(word.into());
    };
    rows[0].subject = "Lunch on Friday".into();
    (rows[0].unread, rows[0].flags) = (1, Flags::default());
    rows[1].flags = Flags::of(System::SEEN | System::FLAGGED);
    rows[2].flags = Flags::of(System::SEEN | System::ANSWERED);
    keyword(&mut rows[3], "$Forwarded");
    rows[4].attachments = Some(true);
    (rows[5].count, rows[5].unread) = (4, 2);
    keyword(&mut rows[6], "work");
    rows[7].from = vec![Address::new("joe@good.example", "evil@evil.example")];
    rows[8].flags = Flags::of(System::SEEN | System::DRAFT);
    rows[8].subject = String::new();
    rows
}

fn letter(bench: &mut Bench) {
    let (cols, _) = bench.app.panes.size;
    let options = RenderOptions {
        width: usize::from(crate::tui::app::geometry::text_columns(cols.min(100))),
        ..RenderOptions::default()
    };
    bench.body = Arc::new(render(LETTER.as_bytes(), &options));
}

pub fn chord(bench: &mut Bench, name: &str) {
    let key = crate::tui::key::Key::parse(name).unwrap();
    bench.event(Event::Key(key.event()));
}

pub fn post(bench: &mut Bench, link: Link) {
    let status = AccountStatus {
        link,
        ..AccountStatus::default()
    };
    bench.event(Event::Board(Posted {
        statuses: [(AccountName("home".into()), status)].into(),
        ..Posted::default()
    }));
}

fn submission(n: i64, subject: &str, state: SubmissionState, stands: RecipientState) -> Submission {
    Submission {
        id: OutboxId(n),
        account: AccountName("home".to_owned()),
        message_id: MessageId::new("<1@x>").unwrap(),
        mail_from: String::new(),
        recipients: vec![Recipient {
            address: "you@example.test".to_owned(),
            state: stands,
            reply: None,
        }],
        subject: subject.into(),
        size: 4_000,
        state,
        attempts: 1,
        next_try: WALL + 300,
        created: WALL - 600,
        first_try: WALL - 600,
        scheduled: false,
        dsn: false,
        remind: None,
        looked: 0,
        sent_at: 0,
        filed: true,
        error: Some("550 5.7.1 this server does not take mail for that domain".into()),
    }
}

pub fn outbox(bench: &mut Bench) {
    bench.keys("go");
    bench.event(Event::Rows(Answer::Outbox(
        vec![
            submission(
                1,
                "Minutes",
                SubmissionState::Queued,
                RecipientState::Pending,
            ),
            submission(
                2,
                "Invitation",
                SubmissionState::Refused,
                RecipientState::Refused,
            ),
            submission(
                3,
                "Letter",
                SubmissionState::InDoubt,
                RecipientState::Unknown,
            ),
            Submission {
                error: None,
                ..submission(
                    4,
                    "Agenda",
                    SubmissionState::Accepted,
                    RecipientState::Accepted,
                )
            },
            Submission {
                error: None,
                ..submission(
                    5,
                    "Thanks",
                    SubmissionState::Queued,
                    RecipientState::Pending,
                )
            },
        ],
        Vec::new(),
    )));
}

fn past() -> Vec<Past> {
    crate::tui::screen::journal::tests::sample("home", WALL)
}

fn doctor(bench: &mut Bench) {
    let cancel = Cancel::default();
    let advice = Advice::new(
        "the server's certificate ran out on 3 November",
        "nobody renewed it",
        "tell whoever runs mail.example.org; nothing can be done here",
    );
    let slow = Advice::new("a name server is slow", "", "nothing");
    for step in [
        Checked::Part("home (home@example.org)".into()),
        Checked::Done(Step::fine("IMAP name", "mail.example.org is 192.0.2.1")),
        Checked::Done(Step::wrong("IMAP port and TLS", advice)),
        Checked::Done(Step::careful("names", slow)),
    ] {
        bench.event(Event::Examined(cancel.clone(), Some(step)));
    }
    bench.event(Event::Examined(cancel, None));
}

/// The account is signed in to in a browser.
fn browser(bench: &mut Bench) {
    bench.app.panes.accounts[0].secret = crate::model::SecretSource::OAuth(Box::default());
}

fn sign_in(bench: &mut Bench, step: SignInStep) {
    browser(bench);
    bench.keys(":sign-in home\n");
    let news = SignInNews::Step(step);
    bench.event(Event::SignIn(1, AccountName("home".into()), news));
}

fn compose(bench: &mut Bench) {
    bench.keys("cada@example.org, bo@example.net\n\n\nLunch on Friday\nShall we?\n\nSam");
}

fn problem(bench: &mut Bench) {
    post(
        bench,
        Link::Stopped {
            reason: "the password was refused: check password-command".into(),
        },
    );
}

/// A view, and tabs over the inbox.
fn sorted(bench: &mut Bench) {
    let split = |name: &str, query: &str| Split {
        name: name.into(),
        query: query.into(),
    };
    let splits = vec![split("People", "-is:list"), split("Lists", "is:list")];
    let views = vec![SavedView {
        name: "Bills".into(),
        query: "subject:invoice newer:90d".into(),
        key: Some("g b".into()),
        icon: None,
        account: None,
    }];
    let kept = (views, splits.clone());
    bench.event(Event::Kept(Keep::Splits(splits), Ok(kept)));
}

/// Something of every kind runs.
fn jobs(bench: &mut Bench) {
    let progress = Progress {
        what: "headers of INBOX".into(),
        done: 12_400,
        total: 50_000,
        rate: 9_800,
        left: Some(4),
        ..Progress::default()
    };
    let status = AccountStatus {
        link: Link::Online,
        journey: true,
        pending: 3,
        tasks: vec![Running {
            since: WALL - 600,
            progress,
        }],
        ..AccountStatus::default()
    };
    bench.event(Event::Board(Posted {
        statuses: [(AccountName("home".into()), status)].into(),
        ..Posted::default()
    }));
    let work = Work {
        what: Clean::lit("Writing messages to a file"),
        since: WALL - 1200,
        done: 30,
        total: 120,
        stop: Some(Cancel::default()),
    };
    bench.event(Event::Work(WorkNews::Begun(1, work)));
}

/// A screen: its name, and what leads to it.
type Screen = (&'static str, fn(&mut Bench));

/// Every screen.
pub const SCREENS: &[Screen] = &[
    ("list", |_| {}),
    ("list-selected", |b| b.keys("jxjx")),
    ("threads", |b| b.keys("jjjjj:fold\n")),
    ("tabs", |b| {
        sorted(b);
        b.keys("`");
    }),
    ("columns", |b| {
        let fields = Field::ALL.map(|(_, field)| Column::usual(field));
        b.app.panes.list.columns = fields.to_vec();
    }),
    ("tour", |b| b.keys("g?")),
    ("jobs", |b| {
        jobs(b);
        b.keys(":jobs\n");
    }),
    ("views", |b| {
        sorted(b);
        b.keys(":view\n");
    }),
    ("search-list", |b| {
        b.keys("/");
        let lists = vec![
            "dev.lists.example".to_owned(),
            "announce.example".to_owned(),
        ];
        b.event(Event::Rows(Answer::Lists(lists)));
        b.keys("list:");
    }),
    ("reader", |b| {
        letter(b);
        b.keys("\n");
    }),
    ("reader-end", |b| {
        letter(b);
        b.keys("\nG");
    }),
    ("conversation", |b| b.keys("jjjjj\n")),
    ("found", |b| {
        letter(b);
        b.keys("\n/soup\n");
    }),
    ("sidebar", |b| {
        chord(b, "shift-tab");
        b.keys("j");
    }),
    ("composer", compose),
    ("composer-aside", |b| {
        compose(b);
        chord(b, "ctrl-t");
    }),
    ("attachments", |b| {
        letter(b);
        b.keys("\nV");
    }),
    ("links", |b| {
        letter(b);
        b.keys("\n:links\n");
    }),
    ("palette", |b| {
        b.keys(":palette\n");
        b.keys("rep");
    }),
    ("help", |b| b.keys("?")),
    ("command-line", |b| b.keys(":the")),
    ("command-line-wrong", |b| b.keys(":nonsense\n")),
    ("picker", |b| b.keys("v")),
    ("themes", |b| b.keys(":theme\n")),
    ("settings", |b| {
        let fresh = Fresh {
            settings: settings::read(include_str!("../../../../../assets/config.sample.toml")),
            ..Fresh::default()
        };
        b.event(Event::Fresh {
            fresh: Box::new(fresh),
            number: 1,
            open: true,
        });
        chord(b, "down");
    }),
    ("accounts", |b| {
        problem(b);
        b.keys("gc");
    }),
    ("doctor", doctor),
    ("journal", |b| {
        b.event(Event::Rows(Answer::Journal {
            open: true,
            rows: past(),
        }));
    }),
    ("outbox", outbox),
    ("outbox-decide", |b| {
        outbox(b);
        b.keys("j\n");
    }),
    ("drafts", |b| b.keys("gd")),
    ("sign-in", |b| {
        let url = "https://login.example.org/authorize?client_id=postrider&scope=mail".into();
        sign_in(
            b,
            SignInStep::Page {
                url,
                opened: false,
                port: 1,
            },
        );
    }),
    ("sign-in-code", |b| {
        let url = String::from("https://login.example.org/device");
        let whole = url.clone();
        sign_in(
            b,
            SignInStep::Code {
                url,
                code: "ABCD-EFGH".into(),
                whole,
                lasts: 600,
            },
        );
    }),
    ("sign-in-failed", |b| {
        browser(b);
        b.keys(":sign-in home\n");
        let why = "the provider refused: access_denied".to_owned();
        b.event(Event::SignIn(
            1,
            AccountName("home".into()),
            SignInNews::Ended(Err(why)),
        ));
    }),
    ("question", |b| {
        b.keys("vArch\x1b:go-mailbox Archive\n:mailbox-delete\n")
    }),
    ("question-draft", |b| {
        compose(b);
        chord(b, "esc");
    }),
    ("password", |b| {
        b.event(Event::Board(Posted {
            topics: [Topic::PasswordWanted(AccountName("home".into()))].into(),
            ..Posted::default()
        }));
        b.now.mono += MOMENT;
        b.keys("secret");
    }),
    ("search", |b| b.keys("/is:un")),
    ("search-found", |b| b.keys("/lunch\n")),
    ("begun", |b| {
        b.keys("g");
        b.now.mono = b.app.deadline().unwrap() + Duration::from_millis(1);
        b.event(Event::Tick);
    }),
    ("empty-inbox", |b| {
        b.rows.clear();
        b.keys(":go-mailbox Archive\n:go-inbox\n");
    }),
    ("empty-mailbox", |b| b.keys(":go-mailbox Archive\n")),
    ("empty-search", |b| {
        b.rows.clear();
        b.keys("/nothing like it\n");
    }),
    ("empty-outbox", |b| b.keys("go")),
    ("empty-drafts", |b| {
        b.keys("gd");
        b.event(Event::Rows(Answer::Drafts(Vec::new())));
    }),
    ("no-account", |b| {
        b.app.panes.accounts.clear();
        b.rows.clear();
        b.keys(":go-mailbox Archive\n:go-inbox\n");
    }),
    ("done", |b| b.keys("e")),
    ("error", |b| {
        let now = b.now;
        b.app.panes.alarm("the server refused to move the message: [OVERQUOTA] the mailbox Archive is full, and nothing more can be put there until something is removed", now);
    }),
    ("offline", problem),
];

/// A screen of the table, as these surroundings show it.
pub fn shown(name: &str, size: (u16, u16), setup: Setup) -> Bench {
    let (_, lead) = SCREENS.iter().find(|(n, _)| *n == name).unwrap();
    let mut bench = Bench::of(setup, states(), size);
    post(&mut bench, Link::Online);
    lead(&mut bench);
    bench
}

#[test]
fn every_screen_at_every_size_in_every_look() {
    for (name, _) in SCREENS {
        let golden = golden::golden(|size, surroundings| {
            let setup = Setup {
                surroundings,
                ..setup()
            };
            shown(name, size, setup).drawn()
        });
        insta::assert_snapshot!(*name, timeless(golden));
    }
}

/// Times of day made the same: they depend on the zone.
pub fn timeless(mut text: String) -> String {
    for at in [WALL + 300, WALL - 600, WALL - 1200, WALL - 1800, WALL] {
        let clock = crate::text::when::clock(at, WALL);
        text = text.replace(&clock, "HH:MM");
    }
    text
}
