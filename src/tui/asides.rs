//! Short work that the screen has done on threads of their own, because a disk, a server or another
//! program may take its time. Whatever becomes of it is told: a panic in it costs the work and not
//! the screen, and nobody waits for an answer that can't come any more.

use crate::config::files::{read_text, replace};
use crate::config::keep::Keep;
use crate::config::lock::EngineLock;
use crate::lang::{mark, tr};
use crate::model::checkup::{Advice, Step};
use crate::model::setup::Cancel;
use crate::model::{AccountName, MailDomain, Target, checkup};
use crate::tui::apart::apart;
use crate::tui::commanded;
use crate::tui::errand::{Brought, Errand};
use crate::tui::event::Event;
use crate::tui::ports::{Examine, KeepHow, LookUp, ReloadHow};
use crate::tui::spell::Spelling;
use crate::tui::takeout::{Takeout, take_out};
use crate::tui::working::Working;
use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Does it on a thread of this name. `lost` says what is told where it broke off, or could not be
/// begun, and why.
fn aside(
    name: &str,
    events: Sender<Event>,
    work: impl FnOnce() -> Option<Event> + Send + 'static,
    lost: impl FnOnce(String) -> Event + Clone + Send + 'static,
) {
    let back = events.clone();
    let run = move || {
        if let Some(event) = work() {
            let _ = events.send(event);
        }
    };
    apart(name, run, move |why| drop(back.send(lost(why))));
}

/// What is told where nobody waits for anything else.
fn told(what: &'static str) -> impl FnOnce(String) -> Event + Clone {
    move |why| Event::Told(Err(format!("{what}: {why}")))
}

/// Looks a word up, or writes it down.
pub fn about_word(spelling: Spelling, serial: u64, errand: Errand, events: Sender<Event>) {
    let work = move || match errand {
        Errand::Suggest(word) => {
            let found = spelling.suggest(&word);
            let brought = Brought::Suggested(word, found);
            Some(Event::Brought { serial, brought })
        }
        Errand::Learn(word) => spelling.keep(&word).err().map(|why| Event::Told(Err(why))),
        _ => None,
    };
    aside(
        "words",
        events,
        work,
        told(tr!("the word can't be looked up")),
    );
}

/// Looks domains up. Whatever happens, each of them is answered for.
pub fn look_up(how: Option<LookUp>, serial: u64, domains: Vec<String>, events: Sender<Event>) {
    let unknown = domains.iter().map(|d| (d.clone(), MailDomain::Unknown));
    let unknown: Vec<_> = unknown.collect();
    let brought = move |found| {
        let brought = Brought::Domains(found);
        Event::Brought { serial, brought }
    };
    let fallback = unknown.clone();
    let work = move || Some(brought(how.map_or(fallback, |look_up| look_up(&domains))));
    aside("domains", events, work, move |_| brought(unknown));
}

/// Looks an account over and tells of each step.
pub fn examine(how: Examine, account: AccountName, events: Sender<Event>) {
    let cancel = Cancel::default();
    let (steps, whose) = (events.clone(), cancel.clone());
    let tell = move |progress| {
        let _ = steps.send(Event::Examined(whose.clone(), Some(progress)));
    };
    let (last, over) = (tell.clone(), cancel.clone());
    let end = move || Event::Examined(over, None);
    let done = end.clone();
    let work = move || {
        how(&account, &cancel, &mut |progress| tell(progress));
        Some(done())
    };
    aside("doctor", events, work, move |why| {
        let step = Step::wrong(
            mark!("step", "check-up"),
            Advice::new(why, "", tr!("try again")),
        );
        last(checkup::Progress::Done(step));
        end()
    });
}

/// Writes down what is to be kept.
pub fn keep(how: KeepHow, change: Keep, events: Sender<Event>) {
    let meant = change.clone();
    let work = move || {
        let kept = how(&change);
        Some(Event::Kept(change, kept))
    };
    aside("keep", events, work, |why| Event::Kept(meant, Err(why)));
}

/// Reads the user's files. `number`: the how manieth reading it is, of several under way.
pub fn reload(how: ReloadHow, number: u64, open: bool, events: Sender<Event>) {
    let work = move || {
        let fresh = Box::new(how());
        Some(Event::Fresh {
            fresh,
            number,
            open,
        })
    };
    aside(
        "files",
        events,
        work,
        told(tr!("the configuration is not read")),
    );
}

/// Takes messages out of the program.
pub fn takeout(
    cache: PathBuf,
    what: Takeout,
    targets: Vec<Target>,
    mut working: Working,
    events: Sender<Event>,
) {
    let wanted = events.clone();
    let work = move || {
        let mut go_on = |done, total| {
            working.at(done, total);
            !working.is_stopped()
        };
        let mut fetch = |message| drop(wanted.send(Event::Used(message)));
        let done = take_out(&cache, &what, &targets, &mut go_on, &mut fetch);
        Some(Event::Told(done))
    };
    aside(
        "takeout",
        events,
        work,
        told(tr!("nothing more is written")),
    );
}

/// What a session begins with that one before it wrote down; nothing, if that can't be read.
pub fn remembered(file: &Path) -> String {
    read_text(file).unwrap_or_default()
}

/// What is to be written to which file and is not yet: what was said last.
static UNWRITTEN: Mutex<BTreeMap<PathBuf, String>> = Mutex::new(BTreeMap::new());

/// Who writes; a later one must not be overtaken.
static WRITES: Mutex<()> = Mutex::new(());

fn unwritten() -> MutexGuard<'static, BTreeMap<PathBuf, String>> {
    UNWRITTEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes down what the next session begins with.
pub fn remember(file: PathBuf, text: String, events: Sender<Event>) {
    unwritten().insert(file.clone(), text);
    let work = move || {
        write_waiting(&file);
        None
    };
    aside("past", events, work, told(tr!("it is not kept")));
}

fn write_waiting(file: &Path) {
    let _alone = WRITES.lock().unwrap_or_else(PoisonError::into_inner);
    let text = unwritten().remove(file);
    if let Some(Err(error)) = text.map(|text| replace(file, &text)) {
        tracing::warn!(%error, ?file, "what the next session begins with is not kept");
    }
}

/// Lines that were typed and are not written down yet, the oldest first.
static TYPED: Mutex<Vec<(PathBuf, String)>> = Mutex::new(Vec::new());

fn typed() -> MutexGuard<'static, Vec<(PathBuf, String)>> {
    TYPED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes a line down that was typed. Other windows write into the same file: what they wrote stays.
pub fn remember_line(file: PathBuf, line: String, events: Sender<Event>) {
    typed().push((file.clone(), line));
    let work = move || {
        write_typed(&file);
        None
    };
    aside("past", events, work, told(tr!("it is not kept")));
}

fn write_typed(file: &Path) {
    let _alone = WRITES.lock().unwrap_or_else(PoisonError::into_inner);
    let lines: Vec<(PathBuf, String)> = typed().extract_if(.., |(of, _)| *of == file).collect();
    if lines.is_empty() {
        return;
    }
    if let Err(error) = typed_last(file, lines.into_iter().map(|(_, line)| line)) {
        tracing::warn!(%error, ?file, "what was typed is not kept");
    }
}

/// The longest that the end of the program waits for what is to be remembered: a disk may be gone.
const PATIENCE: Duration = Duration::from_secs(3);

/// Returns when all that is to be remembered is written down, or that takes too long. Before the
/// program ends: its threads end with it, whatever they are at.
pub fn write_down() {
    let (done, waited) = bounded(1);
    let work = move || {
        write_all();
        let _ = done.send(());
    };
    apart("past", work, |why| tracing::warn!(%why, "it is not kept"));
    // Where the work broke off nobody is left who could send.
    if waited.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
        tracing::warn!("what the next session begins with is not written down in time");
    }
}

fn write_all() {
    let files: Vec<PathBuf> = unwritten().keys().cloned().collect();
    files.iter().for_each(|file| write_waiting(file));
    let files: Vec<PathBuf> = typed().iter().map(|(file, _)| file.clone()).collect();
    files.iter().for_each(|file| write_typed(file));
    // One that a thread is writing now.
    drop(WRITES.lock().unwrap_or_else(PoisonError::into_inner));
}

/// A window that is stopped while it has the lock may never give it back: after so many looks, `LOOK`
/// apart, it is done without.
const LOOKS: u32 = 100;
const LOOK: Duration = Duration::from_millis(10);

fn alone(lock: &Path) -> io::Result<Option<EngineLock>> {
    for _ in 0..LOOKS {
        if let Some(lock) = EngineLock::try_take(lock)? {
            return Ok(Some(lock));
        }
        thread::sleep(LOOK);
    }
    tracing::warn!(?lock, "somebody has this lock for long");
    Ok(None)
}

/// Writes these lines behind those of the file, under its lock.
fn typed_last(file: &Path, lines: impl Iterator<Item = String>) -> io::Result<()> {
    let _alone = alone(&file.with_extension("lock"))?;
    let mut all: Vec<String> = remembered(file).lines().map(str::to_owned).collect();
    lines.for_each(|line| commanded::add(&mut all, line));
    replace(file, &(all.join("\n") + "\n"))
}

/// Opens an address with the desktop's program.
pub fn open_url(url: String, events: Sender<Event>) {
    let work = move || {
        let opened = open::that_detached(&url);
        Some(Event::Told(match opened {
            Ok(()) => Ok(tr!("Opened.").to_owned()),
            Err(e) => Err(format!("{}: {e}", tr!("the link can't be opened"))),
        }))
    };
    aside("open", events, work, told(tr!("the link can't be opened")));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam_channel::unbounded;
    use std::sync::Arc;

    #[test]
    fn a_check_up_that_breaks_off_says_so_and_ends() {
        let (events, told) = unbounded();
        let how: Examine = Arc::new(|_, _, _| panic!("a fault"));
        examine(how, AccountName("work".to_owned()), events);
        let next = || told.recv_timeout(Duration::from_secs(60)).unwrap();
        match next() {
            Event::Examined(_, Some(checkup::Progress::Done(step))) => {
                assert!(step.found.unwrap_err().what.contains("broke off"));
            }
            other => panic!("{other:?}"),
        }
        assert!(matches!(next(), Event::Examined(_, None)));
    }

    #[test]
    fn every_domain_is_answered_for_whatever_happens() {
        let (events, told) = unbounded();
        let how: LookUp = Arc::new(|_| panic!("a fault"));
        look_up(Some(how), 7, vec!["x.example".to_owned()], events);
        match told.recv_timeout(Duration::from_secs(60)).unwrap() {
            Event::Brought {
                serial: 7,
                brought: Brought::Domains(found),
            } => assert_eq!(found, [("x.example".to_owned(), MailDomain::Unknown)]),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_two_windows_typed_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("commands.txt");
        // Each window knows its own lines only.
        for line in ["archive", "tag one", "archive", "go INBOX"] {
            typed_last(&file, std::iter::once(line.to_owned())).unwrap();
        }
        assert_eq!(remembered(&file), "tag one\narchive\ngo INBOX\n");
        // One of them is stopped at it.
        let stopped = EngineLock::take(&file.with_extension("lock")).unwrap();
        typed_last(&file, std::iter::once("tag two".to_owned())).unwrap();
        assert!(remembered(&file).ends_with("go INBOX\ntag two\n"));
        drop(stopped);
    }

    #[test]
    fn the_program_ends_though_what_is_remembered_can_not_be_written() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("layout.txt");
        unwritten().insert(file.clone(), "wide".to_owned());
        // A disk that does not answer: somebody is at it and stays there.
        let writing = WRITES.lock().unwrap_or_else(PoisonError::into_inner);
        write_down();
        assert_eq!(remembered(&file), "");
        drop(writing);
        write_down();
        assert_eq!(remembered(&file), "wide");
    }
}
