//! What happens by itself while somebody looks on: new mail drops in, a finite set told again and
//! again with fresh dates and ids, and the people of the cast answer what is written to them.

use super::seed::{answer, drips};
use super::teller::Named;
use super::world::{Shared, Wish};
use crossbeam_channel::{Receiver, RecvTimeoutError};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The most answers that are being thought about at a time.
const MAX_THOUGHTS: usize = 50;

/// Delivers a letter every so often, and an answer a fifth of that after it was wished for, until
/// nobody can wish any more.
pub fn run(shared: &Arc<Shared>, seed: u64, every: Duration, wishes: &Receiver<Wish>) {
    let mut next = Instant::now() + every;
    let mut thoughts: Vec<(Instant, Wish)> = Vec::new();
    let (mut round, mut at, mut answers) = (0, 0, 0);
    loop {
        let due = thoughts.first().map_or(next, |(when, _)| next.min(*when));
        match wishes.recv_timeout(due.saturating_duration_since(Instant::now())) {
            Ok(wish) if thoughts.len() < MAX_THOUGHTS => {
                thoughts.push((Instant::now() + every / 5, wish));
            }
            Ok(_) => {}
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                let now = jiff::Timestamp::now().as_second();
                if thoughts
                    .first()
                    .is_some_and(|(when, _)| *when <= Instant::now())
                {
                    let (_, wish) = thoughts.remove(0);
                    if let Some(raw) = answer(seed ^ answers, now, &wish) {
                        shared.deliver(&wish.to, &raw, now);
                    }
                    answers += 1;
                } else if next <= Instant::now() {
                    next = Instant::now() + every;
                    (round, at) = drop_in(shared, seed, now, (round, at));
                }
            }
        }
    }
}

/// Delivers one letter; where to go on.
fn drop_in(shared: &Arc<Shared>, seed: u64, now: i64, (round, at): (u64, usize)) -> (u64, usize) {
    let people: Vec<Named> = shared.world().people.iter().map(Named::of).collect();
    let letters = drips(seed, now, round, &people);
    if let Some(letter) = letters.get(at) {
        let owner = people.iter().find(|p| p.account == letter.account);
        if let Some(owner) = owner {
            shared.deliver(&owner.address.addr, &letter.raw, now);
        }
    }
    if at + 1 < letters.len() {
        (round, at + 1)
    } else {
        (round + 1, 0)
    }
}
