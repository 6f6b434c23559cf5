//! How close the sync engine comes to what the wire allows: the whole program against a real
//! Dovecot over TLS on this machine, and in the same run a client that drains the same answers and
//! throws them away.
//!
//! `cargo bench --bench sync -- [CASE...] [--huge] [--messages N] [--runs N]`, with the cases
//! `headers`, `quiet`, `changes`, `push`, `bodies` and `send`; all of them if none is named, and
//! `huge` with `--huge`. `POSTRIDER=FILE` measures another build of the program. It needs Dovecot,
//! and mbsync for one comparison; without them it says so. docs/performance.md has the results.
//!
//! Nothing here fails because something is slow: the answer is a table, and what is wanted stands
//! beside what was found. It does fail where the work was not done.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for developers that prints its answer and may panic"
)]

#[path = "../../tests/it/tls.rs"]
mod tls;
#[allow(
    dead_code,
    reason = "a rig of the tests, of which not all is wanted here"
)]
#[path = "../../tests/it/smtp.rs"]
mod smtp;
#[allow(
    dead_code,
    reason = "a rig of the tests, of which not all is wanted here"
)]
#[path = "../../tests/it/dovecot.rs"]
mod dovecot;
#[path = "../../tests/it/pty.rs"]
mod pty;
#[path = "../shared/mod.rs"]
mod shared;
mod table;
mod corpus;
mod maildir;
mod floor;
mod program;
mod wire;
mod lab;
mod headers;
mod quiet;
mod changes;
mod push;
mod bodies;
mod send;
mod machine;

use lab::Lab;
use std::ffi::OsString;

type Case = (&'static str, fn(&mut Lab));

const CASES: [Case; 6] = [
    ("headers", headers::run),
    ("quiet", quiet::run),
    ("changes", changes::run),
    ("push", push::run),
    ("bodies", bodies::run),
    ("send", send::run),
];

struct Wanted {
    cases: Vec<String>,
    huge: bool,
    messages: usize,
    letters: usize,
    million: usize,
    runs: usize,
}

fn wanted() -> Wanted {
    let mut wanted = Wanted {
        cases: Vec::new(),
        huge: false,
        messages: 50_000,
        letters: 10_000,
        million: 1_000_000,
        runs: 5,
    };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut number = || {
            let value = args.next().and_then(|n| n.parse().ok());
            value.unwrap_or_else(|| panic!("{arg} takes a number"))
        };
        match arg.as_str() {
            // What cargo says to every benchmark.
            "--bench" => {}
            "--huge" => wanted.huge = true,
            "--messages" => wanted.messages = number(),
            "--letters" => wanted.letters = number(),
            "--million" => wanted.million = number(),
            "--runs" => wanted.runs = number().max(1),
            case if CASES.iter().any(|c| c.0 == case) => wanted.cases.push(arg),
            _ => panic!("{arg}? Cases are {:?}", CASES.map(|c| c.0)),
        }
    }
    wanted
}

fn main() {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    if args.first().is_some_and(|a| a == "--meter") {
        program::meter(&args[1..]);
    }
    let wanted = wanted();
    let Some(server) = dovecot::Dovecot::start(None) else {
        return;
    };
    machine::print();
    let mut lab = Lab::new(
        server,
        wanted.messages,
        wanted.letters,
        wanted.million,
        wanted.runs,
    );
    let all = wanted.cases.is_empty();
    let is_wanted = |name: &str| all || wanted.cases.iter().any(|c| c == name);
    for (name, case) in CASES {
        if is_wanted(name) {
            println!("\n== {name}");
            case(&mut lab);
        }
    }
    if wanted.huge {
        println!("\n== huge");
        headers::huge(&mut lab);
    }
    lab.table.print();
    machine::print();
}
