//! What can be decided about a message on its way out, and about a reminder: nothing by which somebody
//! would get it twice unawares.

use crate::lang::{self, mark, tr};
use crate::model::{
    OutboxId, OutboxVerb, RecipientState, Reminder, ReminderId, Submission, SubmissionState,
};
use crate::text::{Clean, later};
use crate::tui::screen::menu::{Item, Menu};

/// What is decided about a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// About a message on its way out.
    Outbox(OutboxId, OutboxVerb),
    /// A reminder comes back at this time, seconds since 1970.
    Again(ReminderId, i64),
    /// A reminder goes.
    Dismiss(ReminderId),
    /// Asks for a time of one's own.
    AskTime(Timed),
}

/// What a time is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timed {
    /// For a message on its way out: when it is sent.
    Send(OutboxId),
    /// For a reminder: when it comes back.
    Remind(ReminderId),
}

/// What of a reminder.
pub fn about_reminder(reminder: &Reminder, now: i64) -> Menu<Decision> {
    let again = |text: &str, label| {
        let at = later::parse(text, now)?;
        Some((
            Decision::Again(reminder.id, at),
            label,
            tr!("If nobody has answered by then."),
        ))
    };
    let dismiss = Decision::Dismiss(reminder.id);
    let choices = [
        again("tomorrow 9am", tr!("Remind again tomorrow")),
        again("in 3d", tr!("Remind again in three days")),
        again("in 7d", tr!("Remind again in a week")),
        Some((
            Decision::AskTime(Timed::Remind(reminder.id)),
            tr!("Remind again at another time…"),
            tr!("Asks when."),
        )),
        Some((
            dismiss,
            tr!("Dismiss"),
            tr!("No answer is waited for any more."),
        )),
    ];
    let items = choices.into_iter().flatten();
    let items = items.map(|(value, label, detail)| Item {
        label: Clean::lit(label),
        detail: Clean::lit(detail),
        value,
    });
    let title = Clean::line(&tr!("{subject}: what now?", subject = reminder.subject));
    Menu::new(title, items.collect())
}

/// What of a message; `None`: nothing.
pub fn about_message(row: &Submission, now: i64) -> Option<Menu<Decision>> {
    let mut items: Vec<_> = verbs(row, now)
        .iter()
        .map(|(verb, label, detail)| Item {
            label: Clean::lit(lang::of(label)),
            detail: Clean::lit(lang::of(detail)),
            value: Decision::Outbox(row.id, *verb),
        })
        .collect();
    let later = |i: &Item<_>| matches!(i.value, Decision::Outbox(_, OutboxVerb::SendAt(_)));
    if let Some(at) = items.iter().rposition(later) {
        let own = Item {
            label: Clean::lit(tr!("Send at another time…")),
            detail: Clean::lit(tr!("Asks when.")),
            value: Decision::AskTime(Timed::Send(row.id)),
        };
        items.insert(at + 1, own);
    }
    let title = Clean::line(&tr!("{subject}: what now?", subject = row.subject));
    (!items.is_empty()).then(|| Menu::new(title, items))
}

type Choice = (OutboxVerb, &'static str, &'static str);

/// What the state allows; what is offered first is what most will want.
fn verbs(row: &Submission, now: i64) -> Vec<Choice> {
    const EDIT: Choice = (
        OutboxVerb::Edit,
        mark!("Edit"),
        mark!("Take it back into a draft; nothing is sent."),
    );
    const EDIT_DOUBT: Choice = (
        OutboxVerb::Edit,
        mark!("Edit"),
        mark!("Take it back into a draft; the first one may have arrived."),
    );
    const CANCEL: Choice = (
        OutboxVerb::Cancel,
        mark!("Discard"),
        mark!("Drop it; nobody gets it."),
    );
    const CANCEL_REST: Choice = (
        OutboxVerb::Cancel,
        mark!("Leave the rest out"),
        mark!("Those who have it keep it; nobody else gets it."),
    );
    const CANCEL_DOUBT: Choice = (
        OutboxVerb::Cancel,
        mark!("Discard"),
        mark!("Forget it; it may have been sent."),
    );
    const RETRY: Choice = (
        OutboxVerb::Retry,
        mark!("Try now"),
        mark!("Do not wait for the next try."),
    );
    const NOW: Choice = (
        OutboxVerb::Retry,
        mark!("Send now"),
        mark!("Do not wait for its time."),
    );
    const LET_GO: Choice = (
        OutboxVerb::Retry,
        mark!("Send now"),
        mark!("Hold it back no longer."),
    );
    const AGAIN: Choice = (
        OutboxVerb::SendAgain,
        mark!("Send again"),
        mark!("It may arrive twice, if the first one did get through."),
    );
    const SENT: Choice = (
        OutboxVerb::AssumeSent,
        mark!("Take it as sent"),
        mark!("File a copy and forget the doubt."),
    );
    const GIVE_UP: Choice = (
        OutboxVerb::GiveUpRefused,
        mark!("Send to the rest"),
        mark!("Give up those who were refused; nobody gets it twice."),
    );
    const GIVE_UP_REST: Choice = (
        OutboxVerb::GiveUpRefused,
        mark!("Give up the refused ones"),
        mark!("The others have it already."),
    );
    const HOLD: Choice = (
        OutboxVerb::Hold,
        mark!("Hold"),
        mark!("Keep it back until you say otherwise."),
    );
    let at = |text: &str, label, detail| {
        later::parse(text, now).map(|at| (OutboxVerb::SendAt(at), label, detail))
    };
    let times = [
        at(
            "in 1h",
            mark!("Send in an hour"),
            mark!("It can be changed until then."),
        ),
        at(
            "tomorrow 9am",
            mark!("Send tomorrow at 9"),
            mark!("It can be changed until then."),
        ),
    ];
    let times = times.into_iter().flatten();
    let (partly, some) = (
        row.is_partly_sent(),
        row.count(RecipientState::Refused) < row.recipients.len(),
    );
    // What was not tried yet waits for its time.
    let first = if row.waits_for_its_time() { NOW } else { RETRY };
    match row.state {
        SubmissionState::Queued if partly => vec![RETRY, HOLD, CANCEL_REST],
        SubmissionState::Held if partly => vec![LET_GO, CANCEL_REST],
        SubmissionState::Sending if partly => vec![CANCEL_REST],
        SubmissionState::Queued => [first, EDIT, HOLD]
            .into_iter()
            .chain(times)
            .chain([CANCEL])
            .collect(),
        SubmissionState::Held => [LET_GO, EDIT]
            .into_iter()
            .chain(times)
            .chain([CANCEL])
            .collect(),
        SubmissionState::Sending => vec![EDIT, CANCEL],
        SubmissionState::InDoubt if partly => vec![AGAIN, SENT, CANCEL_REST],
        SubmissionState::InDoubt => vec![AGAIN, SENT, EDIT_DOUBT, CANCEL_DOUBT],
        SubmissionState::Refused if partly => vec![GIVE_UP_REST, RETRY],
        SubmissionState::Refused if some && row.count(RecipientState::Refused) > 0 => {
            vec![EDIT, GIVE_UP, RETRY, CANCEL]
        }
        SubmissionState::Refused => vec![EDIT, RETRY, CANCEL],
        SubmissionState::Dot | SubmissionState::Accepted | SubmissionState::Done => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::standing::tests::row;

    fn offered(state: SubmissionState, stands: &[RecipientState]) -> Vec<OutboxVerb> {
        let choices = verbs(&row(state, stands), 1_750_000_000);
        choices.into_iter().map(|(verb, ..)| verb).collect()
    }

    #[test]
    fn nothing_is_offered_by_which_somebody_would_get_it_twice_unawares() {
        use RecipientState::{Accepted, Pending, Refused, TryLater, Unknown};
        for (state, _) in SubmissionState::ALL {
            for open in [Pending, Refused, TryLater, Unknown] {
                let partly = offered(state, &[Accepted, open]);
                assert!(!partly.contains(&OutboxVerb::Edit), "{state:?} {open:?}");
            }
        }
        let again = OutboxVerb::SendAgain;
        assert!(offered(SubmissionState::InDoubt, &[Unknown]).contains(&again));
        assert!(!offered(SubmissionState::Queued, &[Pending]).contains(&again));
    }

    #[test]
    fn what_was_refused_is_edited_first_or_sent_to_the_rest() {
        use RecipientState::{Accepted, Pending, Refused};
        let all = offered(SubmissionState::Refused, &[Refused, Refused]);
        assert_eq!(
            all,
            [OutboxVerb::Edit, OutboxVerb::Retry, OutboxVerb::Cancel]
        );
        let some = offered(SubmissionState::Refused, &[Pending, Refused]);
        assert_eq!(some[..2], [OutboxVerb::Edit, OutboxVerb::GiveUpRefused]);
        let rest = offered(SubmissionState::Refused, &[Accepted, Refused]);
        assert_eq!(rest, [OutboxVerb::GiveUpRefused, OutboxVerb::Retry]);
    }

    #[test]
    fn what_waits_for_its_time_is_sent_now_and_not_tried_again() {
        let first = |scheduled, attempts| {
            let mut waits = row(SubmissionState::Queued, &[RecipientState::Pending]);
            (waits.scheduled, waits.attempts) = (scheduled, attempts);
            verbs(&waits, 1_750_000_000)[0].1
        };
        assert_eq!(first(true, 1), "Send now");
        assert_eq!(first(false, 0), "Send now");
        assert_eq!(first(false, 1), "Try now");
    }

    #[test]
    fn what_waits_can_be_sent_later() {
        let waits = offered(SubmissionState::Queued, &[RecipientState::Pending]);
        let later = |v: &&OutboxVerb| matches!(v, OutboxVerb::SendAt(at) if *at > 1_750_000_000);
        assert_eq!(waits.iter().filter(later).count(), 2);
        let waits = row(SubmissionState::Queued, &[RecipientState::Pending]);
        let mut menu = about_message(&waits, 1_750_000_000).unwrap();
        assert!(menu.pick(6));
        let own = Decision::AskTime(Timed::Send(OutboxId(1)));
        assert_eq!(menu.chosen(), Some(own));
    }
}
