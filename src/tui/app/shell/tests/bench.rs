//! The screen of one account over hand-made rows: what is typed, what was asked for, what is seen.

use super::*;

pub(super) struct Bench {
    pub(super) app: App,
    pub(super) rows: Vec<IndexRow>,
    pub(super) mailboxes: Vec<MailboxRow>,
    pub(super) now: Now,
    pub(super) asked: Vec<Intent>,
    /// What was to be done with attachments.
    pub(super) jobs: Vec<PartJob>,
    /// What every message looks like.
    pub(super) body: Arc<Rendered>,
    pub(super) quit: bool,
    /// Whether the ledger answers.
    pub(super) ledger: bool,
    /// Whether there are more rows than the first page.
    pub(super) more: bool,
    /// Whether the draft that was asked for last comes late.
    pub(super) late: Option<bool>,
    /// Since when what was done last had waited.
    pub(super) since: Option<Since>,
    /// How many messages were to be built.
    pub(super) built: usize,
}

pub(super) fn account(name: &str) -> Account {
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

pub(super) fn mailbox(id: i64, path: &str, role: Role, unread: u64) -> MailboxRow {
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
    pub(super) fn new(rows: Vec<IndexRow>, size: (u16, u16)) -> Bench {
        Bench::of(setup(), rows, size)
    }

    pub(super) fn of(setup: Setup, rows: Vec<IndexRow>, size: (u16, u16)) -> Bench {
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

    pub(super) fn event(&mut self, event: Event) {
        let fx = self.app.update(event, self.now);
        self.perform(fx);
    }

    pub(super) fn keys(&mut self, keys: &str) {
        for c in keys.chars() {
            let code = match c {
                '\n' => KeyCode::Enter,
                '\x1b' => KeyCode::Esc,
                c => KeyCode::Char(c),
            };
            self.event(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)));
        }
    }

    pub(super) fn perform(&mut self, fx: Vec<Effect>) {
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

    pub(super) fn act(&self, intent: &Intent) -> Result<Answered, String> {
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
    pub(super) fn fresh(&self) -> i64 {
        let fresh = |i: &&Intent| matches!(i, Intent::SaveDraft(d) if d.id.is_none());
        self.asked.iter().filter(fresh).count() as i64 - 1
    }

    /// The messages of a thread: of one that counts more than one message, three.
    pub(super) fn thread(&self, thread: crate::model::ThreadId) -> Vec<IndexRow> {
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

    pub(super) fn answer(&self, question: Question) -> Option<Answer> {
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
    pub(super) fn sees(&self, words: &str) {
        let screen = self.screen();
        assert!(screen.contains(words), "{words}: {screen}");
    }

    /// What is drawn, and where the cursor stands.
    pub(super) fn drawn(&self) -> (Buffer, Option<Position>) {
        let (w, h) = self.app.panes.size;
        let mut buf = Buffer::empty(Rect::new(0, 0, w, h));
        let cursor = self.app.paint(&mut buf, WALL);
        (buf, cursor)
    }

    pub(super) fn screen(&self) -> String {
        golden::text(&self.drawn().0)
    }
}

pub(super) fn body() -> Arc<Rendered> {
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

pub(super) fn three() -> Vec<IndexRow> {
    let mut rows: Vec<_> = (1..=3).map(|n| row(n, WALL - n * 86_400)).collect();
    rows[0].subject = "Lunch on Friday".into();
    rows[0].from = vec![Address::new("Ada", "ada@example.org")];
    rows[1].flags = Flags::of(System::SEEN | System::FLAGGED);
    rows[1].unread = 0;
    rows[1].attachments = Some(true);
    rows[2].count = 4;
    rows
}
