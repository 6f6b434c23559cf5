//! How far long tasks are, on a terminal: a line an account with a bar, a rate and the time that
//! is left, drawn over itself and gone at the end. Nothing at all where standard error is no
//! terminal.

use crate::model::{AccountName, AccountStatus, Progress};
use crate::signal::Board;
use crate::text::{Clean, gauge, when, width};
use crossbeam_channel::{Receiver, RecvTimeoutError};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

/// Lines are drawn no more often.
const STEP: Duration = Duration::from_millis(100);
/// Columns of a bar.
const BAR: usize = 24;
/// Columns where the terminal does not tell.
const USUAL: usize = 80;

/// The lines.
#[derive(Debug)]
pub struct Bars {
    shown: bool,
    lines: usize,
    known: BTreeMap<AccountName, AccountStatus>,
    notices: Vec<String>,
}

impl Bars {
    /// Lines for people, if `wanted` and somebody is there to see them.
    pub fn new(wanted: bool) -> Bars {
        Bars {
            shown: wanted && io::stderr().is_terminal(),
            lines: 0,
            known: BTreeMap::new(),
            notices: Vec::new(),
        }
    }

    /// Shows what the board says until every sender of `done` is gone. Answers the notices that
    /// came meanwhile.
    pub fn follow(mut self, board: &Board, done: &Receiver<()>) -> Vec<String> {
        loop {
            let over = match done.recv_timeout(STEP) {
                Err(RecvTimeoutError::Disconnected) => true,
                Ok(()) | Err(RecvTimeoutError::Timeout) => false,
            };
            let posted = board.take();
            self.notices.extend(posted.notices);
            self.known.extend(posted.statuses);
            if over {
                self.draw(Vec::new());
                return self.notices;
            }
            if self.shown {
                self.draw(lines(&self.known, columns()));
            }
        }
    }

    fn draw(&mut self, lines: Vec<String>) {
        if !self.shown || (lines.is_empty() && self.lines == 0) {
            return;
        }
        let out = self.frame(&lines);
        let mut stderr = io::stderr().lock();
        // Nobody is helped by an error about a bar.
        let _ = stderr.write_all(out.as_bytes());
        let _ = stderr.flush();
    }

    /// What replaces the lines that stand there by these.
    fn frame(&mut self, lines: &[String]) -> String {
        let mut out = String::new();
        if self.lines > 0 {
            // Back to the first line, and everything below it away.
            let _ = write!(out, "\x1b[{}A\r\x1b[J", self.lines);
        }
        for line in lines {
            let _ = writeln!(out, "{line}");
        }
        self.lines = lines.len();
        out
    }
}

/// Asked of the terminal itself: crossterm would start `tput` twice where there is no answer.
fn columns() -> usize {
    match rustix::termios::tcgetwinsize(io::stderr()) {
        Ok(size) if size.ws_col > 0 => usize::from(size.ws_col),
        _ => USUAL,
    }
}

/// A line for each account with a task under way; none is wider than the terminal.
fn lines(known: &BTreeMap<AccountName, AccountStatus>, cols: usize) -> Vec<String> {
    let tasks = known
        .iter()
        .filter_map(|(name, status)| Some((name, status.progress.as_ref()?)));
    let line = |(name, task): (&AccountName, &Progress)| {
        let text = format!("{name}: {}", words(task));
        width::cut(Clean::line(&text).as_str(), cols.saturating_sub(1))
    };
    tasks.map(line).collect()
}

/// `██████░░░░ 12,400/50,000 headers of INBOX, 9,800/s, 4 s left`
fn words(task: &Progress) -> String {
    let mut out = String::new();
    if task.total > 0 {
        out = format!("{} ", gauge::bar(task.done, task.total, BAR));
    }
    out += &format!("{} {}", gauge::count(task.done, task.total), task.what);
    if task.rate > 0 {
        out += &format!(", {}/s", gauge::grouped(task.rate));
    }
    if let Some(left) = task.left {
        out += &format!(", {} left", when::duration(left));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_drawn_over_those_before_and_gone_at_the_end() {
        let mut bars = Bars::new(false);
        let lines = ["a".to_owned(), "b".to_owned()];
        assert_eq!(bars.frame(&lines), "a\nb\n");
        assert_eq!(bars.frame(&lines[..1]), "\x1b[2A\r\x1b[Ja\n");
        assert_eq!(bars.frame(&[]), "\x1b[1A\r\x1b[J");
        assert_eq!(bars.frame(&[]), "");
    }

    #[test]
    fn a_line_an_account_that_works_and_none_too_wide() {
        let at = |what: &str| AccountStatus {
            progress: Some(Progress {
                doing: String::new(),
                what: what.into(),
                done: 12_400,
                total: 50_000,
                rate: 9_800,
                left: Some(4),
            }),
            ..AccountStatus::default()
        };
        let name = |n: &str| AccountName(n.into());
        let known = BTreeMap::from([
            (name("a"), at("headers of INBOX")),
            (name("b"), AccountStatus::default()),
            (name("c"), at("bodies of \x1b[2J日本語日本語日本語日本語")),
        ]);
        let wide = lines(&known, 200);
        assert_eq!(
            wide[0],
            "a: █████▉░░░░░░░░░░░░░░░░░░ 12,400/50,000 headers of INBOX, 9,800/s, 4 s left"
        );
        assert_eq!(wide.len(), 2);
        for cols in 1..100 {
            for line in lines(&known, cols) {
                assert!(
                    width::width(&line) < cols.max(1) && !line.contains('\x1b'),
                    "{line}"
                );
            }
        }
    }
}
