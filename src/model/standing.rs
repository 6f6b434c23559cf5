//! How a message on its way out stands, and what servers answered, in plain words: one table for
//! the outbox view, the commands, the notices and the reports that come back.
//!
//! Enhanced status codes are RFC 3463 with RFC 5248's registry (RFC 4954, RFC 6710, RFC 7372, RFC
//! 7505 among it). A server's own words always stay beside ours.

use super::{Fact, Recipient, RecipientState, Submission, SubmissionState};
use crate::lang::{self, tr, trc, trn};

/// How often a message in doubt is looked for before the user is asked for good.
pub const LOOKS: u32 = 5;

/// What the subject and detail of an enhanced status code mean. `later`: a code of class 4.
fn of_detail(detail: &str, later: bool) -> Option<&'static str> {
    Some(match detail {
        "1.0" | "1.1" => tr!("no such user"),
        "1.2" => tr!("no such domain"),
        "1.3" => tr!("the address is malformed"),
        "1.4" => tr!("the address fits several people"),
        "1.6" => tr!("the user has moved and left no new address"),
        "1.7" | "1.8" => tr!("the sender's address is not accepted"),
        "1.9" => tr!("the server on the way can't pass it on"),
        "1.10" => tr!("the domain takes no mail"),
        "2.0" | "2.1" => tr!("the mailbox is closed"),
        "2.2" => tr!("mailbox full"),
        "2.3" => tr!("the message is too large for the mailbox"),
        "2.4" => tr!("the mailing list can't be reached"),
        "3.1" => tr!("the server's storage is full"),
        "3.2" => tr!("the server takes no mail at present"),
        "3.3" => tr!("the server can't do what the message needs"),
        "3.4" => tr!("the message is too large"),
        "3.5" => tr!("the server is set up wrong"),
        "4.1" => tr!("the server of the domain does not answer"),
        "4.2" => tr!("the connection to the server broke"),
        "4.3" => tr!("the name of the server can't be found just now"),
        "4.4" => tr!("no way leads to the domain"),
        "4.5" => tr!("so much at once, or in a day, is not allowed"),
        "4.6" => tr!("the message goes in a circle"),
        "4.7" => tr!("it could not be delivered in time"),
        "5.3" => tr!("too many recipients at once"),
        "6.0" | "6.1" | "6.2" | "6.3" | "6.5" | "6.6" => tr!("the content is not accepted"),
        "6.7" | "6.8" | "6.9" => tr!("addresses that are not plain ASCII are not accepted"),
        "7.1" if later => tr!("the sender is unknown there so far (greylisting)"),
        "7.2" => tr!("the mailing list takes no mail from this address"),
        "7.8" | "7.9" | "7.10" | "7.11" | "7.12" => tr!("signing in is needed or failed"),
        "7.13" | "7.14" => tr!("the account is closed"),
        "7.17" => tr!("the address has another owner now"),
        "7.20" | "7.21" | "7.22" | "7.23" | "7.24" | "7.26" => {
            tr!("the sender's domain does not vouch for this server (SPF, DKIM or DMARC)")
        }
        "7.25" => tr!("the sending server has no proper name"),
        "7.27" => tr!("the sender's domain takes no mail"),
        "7.28" => tr!("so much at once, or in a day, is not allowed"),
        "7.30" => tr!("the server can't keep the encryption that is asked for"),
        _ if detail.starts_with("7.") => tr!("against the server's policy"),
        _ => return None,
    })
}

/// What a reply code (RFC 5321 §4.2.3) means without an enhanced one.
fn of_reply(reply: u16) -> Option<&'static str> {
    Some(match reply {
        421 => tr!("the server is busy"),
        450 => tr!("the mailbox is busy, or the sender unknown so far (greylisting)"),
        451 => tr!("a trouble of the server's, or the sender is unknown so far (greylisting)"),
        452 => tr!("the server is short of room"),
        454 | 530 | 534 | 535 | 538 => tr!("signing in is needed or failed"),
        521 | 556 => tr!("the domain takes no mail"),
        550 => tr!("no such user, or against the server's policy"),
        551 => tr!("the user is not here"),
        552 => tr!("mailbox full, or the message is too large"),
        553 => tr!("the address is not accepted"),
        555 => tr!("the server does not know what was asked of it"),
        _ => return None,
    })
}

/// What a refusal means: `status` is its enhanced status code (`5.1.1`), `reply` its reply code or 0.
pub fn meaning(status: Option<&str>, reply: u16) -> Option<&'static str> {
    // Said of a message and not of a sign-in, these are about the message (Gmail, Yahoo).
    let signs_in = matches!(reply, 0 | 454 | 530 | 534 | 535 | 538);
    let known = status
        .and_then(|status| status.split_once('.'))
        .and_then(|(class, detail)| match detail {
            "7.8" | "7.9" if !signs_in => of_detail("7.0", class == "4"),
            _ => of_detail(detail, class == "4"),
        });
    known.or_else(|| of_reply(reply))
}

/// A server's reply with its meaning before it: `no such user (550 5.1.1 …)`; as it is if it means
/// nothing that we know. `reply` must be clean.
pub fn explained(reply: &str) -> String {
    match meant(reply) {
        Some(meaning) if !reply.trim().is_empty() => format!("{meaning} ({})", reply.trim()),
        _ => reply.trim().to_owned(),
    }
}

/// What a reply means, by its codes.
fn meant(reply: &str) -> Option<&'static str> {
    let mut words = reply.split_whitespace();
    let first = words.next().unwrap_or_default();
    // The lines of a long reply have both in one word: `550-5.1.1 The account`.
    let (code, joined) = first.split_once('-').unwrap_or((first, ""));
    let code = code.parse().ok().unwrap_or(0);
    let status = match joined {
        "" => words.next().unwrap_or_default(),
        status => status,
    };
    let mut known = meaning(status_of(status), code);
    let lower = reply.to_ascii_lowercase();
    if code / 100 == 4 && (lower.contains("greylist") || lower.contains("graylist")) {
        known = of_detail("7.1", true);
    }
    known
}

/// The enhanced status code (RFC 3463 §2) that a word of a reply is; some write `#5.1.0` or `5.7.1:`.
pub fn status_of(word: &str) -> Option<&str> {
    let word = word.trim_start_matches('#').trim_end_matches([':', ',']);
    is_status(word).then_some(word)
}

/// Whether a word is an enhanced status code (RFC 3463 §2).
pub fn is_status(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    let number = |p: &&str| (1..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit());
    matches!(parts.as_slice(), ["2" | "4" | "5", rest @ ..] if rest.len() == 2 && rest.iter().all(number))
}

impl Fact {
    /// What it says, e.g. `not delivered to x@y: no such user (in its words: 550 5.1.1 …)`. The words of
    /// whoever wrote the report, which can be anybody, are marked as such and short. May hold
    /// untrusted text.
    pub fn words(&self) -> String {
        let who = &self.recipient;
        let said = match self.action.as_str() {
            "failed" => tr!("not delivered to {who}", who),
            "delayed" => tr!("not delivered to {who} yet, it is tried on", who),
            "delivered" => return tr!("delivered to {who}", who),
            "displayed" => return tr!("displayed by {who}", who),
            "relayed" => return tr!("passed on to a server of {who} that sends no reports", who),
            "expanded" => return tr!("passed on to the list {who}", who),
            action => tr!("{action} for {who}", action, who),
        };
        let diagnostic = self.diagnostic.trim();
        let meant = meaning(Some(self.status.as_str()), 0).or_else(|| meant(diagnostic));
        let told = match (shortened(diagnostic).as_str(), self.status.as_str()) {
            ("", "") => String::new(),
            ("", status) => format!(" ({status})"),
            (words, _) => tr!(" (in its words: {words})", words),
        };
        match meant {
            Some(meant) => format!("{said}: {meant}{told}"),
            None => format!("{said}{told}"),
        }
    }
}

/// The beginning of a report's words.
fn shortened(words: &str) -> String {
    const LONGEST: usize = 120;
    match words.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", words.get(..at).unwrap_or_default()),
        None => words.to_owned(),
    }
}

impl Recipient {
    /// Where it stands, e.g. `refused: no such user (550 5.1.1 …)`. May hold untrusted text.
    pub fn words(&self) -> String {
        let state = match self.state {
            RecipientState::Pending => trc!("recipient", "waits"),
            RecipientState::Accepted => return tr!("has it").to_owned(),
            RecipientState::TryLater => trc!("recipient", "put off"),
            RecipientState::Refused => trc!("recipient", "refused"),
            RecipientState::Unknown => return tr!("may have it").to_owned(),
        };
        match &self.reply {
            Some(reply) => format!("{state}: {}", explained(reply)),
            None => state.to_owned(),
        }
    }
}

impl Submission {
    /// How many recipients are in that state.
    pub fn count(&self, state: RecipientState) -> usize {
        self.recipients.iter().filter(|r| r.state == state).count()
    }

    /// Whether it waits for its first try: a server that was offered it ahead of the time that the
    /// user chose (RFC 4865) and did not take it was not tried.
    pub fn waits_for_its_time(&self) -> bool {
        self.scheduled || self.attempts == 0
    }

    /// Whether somebody has it for certain: then it is no draft any more.
    pub fn is_partly_sent(&self) -> bool {
        self.count(RecipientState::Accepted) > 0
    }

    /// Where it stands and what comes next, in words; `clock` writes a time. May hold untrusted text.
    pub fn words(&self, now: i64, clock: &dyn Fn(i64) -> String) -> String {
        // What was written down in English is said in the language of now.
        let why = lang::of(self.error.as_deref().unwrap_or(""));
        let all = self.recipients.len();
        match self.state {
            // One that a server was only offered ahead of its time was not tried yet.
            SubmissionState::Queued if self.waits_for_its_time() && self.next_try > now => {
                let time = clock(self.next_try);
                match self.scheduled {
                    true => tr!("goes out {time}", time),
                    false => tr!("waits until {time}", time),
                }
            }
            SubmissionState::Queued if !self.waits_for_its_time() => {
                let (has, times) = (self.count(RecipientState::Accepted), self.attempts);
                let has = match has {
                    0 => tr!("not sent yet").to_owned(),
                    some => tr!("sent to {some} of {all}, the rest is put off", some, all),
                };
                let why = join(": ", why);
                let tried = trn!(times, "tried once", "tried {times} times");
                let next = match self.next_try > now {
                    true => tr!("next {time}", time = clock(self.next_try)),
                    false => tr!("next as soon as can be").to_owned(),
                };
                format!("{has}{why}; {tried}, {next}")
            }
            SubmissionState::Queued => tr!("waits for its turn").to_owned() + &join(": ", why),
            SubmissionState::Held if self.scheduled => tr!(
                "held back until you say otherwise; it was to go out {time}",
                time = clock(self.next_try)
            ),
            SubmissionState::Held => tr!("held back until you say otherwise").to_owned(),
            SubmissionState::Sending => tr!("being sent").to_owned(),
            SubmissionState::Dot => tr!("sent, waiting for the server's word").to_owned(),
            SubmissionState::InDoubt if self.is_partly_sent() => tr!(
                "in doubt: the server may or may not have taken it for the rest; {some} of {all} had it before, so Sent can't tell",
                some = self.count(RecipientState::Accepted),
                all
            ),
            SubmissionState::InDoubt if self.looked < LOOKS => tr!(
                "in doubt: the server may or may not have taken it; looking for it in Sent, next {time}",
                time = clock(self.next_try.max(now))
            ),
            SubmissionState::InDoubt => tr!(
                "in doubt: the server may or may not have taken it; looked for {n} times, nothing in Sent proves that it was sent",
                n = self.looked
            ),
            SubmissionState::Refused => {
                let has = match self.count(RecipientState::Accepted) {
                    0 => tr!("nobody has it").to_owned(),
                    some => trn!(
                        some,
                        "{some} of {all} have it",
                        "{some} of {all} have it",
                        all
                    ),
                };
                match self.count(RecipientState::Refused) {
                    0 => tr!("put off for five days, {has}", has) + &join(": ", why),
                    some => tr!("refused for {some} of {all}, {has}", some, all, has),
                }
            }
            SubmissionState::Accepted if !why.is_empty() => {
                let time = clock(self.next_try.max(now));
                tr!("sent, but {why}; tried again {time}", why, time)
            }
            SubmissionState::Accepted => tr!("sent, its copy is being filed").to_owned(),
            SubmissionState::Done => tr!("sent").to_owned(),
        }
    }
}

fn join(by: &str, why: &str) -> String {
    match why {
        "" => String::new(),
        why => format!("{by}{why}"),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::model::{AccountName, MessageId, OutboxId};
    use proptest::prelude::*;

    #[test]
    fn replies_in_plain_words() {
        for (reply, words) in [
            (
                "550 5.1.1 <x@y>: unknown",
                "no such user (550 5.1.1 <x@y>: unknown)",
            ),
            (
                "552 5.2.2 over quota",
                "mailbox full (552 5.2.2 over quota)",
            ),
            ("452 4.2.2 full", "mailbox full (452 4.2.2 full)"),
            ("552 5.3.4 big", "the message is too large (552 5.3.4 big)"),
            (
                "556 5.1.10 null MX",
                "the domain takes no mail (556 5.1.10 null MX)",
            ),
            (
                "535 5.7.8 no",
                "signing in is needed or failed (535 5.7.8 no)",
            ),
            (
                "554 5.7.1 spam",
                "against the server's policy (554 5.7.1 spam)",
            ),
            (
                "550 5.7.123 x",
                "against the server's policy (550 5.7.123 x)",
            ),
            (
                "451 4.7.1 wait",
                "the sender is unknown there so far (greylisting) (451 4.7.1 wait)",
            ),
            (
                "450 Greylisted",
                "the sender is unknown there so far (greylisting) (450 Greylisted)",
            ),
            (
                "550 go away",
                "no such user, or against the server's policy (550 go away)",
            ),
            (
                "550 #5.1.0 Address rejected",
                "no such user (550 #5.1.0 Address rejected)",
            ),
            (
                "550-5.1.1 The account",
                "no such user (550-5.1.1 The account)",
            ),
            ("554 5.9.9 what", "554 5.9.9 what"),
            ("554", "554"),
            ("", ""),
        ] {
            assert_eq!(explained(reply), words);
        }
    }

    #[test]
    fn words_that_are_status_codes() {
        for (word, is) in [
            ("5.1.1", true),
            ("4.7.650", true),
            ("2.0.0", true),
            ("5.1", false),
            ("5.1.1.1", false),
            ("3.1.1", false),
            ("5.1.1234", false),
            ("5.a.1", false),
            ("", false),
        ] {
            assert_eq!(is_status(word), is, "{word}");
        }
    }

    #[test]
    fn reports_in_plain_words() {
        let fact = |action: &str, status: &str, words: &str| Fact {
            recipient: "x@y".to_owned(),
            action: action.to_owned(),
            status: status.to_owned(),
            diagnostic: words.to_owned(),
        };
        for (fact, words) in [
            (
                fact("failed", "5.1.1", "550 no"),
                "not delivered to x@y: no such user (in its words: 550 no)",
            ),
            (
                fact("failed", "5.2.2", ""),
                "not delivered to x@y: mailbox full (5.2.2)",
            ),
            (fact("failed", "5.0.0", ""), "not delivered to x@y (5.0.0)"),
            (
                fact("failed", "", "550 5.1.1 no"),
                "not delivered to x@y: no such user (in its words: 550 5.1.1 no)",
            ),
            (fact("failed", "", ""), "not delivered to x@y"),
            (fact("delivered", "2.0.0", "250 ok"), "delivered to x@y"),
            (fact("displayed", "", ""), "displayed by x@y"),
        ] {
            assert_eq!(fact.words(), words);
        }
        // Whoever writes a report writes at most a line of ours.
        let forged = format!("Your account is closed, call {}", "1".repeat(400));
        let words = fact("failed", "", &forged).words();
        assert!(words.starts_with("not delivered to x@y (in its words: Your account"));
        assert!(
            words.chars().count() < 170 && words.ends_with("…)"),
            "{words}"
        );
    }

    /// A message in this state, to people who stand so.
    pub fn row(state: SubmissionState, stands: &[RecipientState]) -> Submission {
        let recipients = stands.iter().enumerate().map(|(n, state)| Recipient {
            address: format!("p{n}@example.test"),
            state: *state,
            reply: Some("550 5.1.1 nobody".to_owned()),
        });
        Submission {
            id: OutboxId(1),
            account: AccountName("work".to_owned()),
            message_id: MessageId::new("<1@x>").unwrap(),
            mail_from: String::new(),
            recipients: recipients.collect(),
            subject: String::new(),
            size: 0,
            state,
            attempts: 0,
            next_try: 100,
            created: 0,
            first_try: 0,
            scheduled: false,
            dsn: false,
            remind: None,
            looked: 0,
            sent_at: 0,
            filed: true,
            error: None,
        }
    }

    #[test]
    fn a_row_without_an_error_says_nothing_of_one() {
        use SubmissionState::{Accepted, Queued};
        let clock = |at: i64| format!("at {at}");
        for lang in lang::Lang::ALL {
            for state in [Accepted, Queued] {
                let mut row = row(state, &[RecipientState::Pending]);
                row.attempts = 1;
                let said = lang::during(lang, || row.words(50, &clock));
                assert!(!said.contains("Language"), "{said}");
            }
        }
    }

    #[test]
    fn rows_in_plain_words() {
        use RecipientState::{Accepted, Pending, Refused, TryLater};
        use SubmissionState as State;
        let clock = |at: i64| format!("at {at}");
        let said = |row: &Submission| row.words(50, &clock);
        let mut queued = row(State::Queued, &[Pending]);
        assert_eq!(said(&queued), "waits until at 100");
        queued.scheduled = true;
        assert_eq!(said(&queued), "goes out at 100");
        queued.attempts = 1;
        assert_eq!(
            said(&queued),
            "goes out at 100",
            "it was only offered ahead"
        );
        queued.attempts = 2;
        queued.scheduled = false;
        queued.error = Some("no network".to_owned());
        assert_eq!(
            said(&queued),
            "not sent yet: no network; tried 2 times, next at 100"
        );
        let mut partly = row(State::Queued, &[Accepted, TryLater]);
        partly.attempts = 1;
        assert_eq!(
            said(&partly),
            "sent to 1 of 2, the rest is put off; tried once, next at 100"
        );
        assert_eq!(
            said(&row(State::Refused, &[Pending, Refused])),
            "refused for 1 of 2, nobody has it"
        );
        assert_eq!(
            said(&row(State::Refused, &[Accepted, Refused])),
            "refused for 1 of 2, 1 of 2 have it"
        );
        assert_eq!(
            said(&row(State::Refused, &[TryLater])),
            "put off for five days, nobody has it"
        );
        let mut unfiled = row(State::Accepted, &[Accepted]);
        assert_eq!(said(&unfiled), "sent, its copy is being filed");
        unfiled.error = Some("its copy could not be filed: full".to_owned());
        assert_eq!(
            said(&unfiled),
            "sent, but its copy could not be filed: full; tried again at 100"
        );
        let mut doubt = row(State::InDoubt, &[RecipientState::Unknown]);
        assert!(said(&doubt).ends_with("looking for it in Sent, next at 100"));
        doubt.looked = LOOKS;
        assert!(
            said(&doubt).ends_with("looked for 5 times, nothing in Sent proves that it was sent")
        );
        let rest = row(State::InDoubt, &[Accepted, RecipientState::Unknown]);
        assert!(said(&rest).ends_with("1 of 2 had it before, so Sent can't tell"));
        assert_eq!(
            partly.recipients[1].words(),
            "put off: no such user (550 5.1.1 nobody)"
        );
        assert!(partly.is_partly_sent() && !doubt.is_partly_sent());
    }

    proptest! {
        #[test]
        fn whatever_a_server_says_is_still_there(reply in "\\PC{0,80}") {
            prop_assert!(explained(&reply).contains(reply.trim()));
        }
    }
}
