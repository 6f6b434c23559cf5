//! What the screen shows of a message that is handed over, where that takes a while: how much of it
//! has gone out, then that the server's answer is waited for.

use crate::lang::{tr, trc};
use crate::model::Progress;
use crate::net::smtp::{Going, Watch};
use crate::sync::report::{Report, STEP, Task, WORTH, measure};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// The message under way.
#[derive(Default)]
struct Run {
    began: Option<Instant>,
    told: Option<Instant>,
}

/// Tells an account's board. One for each connection.
pub fn watch(report: &Report) -> Watch {
    let (report, run) = (report.clone(), Mutex::new(Run::default()));
    Watch::new(move |going| {
        let mut run = run.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shown) = shown(&mut run, going, Instant::now()) {
            report.progress(Task::Sending, shown);
        }
    })
}

/// What is shown from now on: `None` if nothing changes.
fn shown(run: &mut Run, going: Going, now: Instant) -> Option<Option<Progress>> {
    match going {
        Going::Sent(done, total) => {
            let took = now - *run.began.get_or_insert(now);
            let lately = run.told.is_some_and(|told| now - told < STEP);
            if lately || took < WORTH {
                return None;
            }
            run.told = Some(now);
            let mut progress = measure(tr!("kB of a message"), 0, done >> 10, total >> 10, took);
            progress.doing = trc!("work", "sending").to_owned();
            Some(Some(progress))
        }
        Going::Waiting => {
            run.told = Some(now);
            Some(Some(Progress {
                doing: tr!("waiting for the submission server to answer").to_owned(),
                ..Progress::default()
            }))
        }
        Going::Over => {
            let before = std::mem::take(run);
            before.told.map(|_| None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_is_quick_shows_nothing_and_what_is_not_shows_how_far_it_is() {
        let (mut run, from) = (Run::default(), Instant::now());
        let at = |ms| from + Duration::from_millis(ms);
        assert_eq!(shown(&mut run, Going::Sent(1 << 20, 9 << 20), at(0)), None);
        assert_eq!(
            shown(&mut run, Going::Sent(2 << 20, 9 << 20), at(300)),
            None
        );
        assert_eq!(shown(&mut run, Going::Over, at(400)), None);

        assert_eq!(
            shown(&mut run, Going::Sent(1 << 20, 9 << 20), at(1_000)),
            None
        );
        let told = shown(&mut run, Going::Sent(3 << 20, 9 << 20), at(2_000));
        let told = told.flatten().unwrap();
        assert_eq!((told.done, told.total, told.left), (3_072, 9_216, Some(2)));
        assert_eq!(
            shown(&mut run, Going::Sent(4 << 20, 9 << 20), at(2_050)),
            None
        );
        assert_eq!(shown(&mut run, Going::Over, at(3_000)), Some(None));

        let told = shown(&mut run, Going::Waiting, at(9_000))
            .flatten()
            .unwrap();
        assert_eq!(told.doing, "waiting for the submission server to answer");
        assert_eq!(shown(&mut run, Going::Over, at(10_000)), Some(None));
        assert_eq!(shown(&mut run, Going::Over, at(11_000)), None);
    }
}
