//! Who really sent a message: what speaks against its From, and what for it, in sentences.
//!
//! Names and addresses in a message are whatever its sender liked to write (RFC 5322 §3.6.2,
//! RFC 7103). Against them stand what the user's own server found (RFC 8601, `authres`), what is
//! known of the people the user writes to, and how the names look (UTS #39, `lookalike`). That
//! nothing speaks against a message proves nothing, so nothing is said then.

use super::authres::{self, Check, Checks, Receiver, Verdict};
use super::field::{self, Field};
use super::lookalike::{self, Oddity};
use super::parse;
use super::site::same_site;
use crate::lang::{tr, trc, trn};
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
            n => {
                let worst = format!("{glyph} {}", worst.text);
                trn!(n, "{worst} (and {n} more)", "{worst} (and {n} more)", worst)
            }
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
        let text = trn!(
            n = e.from.len(),
            "This message names {n} sender.",
            "This message names {n} senders."
        );
        say(Level::Careful, text);
    }
    let is_bad = |a: &Address| !a.addr.contains('@') || a.addr.contains("=?");
    if e.from.iter().any(is_bad) {
        let text = tr!("The sender's address is not a valid one.");
        say(Level::Careful, text.to_owned());
    }
    if let Some(from) = e.from.first() {
        acquaintance(from, e, known, &mut say);
        let checks = authres::believed(fields, &known.receiver);
        match &checks {
            Some(checks) => {
                verified = e.from.len() == 1 && checks.sure && is_proved(from, checks);
                checked(from, e, checks, known, &mut say);
            }
            None => say(
                Level::Fine,
                tr!("Your mail server does not say how it was checked.").to_owned(),
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
        let text = tr!(
            "The sender's name looks like an address, but the real one is {real}.",
            real
        );
        say(Level::Alarm, &text);
    }
    let odd = |a: &Address| Some(odd(a.domain(), lookalike::oddity(a.domain())?));
    if let Some(text) = first().find_map(odd) {
        say(Level::Alarm, &text);
    }
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0000}'..='\u{e007f}');
    if first().any(|a| a.name.contains(turns)) {
        let text = tr!("The sender's name holds characters that hide or reorder others.");
        say(Level::Careful, text);
    }
    out
}

fn odd(domain: &str, oddity: Oddity) -> String {
    let shown = ending(&lookalike::shown(domain));
    match oddity {
        Oddity::Mixed => tr!(
            "The domain {shown} mixes letters of several scripts.",
            shown
        ),
        Oddity::Disguised => {
            let looks = short(&lookalike::pretended(domain));
            tr!(
                "The domain {shown} is written in other letters to look like {looks}.",
                shown,
                looks
            )
        }
        Oddity::Invalid => tr!("The domain {shown} holds what no domain can hold.", shown),
    }
}

/// What other mail tells of the sender.
fn acquaintance(from: &Address, e: &Envelope, known: &Known, say: &mut dyn FnMut(Level, String)) {
    let Some(met) = &known.met else {
        return;
    };
    if met.written {
        return say(Level::Fine, tr!("You have written to this address.").into());
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
            let text = tr!(
                "The sender's domain is {real}, which only looks like {twin}.",
                real,
                twin
            );
            say(Level::Alarm, text);
        }
    }
    let is_own = own.clone().any(|a| a.same_mailbox(from));
    let namesake = met.namesakes.first().filter(|_| !is_own);
    if let Some(other) = namesake {
        let (name, other) = (short(&from.name), ending(other));
        let text = tr!(
            "You write to {name} at {other}; this is another address.",
            name,
            other
        );
        say(Level::Careful, text);
    }
    match met.others {
        0 if is_own || e.list_id.is_some() => {}
        0 => {
            let text = tr!("This is the first message from this address.");
            say(Level::Note, text.into());
        }
        _ => say(
            Level::Fine,
            tr!("You have other mail from this address.").into(),
        ),
    }
}

/// Whether the user's own server found that the domain in From stands behind a message.
fn is_proved(from: &Address, checks: &Checks) -> bool {
    let domain = from.domain().to_lowercase();
    let passes = |c: &Check| {
        let about = c.domain.is_empty() || same_site(&c.domain, &domain);
        c.verdict == Verdict::Pass && about
    };
    // Who owns the domain has the last word, whatever signatures there are.
    let refused = |c: &Check| c.verdict == Verdict::Fail;
    !domain.is_empty()
        && !checks.dmarc.as_ref().is_some_and(refused)
        && (checks.dmarc.as_ref().is_some_and(passes) || checks.signed_by(&domain))
}

/// What the user's own server found of a sender.
struct Results<'a> {
    checks: &'a Checks,
    /// Whether it came over a mailing list.
    listed: bool,
    /// Whether it claims to be from the user.
    mine: bool,
    dmarc: Verdict,
    spf: Verdict,
    /// Whether it bears a valid signature of the sender's domain.
    signed: bool,
    /// The sender's domain, and who checked, as they are shown.
    shown: String,
    by: String,
}

/// What is said, and how much it matters.
type Finding = (Level, String);

/// What the user's own server found; where that is not sure, what speaks against it only.
fn checked(
    from: &Address,
    e: &Envelope,
    checks: &Checks,
    known: &Known,
    say: &mut dyn FnMut(Level, String),
) {
    let domain = from.domain().to_lowercase();
    let about = |c: &Check| c.domain.is_empty() || same_site(&c.domain, &domain);
    let verdict = |check: Option<&Check>| {
        let own = check.filter(|c| about(c));
        own.map_or(Verdict::None, |c| c.verdict)
    };
    let found = Results {
        checks,
        listed: e.list_id.is_some(),
        mine: known.own.iter().any(|a| a.same_mailbox(from)),
        dmarc: verdict(checks.dmarc.as_ref()),
        spf: verdict(checks.spf.as_ref()),
        signed: checks.signed_by(&domain),
        shown: ending(&lookalike::shown(from.domain())),
        by: match checks.by.as_str() {
            "" => trc!("by", "your mail server").to_owned(),
            by => short(by),
        },
    };
    let said = found.by_its_domain().or_else(|| found.in_favour());
    if let Some((level, text)) = said.or_else(|| found.without_proof()) {
        say(level, text);
    }
    let broken = |c: &Check| c.verdict == Verdict::Fail && about(c);
    if !found.signed && checks.dkim.iter().any(broken) && !found.listed {
        let text = tr!(
            "A signature of {shown} is not valid: the message was changed on its way.",
            shown = found.shown
        );
        say(Level::Careful, text);
    }
}

impl Results<'_> {
    /// What the domain itself says, which has the last word.
    fn by_its_domain(&self) -> Option<Finding> {
        let (shown, by) = (&self.shown, &self.by);
        match self.dmarc {
            Verdict::Pass if self.checks.sure => {
                let text = tr!(
                    "{shown} vouches for it (DMARC, checked by {by}).",
                    shown,
                    by
                );
                Some((Level::Fine, text))
            }
            Verdict::Fail if self.listed => {
                let text = tr!(
                    "It fails the check of {shown} (DMARC): its mailing list changed it, or it is forged.",
                    shown
                );
                Some((Level::Careful, text))
            }
            Verdict::Fail => {
                let text = tr!(
                    "It is probably not from {shown}: it fails that domain's own check (DMARC, by {by}).",
                    shown,
                    by
                );
                Some((Level::Alarm, text))
            }
            _ => None,
        }
    }

    /// What speaks for it.
    fn in_favour(&self) -> Option<Finding> {
        let (shown, by) = (&self.shown, &self.by);
        let may_send = self.spf == Verdict::Pass && !self.mine;
        let any = self.dmarc == Verdict::Pass || self.signed || may_send || self.checks.signed_in;
        let text = if !any {
            return None;
        } else if !self.checks.sure {
            // Who forges results forges good ones: they may accuse and never reassure.
            tr!(
                "Results under the name {by} speak for it, but nothing shows that your mail server wrote them.",
                by
            )
        } else if self.signed {
            tr!(
                "It carries a valid signature of {shown} (DKIM, checked by {by}).",
                shown,
                by
            )
        } else if may_send {
            tr!(
                "The machine that sent it may send for {shown} (SPF, checked by {by}).",
                shown,
                by
            )
        } else {
            tr!("Its sender had signed in to {by}.", by)
        };
        Some((Level::Fine, text))
    }

    /// What is said where nothing speaks for it.
    fn without_proof(&self) -> Option<Finding> {
        let (shown, by) = (&self.shown, &self.by);
        if self.mine {
            let text = tr!(
                "It claims to be from you, but nothing proves that (checked by {by}).",
                by
            );
            return Some(match self.spf {
                Verdict::Fail | Verdict::Weak => (Level::Alarm, text),
                _ => (Level::Careful, text),
            });
        }
        if self.spf == Verdict::Fail {
            let text = tr!(
                "The machine that sent it may not send for {shown} (SPF, checked by {by}).",
                shown,
                by
            );
            return Some((Level::Careful, text));
        }
        let holds = |c: &&Check| c.verdict == Verdict::Pass && !c.domain.is_empty();
        let text = match self.checks.dkim.iter().find(holds) {
            Some(c) if self.checks.sure => tr!(
                "Nothing proves that it is from {shown}; it was signed by {other}.",
                shown,
                other = ending(&c.domain)
            ),
            _ => tr!("Nothing proves that it is from {shown}.", shown),
        };
        (!self.listed).then_some((Level::Note, text))
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
            let text = tr!(
                "Answers go to {shown}, whose domain only looks like the sender's.",
                shown
            );
            say(Level::Alarm, text);
        } else {
            let level = if listed { Level::Fine } else { Level::Note };
            say(
                level,
                tr!("Answers go to {shown}, not to the sender.", shown),
            );
        }
    }
    let mut answered = e.reply_to.iter().take(MOST);
    if let Some(a) = answered.find(|a| a.is_disguised()) {
        let shown = ending(&lookalike::shown_addr(&a.addr));
        let text = tr!(
            "Answers go to {shown}, under the name of another address.",
            shown
        );
        say(Level::Careful, text);
    }
    if let Some(sender) = e.sender.as_ref().filter(|s| elsewhere(s)) {
        let shown = ending(&lookalike::shown_addr(&sender.addr));
        say(
            Level::Fine,
            tr!("It was sent by {shown} for the sender.", shown),
        );
    }
    let path = field::find(fields, "Return-Path");
    let path = path.and_then(|f| field::addresses(f.value).into_iter().next());
    if let Some(path) = path.filter(|p| p.addr.contains('@') && elsewhere(p)) {
        let shown = ending(&lookalike::shown_addr(&path.addr));
        say(
            Level::Fine,
            tr!("Its envelope names {shown} (Return-Path).", shown),
        );
    }
    if let Some(list) = &e.list_id {
        say(
            Level::Fine,
            tr!("It came through the list {list}.", list = short(list)),
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
mod tests;
