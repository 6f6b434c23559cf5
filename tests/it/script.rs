//! An IMAP server in this process that behaves well until a rule of the test's says otherwise.
//!
//! Its mail is a small state ([`Mail`]) that the test reads and changes at any time, as another
//! client would. A rule names the commands that it is about and what happens at the nth of them:
//! other bytes, a cut, a reset, silence, a flood. Every line of the client's is kept.
//!
//! Matching is by text: a command is written as the client sent it, without its tag, with literals
//! as `{n}`; a needle may be several with `|` between them. Three moments that are no commands have names of their own: [`HELLO`], [`LITERAL`],
//! [`DONE`].

mod mail;
mod words;
mod rows;
mod answers;
mod talk;

pub use mail::{Mail, letter};
pub use talk::{Wire, swapped};

use crate::pty::PATIENCE;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Instant;

/// What a rule about the greeting matches.
pub const HELLO: &str = "(hello)";
/// What a rule about the permission to send a literal matches, with the command behind it.
pub const LITERAL: &str = "(literal) ";
/// What a rule about the opening of a mailbox matches.
pub const OPEN: &str = "SELECT |EXAMINE ";
/// What a rule about the end of IDLE matches.
pub const DONE: &str = "DONE";
/// Everything that is worth offering and that does not change what other commands say.
pub const CAPS: &str = "IMAP4rev1 LITERAL+ UIDPLUS MOVE IDLE CONDSTORE ENABLE ESEARCH UNSELECT \
                        LIST-EXTENDED LIST-STATUS SPECIAL-USE";

type Deed = Arc<Mutex<dyn FnMut(&mut Wire, &str) + Send>>;

type Edit = Arc<dyn Fn(&[u8]) -> Vec<u8> + Send + Sync>;

/// What happens in the place of the right answer.
#[derive(Clone)]
pub enum Act {
    /// This is said instead; `{tag}` stands for the command's tag.
    Say(String),
    /// This is said, and then the right answer.
    Before(String),
    /// The right answer's octets with the first replaced by the second wherever they stand.
    Swap(Vec<u8>, Vec<u8>),
    /// The right answer as this makes it.
    Edit(Edit),
    /// So much of the right answer, and then the end of the connection.
    Cut(usize),
    /// The end of the connection, in order.
    Close,
    /// The end of the connection, by RST.
    Reset,
    /// Nothing more on this connection, which stays.
    Mute,
    /// Whatever the test does with the wire, which is given the tag. The client is not answered
    /// otherwise.
    Do(Deed),
}

/// Says lines, `\n` becoming CRLF.
pub fn say(lines: &str) -> Act {
    Act::Say(lines.replace('\n', "\r\n"))
}

/// Says lines before the right answer.
pub fn before(lines: &str) -> Act {
    Act::Before(lines.replace('\n', "\r\n"))
}

/// Puts one text for another in the right answer.
pub fn swap(from: &str, to: &str) -> Act {
    let bytes = |text: &str| text.replace('\n', "\r\n").into_bytes();
    Act::Swap(bytes(from), bytes(to))
}

/// Changes the right answer.
pub fn edit(edit: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static) -> Act {
    Act::Edit(Arc::new(edit))
}

/// The last words of a server that hangs up.
pub fn bye(words: &str) -> Act {
    let words = format!("* BYE {words}\n");
    deed(move |wire, _| {
        wire.say(&words);
        wire.close();
    })
}

/// Does something with the wire.
pub fn deed(deed: impl FnMut(&mut Wire, &str) + Send + 'static) -> Act {
    Act::Do(Arc::new(Mutex::new(deed)))
}

struct Rule {
    needle: String,
    /// Matches that are let pass, then matches that are acted on.
    skip: usize,
    times: usize,
    act: Act,
}

fn is_about(text: &str, needle: &str) -> bool {
    needle.split('|').any(|needle| text.contains(needle))
}

/// A line that the client sent.
#[derive(Clone, Debug)]
pub struct Heard {
    /// On which connection, counted from 1.
    pub line: usize,
    /// The command without its tag.
    pub text: String,
    /// Its literals.
    pub literals: Vec<Vec<u8>>,
}

#[derive(Default)]
struct Inside {
    mail: Mail,
    rules: Vec<Rule>,
    heard: Vec<Heard>,
    open: Vec<(usize, TcpStream)>,
}

/// What the threads of a server share.
#[derive(Default)]
struct Shared {
    inside: Mutex<Inside>,
    news: Condvar,
    lines: AtomicUsize,
    over: AtomicBool,
}

impl Inside {
    /// What is to be done about `text`, if anything but the right thing.
    fn judge(&mut self, text: &str) -> Option<Act> {
        for rule in self.rules.iter_mut().filter(|r| is_about(text, &r.needle)) {
            if rule.skip > 0 {
                rule.skip -= 1;
            } else if rule.times > 0 {
                rule.times -= 1;
                return Some(rule.act.clone());
            }
        }
        None
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inside> {
        // A test that failed while it held the lock says so itself.
        self.inside
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// A running server; its connections end with it.
pub struct Script {
    /// Its port on 127.0.0.1.
    pub port: u16,
    shared: Arc<Shared>,
}

impl Script {
    /// Starts a server with [`CAPS`] and an empty inbox, changed by `set`.
    pub fn start(set: impl FnOnce(&mut Mail)) -> Script {
        let door = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = door.local_addr().unwrap().port();
        let shared = Arc::new(Shared::default());
        let mut mail = Mail::new(CAPS);
        set(&mut mail);
        shared.lock().mail = mail;
        let ours = Arc::clone(&shared);
        std::thread::spawn(move || {
            for socket in door.incoming().flatten() {
                if ours.over.load(Ordering::SeqCst) {
                    return;
                }
                let shared = Arc::clone(&ours);
                let number = shared.lines.fetch_add(1, Ordering::SeqCst) + 1;
                let copy = socket.try_clone().unwrap();
                shared.lock().open.push((number, copy));
                std::thread::spawn(move || {
                    talk::serve(socket, number, &shared);
                    shared.lock().open.retain(|(n, _)| *n != number);
                });
            }
        });
        Script { port, shared }
    }

    /// A server whose inbox holds messages of these subjects.
    pub fn with(subjects: &[&str]) -> Script {
        Script::start(|mail| subjects.iter().for_each(|s| mail.add("INBOX", s)))
    }

    /// A table of the configuration for an account here; sending leads nowhere.
    pub fn account(&self, name: &str) -> String {
        self.account_with(name, 9)
    }

    /// The same, sending through a port on loopback.
    pub fn account_with(&self, name: &str, smtp: u16) -> String {
        format!(
            "[[account]]\nname = \"{name}\"\nemail = \"{name}@example.test\"\nuser = \"ada\"\n\
             password-command = [\"echo\", \"secret\"]\n\
             imap = {{ host = \"127.0.0.1\", port = {}, security = \"none\" }}\n\
             smtp = {{ host = \"127.0.0.1\", port = {smtp}, security = \"none\" }}\n",
            self.port
        )
    }

    /// At every command with `needle` in it.
    pub fn always(&self, needle: &str, act: Act) {
        self.rule(needle, 0, usize::MAX, act);
    }

    /// At the next command with `needle` in it, and at no other.
    pub fn once(&self, needle: &str, act: Act) {
        self.rule(needle, 0, 1, act);
    }

    /// At `times` commands with `needle` in them, after `skip` that are answered well.
    pub fn rule(&self, needle: &str, skip: usize, times: usize, act: Act) {
        let needle = needle.to_owned();
        self.shared.lock().rules.push(Rule {
            needle,
            skip,
            times,
            act,
        });
    }

    /// Behaves well from now on. Connections that a rule made mute are closed.
    pub fn behave(&self) {
        self.shared.lock().rules.clear();
        self.hang_up();
    }

    /// Ends every connection.
    pub fn hang_up(&self) {
        for (_, socket) in self.shared.lock().open.drain(..) {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }

    /// Looks at the mail, or changes it as another client would; idle connections hear of it.
    pub fn mail<T>(&self, change: impl FnOnce(&mut Mail) -> T) -> T {
        let done = change(&mut self.shared.lock().mail);
        self.shared.news.notify_all();
        done
    }

    /// Everything that was heard so far.
    pub fn heard(&self) -> Vec<Heard> {
        self.shared.lock().heard.clone()
    }

    /// The commands with `needle` in them, so far.
    pub fn said(&self, needle: &str) -> Vec<String> {
        let all = self.heard().into_iter().map(|h| h.text);
        all.filter(|text| is_about(text, needle)).collect()
    }

    /// Forgets what was heard.
    pub fn forget(&self) {
        self.shared.lock().heard.clear();
    }

    /// How many connections were opened so far.
    pub fn dialled(&self) -> usize {
        self.shared.lines.load(Ordering::SeqCst)
    }

    /// Waits until commands with `needle` were heard `count` times.
    #[track_caller]
    pub fn wait_for(&self, needle: &str, count: usize) {
        let until = Instant::now() + PATIENCE;
        let mut inside = self.shared.lock();
        loop {
            let found = inside.heard.iter().filter(|h| is_about(&h.text, needle));
            if found.count() >= count {
                return;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let all: Vec<_> = inside.heard.iter().map(|h| &h.text).collect();
                panic!("{needle} was not heard {count} times: {all:#?}");
            }
            inside = self.shared.news.wait_timeout(inside, left).unwrap().0;
        }
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        self.hang_up();
        // Wakes the thread at the door.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}
