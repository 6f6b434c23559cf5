//! The thread that tells of new mail. It is rung when a mailbox changed, waits a moment for what
//! comes with it, looks, and tells all of it at once; then nothing for some seconds, however much
//! comes.

use super::watch::{Telling, Watch};
use crate::config::{How, Notify, command};
use crate::signal::{Announcement, Board};
use crate::store::{Error, Reader};
use crate::text::when;
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// Mail that comes within this time is told together.
const GATHER: Duration = Duration::from_secs(2);
/// So long nothing is told after something was.
const PAUSE: Duration = Duration::from_secs(10);
/// A program that tells may run so long.
const LIMIT: Duration = Duration::from_secs(30);
/// Programs that wait for their turn; of more nobody would hear in time.
const WAITING: usize = 16;

/// Starts telling of what comes into the cache at `cache` from now on; what is here already is not
/// new. Without rules nothing is started. It ends with the board.
///
/// # Errors
/// When threads have run out.
pub fn start(cache: &Path, rules: &[Notify], board: &Arc<Board>) -> io::Result<()> {
    if rules.is_empty() {
        return Ok(());
    }
    let (ring, rung) = bounded(1);
    board.on_mail(move || {
        let _ = ring.try_send(());
    });
    let (programs, waiting) = bounded(WAITING);
    let mut herald = Herald {
        watch: Watch::new(rules),
        cache: cache.to_owned(),
        reader: None,
        board: Arc::downgrade(board),
        programs,
    };
    // Before anything is fetched, so that what is fetched is new.
    herald.look();
    std::thread::Builder::new()
        .name("programs".into())
        .spawn(move || run(&waiting))?;
    std::thread::Builder::new()
        .name("herald".into())
        .spawn(move || herald.serve(&rung))?;
    Ok(())
}

struct Herald {
    watch: Watch,
    cache: PathBuf,
    reader: Option<Reader>,
    board: Weak<Board>,
    programs: Sender<Telling>,
}

impl Herald {
    fn serve(&mut self, rung: &Receiver<()>) {
        while rung.recv().is_ok() {
            drain(rung, Instant::now() + GATHER);
            if self.look() {
                drain(rung, Instant::now() + PAUSE);
                self.look();
            }
        }
    }

    /// Whether something was told.
    fn look(&mut self) -> bool {
        match self.tellings() {
            Ok(tellings) => {
                let any = !tellings.is_empty();
                tellings.into_iter().for_each(|telling| self.tell(telling));
                any
            }
            Err(error) => {
                tracing::warn!(%error, "new mail can't be told of");
                self.reader = None;
                false
            }
        }
    }

    fn tellings(&mut self) -> Result<Vec<Telling>, Error> {
        let reader = match self.reader.take() {
            Some(reader) => reader,
            None => Reader::open(&self.cache)?,
        };
        let found = self.watch.look(&reader, when::now());
        self.reader = Some(reader);
        found
    }

    fn tell(&self, telling: Telling) {
        match telling.how {
            How::Terminal | How::Bell => {
                if let Some(board) = self.board.upgrade() {
                    board.announce(Announcement {
                        title: telling.title.to_string(),
                        body: telling.body.to_string(),
                        bell: telling.how == How::Bell,
                    });
                }
            }
            How::Desktop | How::Command(_) => {
                if let Err(TrySendError::Full(_)) = self.programs.try_send(telling) {
                    tracing::warn!("programs that tell of new mail take too long");
                }
            }
        }
    }
}

/// Waits until then, whoever rings.
fn drain(rung: &Receiver<()>, until: Instant) {
    while rung.recv_deadline(until).is_ok() {}
}

/// Runs the programs, one after the other.
fn run(waiting: &Receiver<Telling>) {
    for telling in waiting.iter() {
        let argv = argv(&telling);
        if let Err(error) = command::tell(&argv, &fields(&telling), LIMIT) {
            tracing::warn!(%error, "a program that tells of new mail");
        }
    }
}

/// What is run. No shell sees any of it, and what a mail says stands behind `--`.
fn argv(telling: &Telling) -> Vec<String> {
    match &telling.how {
        How::Command(argv) => argv.clone(),
        _ => {
            let fixed = [
                "notify-send",
                "--app-name=postrider",
                "--icon=mail-unread",
                "--category=email.arrived",
                "--",
            ];
            let fixed = fixed.iter().map(|word| (*word).to_owned());
            let said = [telling.title.to_string(), unmarked(telling.body.as_str())];
            fixed.chain(said).collect()
        }
    }
}

/// A text that a desktop which reads markup in it (the Desktop Notifications Specification) shows
/// as it is.
fn unmarked(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// What a program of the user finds in its environment.
fn fields(telling: &Telling) -> Vec<(String, String)> {
    let field = |name: &str, value: String| (format!("POSTRIDER_{name}"), value);
    let mut fields = vec![
        field("COUNT", telling.count.to_string()),
        field("TITLE", telling.title.to_string()),
        field("BODY", telling.body.to_string()),
    ];
    let newest = telling.newest.iter();
    fields.extend(newest.map(|(name, value)| field(name, value.to_string())));
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::MailboxId;
    use crate::notify::watch::tests::Bench;
    use crate::signal::Topic;
    use crate::text::Clean;

    #[test]
    fn what_comes_after_the_start_is_announced_once() {
        let mut bench = Bench::new();
        let board = Arc::new(Board::new());
        let rule = Notify {
            query: None,
            account: None,
            quiet: None,
            how: How::Terminal,
        };
        start(&bench.shelf.path(), &[rule], &board).unwrap();
        bench.comes("INBOX", &["lunch"], false);
        bench.comes("INBOX", &["dinner"], false);
        board.post(Topic::Mailbox(MailboxId(1)));
        let until = Instant::now() + Duration::from_secs(60);
        let mut said = Vec::new();
        while said.is_empty() && Instant::now() < until {
            said.extend(board.take().announced);
            std::thread::yield_now();
        }
        assert_eq!(said.len(), 1, "{said:?}");
        assert_eq!(said[0].title, "2 new messages");
        assert!(!said[0].bell);
    }

    #[test]
    fn a_mail_is_never_part_of_a_command() {
        let hostile = "--help $(touch /tmp/x) `id` <img src=x> & \u{1b}]0;x\u{7}\0";
        let telling = |how| Telling {
            how,
            title: Clean::line(hostile),
            body: Clean::line(hostile),
            count: 1,
            newest: ["ACCOUNT", "MAILBOX", "FROM", "SUBJECT"].map(|n| (n, Clean::line(hostile))),
        };
        let desktop = argv(&telling(How::Desktop));
        let end = desktop.iter().position(|word| word == "--").unwrap();
        assert_eq!(desktop.len(), end + 3);
        assert!(!desktop[end + 2].contains(['<', '>']), "{desktop:?}");
        let own = vec!["sh".to_owned(), "-c".to_owned(), "true".to_owned()];
        let telling = telling(How::Command(own.clone()));
        assert_eq!(argv(&telling), own);
        for (name, value) in fields(&telling) {
            assert!(name.starts_with("POSTRIDER_"));
            assert!(!value.chars().any(char::is_control), "{name}: {value:?}");
        }
    }

    #[test]
    fn a_program_is_given_the_fields() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        let script = format!(
            "printf '%s|%s' \"$POSTRIDER_COUNT\" \"$POSTRIDER_SUBJECT\" > '{}'",
            out.display()
        );
        let telling = Telling {
            how: How::Command(vec!["sh".to_owned(), "-c".to_owned(), script]),
            title: Clean::lit("Ada"),
            body: Clean::lit("x"),
            count: 2,
            newest: ["ACCOUNT", "MAILBOX", "FROM", "SUBJECT"].map(|n| (n, Clean::lit("$(id) 'a'"))),
        };
        command::tell(&argv(&telling), &fields(&telling), LIMIT).unwrap();
        assert_eq!(std::fs::read_to_string(&out).unwrap(), "2|$(id) 'a'");
    }
}
