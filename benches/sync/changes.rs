//! Somebody else read a thousand messages and removed another thousand: from the moment at which the
//! server writes of it to the moment at which the screen has it all. The line above the list counts
//! what is there and what is unread, so it says when both are done.

use crate::corpus::{Size, UNREAD, mark};
use crate::floor::Bare;
use crate::lab::Lab;
use crate::program::Home;
use crate::pty::Terminal;
use crate::table::{Row, Several, Unit};
use crate::wire::Wire;
use std::fmt::Write as _;
use std::time::Instant;

/// The user whose mail this is.
const USER: &str = "changed";

/// What the line above the list must say; and how many are there and unread.
struct Held {
    all: usize,
    unread: usize,
}

impl Held {
    fn shown(&self) -> String {
        format!("{} unread of {}", grouped(self.unread), grouped(self.all))
    }
}

/// On a screen that hears of it, then without a screen.
pub fn run(lab: &mut Lab) {
    let count = lab.count;
    // Ten thousand unread ones are enough for five times two thousand.
    let some = (count / 50).clamp(1, 1_000);
    lab.mail(USER, count, Size::Small);
    let wire = Wire::to(lab.server.imap);
    let home = Home::new(&wire.account(USER));
    home.sync("none");
    let terminal = home.screen();
    terminal.wait_until("the newest message", |s| s.contains(&mark(count - 1)));
    wire.wait_said("IDLE");
    let mut other = Bare::open(lab.server.imaps, USER);
    let mut held = Held {
        all: count,
        unread: count.div_ceil(UNREAD),
    };
    let (mut one, mut both) = (Several::default(), Several::default());
    for run in 0..lab.runs.min(5) {
        let (read, gone) = (
            unread(count, 2 * run, some),
            unread(count, 2 * run + 1, some),
        );
        wire.settle();
        wire.forget(&[b"FETCH (", b"VANISHED", b"EXPUNGE", b"* STATUS", b" EXISTS"]);
        change(&mut other, "\\Seen", &read, &gone);
        let changed = Instant::now();
        held.all -= some;
        held.unread -= 2 * some;
        wait(&terminal, &held);
        let there = Instant::now();
        let told = wire.passed().told.expect("the server told nobody");
        one.add_time(there - told);
        // It may tell of the first change before the second is done.
        both.add_time(there.saturating_duration_since(told.max(changed)));
    }
    drop(terminal);
    lab.table.row(&Row {
        what: format!(
            "{some} flags and {some} deletions elsewhere, at {count}: from the server's word to the screen"
        ),
        program: both.tell(Unit::Millis),
        floor: format!("{} from its first word", one.tell(Unit::Millis)),
        ratio: String::new(),
        wanted: "< 200 ms",
    });
    let mut once = Several::default();
    let mut idle = Several::default();
    for run in 0..lab.runs.min(5) {
        home.sync("none");
        idle.add_time(home.sync("none").wall);
        let (starred, gone) = (seen(count, 2 * run, some), seen(count, 2 * run + 1, some));
        change(&mut other, "\\Flagged", &starred, &gone);
        held.all -= some;
        once.add_time(home.sync("none").wall);
        home.must_hold(held.all);
        assert_eq!(home.found("is:flagged"), ((run + 1) * some) as u64);
    }
    lab.table.row(&Row {
        what: "… found out by the next `sync --once`, from launch to its end".to_owned(),
        program: once.tell(Unit::Millis),
        floor: format!("{} with nothing changed", idle.tell(Unit::Millis)),
        ratio: format!(
            "difference **{}**",
            Unit::Millis.tell(once.median() - idle.median())
        ),
        wanted: "",
    });
}

fn wait(terminal: &Terminal, held: &Held) {
    let wanted = held.shown();
    terminal.wait_for(&wanted);
}

fn change(other: &mut Bare, flag: &str, set: &str, gone: &str) {
    other.ask(&format!("UID STORE {set} +FLAGS.SILENT ({flag})"));
    other.ask(&format!("UID STORE {gone} +FLAGS.SILENT (\\Deleted)"));
    other.ask(&format!("UID EXPUNGE {gone}"));
}

/// UIDs of so many messages that are unread at first, from all over the mailbox, others for each `n`.
fn unread(count: usize, n: usize, some: usize) -> String {
    set((0..count).filter(|at| at % UNREAD == 0), n, some)
}

/// The same of messages that were read.
fn seen(count: usize, n: usize, some: usize) -> String {
    set((0..count).filter(|at| at % UNREAD == 1), n, some)
}

fn set(all: impl Iterator<Item = usize>, n: usize, some: usize) -> String {
    let mut text = String::new();
    for at in all.skip(n).step_by(10).take(some) {
        let comma = if text.is_empty() { "" } else { "," };
        let _ = write!(text, "{comma}{}", at + 1);
    }
    text
}

/// `12,345`, as the screen shows it.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
