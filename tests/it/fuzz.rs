//! The fuzz targets for a fixed number of cases: each seed as it is, then changed by seeded dice.
//! A case must not panic, must keep what its target promises, and may cost only so much: what it
//! allocates is counted, so that a blow-up is found on any machine.
//!
//! `FUZZ=100` runs a hundred times as many cases; `fuzz/` is for runs without an end.

use crate::dice::Dice;
use crate::targets;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Cases of each target, besides the seeds.
const CASES: usize = 150;
/// Octets of a case.
const MOST: usize = 16 << 10;
/// What a case may hold at once, in octets, and how often it may ask for memory: both whatever it
/// is, and for each octet of it.
const HELD: (u64, u64) = (8 << 20, 2_000);
const ASKED: (u64, u64) = (100_000, 400);

fn seeds(name: &str) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("fuzz/seeds").join(name)];
    if matches!(name, "message" | "header" | "clean") {
        folders.push(root.join("tests/messages"));
    }
    let files = folders.iter().flat_map(|f| std::fs::read_dir(f).unwrap());
    let mut files: Vec<_> = files.map(|f| f.unwrap().path()).collect();
    files.retain(|f| f.extension().is_none_or(|e| e == "eml"));
    files.sort();
    assert!(files.len() >= 2, "the seeds of {name} are missing");
    files.iter().map(|f| std::fs::read(f).unwrap()).collect()
}

/// Runs one case; what is wrong with it, if anything is.
fn wrong(target: fn(&[u8]), case: &[u8]) -> Option<String> {
    let mut outcome = Ok(());
    let cost = allocation_counter::measure(|| {
        outcome = catch_unwind(AssertUnwindSafe(|| target(case)));
    });
    if let Err(panic) = outcome {
        let said = panic.downcast_ref::<String>().cloned();
        let said = said.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
        return Some(said.unwrap_or_default());
    }
    let len = case.len() as u64;
    let bound = |(least, each): (u64, u64)| least + each * len;
    if cost.bytes_max > bound(HELD) || cost.count_total > bound(ASKED) {
        return Some(format!("{len} octets cost {cost:?}"));
    }
    None
}

fn run(name: &str) {
    let (_, target) = *targets::ALL.iter().find(|(n, _)| *n == name).unwrap();
    let seeds = seeds(name);
    let many = std::env::var("FUZZ")
        .ok()
        .and_then(|n| n.parse::<usize>().ok());
    let mut dice = Dice::new(7162);
    let mut last = Vec::new();
    for n in 0..seeds.len() + CASES * many.unwrap_or(1) {
        let case = match seeds.get(n) {
            Some(seed) => seed.clone(),
            None => {
                // Changes pile up now and then.
                let mut case: Vec<u8> = match dice.below(4) {
                    0 => std::mem::take(&mut last),
                    _ => dice.one(&seeds).clone(),
                };
                let other = dice.one(&seeds).clone();
                dice.mutate(&mut case, &other, MOST);
                case
            }
        };
        if let Some(why) = wrong(target, &case) {
            panic!("{name}, case {n}: {why}\n{}", case.escape_ascii());
        }
        last = case;
    }
}

macro_rules! targets {
    ($($test:ident $name:literal,)*) => {
        $(
            #[test]
            fn $test() {
                run($name);
            }
        )*

        #[test]
        fn every_target_is_run_here_and_for_cargo_fuzz() {
            let here = [$($name),*];
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
            let manifest = std::fs::read_to_string(root.join("Cargo.toml")).unwrap();
            assert_eq!(here, targets::ALL.map(|(name, _)| name));
            for name in here {
                assert!(root.join(format!("fuzz_targets/{name}.rs")).exists(), "{name}");
                assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
            }
        }
    };
}

targets! {
    any_message_is_shown "message",
    any_page_is_shown "html",
    any_header_is_read "header",
    any_calendar_is_shown "calendar",
    any_card_is_read "card",
    anything_an_imap_server_says_is_read "imap",
    anything_a_submission_server_says_is_read "smtp",
    anything_typed_is_searched_for "query",
    any_script_is_read_within_bounds "sieve",
    anything_is_cleaned "clean",
}
