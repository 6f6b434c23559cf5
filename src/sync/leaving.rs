//! Leaves lists by a POST to a web server (RFC 8058): at the user's word, which is a row of
//! `local.db`, and at nothing else. A server that is busy is asked again after longer and longer
//! waits; one that can't be reached whenever there may be a network; one that says no is left at
//! that. Whatever it comes to is told.

use crate::lang::tr;
use crate::model::AccountName;
use crate::net::NetError;
use crate::net::http::{Client, HttpError, Url};
use crate::signal::{Board, Doorbell};
use crate::store::{Leaving, Local};
use crate::sync::error::SyncError;
use crate::sync::guard;
use crate::sync::kit::Stores;
use crate::text::{Clean, when};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What is said (RFC 8058 §3.2).
const FORM: &str = "List-Unsubscribe=One-Click";
/// How long one try may take.
const TRY: Duration = Duration::from_secs(60);
/// Waits after tries that a server did not take, in seconds; after the last it is given up.
const WAITS: [i64; 7] = [60, 300, 1800, 7200, 6 * 3600, 12 * 3600, 24 * 3600];
/// The longest wait, in seconds, where no server was reached.
const UNREACHED: i64 = 300;
/// After so many seconds it is given up in any case.
const GIVE_UP: i64 = 7 * 24 * 3600;
/// No longer than this is waited for a time to come at once: a machine that slept wakes up late.
const NAP: Duration = Duration::from_secs(60);

/// What it takes to leave lists.
#[derive(Clone)]
pub struct Leaver {
    /// Where the rows are.
    pub stores: Stores,
    /// Whom to tell.
    pub board: Arc<Board>,
    /// Who asks web servers.
    pub web: Client,
}

/// What came of a try.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// It was taken.
    Left,
    /// It never will be: why.
    Refused(String),
    /// Not now: why, and how many seconds the server asks to wait.
    Later(String, Option<i64>),
    /// No server was reached: why.
    Unreached(String),
}

impl Leaver {
    /// Leaves lists until `stop` is set and the bell rings.
    pub fn run(&self, stop: &AtomicBool, bell: &Doorbell) {
        while !stop.load(Ordering::SeqCst) {
            bell.clear();
            let next = guard::turn(|| self.run_due(None));
            let wait = match next {
                Ok(None) => None,
                Ok(Some(due)) => {
                    let seconds = (due - when::now()).max(0).cast_unsigned() + 1;
                    Some(Duration::from_secs(seconds).min(NAP))
                }
                Err(error) => {
                    tracing::error!(%error, "lists can't be left");
                    Some(NAP)
                }
            };
            bell.wait(wait);
        }
    }

    /// Tries all that is due, of one account or of all, once each; answers when the next is.
    ///
    /// # Errors
    /// When the database fails.
    pub fn run_due(&self, account: Option<&AccountName>) -> Result<Option<i64>, SyncError> {
        let mut local = open(&self.stores.local)?;
        loop {
            let Some((leaving, due)) = local.read().leaving(account)? else {
                return Ok(None);
            };
            let now = when::now();
            if when::still_waits(due, now, longest(&leaving)) {
                return Ok(Some(due));
            }
            // A crash in the middle costs this wait and nothing else: saying it twice is harmless.
            local.leave_later(leaving.id, now + wait(leaving.tries), None)?;
            let outcome = self.tell(&leaving);
            self.settle(&mut local, &leaving, outcome)?;
        }
    }

    fn tell(&self, leaving: &Leaving) -> Outcome {
        let url = match Url::parse(&leaving.leave.url) {
            Ok(url) => url,
            Err(error) => return Outcome::Refused(error.to_string()),
        };
        tracing::info!(host = url.host(), "a list is told that it is left");
        match self.web.post(&url, FORM, 0, Instant::now() + TRY) {
            Ok(answer) => judge(answer.status, answer.retry_after, url.host()),
            Err(HttpError::Net(error @ (NetError::Lookup { .. } | NetError::Connect { .. }))) => {
                Outcome::Unreached(error.to_string())
            }
            Err(error @ (HttpError::Net(_) | HttpError::Malformed(_) | HttpError::TooMuch)) => {
                Outcome::Later(error.to_string(), None)
            }
            Err(error) => Outcome::Refused(error.to_string()),
        }
    }

    fn settle(
        &self,
        local: &mut Local,
        leaving: &Leaving,
        outcome: Outcome,
    ) -> Result<(), SyncError> {
        let (now, list) = (when::now(), &leaving.leave.list);
        let late = now - leaving.asked > GIVE_UP;
        let last = usize::try_from(leaving.tries).is_ok_and(|n| n >= WAITS.len());
        let why = match outcome {
            Outcome::Left => {
                if local.settle_leaving(leaving.id, true)? {
                    self.say(&tr!("{list} was told that you leave it", list));
                }
                return Ok(());
            }
            Outcome::Later(_, hint) if !last && !late => {
                let asked = hint.unwrap_or(0).clamp(0, GIVE_UP);
                let due = now + wait(leaving.tries).max(asked);
                return Ok(local.leave_later(leaving.id, due, Some(true))?);
            }
            Outcome::Unreached(why) if !late => {
                if leaving.unreached == 0 {
                    self.say(&tr!(
                        "Leaving {list} waits for a connection: {why}",
                        list,
                        why
                    ));
                }
                let due = now + wait(leaving.unreached).min(UNREACHED);
                return Ok(local.leave_later(leaving.id, due, Some(false))?);
            }
            Outcome::Refused(why) | Outcome::Later(why, _) | Outcome::Unreached(why) => why,
        };
        if local.settle_leaving(leaving.id, false)? {
            self.say(&tr!(
                "{list} could not be told that you leave it: {why}",
                list,
                why
            ));
        }
        Ok(())
    }

    fn say(&self, text: &str) {
        self.board.notice(Clean::line(text).to_string());
    }
}

fn open(path: &Path) -> Result<Local, SyncError> {
    Ok(Local::open(path)?)
}

/// The longest that it was to wait, in seconds.
fn longest(leaving: &Leaving) -> i64 {
    match leaving.tries {
        0 => UNREACHED,
        _ => GIVE_UP,
    }
}

/// Seconds until the next try, after so many.
fn wait(tries: u32) -> i64 {
    let tries = usize::try_from(tries).unwrap_or(usize::MAX);
    let longest = WAITS.last().copied().unwrap_or(UNREACHED);
    WAITS.get(tries).copied().unwrap_or(longest)
}

/// What a status means (RFC 9110 §15). A redirection is a refusal (RFC 8058 §3.2).
fn judge(status: u16, retry_after: Option<Duration>, host: &str) -> Outcome {
    let why = tr!("{host} answered {status}", host, status);
    let hint = retry_after.and_then(|after| i64::try_from(after.as_secs()).ok());
    match status {
        200..=299 => Outcome::Left,
        408 | 425 | 429 | 500..=599 => Outcome::Later(why, hint),
        _ => Outcome::Refused(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Leave;

    struct Desk {
        _home: tempfile::TempDir,
        leaver: Leaver,
        local: Local,
    }

    fn desk() -> Desk {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("local.db");
        let mut local = Local::open(&path).unwrap();
        let leave = Leave {
            account: AccountName("work".to_owned()),
            list: "Tea".to_owned(),
            url: "https://127.0.0.1:9/u".to_owned(),
        };
        local.leave(&leave, when::now()).unwrap();
        let stores = Stores {
            cache: home.path().join("cache.db"),
            local: path,
        };
        let leaver = Leaver {
            stores,
            board: Arc::default(),
            web: Client::default(),
        };
        Desk {
            _home: home,
            leaver,
            local,
        }
    }

    impl Desk {
        fn settle(&mut self, outcome: Outcome) -> Vec<String> {
            let (row, _) = self.local.read().leaving(None).unwrap().unwrap();
            self.leaver.settle(&mut self.local, &row, outcome).unwrap();
            self.leaver.board.take().notices
        }

        fn waits(&self) -> Option<i64> {
            let row = self.local.read().leaving(None).unwrap();
            row.map(|(_, due)| due - when::now())
        }
    }

    #[test]
    fn a_busy_server_is_asked_again_and_given_up_in_the_end() {
        let mut desk = desk();
        for wanted in WAITS {
            let busy = Outcome::Later("x answered 500".to_owned(), None);
            assert_eq!(desk.settle(busy), [""; 0]);
            let waits = desk.waits().unwrap();
            assert!((wanted - 5..=wanted).contains(&waits), "{waits}");
        }
        let said = desk.settle(Outcome::Later("x answered 500".to_owned(), None));
        assert_eq!(
            said,
            ["Tea could not be told that you leave it: x answered 500"]
        );
        assert_eq!(desk.waits(), None);
    }

    #[test]
    fn without_a_network_it_waits_and_says_so_once() {
        let mut desk = desk();
        let away = || Outcome::Unreached("no such host".to_owned());
        assert_eq!(
            desk.settle(away()),
            ["Leaving Tea waits for a connection: no such host"]
        );
        for _ in 0..20 {
            assert_eq!(desk.settle(away()), [""; 0]);
            assert!(desk.waits().unwrap() <= UNREACHED);
        }
        assert_eq!(
            desk.settle(Outcome::Left),
            ["Tea was told that you leave it"]
        );
        assert_eq!(desk.waits(), None);
    }

    #[test]
    fn f09_a_clock_that_was_ahead_puts_it_off_for_no_year() {
        let mut desk = desk();
        let (row, _) = desk.local.read().leaving(None).unwrap().unwrap();
        let ahead = when::now() + 366 * 24 * 3600;
        desk.local.leave(&row.leave, ahead).unwrap();
        // It is tried: the address is one that nothing is said to.
        assert_eq!(desk.leaver.run_due(None).unwrap(), None);
        // What was put off waits for its time, and no longer.
        desk.local.leave(&row.leave, when::now()).unwrap();
        let (row, _) = desk.local.read().leaving(None).unwrap().unwrap();
        let later = |desk: &mut Desk, wait| {
            let due = when::now() + wait;
            desk.local.leave_later(row.id, due, Some(true)).unwrap();
            desk.leaver.run_due(None).unwrap().is_some()
        };
        assert!(later(&mut desk, 24 * 3600));
        assert!(!later(&mut desk, 30 * 24 * 3600));
    }

    #[test]
    fn a_private_address_is_refused_for_good() {
        let desk = desk();
        assert_eq!(desk.leaver.run_due(None).unwrap(), None);
        let said = desk.leaver.board.take().notices;
        assert!(
            said.len() == 1 && said[0].contains("private network"),
            "{said:?}"
        );
    }

    #[test]
    fn a_status_is_an_answer() {
        assert_eq!(judge(202, None, "x"), Outcome::Left);
        let minute = Some(Duration::from_secs(60));
        assert_eq!(
            judge(503, minute, "x"),
            Outcome::Later("x answered 503".to_owned(), Some(60))
        );
        for no in [301, 303, 307, 400, 404, 410] {
            assert_eq!(
                judge(no, None, "x"),
                Outcome::Refused(format!("x answered {no}"))
            );
        }
    }
}
