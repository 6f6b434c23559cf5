//! The first sync: all headers of a mailbox into an empty cache, against a client that throws them
//! away; and what a person sees meanwhile. With `--huge` the same of a much larger mailbox.

use crate::corpus::{MARKED, Size, mark};
use crate::floor::drain_headers;
use crate::lab::{Lab, MANY};
use crate::program::Home;
use crate::table::{Row, Several, Unit};
use std::time::Instant;

/// So many messages are a screenful.
const SCREENFUL: usize = 60;

struct First {
    program: Several,
    floor: Several,
    cpu: Several,
    floor_cpu: Several,
    rss: Several,
    cache: u64,
}

fn first(lab: &Lab, user: &str, count: usize, runs: usize) -> First {
    let mut found = First {
        program: Several::default(),
        floor: Several::default(),
        cpu: Several::default(),
        floor_cpu: Several::default(),
        rss: Several::default(),
        cache: 0,
    };
    for _ in 0..runs {
        let drained = drain_headers(lab.server.imaps, user);
        found.floor.add_time(drained.wall);
        found.floor_cpu.add_time(drained.cpu);
        let home = lab.home(user);
        let cost = home.sync("none");
        home.must_hold(count);
        found.program.add_time(cost.wall);
        found.cpu.add_time(cost.cpu);
        found.rss.add(cost.rss as f64);
        found.cache = home.cache_size();
    }
    found
}

fn tell(lab: &mut Lab, count: usize, found: &First) {
    lab.table.ratio(
        &format!("first sync of {count} headers"),
        &found.program,
        &found.floor,
        "≤ 2.0, better 1.3",
    );
    lab.table
        .ratio("… its CPU time", &found.cpu, &found.floor_cpu, "");
    let rss = found.rss.tell(Unit::Megabytes);
    lab.table
        .plain("… its peak memory", rss, "< 48 MB (48 MiB is 50.3)");
    let size = Unit::Megabytes.tell(found.cache as f64);
    lab.table.plain("… its cache on disk", size, "");
}

/// The first sync, and the first screen.
pub fn run(lab: &mut Lab) {
    let count = lab.count;
    lab.mail(MANY, count, Size::Small);
    let found = first(lab, MANY, count, lab.runs);
    tell(lab, count, &found);
    let (mut one, mut all) = (Several::default(), Several::default());
    let (mut again, mut full) = (Several::default(), Several::default());
    let kept = lab.home(MANY);
    kept.sync("none");
    for _ in 0..lab.runs {
        screen(&lab.home(MANY), count, &mut one, &mut all);
        screen(&kept, count, &mut again, &mut full);
    }
    let millis = |s: &Several| s.tell(Unit::Millis);
    lab.table.plain(
        "from launch to the newest message on the screen, empty cache",
        millis(&one),
        "",
    );
    lab.table.plain(
        "from launch to the newest 60 on the screen, empty cache",
        millis(&all),
        "< 150 ms",
    );
    lab.table.plain(
        "from launch to the newest 60 on the screen, full cache",
        millis(&full),
        "",
    );
}

/// Starts the screen and ends it once the newest messages are on it.
fn screen(home: &Home, count: usize, one: &mut Several, all: &mut Several) {
    let from = Instant::now();
    let mut terminal = home.screen();
    let newest = mark(count - 1);
    terminal.wait_until("the newest message", |s| s.contains(&newest));
    one.add_time(from.elapsed());
    let wanted = SCREENFUL.min(MARKED).min(count);
    terminal.wait_until("a screenful", |s| s.matches("mark-").count() >= wanted);
    all.add_time(from.elapsed());
    terminal.kill();
}

/// A mailbox that is much larger, beside the usual one in the same run.
pub fn huge(lab: &mut Lab) {
    let (count, huge) = (lab.count, lab.huge);
    lab.mail(MANY, count, Size::Small);
    lab.mail("huge", huge, Size::Small);
    let small = first(lab, MANY, count, lab.runs);
    let large = first(lab, "huge", huge, 1);
    tell(lab, huge, &large);
    let rate = |f: &First, n: usize| n as f64 / f.program.median();
    let (there, here) = (rate(&large, huge), rate(&small, count));
    lab.table.row(&Row {
        what: format!("messages a second at {huge}, beside {count}"),
        program: format!("{there:.0}"),
        floor: format!("{here:.0}"),
        ratio: format!("**{:.2}**", there / here),
        wanted: "≥ 0.8",
    });
    let (there, here) = (large.rss.median(), small.rss.median());
    lab.table.row(&Row {
        what: format!("peak memory at {huge}, beside {count}"),
        program: Unit::Megabytes.tell(there),
        floor: Unit::Megabytes.tell(here),
        ratio: format!("**{:.2}**", there / here),
        wanted: "≤ 1.2",
    });
}
