//! The screen as triples: rows, keys, what is then to be seen. A store of hand-made rows answers
//! the questions; nothing here has a thread.

use super::*;
use crate::mime::render::{Line, Mark, Rendered, Span};
use crate::model::view::{IndexRow, MailboxRow, Page, Scope};
use crate::model::{
    Account, Address, Done as Answered, DraftId, Flags, Group, Intent, LocationId, MailboxId,
    MsgId, Role, System, Target, Verb,
};
use crate::tui::golden;
use crate::tui::part::PartJob;
use crate::tui::question::tests::row;
use crate::tui::question::{Answer, DraftAt, DraftRow, LaidOut, Listing, Question, Tray};
use crate::tui::whole::{Since, Then};
use crossterm::event::{KeyCode, KeyModifiers};
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use std::sync::Arc;
use std::time::Duration;

mod attached;
mod barred;
mod clicked;
mod heard;
mod reading;
mod said;
mod screens;
mod selecting;
mod sorted;
mod standing;
mod told_apart;
mod tongues;
mod vanished;
mod writing;

const WALL: i64 = 1_700_000_000;

struct Bench {
    app: App,
    rows: Vec<IndexRow>,
    mailboxes: Vec<MailboxRow>,
    now: Now,
    asked: Vec<Intent>,
    /// What was to be done with attachments.
    jobs: Vec<PartJob>,
    /// What every message looks like.
    body: Arc<Rendered>,
    quit: bool,
    /// Whether the ledger answers.
    ledger: bool,
    /// Whether there are more rows than the first page.
    more: bool,
    /// Whether the draft that was asked for last comes late.
    late: Option<bool>,
    /// Since when what was done last had waited.
    since: Option<Since>,
    /// How many messages were to be built.
    built: usize,
}

fn account(name: &str) -> Account {
    let mut account = crate::mime::wire::tests::account();
    account.name = AccountName(name.into());
    account.email = format!("{name}@example.org");
    account.full_name = "Sam Doe".into();
    account.signature = None;
    for server in [&mut account.imap, &mut account.smtp] {
        server.host = "mail.example.org".into();
    }
    account.smtp.port = 465;
    account
}

fn mailbox(id: i64, path: &str, role: Role, unread: u64) -> MailboxRow {
    MailboxRow {
        id: MailboxId(id),
        account: AccountName("home".into()),
        path: path.into(),
        role: Some(role),
        selectable: true,
        total: 3,
        unread,
        there: Some(3),
    }
}

/// What the screen of one account is made from.
pub fn setup() -> Setup {
    Setup {
        left_open: Vec::new(),
        put_aside: Vec::new(),
        compose: None,
        taste: crate::tui::Taste::default(),
        spelling: crate::tui::spell::Spelling::default(),
        groups: Vec::new(),
        views: Vec::new(),
        splits: Vec::new(),
        check_domains: false,
        downloads: "/downloads".into(),
        accounts: vec![account("home")],
        theme: None,
        keys: None,
        surroundings: crate::tui::theme::Surroundings::read(|_| None),
        fresh: crate::tui::files::Fresh::default(),
        past: Vec::new(),
        shape: String::new(),
        warnings: Vec::new(),
        tour: false,
    }
}

impl Bench {
    fn new(rows: Vec<IndexRow>, size: (u16, u16)) -> Bench {
        Bench::of(setup(), rows, size)
    }

    fn of(setup: Setup, rows: Vec<IndexRow>, size: (u16, u16)) -> Bench {
        let now = Now {
            wall: WALL,
            mono: Instant::now(),
        };
        let (app, fx) = App::new(setup, size, now);
        let mut bench = Bench {
            app,
            rows,
            mailboxes: vec![
                mailbox(1, "INBOX", Role::Inbox, 2),
                mailbox(2, "Archive", Role::Archive, 0),
            ],
            now,
            asked: Vec::new(),
            jobs: Vec::new(),
            body: body(),
            quit: false,
            ledger: true,
            more: false,
            late: None,
            since: None,
            built: 0,
        };
        bench.perform(fx);
        bench
    }

    fn event(&mut self, event: Event) {
        let fx = self.app.update(event, self.now);
        self.perform(fx);
    }

    fn keys(&mut self, keys: &str) {
        for c in keys.chars() {
            let code = match c {
                '\n' => KeyCode::Enter,
                '\x1b' => KeyCode::Esc,
                c => KeyCode::Char(c),
            };
            self.event(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)));
        }
    }

    fn perform(&mut self, fx: Vec<Effect>) {
        for effect in fx {
            match effect {
                Effect::Query(question) => {
                    if let Some(answer) = self.answer(question) {
                        self.event(Event::Rows(answer));
                    }
                }
                Effect::Layout(jobs) => {
                    for job in jobs {
                        self.event(Event::Laid(job, LaidOut::Message(Arc::clone(&self.body))));
                    }
                }
                Effect::Ask(intent, about) => {
                    self.asked.push(intent.clone());
                    if self.ledger {
                        let result = self.act(&intent);
                        self.event(Event::Reply { about, result });
                    }
                }
                Effect::Part(job) => self.jobs.push(job),
                Effect::Draft { late, .. } => self.late = Some(late),
                Effect::Build(..) => self.built += 1,
                Effect::Waited {
                    lacking,
                    since,
                    late,
                } => {
                    match lacking.then {
                        Then::Part(job) => self.jobs.push(job),
                        Then::Draft(_) => self.late = Some(late),
                        Then::Build(_) => self.built += 1,
                    }
                    self.since = Some(since);
                }
                Effect::End(_) => self.quit = true,
                _ => {}
            }
        }
    }

    fn act(&self, intent: &Intent) -> Result<Answered, String> {
        use crate::model::Verb;
        Ok(match intent {
            Intent::Act {
                verb: Verb::Flag(_) | Verb::Tag { .. },
                ..
            } => Answered::default(),
            Intent::Act { targets, .. } => Answered {
                label: format!("Archived {} message", targets.len()),
                gone: targets
                    .iter()
                    .filter_map(|t| match t {
                        Target::Location(l) => Some(*l),
                        _ => None,
                    })
                    .collect(),
                undoable: true,
                ..Answered::default()
            },
            Intent::Undo => Answered {
                label: "Undone".into(),
                ..Answered::default()
            },
            Intent::SaveDraft(draft) if draft.body.contains("elsewhere") => Answered {
                label: "Changed in another window, too".into(),
                draft: Some(DraftId(99)),
                rev: 1,
                parted: draft.id != Some(DraftId(99)),
                ..Answered::default()
            },
            Intent::SaveDraft(draft) => Answered {
                draft: draft.id.or(Some(DraftId(5 + self.fresh()))),
                ..Answered::default()
            },
            Intent::Submit(_) => Answered {
                label: "Sending in 10 s".into(),
                undoable: true,
                leaves_in: Some(10),
                ..Answered::default()
            },
            _ => Answered::default(),
        })
    }

    /// How many drafts got a row before the last that was saved.
    fn fresh(&self) -> i64 {
        let fresh = |i: &&Intent| matches!(i, Intent::SaveDraft(d) if d.id.is_none());
        self.asked.iter().filter(fresh).count() as i64 - 1
    }

    /// The messages of a thread: of one that counts more than one message, three.
    fn thread(&self, thread: crate::model::ThreadId) -> Vec<IndexRow> {
        let head = self.rows.iter().find(|r| r.thread == thread);
        if let Some(head) = head.filter(|r| r.count == 1) {
            return vec![head.clone()];
        }
        (0..3)
            .map(|n| {
                let mut child = row(100 + n, WALL - 1000 + n);
                child.thread = thread;
                child.depth = u16::try_from(n).unwrap();
                child
            })
            .collect()
    }

    fn answer(&self, question: Question) -> Option<Answer> {
        Some(match question {
            Question::Sidebar => Answer::Sidebar {
                mailboxes: self.mailboxes.clone(),
                outbox: Tray::default(),
                drafts: 1,
                reminders: Vec::new(),
            },
            Question::Window {
                serial,
                page,
                listing,
                ..
            } => {
                let empty = matches!(
                    listing,
                    Listing::Scope {
                        scope: Scope::Mailbox(MailboxId(2)),
                        ..
                    }
                );
                let here = matches!(page, Page::Newest | Page::Oldest | Page::From(_)) && !empty;
                Answer::Window {
                    serial,
                    page,
                    rows: if here { self.rows.clone() } else { Vec::new() },
                    more: here && self.more,
                }
            }
            Question::Thread { serial, thread, .. } => Answer::Thread {
                serial,
                thread,
                rows: self.thread(thread),
            },
            Question::Conversation { thread, .. } => Answer::Conversation {
                thread,
                rows: self.thread(thread),
            },
            Question::Outbox => Answer::Outbox(Vec::new(), Vec::new()),
            Question::Drafts => {
                let row = |at, subject: &str| DraftRow {
                    at,
                    to: String::new(),
                    subject: subject.into(),
                    date: WALL,
                    removed: subject == "kept draft",
                };
                let there = DraftAt::There(MsgId(5), LocationId(6));
                Answer::Drafts(vec![
                    row(DraftAt::Here(DraftId(9)), "kept draft"),
                    row(there, "draft of the phone"),
                ])
            }
            Question::Draft(id) => {
                let mut draft = Draft::new(AccountName("home".into()));
                (draft.id, draft.subject) = (Some(id), "kept draft".into());
                draft.to = "ada@example.org".into();
                Answer::Draft(id, Some(Box::new(draft)))
            }
            _ => return None,
        })
    }

    #[track_caller]
    fn sees(&self, words: &str) {
        let screen = self.screen();
        assert!(screen.contains(words), "{words}: {screen}");
    }

    /// What is drawn, and where the cursor stands.
    fn drawn(&self) -> (Buffer, Option<Position>) {
        let (w, h) = self.app.panes.size;
        let mut buf = Buffer::empty(Rect::new(0, 0, w, h));
        let cursor = self.app.paint(&mut buf, WALL);
        (buf, cursor)
    }

    fn screen(&self) -> String {
        golden::text(&self.drawn().0)
    }
}

fn body() -> Arc<Rendered> {
    let line = |text: &str, quote| Line {
        spans: vec![Span {
            text: Clean::line(text),
            style: Mark::Plain,
        }],
        quote,
        block: None,
        pictures: Vec::new(),
    };
    Arc::new(Rendered {
        headers: vec![
            (Clean::lit("From"), Clean::lit("Ada <ada@example.org>")),
            (Clean::lit("Subject"), Clean::lit("Lunch on Friday")),
        ],
        lines: vec![line("Shall we?", 0), line("> At noon.", 1)],
        ..Rendered::default()
    })
}

fn three() -> Vec<IndexRow> {
    let mut rows: Vec<_> = (1..=3).map(|n| row(n, WALL - n * 86_400)).collect();
    rows[0].subject = "Lunch on Friday".into();
    rows[0].from = vec![Address::new("Ada", "ada@example.org")];
    rows[1].flags = Flags::of(System::SEEN | System::FLAGGED);
    rows[1].unread = 0;
    rows[1].attachments = Some(true);
    rows[2].count = 4;
    rows
}

#[test]
fn the_list_stands_in_a_usual_terminal() {
    let bench = Bench::new(three(), (80, 24));
    insta::assert_snapshot!(bench.screen());
}

#[test]
fn the_list_stands_in_the_smallest_terminal() {
    let bench = Bench::new(three(), (40, 12));
    insta::assert_snapshot!(bench.screen());
}

#[test]
fn the_reader_stands_beside_the_list_where_there_is_room() {
    let mut bench = Bench::new(three(), (200, 50));
    bench.keys("\n");
    insta::assert_snapshot!(bench.screen());
}

#[test]
fn hostile_subjects_move_nothing() {
    let mut rows = three();
    rows[0].subject = "\x1b[2J\x1b]0;owned\x07 \u{9b}31m".into();
    rows[1].subject =
        "שלום \u{202e}evil\u{202c} 日本語のとても長い件名がここに続きます、まだまだ続く".into();
    rows[2].subject = "👩‍👩‍👧‍👦 e\u{301}\u{301}\u{301} \u{200b}\u{e0041}zero\tand\r\nlines".into();
    let bench = Bench::new(rows, (80, 24));
    let screen = bench.screen();
    assert!(!screen.contains('\x1b') && !screen.contains('\u{9b}') && !screen.contains('\u{202e}'));
    insta::assert_snapshot!(screen);
}

#[test]
fn below_the_smallest_it_says_so() {
    let mut bench = Bench::new(three(), (39, 11));
    bench.sees("terminal too small (need 40×12)");
    bench.keys("jjj\nq");
    bench.event(Event::Resize(1, 1));
    let _ = bench.screen();
    bench.event(Event::Resize(80, 24));
    bench.sees("Lunch");
}

#[test]
fn archiving_shows_in_the_turn_of_the_answer_and_undo_brings_it_back() {
    let mut bench = Bench::new(three(), (80, 24));
    bench.keys("e");
    let screen = bench.screen();
    assert!(!screen.contains("Lunch"), "{screen}");
    assert!(screen.contains("Archived 1 message") && screen.contains("z undo"));
    assert_eq!(
        bench.app.panes.index.selected().unwrap().row.location,
        LocationId(2)
    );
    let undo = bench.app.panes.acts.undo();
    bench.perform(vec![undo]);
    bench.sees("Lunch");
}

#[test]
fn nothing_changes_until_the_ledger_answers() {
    let mut bench = Bench::new(three(), (80, 24));
    bench.ledger = false;
    bench.keys("e");
    bench.sees("Lunch");
    assert!(matches!(bench.asked[..], [Intent::Act { .. }]));
}

#[test]
fn a_refused_action_is_told() {
    let mut bench = Bench::new(three(), (80, 24));
    bench.ledger = false;
    let effect = bench
        .app
        .panes
        .acts
        .act(crate::model::Verb::Archive, vec![]);
    let (_, Effect::Ask(_, about)) = effect else {
        panic!()
    };
    let result = Err("there is no Archive mailbox".into());
    bench.event(Event::Reply { about, result });
    bench.sees("there is no Archive mailbox");
}

#[test]
fn a_toast_goes_by_itself_and_then_nothing_ticks() {
    let mut bench = Bench::new(three(), (80, 24));
    bench.keys("e");
    // The store has taken the change.
    bench.rows.remove(0);
    bench.event(Event::Board(crate::signal::Posted {
        topics: [crate::signal::Topic::Mailbox(MailboxId(1))].into(),
        ..Default::default()
    }));
    let at = bench.app.deadline().unwrap();
    bench.now.mono = at + Duration::from_millis(1);
    bench.event(Event::Tick);
    assert_eq!(bench.app.deadline(), None);
    assert!(!bench.screen().contains("Archived"));
}

#[test]
fn empty_states_are_in_words() {
    let mut bench = Bench::new(Vec::new(), (80, 24));
    bench.sees("Nothing in any inbox");
    bench.app.panes.accounts.clear();
    bench.sees("There is no account yet");
}

#[test]
fn q_leaves_at_the_top_level_only() {
    let mut bench = Bench::new(three(), (80, 24));
    bench.keys("\nq");
    assert!(!bench.quit);
}

#[test]
fn the_command_line_runs_what_the_table_names() {
    let mut bench = Bench::new(three(), (80, 24));
    bench.keys(":arch\n");
    assert!(bench.app.layers.is_empty());
    bench.keys(":archive\n");
    bench.sees("Archived 1 message");
    bench.keys(":nonsense\n");
    bench.sees("there is no command");
}

#[test]
fn moving_asks_for_a_mailbox_and_moves_there() {
    let mut bench = Bench::new(three(), (80, 24));
    bench.keys("vArch\n");
    assert!(
        matches!(&bench.asked[..], [Intent::Act { verb: crate::model::Verb::Move(id), .. }]
        if *id == MailboxId(2))
    );
}

#[test]
fn a_search_follows_the_typing_and_leaves_no_trace_when_left() {
    let mut bench = Bench::new(three(), (80, 24));
    bench.keys("/lun");
    bench.sees("Search: lun");
    bench.keys("\x1b");
    bench.sees("All inboxes  2 unread");
    bench.keys("/lun\n");
    assert!(bench.app.layers.is_empty() && bench.screen().contains("Search: lun"));
    bench.keys("Tq");
    let panes = &bench.app.panes;
    assert!(
        !panes.threaded && !panes.index.threaded(),
        "as it was chosen"
    );
    assert!(bench.screen().contains("All inboxes  2 unread") && !bench.quit);
    bench.keys("q");
    assert!(bench.quit);
}

#[test]
fn a_wanted_password_is_asked_for_and_never_shown() {
    let mut bench = Bench::new(three(), (80, 24));
    bench.event(Event::Board(crate::signal::Posted {
        topics: [crate::signal::Topic::PasswordWanted(AccountName(
            "home".into(),
        ))]
        .into(),
        ..Default::default()
    }));
    bench.keys("hunter2");
    let screen = bench.screen();
    assert!(screen.contains("Password for home") && !screen.contains("hunter2"));
    bench.keys("\n");
    assert!(matches!(&bench.asked[..], [Intent::Password(name, secret)]
        if name.as_str() == "home" && secret.reveal() == "hunter2"));
    assert!(bench.app.layers.is_empty());
}

#[test]
fn help_and_palette_open_over_the_panes() {
    let mut bench = Bench::new(three(), (80, 24));
    bench.keys("?");
    bench.sees("Keys (q closes");
    bench.keys("q");
    assert!(bench.app.layers.is_empty() && !bench.quit);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_keys_and_no_size_make_it_panic(
        keys in prop::collection::vec((any::<char>(), 0u8..12), 0..80),
        cols in 1u16..220, rows in 1u16..70,
    ) {
        let mut bench = Bench::new(three(), (cols, rows));
        for (c, what) in keys {
            let code = match what {
                0 => KeyCode::Enter,
                1 => KeyCode::Esc,
                2 => KeyCode::Tab,
                3 => KeyCode::Down,
                4 => KeyCode::Char(c),
                5 => { bench.event(Event::Resize(c as u16 % 250, c as u16 % 90)); continue }
                6 => { bench.event(Event::Paste(c.to_string())); continue }
                _ => KeyCode::Char(char::from(b'!' + (c as u32 % 94) as u8)),
            };
            let modifiers = if what == 11 { KeyModifiers::CONTROL } else { KeyModifiers::NONE };
            bench.event(Event::Key(KeyEvent::new(code, modifiers)));
        }
        let _ = bench.screen();
    }
}
