//! The thread that waits for a sign-in in a browser: it may take as long as the user.

use crate::lang::tr;
use crate::model::{AccountName, SignInBy, SignInStep, SignInWord};
use crate::tui::apart::apart;
use crate::tui::event::{Event, SignInNews};
use crate::tui::ports::SignInHow;
use crossbeam_channel::{Sender, unbounded};
use std::sync::Arc;

/// Begins; what comes of it is sent as events. Gives where the user's words go: who lets go of that
/// ends it, and so does the next sign-in.
pub fn begin(
    how: &SignInHow,
    serial: u64,
    account: AccountName,
    by: SignInBy,
    events: Sender<Event>,
) -> Sender<SignInWord> {
    let (sender, words) = unbounded();
    let how = Arc::clone(how);
    let whose = account.clone();
    let tell = move |news: SignInNews| {
        let account = whose.clone();
        let _ = events.send(Event::SignIn(serial, account, news));
    };
    let lost = tell.clone();
    let work = move || {
        let step = |step: SignInStep| tell(SignInNews::Step(step));
        tell(SignInNews::Ended(how(&account, by, &step, &words)));
    };
    apart("sign-in", work, move |why| {
        lost(SignInNews::Ended(Err(tr!("signing in: {why}", why))));
    });
    sender
}
