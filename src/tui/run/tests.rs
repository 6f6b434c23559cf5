//! The screen over a real store, with its real threads: what is in the cache is what is seen.
//! Nothing here sleeps: every wait is for an event.

use super::*;
use crate::model::view::{Page, Scope};
use crate::model::*;
use crate::signal::Topic;
use crate::store::shelf::{Shelf, V};
use crate::store::{Cache, Local, NewMessage};
use crate::tui::app::shell::tests::setup;
use crossbeam_channel::unbounded;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tempfile::TempDir;

struct Live {
    dir: TempDir,
    cache: Cache,
    app: App,
    readers: Readers,
    layout: Layout,
    inbox: Receiver<Event>,
    intents: Vec<(Intent, About)>,
    size: (u16, u16),
}

fn account() -> Account {
    Account {
        name: crate::store::shelf::account(),
        email: "me@example.org".into(),
        ..crate::mime::wire::tests::account()
    }
}

fn message(n: u32) -> NewMessage {
    NewMessage {
        uid: Uid::new(n).unwrap(),
        flags: Flags::default(),
        internal_date: i64::from(n) * 60,
        size: 1000,
        envelope: Envelope {
            message_id: MessageId::new(&format!("{n}@x")),
            date: Some(i64::from(n) * 60),
            from: vec![Address::new(format!("Sender {n}"), "s@example.org")],
            subject: format!("letter-{n}."),
            ..Envelope::default()
        },
        identity: None,
        thread_hint: None,
    }
}

impl Live {
    fn new(count: u32) -> Live {
        let shelf = Shelf::new(&[
            ("INBOX", Some(Role::Inbox)),
            ("Archive", Some(Role::Archive)),
        ]);
        let (path, local) = (shelf.path(), shelf.dir.path().join("local.db"));
        drop(Local::open(&local).unwrap());
        let Shelf { dir, cache } = shelf;
        let (events, inbox) = unbounded();
        let readers = Readers::start(&path, &local, &events).unwrap();
        let layout =
            Layout::start((&path, &local), vec![account()], PathBuf::new(), events).unwrap();
        let size = (100, 30);
        let setup = Setup {
            accounts: vec![account()],
            ..setup()
        };
        let (app, first) = App::new(setup, size, now());
        let mut live = Live {
            dir,
            cache,
            app,
            readers,
            layout,
            inbox,
            intents: Vec::new(),
            size,
        };
        live.arrive(1, count);
        live.perform(first);
        live
    }

    fn mailbox(&self) -> MailboxId {
        let name = MailboxName::new("INBOX");
        let found = self.cache.read().mailbox_named(&account().name, &name);
        found.unwrap().unwrap().id
    }

    /// Messages arrive, and the board says so.
    fn arrive(&mut self, from: u32, to: u32) {
        let batch: Vec<_> = (from..=to).map(message).collect();
        let mailbox = self.mailbox();
        self.cache.ingest(mailbox, V, &batch, None).unwrap();
        self.changed();
    }

    fn changed(&mut self) {
        let posted = Posted {
            topics: [Topic::Mailboxes, Topic::Mailbox(self.mailbox())].into(),
            ..Posted::default()
        };
        self.event(Event::Board(posted));
    }

    fn event(&mut self, event: Event) {
        let effects = self.app.update(event, now());
        self.perform(effects);
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Query(question) => self.readers.ask(question),
                Effect::Layout(jobs) => self.layout.lay(jobs),
                Effect::Ask(intent, about) => self.intents.push((intent, about)),
                _ => {}
            }
        }
    }

    fn keys(&mut self, keys: &str) {
        for c in keys.chars() {
            let code = match c {
                '\n' => KeyCode::Enter,
                c => KeyCode::Char(c),
            };
            self.event(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)));
        }
    }

    fn screen(&self) -> String {
        let area = Rect::new(0, 0, self.size.0, self.size.1);
        let mut buf = Buffer::empty(area);
        self.app.paint(&mut buf, 0);
        let line = |y| (0..area.width).map(move |x| (x, y));
        (0..area.height)
            .map(|y| line(y).map(|at| buf[at].symbol()).collect::<String>() + "\n")
            .collect()
    }

    /// Takes events until the screen shows what is waited for.
    fn until(&mut self, what: &str, seen: impl Fn(&str) -> bool) {
        while !seen(&self.screen()) {
            match self.inbox.recv_timeout(Duration::from_secs(20)) {
                Ok(event) => self.event(event),
                Err(_) => panic!("never seen: {what}\n{}", self.screen()),
            }
        }
    }
}

#[test]
fn a_list_is_paged_to_both_ends() {
    let mut live = Live::new(3000);
    live.until("the newest", |s| s.contains("letter-3000."));
    live.keys("G");
    live.until("the oldest", |s| s.contains("letter-1."));
    live.keys("gg");
    live.until("the newest again", |s| s.contains("letter-3000."));
}

#[test]
fn new_mail_shows_and_a_search_finds_it() {
    let mut live = Live::new(20);
    live.until("the list", |s| s.contains("letter-20."));
    live.arrive(21, 21);
    live.until("the new one", |s| s.contains("letter-21."));
    live.keys("/subject:letter-7\n");
    live.until("the found one", |s| {
        s.contains("letter-7.") && !s.contains("letter-8.")
    });
    live.keys("q/subject:letter-22\n");
    live.until("nothing", |s| s.contains("Nothing found"));
    live.arrive(22, 22);
    live.until("what came meanwhile", |s| s.contains("letter-22."));
    live.keys("q");
    live.until("the list again", |s| s.contains("letter-21."));
}

#[test]
fn what_a_search_found_in_a_text_is_shown_and_where_it_is_opened() {
    let mut live = Live::new(30);
    live.until("the list", |s| s.contains("letter-30."));
    let scope = Scope::Mailbox(live.mailbox());
    let rows = live
        .cache
        .read()
        .page(&scope, false, Page::Newest, 30)
        .unwrap();
    let text = format!(
        "First words of it.\n{}here the Plánted word stands.\n{}and planted again.\n",
        "filler line\n".repeat(60),
        "more filler\n".repeat(60)
    );
    let raw = format!(
        "From: s@example.org\nSubject: x\nContent-Type: text/plain; charset=utf-8\n\n{text}"
    )
    .into_bytes();
    let digest = crate::mime::parse::digest(&raw);
    let body = crate::store::NewBody {
        message: rows[20].message,
        raw,
        text: digest.text,
        snippet: digest.snippet,
        attachments: Vec::new(),
    };
    live.cache.store_bodies(&[body]).unwrap();
    live.keys("/planted\n");
    live.until("the words around it", |s| {
        s.contains("here the Plánted word stands") && s.contains("1 found")
    });
    let asked = |i: &(Intent, About)| matches!(&i.0, Intent::AskServers(text) if text == "planted");
    assert!(live.intents.iter().any(asked));
    // What a server found comes below, and says so.
    live.cache
        .keep_server_hits("planted", &[rows[5].message])
        .unwrap();
    live.event(Event::Board(Posted {
        topics: [Topic::ServerHits].into(),
        ..Posted::default()
    }));
    live.until("the server's", |s| {
        s.contains("2 found, 1 by the server") && s.contains("(found by the server")
    });
    let at = |s: &str, what: &str| s.lines().position(|line| line.contains(what));
    let screen = live.screen();
    assert!(at(&screen, "Plánted word") < at(&screen, "(found by the server"));
    live.keys("O");
    live.until("by date", |s| s.contains("newest first"));
    live.keys("O");
    live.until("by fit", |s| !s.contains("newest first"));
    live.until("the first row again", |s| {
        s.contains("here the Plánted word stands")
    });
    live.keys("gg\n");
    live.until("the place in the message", |s| s.contains("hit 1 of 2"));
    assert!(live.screen().contains("here the Plánted word stands."));
    live.keys("n");
    live.until("the next place", |s| s.contains("and planted again."));
    // One step back leads to the list.
    live.keys("h");
    live.until("the list", |s| s.contains("2 found, 1 by the server"));
}

#[test]
fn a_search_that_cannot_be_read_says_why_and_the_next_one_works() {
    let mut live = Live::new(5);
    live.keys("/is:");
    live.until("the reason", |s| s.contains("needs a value"));
    live.keys("unread");
    live.until("the rows", |s| s.contains("letter-5."));
}

#[test]
fn what_was_archived_stays_gone_when_the_store_agrees() {
    let mut live = Live::new(3);
    live.until("the list", |s| s.contains("letter-3."));
    let scope = Scope::Mailbox(live.mailbox());
    let rows = live
        .cache
        .read()
        .page(&scope, false, Page::Newest, 9)
        .unwrap();
    live.keys("e");
    let (intent, about) = live.intents.pop().unwrap();
    let target = Target::Location(rows[0].location);
    assert!(matches!(&intent, Intent::Act { targets, .. } if targets[..] == [target]));
    let done = Done {
        label: "Archived".into(),
        gone: vec![rows[0].location],
        ..Done::default()
    };
    live.event(Event::Reply {
        about,
        result: Ok(done),
    });
    assert!(!live.screen().contains("letter-3."));
    let mailbox = live.mailbox();
    let uids: UidSet = rows[0].uid.into_iter().collect();
    let validity = live.cache.read().cursor(mailbox).unwrap().uidvalidity;
    live.cache
        .take_changes(mailbox, validity.unwrap(), &[], &uids, None)
        .unwrap();
    live.changed();
    live.until("the count", |s| s.contains("2 unread of 2"));
    assert!(!live.screen().contains("letter-3.") && live.screen().contains("letter-2."));
}

#[test]
fn a_body_that_is_not_here_is_asked_for_and_shown_when_it_came() {
    let mut live = Live::new(1);
    live.until("the list", |s| s.contains("letter-1."));
    live.keys("\n");
    live.until("the wait", |s| s.contains("Fetching the message"));
    let asked = live.intents.iter().find_map(|(i, _)| match i {
        Intent::FetchBody(id) => Some(*id),
        _ => None,
    });
    let id = asked.expect("the body was not asked for");
    live.cache
        .body_failed(id, "the server has lost it")
        .unwrap();
    let topics = [Topic::Body(id)].into();
    live.event(Event::Board(Posted {
        topics,
        ..Posted::default()
    }));
    live.until("the reason", |s| s.contains("the server has lost it"));
}

/// Rows are damaged behind SQLite's back: text that is none.
fn damage(live: &Live, column: &str) -> std::path::PathBuf {
    let path = live.dir.path().join("cache.db");
    let db = rusqlite::Connection::open(&path).unwrap();
    let sql = format!("UPDATE message SET {column} = cast(x'ff' AS TEXT)");
    assert!(db.execute(&sql, []).unwrap() > 0);
    path.with_extension("db.suspect")
}

#[test]
fn damage_that_a_list_meets_is_noted_for_the_next_start() {
    let mut live = Live::new(3);
    live.until("the list", |s| s.contains("letter-3."));
    let noted = damage(&live, "subject");
    assert!(!noted.exists());
    live.changed();
    live.until("the reason", |s| s.contains("can't be read"));
    assert!(noted.exists());
    assert!(live.screen().contains("letter-3."), "what was read stays");
    let db = rusqlite::Connection::open(live.dir.path().join("cache.db")).unwrap();
    db.execute("UPDATE message SET subject = 'mended'", [])
        .unwrap();
    live.changed();
    live.until("the list anew", |s| s.contains("mended"));
}

#[test]
fn damage_that_a_search_meets_is_noted_for_the_next_start() {
    let mut live = Live::new(3);
    live.until("the list", |s| s.contains("letter-3."));
    let noted = damage(&live, "subject");
    live.keys("/is:unread");
    live.until("the reason", |s| s.contains("can't be searched"));
    assert!(noted.exists());
}

#[test]
fn damage_that_an_opened_message_meets_is_noted_for_the_next_start() {
    let mut live = Live::new(1);
    live.until("the list", |s| s.contains("letter-1."));
    let noted = damage(&live, "body_error");
    live.keys("\n");
    live.until("the reason", |s| s.contains("can't be read"));
    assert!(noted.exists());
}
