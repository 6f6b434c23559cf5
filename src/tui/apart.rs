//! Work on a thread of its own that is always answered for: a panic in it costs the work and not the
//! program, and who waits for it hears of that, too.

use crate::lang::tr;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Does it on a thread of this name. `lost` is told why where it broke off, or could not be begun.
pub fn apart(
    name: &str,
    work: impl FnOnce() + Send + 'static,
    lost: impl FnOnce(String) + Clone + Send + 'static,
) {
    let otherwise = lost.clone();
    let run = move || {
        if catch_unwind(AssertUnwindSafe(work)).is_err() {
            lost(tr!("it broke off: a fault in postrider").to_owned());
        }
    };
    if let Err(error) = std::thread::Builder::new().name(name.to_owned()).spawn(run) {
        otherwise(tr!("no thread to do it: {error}", error));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam_channel::unbounded;
    use std::time::Duration;

    #[test]
    fn who_waits_hears_of_a_panic_too() {
        let (sender, heard) = unbounded();
        let (done, lost) = (sender.clone(), sender);
        apart("well", move || drop(done.send("done".to_owned())), |_| {});
        let tell = move |why| drop(lost.send(why));
        apart("ill", || panic!("a fault"), tell);
        let patience = Duration::from_secs(60);
        let mut all = [(); 2].map(|()| heard.recv_timeout(patience).unwrap());
        all.sort();
        assert_eq!(all, ["done", "it broke off: a fault in postrider"]);
    }
}
