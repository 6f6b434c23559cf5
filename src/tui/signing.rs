//! The thread that waits for a sign-in in a browser: it may take as long as the user.

use crate::model::{AccountName, SignInBy, SignInStep, SignInWord};
use crate::tui::event::{Event, SignInNews};
use crate::tui::ports::SignInHow;
use crossbeam_channel::{Sender, unbounded};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Begins; what comes of it is sent as events. Gives where the user's words go: who lets go of that
/// ends it, and so does the next sign-in. `None`: there is no thread to be had, which is told.
pub fn begin(
    how: &SignInHow,
    serial: u64,
    account: AccountName,
    by: SignInBy,
    events: Sender<Event>,
) -> Option<Sender<SignInWord>> {
    let (sender, words) = unbounded();
    let how = Arc::clone(how);
    let (back, whose) = (events.clone(), account.clone());
    let tell = move |news: SignInNews| {
        let account = whose.clone();
        let _ = back.send(Event::SignIn(serial, account, news));
    };
    let failed = tell.clone();
    let work = move || {
        let step = |step: SignInStep| tell(SignInNews::Step(step));
        let done = catch_unwind(AssertUnwindSafe(|| how(&account, by, &step, &words)));
        let done =
            done.unwrap_or_else(|_| Err("signing in broke off: a fault in postrider".into()));
        tell(SignInNews::Ended(done));
    };
    match std::thread::Builder::new()
        .name("sign-in".into())
        .spawn(work)
    {
        Ok(_) => Some(sender),
        Err(error) => {
            failed(SignInNews::Ended(Err(format!(
                "no thread to sign in with: {error}"
            ))));
            None
        }
    }
}
