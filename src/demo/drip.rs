//! New mail that drops in while somebody looks on: a finite set of letters, told again and again
//! with fresh dates and ids.

use super::seed::drips;
use super::world::Shared;
use std::sync::Arc;
use std::time::Duration;

/// Delivers a letter every so often until the world stops. `wait` sleeps for that long or until
/// there is something to stop for, and says whether to go on.
pub fn run(
    shared: &Arc<Shared>,
    seed: u64,
    every: Duration,
    mut wait: impl FnMut(Duration) -> bool,
) {
    for round in 0.. {
        let people = shared.world().people.clone();
        let count = drips(seed, 0, round, &people).len();
        for n in 0..count {
            if !wait(every) {
                return;
            }
            let now = jiff::Timestamp::now().as_second();
            let Some(letter) = drips(seed, now, round, &people).into_iter().nth(n) else {
                continue;
            };
            let owner = people.iter().find(|p| p.name == letter.account);
            if let Some(owner) = owner {
                shared.deliver(&owner.email, &letter.raw, now);
            }
        }
        if count == 0 {
            return;
        }
    }
}
