//! Places where the program may be cut down: around everything that makes something durable and
//! everything that goes over the wire.
//!
//! Without the feature `faults` a step is its work and nothing else. With it, and only for tests,
//! the program counts its steps and ends itself at the one that it is told, as a crash would: no
//! destructor, no flush, no word to anybody.
//!
//! - `POSTRIDER_STEP=n` ends it before the nth step (from 1), `n:after` once that step was done;
//! - `POSTRIDER_STEPS=FILE` appends the name of each step to a file as it begins.

/// Does `work`, which is a step of that name.
#[cfg(not(feature = "faults"))]
#[inline(always)]
pub fn step<T>(_name: &str, work: impl FnOnce() -> T) -> T {
    work()
}

/// Does `work`, which is a step of that name; or ends the process with SIGABRT before or after it,
/// if the environment says so.
#[cfg(feature = "faults")]
pub fn step<T>(name: &str, work: impl FnOnce() -> T) -> T {
    let number = counting::next(name);
    counting::end_if(&number.to_string());
    let done = work();
    counting::end_if(&format!("{number}:after"));
    done
}

#[cfg(feature = "faults")]
mod counting {
    use std::fs::OpenOptions;
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// The steps of this process, whichever thread makes them.
    static STEPS: AtomicU64 = AtomicU64::new(0);

    pub(super) fn next(name: &str) -> u64 {
        let number = STEPS.fetch_add(1, Ordering::SeqCst) + 1;
        if let Some(file) = std::env::var_os("POSTRIDER_STEPS") {
            let mut options = OpenOptions::new();
            let opened = options.append(true).create(true).mode(0o600).open(file);
            // Whoever counts will see that there is nothing.
            let _ = opened.and_then(|mut f| f.write_all(format!("{name}\n").as_bytes()));
        }
        number
    }

    pub(super) fn end_if(here: &str) {
        if std::env::var("POSTRIDER_STEP").is_ok_and(|wanted| wanted == here) {
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::step;

    #[test]
    fn a_step_is_its_work() {
        let mut done = 0;
        assert_eq!(
            step("one", || {
                done += 1;
                done
            }),
            1
        );
        assert_eq!(done, 1);
    }
}
