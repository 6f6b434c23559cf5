//! New mail while the program runs: from the moment at which the server writes that it is there to
//! the moment at which it is on the screen. How long the server takes before it writes is its own.

use crate::corpus::{Size, mark};
use crate::lab::Lab;
use crate::program::Home;
use crate::table::{Row, Several, Unit};
use crate::wire::Wire;
use std::time::Instant;

/// The user who gets them.
const USER: &str = "pushed";
/// So many letters, one after the other.
const LETTERS: usize = 20;

/// Twenty letters into a large INBOX that is on the screen.
pub fn run(lab: &mut Lab) {
    let count = lab.count;
    lab.mail(USER, count, Size::Small);
    let wire = Wire::to(lab.server.imap);
    let home = Home::new(&wire.account(USER));
    home.sync("none");
    let terminal = home.screen();
    terminal.wait_until("the newest message", |s| s.contains(&mark(count - 1)));
    wire.wait_said("IDLE");
    let (mut shown, mut whole) = (Several::default(), Several::default());
    for n in 0..LETTERS {
        wire.settle();
        wire.forget(&[b" EXISTS", b"* STATUS"]);
        let subject = format!("push-{n:03}");
        let now = jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S +0000");
        let letter = format!(
            "From: Ada <ada@example.com>\nTo: {USER}@example.test\nSubject: {subject}\n\
             Date: {now}\nMessage-ID: <{subject}@example.com>\n\nHello.\n"
        );
        lab.server.deliver(USER, &letter);
        let delivered = Instant::now();
        terminal.wait_for(&subject);
        let there = Instant::now();
        let told = wire.passed().told.expect("the server told nobody");
        shown.add_time(there - told);
        whole.add_time(there.saturating_duration_since(delivered));
    }
    lab.table.row(&Row {
        what: format!("push: from the server's word to the screen, {LETTERS} letters"),
        program: format!(
            "{}, worst {}",
            shown.tell(Unit::Millis),
            Unit::Millis.tell(shown.worst())
        ),
        floor: format!("{} from the delivery", whole.tell(Unit::Millis)),
        ratio: String::new(),
        wanted: "≤ 30 ms",
    });
}
