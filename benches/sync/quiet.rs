//! Nothing has changed: what it costs to find that out, in CPU time, octets and round trips, for one
//! large mailbox and for many small ones.

use crate::corpus::{Corpus, Size};
use crate::lab::{Lab, MANY, NOBODY};
use crate::maildir;
use crate::program::Home;
use crate::table::{Row, Several, Unit};
use crate::wire::{Passed, Wire};

/// Mailboxes beside the INBOX: few, and many.
const BOXES: [usize; 2] = [10, 200];

/// The second sync and those after it.
pub fn run(lab: &mut Lab) {
    let count = lab.count;
    lab.mail(MANY, count, Size::Small);
    let (home, empty) = (lab.home(MANY), lab.home(NOBODY));
    home.sync("none");
    home.must_hold(count);
    empty.sync("none");
    let (mut wall, mut cpu) = (Several::default(), Several::default());
    let (mut wall_none, mut cpu_none) = (Several::default(), Several::default());
    // Twice as often: it is short, and a difference of small numbers.
    for _ in 0..2 * lab.runs {
        let none = empty.sync("none");
        wall_none.add_time(none.wall);
        cpu_none.add_time(none.cpu);
        let cost = home.sync("none");
        wall.add_time(cost.wall);
        cpu.add_time(cost.cpu);
    }
    let both = |table: &mut crate::table::Table, what: String, a: &Several, b: &Several, wanted| {
        table.row(&Row {
            what,
            program: a.tell(Unit::Millis),
            floor: format!("{} (empty account)", b.tell(Unit::Millis)),
            ratio: format!(
                "difference **{}**",
                Unit::Millis.tell(a.median() - b.median())
            ),
            wanted,
        });
    };
    let what = format!("no-change resync of {count}: CPU time of the run");
    both(&mut lab.table, what, &cpu, &cpu_none, "< 5 ms");
    let what = "… from launch to its end".to_owned();
    both(&mut lab.table, what, &wall, &wall_none, "");
    let one = again(lab, MANY);
    tell(
        lab,
        &format!("no-change resync of {count}: on the wire"),
        &one,
        "",
    );
    for boxes in BOXES {
        let user = format!("boxes{boxes}");
        if lab.is_new(&user) {
            maildir::write_many(&lab.homes(), &user, boxes, &Corpus::new(5, Size::Small));
        }
        let passed = again(lab, &user);
        let what = format!("no-change resync of {boxes} mailboxes: on the wire");
        tell(lab, &what, &passed, "round trips as with few");
    }
}

/// What passes in a resync that finds nothing.
fn again(lab: &Lab, user: &str) -> Passed {
    let wire = Wire::to(lab.server.imap);
    let home = Home::new(&wire.account(user));
    home.sync("none");
    // The first time after a first sync may put in order what the second time needs no more.
    home.sync("none");
    wire.forget(&[]);
    home.sync("none");
    wire.passed()
}

fn tell(lab: &mut Lab, what: &str, passed: &Passed, wanted: &'static str) {
    lab.table.plain(
        what,
        format!(
            "{} round trips, {} commands, {} octets up, {} down",
            passed.turns,
            passed.said.len(),
            passed.up,
            passed.down
        ),
        wanted,
    );
    for line in &passed.said {
        let verb = line.split_once(' ').map_or(line.as_str(), |l| l.1);
        let secret = ["LOGIN", "AUTHENTICATE"]
            .iter()
            .any(|s| verb.starts_with(s));
        let shown: String = verb.chars().take(if secret { 5 } else { 110 }).collect();
        println!("    {shown}");
    }
}
