//! Who really sent a message: what speaks against its From, and what for it, in sentences.
//!
//! Names and addresses in a message are whatever its sender liked to write (RFC 5322 §3.6.2,
//! RFC 7103). Against them stand what the user's own server found (RFC 8601, `authres`), what is
//! known of the people the user writes to, and how the names look (UTS #39, `lookalike`). That
//! nothing speaks against a message proves nothing, so nothing is said then.

use super::authres::{self, Check, Checks, Receiver, Verdict};
use super::field::{self, Field};
use super::link::same_site;
use super::lookalike::{self, Oddity};
use super::parse;
use crate::model::view::Met;
use crate::model::{Account, Address, Envelope};
use crate::text::{Clean, width};

/// Columns of a name or address in a sentence.
const SHORT: usize = 80;
/// Addresses of one field that are looked at.
const MOST: usize = 20;

/// How much a thing matters; the worst is the greatest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be: told only to who asks.
    #[default]
    Fine,
    /// Worth knowing.
    Note,
    /// Worth a second look before answering, opening or paying.
    Careful,
    /// It very probably pretends.
    Alarm,
}

impl Level {
    /// The word for it in what scripts read.
    pub fn word(self) -> &'static str {
        match self {
            Level::Fine => "fine",
            Level::Note => "note",
            Level::Careful => "careful",
            Level::Alarm => "alarm",
        }
    }

    /// One column that says so before the words.
    pub fn glyph(self) -> &'static str {
        match self {
            Level::Fine => "✓",
            Level::Note => "·",
            Level::Careful => "!",
            Level::Alarm => "✗",
        }
    }
}

/// One thing to be said of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// How much it matters.
    pub level: Level,
    /// What it is, a sentence.
    pub text: Clean,
}

/// What is to be said of who sent a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// The worst first; what is fine comes last.
    pub reasons: Vec<Reason>,
    /// Whether the user's own server proved that it is from the one address in From: DMARC, or a
    /// signature of its domain.
    pub verified: bool,
}

impl Trust {
    /// How bad the worst of it is.
    pub fn level(&self) -> Level {
        self.reasons.first().map_or(Level::Fine, |r| r.level)
    }

    /// The one line for the reader: the worst of it and how much more there is; nothing if all is
    /// as it should be.
    pub fn line(&self) -> Option<Clean> {
        let worst = self.reasons.first().filter(|r| r.level > Level::Fine)?;
        let more = self.reasons.iter().skip(1);
        let more = more.filter(|r| r.level > Level::Fine).count();
        let glyph = worst.level.glyph();
        let text = match more {
            0 => format!("{glyph} {}", worst.text),
            n => format!("{glyph} {} (and {n} more)", worst.text),
        };
        Some(Clean::line(&text))
    }

    /// Everything, a line each, for who asks.
    pub fn details(&self) -> Vec<Clean> {
        let lines = self.reasons.iter();
        lines
            .map(|r| Clean::line(&format!("{} {}", r.level.glyph(), r.text)))
            .collect()
    }
}

/// What is known beside the message; by default nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Whose Authentication-Results are believed.
    pub receiver: Receiver,
    /// The user's own addresses in all accounts.
    pub own: Vec<Address>,
    /// What other mail tells of the sender; `None`: nobody looked.
    pub met: Option<Met>,
}

impl Known {
    /// For a message of this account; `own` are the user's addresses in all of them.
    pub fn new(account: &Account, own: Vec<Address>, met: Option<Met>) -> Known {
        Known {
            receiver: Receiver::of(account),
            own,
            met,
        }
    }
}

/// Judges a message.
pub fn of(raw: &[u8], known: &Known) -> Trust {
    let (fields, _) = field::split(raw);
    judge(&fields, &parse::of_fields(&fields), known)
}

/// Judges a message by its header fields and what they were read as.
pub fn judge(fields: &[Field<'_>], e: &Envelope, known: &Known) -> Trust {
    let mut verified = false;
    let mut reasons = names(&e.from);
    let mut say = |level: Level, text: String| {
        reasons.push(Reason {
            level,
            text: Clean::line(&text),
        });
    };
    if e.from.len() > 1 {
        let n = e.from.len();
        say(Level::Careful, format!("This message names {n} senders."));
    }
    let is_bad = |a: &Address| !a.addr.contains('@') || a.addr.contains("=?");
    if e.from.iter().any(is_bad) {
        let text = "The sender's address is not a valid one.";
        say(Level::Careful, text.to_owned());
    }
    if let Some(from) = e.from.first() {
        acquaintance(from, e, known, &mut say);
        let checks = authres::believed(fields, &known.receiver);
        match &checks {
            Some(checks) => {
                verified = e.from.len() == 1 && is_proved(from, checks);
                checked(from, e, checks, known, &mut say);
            }
            None => say(
                Level::Fine,
                "Your mail server does not say how it was checked.".to_owned(),
            ),
        }
        others(from, fields, e, &mut say);
    }
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.level));
    Trust { reasons, verified }
}

/// What a list can say of a sender without a body, header or network: a name that holds another
/// address, a domain that is not what it looks like. The worst of it, if there is any.
pub fn of_names(from: &[Address]) -> Level {
    let worst = names(from).into_iter().map(|r| r.level).max();
    worst.unwrap_or_default()
}

fn names(from: &[Address]) -> Vec<Reason> {
    let mut out = Vec::new();
    let mut say = |level: Level, text: &str| {
        let text = Clean::line(text);
        out.push(Reason { level, text });
    };
    let first = || from.iter().take(MOST);
    if let Some(a) = first().find(|a| a.is_disguised()) {
        let real = ending(&lookalike::shown_addr(&a.addr));
        let text = format!("The sender's name looks like an address, but the real one is {real}.");
        say(Level::Alarm, &text);
    }
    let odd = |a: &Address| Some(odd(a.domain(), lookalike::oddity(a.domain())?));
    if let Some(text) = first().find_map(odd) {
        say(Level::Alarm, &text);
    }
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0000}'..='\u{e007f}');
    if first().any(|a| a.name.contains(turns)) {
        let text = "The sender's name holds characters that hide or reorder others.";
        say(Level::Careful, text);
    }
    out
}

fn odd(domain: &str, oddity: Oddity) -> String {
    let shown = ending(&lookalike::shown(domain));
    match oddity {
        Oddity::Mixed => format!("The domain {shown} mixes letters of several scripts."),
        Oddity::Disguised => {
            let looks = short(&lookalike::pretended(domain));
            format!("The domain {shown} is written in other letters to look like {looks}.")
        }
        Oddity::Invalid => format!("The domain {shown} holds what no domain can hold."),
    }
}

/// What other mail tells of the sender.
fn acquaintance(from: &Address, e: &Envelope, known: &Known, say: &mut dyn FnMut(Level, String)) {
    let Some(met) = &known.met else {
        return;
    };
    if met.written {
        return say(Level::Fine, "You have written to this address.".into());
    }
    let domain = from.domain().to_lowercase();
    let own = known.own.iter();
    if !domain.is_empty() {
        let looks = lookalike::looks(&domain);
        let ours = own.clone().map(|a| a.domain().to_lowercase());
        let familiar = met.domains.iter().cloned().chain(ours);
        let mut twins = familiar.filter(|d| !same_site(d, &domain) && lookalike::looks(d) == looks);
        if let Some(twin) = twins.next() {
            let (real, twin) = (ending(&lookalike::shown(&domain)), ending(&twin));
            let text = format!("The sender's domain is {real}, which only looks like {twin}.");
            say(Level::Alarm, text);
        }
    }
    let is_own = own.clone().any(|a| a.same_mailbox(from));
    let namesake = met.namesakes.first().filter(|_| !is_own);
    if let Some(other) = namesake {
        let (name, other) = (short(&from.name), ending(other));
        let text = format!("You write to {name} at {other}; this is another address.");
        say(Level::Careful, text);
    }
    match met.others {
        0 if is_own || e.list_id.is_some() => {}
        0 => {
            let text = "This is the first message from this address.";
            say(Level::Note, text.into());
        }
        _ => say(Level::Fine, "You have other mail from this address.".into()),
    }
}

/// Whether the user's own server found that the domain in From stands behind a message.
fn is_proved(from: &Address, checks: &Checks) -> bool {
    let domain = from.domain().to_lowercase();
    let passes = |c: &Check| {
        let about = c.domain.is_empty() || same_site(&c.domain, &domain);
        c.verdict == Verdict::Pass && about
    };
    !domain.is_empty() && (checks.dmarc.as_ref().is_some_and(passes) || checks.signed_by(&domain))
}

/// What the user's own server found.
fn checked(
    from: &Address,
    e: &Envelope,
    checks: &Checks,
    known: &Known,
    say: &mut dyn FnMut(Level, String),
) {
    let domain = from.domain();
    let shown = ending(&lookalike::shown(domain));
    let by = match checks.by.as_str() {
        "" => "your mail server".to_owned(),
        by => short(by),
    };
    let about = |c: &Check| c.domain.is_empty() || same_site(&c.domain, &domain.to_lowercase());
    let dmarc = checks.dmarc.as_ref().filter(|c| about(c));
    let verdict = dmarc.map_or(Verdict::None, |c| c.verdict);
    let mine = known.own.iter().any(|a| a.same_mailbox(from));
    let spf = checks.spf.as_ref().filter(|c| about(c));
    let sent = spf.map_or(Verdict::None, |c| c.verdict);
    let signed = checks.signed_by(&domain.to_lowercase());
    if verdict == Verdict::Pass {
        say(
            Level::Fine,
            format!("{shown} vouches for it (DMARC, checked by {by})."),
        );
    } else if verdict == Verdict::Fail && e.list_id.is_some() {
        let text = format!(
            "It fails the check of {shown} (DMARC): its mailing list changed it, or it is forged."
        );
        say(Level::Careful, text);
    } else if verdict == Verdict::Fail {
        let text = format!(
            "It is probably not from {shown}: it fails that domain's own check (DMARC, by {by})."
        );
        say(Level::Alarm, text);
    } else if signed {
        let text = format!("It carries a valid signature of {shown} (DKIM, checked by {by}).");
        say(Level::Fine, text);
    } else if sent == Verdict::Pass && !mine {
        let text = format!("The machine that sent it may send for {shown} (SPF, checked by {by}).");
        say(Level::Fine, text);
    } else if checks.signed_in {
        let text = format!("Its sender had signed in to {by}.");
        say(Level::Fine, text);
    } else if mine {
        let text = format!("It claims to be from you, but nothing proves that (checked by {by}).");
        let refused = matches!(sent, Verdict::Fail | Verdict::Weak);
        say(
            if refused {
                Level::Alarm
            } else {
                Level::Careful
            },
            text,
        );
    } else if sent == Verdict::Fail {
        let text =
            format!("The machine that sent it may not send for {shown} (SPF, checked by {by}).");
        say(Level::Careful, text);
    } else if e.list_id.is_none() {
        let holds = |c: &&Check| c.verdict == Verdict::Pass && !c.domain.is_empty();
        let other = checks.dkim.iter().find(holds);
        let text = match other {
            Some(c) => format!(
                "Nothing proves that it is from {shown}; it was signed by {}.",
                ending(&c.domain)
            ),
            None => format!("Nothing proves that it is from {shown}."),
        };
        say(Level::Note, text);
    }
    let broken = |c: &Check| c.verdict == Verdict::Fail && about(c);
    if !signed && checks.dkim.iter().any(broken) && e.list_id.is_none() {
        let text =
            format!("A signature of {shown} is not valid: the message was changed on its way.");
        say(Level::Careful, text);
    }
}

/// The other addresses of its header against From.
fn others(from: &Address, fields: &[Field<'_>], e: &Envelope, say: &mut dyn FnMut(Level, String)) {
    let domain = from.domain().to_lowercase();
    let elsewhere = |a: &Address| !same_site(&a.domain().to_lowercase(), &domain);
    let listed = e.list_id.is_some();
    if let Some(to) = e.reply_to.iter().take(MOST).find(|a| elsewhere(a)) {
        let shown = ending(&lookalike::shown_addr(&to.addr));
        let twin = lookalike::looks(to.domain()) == lookalike::looks(&domain);
        if twin || lookalike::oddity(to.domain()).is_some() {
            let text = format!("Answers go to {shown}, whose domain only looks like the sender's.");
            say(Level::Alarm, text);
        } else {
            let level = if listed { Level::Fine } else { Level::Note };
            say(level, format!("Answers go to {shown}, not to the sender."));
        }
    }
    let mut answered = e.reply_to.iter().take(MOST);
    if let Some(a) = answered.find(|a| a.is_disguised()) {
        let shown = ending(&lookalike::shown_addr(&a.addr));
        let text = format!("Answers go to {shown}, under the name of another address.");
        say(Level::Careful, text);
    }
    if let Some(sender) = e.sender.as_ref().filter(|s| elsewhere(s)) {
        let shown = ending(&lookalike::shown_addr(&sender.addr));
        say(
            Level::Fine,
            format!("It was sent by {shown} for the sender."),
        );
    }
    let path = field::find(fields, "Return-Path");
    let path = path.and_then(|f| field::addresses(f.value).into_iter().next());
    if let Some(path) = path.filter(|p| p.addr.contains('@') && elsewhere(p)) {
        let shown = ending(&lookalike::shown_addr(&path.addr));
        say(
            Level::Fine,
            format!("Its envelope names {shown} (Return-Path)."),
        );
    }
    if let Some(list) = &e.list_id {
        say(
            Level::Fine,
            format!("It came through the list {}.", short(list)),
        );
    }
}

/// An untrusted address or domain in a sentence: clean, and of a long one the end, which says
/// whose it is.
fn ending(text: &str) -> String {
    let clean = Clean::line(text);
    let surplus = clean.as_str().chars().count().saturating_sub(SHORT);
    match surplus {
        0 => clean.to_string(),
        n => format!("…{}", clean.as_str().chars().skip(n).collect::<String>()),
    }
}

/// Untrusted text in a sentence: clean, and short.
fn short(text: &str) -> String {
    width::cut(Clean::line(text).as_str(), SHORT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::wire::tests::account;
    use proptest::prelude::*;

    fn known() -> Known {
        let mut account = account();
        account.imap.host = "imap.post.example".to_owned();
        account.email = "bea@post.example".to_owned();
        Known {
            receiver: Receiver::of(&account),
            own: vec![Address::new("Bea", "bea@post.example")],
            met: Some(Met {
                written: true,
                domains: ["modern.example".to_owned(), "paypal.com".to_owned()].into(),
                ..Met::default()
            }),
        }
    }

    fn stranger(change: impl Fn(&mut Met)) -> Known {
        let mut known = known();
        let met = known.met.as_mut().unwrap();
        met.written = false;
        change(met);
        known
    }

    fn line(header: &str, known: &Known) -> String {
        let raw = format!("{}\n\n", header.replace('|', "\n"));
        let line = of(raw.as_bytes(), known).line();
        line.map_or_else(String::new, |l| l.to_string())
    }

    #[test]
    fn nothing_is_said_of_ordinary_mail() {
        for header in [
            "From: Ada <a@x.example>",
            "From: a@x.example|Reply-To: a2@mail.x.example|Return-Path: <b@bounce.example>",
            "From: a@x.example|Authentication-Results: mx.post.example; dmarc=pass header.from=x.example",
            "From: a@x.example|Authentication-Results: mx.post.example; dkim=pass header.d=x.example; dkim=fail header.d=list.example",
            "From: a@x.example|Authentication-Results: mx.post.example; dmarc=none; spf=pass smtp.mailfrom=b@mail.x.example",
            "From: a@x.example|Reply-To: l@list.example|List-Id: <l.list.example>|Authentication-Results: mx.post.example; dkim=fail header.d=x.example",
            "From: bea@post.example",
        ] {
            assert_eq!(line(header, &known()), "", "{header}");
        }
    }

    #[test]
    fn the_worst_comes_first() {
        for (header, want) in [
            (
                "From: \"boss@corp.example\" <evil@x.example>",
                "✗ The sender's name looks like an address, but the real one is evil@x.example.",
            ),
            (
                "From: a@x.example|From: b@y.example",
                "! This message names 2 senders.",
            ),
            ("From: nobody", "! The sender's address is not a valid one."),
            (
                "From: u@аpple.example",
                "✗ The domain xn--pple-43d.example mixes letters of several scripts.",
            ),
            (
                "From: u@аррӏе.com",
                "✗ The domain xn--80ak6aa92e.com is written in other letters to look like apple.com.",
            ),
            (
                "From: a@x.example|Reply-To: c@d.example",
                "· Answers go to c@d.example, not to the sender.",
            ),
            (
                "From: a@modern.example|Reply-To: a@rnodern.example",
                "✗ Answers go to a@rnodern.example, whose domain only looks like the sender's.",
            ),
            (
                "From: a@x.example|Reply-To: \"a@x.example\" <c@x.example>",
                "! Answers go to c@x.example, under the name of another address.",
            ),
            (
                "From: a@x.example|Authentication-Results: post.example; dmarc=fail header.from=x.example; spf=pass smtp.mailfrom=evil.example",
                "✗ It is probably not from x.example: it fails that domain's own check (DMARC, by post.example).",
            ),
            (
                "From: a@x.example|List-Id: <l.y.example>|Authentication-Results: post.example; dmarc=fail header.from=x.example",
                "! It fails the check of x.example (DMARC): its mailing list changed it, or it is forged.",
            ),
            (
                "From: a@x.example|Authentication-Results: post.example; dkim=pass header.d=mailer.example; spf=pass smtp.mailfrom=mailer.example",
                "· Nothing proves that it is from x.example; it was signed by mailer.example.",
            ),
            (
                "From: a@x.example|Authentication-Results: post.example; dmarc=pass header.from=other.example",
                "· Nothing proves that it is from x.example.",
            ),
            (
                "From: a@x.example|Authentication-Results: post.example; spf=fail smtp.mailfrom=x.example",
                "! The machine that sent it may not send for x.example (SPF, checked by post.example).",
            ),
            (
                "From: bea@post.example|Authentication-Results: post.example; spf=softfail smtp.mailfrom=post.example",
                "✗ It claims to be from you, but nothing proves that (checked by post.example).",
            ),
        ] {
            assert_eq!(line(header, &known()), want, "{header}");
        }
    }

    #[test]
    fn strangers_are_told_from_friends() {
        let new = "· This is the first message from this address.";
        assert_eq!(line("From: a@x.example", &stranger(|_| {})), new);
        assert_eq!(
            line("From: a@x.example|List-Id: <l.example>", &stranger(|_| {})),
            ""
        );
        assert_eq!(line("From: bea@post.example", &stranger(|_| {})), "");
        let namesake = stranger(|met| met.namesakes.push("ada@modern.example".to_owned()));
        assert_eq!(
            line("From: Ada <a@x.example>", &namesake),
            "! You write to Ada at ada@modern.example; this is another address. (and 1 more)"
        );
        let seen = stranger(|met| met.others = 2);
        assert_eq!(line("From: a@x.example", &seen), "");
        assert_eq!(
            line("From: a@paypa1.com", &stranger(|_| {})),
            "✗ The sender's domain is paypa1.com, which only looks like paypal.com. (and 1 more)"
        );
        assert_eq!(
            line("From: a@p0st.example", &stranger(|_| {})),
            "✗ The sender's domain is p0st.example, which only looks like post.example. (and 1 more)"
        );
        assert_eq!(
            line("From: a@paypa1.com", &known()),
            "",
            "one writes to them"
        );
    }

    #[test]
    fn s13_a_list_shows_what_names_alone_tell() {
        let level = |name: &str, addr: &str| of_names(&[Address::new(name, addr)]);
        assert_eq!(level("Ada", "a@x.example"), Level::Fine);
        assert_eq!(level("A@x.example", "a@x.example"), Level::Fine);
        assert_eq!(
            level("Team @ Corp.example, me@home", "a@x.example"),
            Level::Fine
        );
        assert_eq!(
            level("Boss (boss＠corp.example)", "a@x.example"),
            Level::Alarm
        );
        assert_eq!(level("joe@good.example", "evil@evil.example"), Level::Alarm);
        assert_eq!(level("Apple", "u@xn--pple-43d.com"), Level::Alarm);
        assert_eq!(level("exe.\u{202e}gpj", "a@x.example"), Level::Careful);
    }

    proptest! {
        #[test]
        fn any_header_is_judged(
            from in "(\\PC|[\u{0}-\u{1f}]|<|>|@|\\.|xn--|\u{202e}|,){0,40}",
            more in "(Reply-To|Sender|Return-Path|List-Id|Authentication-Results): (\\PC|<|>|@|;|=|dkim=pass){0,40}",
        ) {
            let raw = format!("From: {from}\n{more}\n\n");
            for line in of(raw.as_bytes(), &stranger(|_| {})).details() {
                prop_assert!(!line.as_str().chars().any(crate::text::clean::is_forbidden));
                prop_assert!(line.as_str().chars().count() < 600);
            }
        }
    }
}
