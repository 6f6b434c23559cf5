//! Asks everybody at once and hands on the most trusted answer so far.
//!
//! Only the domain is told to anybody, never the address. A built-in provider's domain is told to
//! nobody. Whoever is slow is left behind: all of it ends after [`PATIENCE`].

use super::autoconfig;
use super::guess::{self, Knock};
use super::judge::{judge, keep_tokens_home};
use super::providers::Providers;
use super::records::{self, Said};
use crate::lang::tr;
use crate::model::is_mailbox;
use crate::model::setup::{Cancel, Found, Proposal, Source};
use crate::net::domain::Resolver;
use crate::net::error::NetError;
use crate::net::http::{Client, HttpError, Url};
use crate::net::tls::Trust;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

/// How long all of it may take.
pub const PATIENCE: Duration = Duration::from_secs(5);
/// How often it is looked whether anybody still wants to know.
const LOOK: Duration = Duration::from_millis(50);
/// What stands for the domain in an address.
const DOMAIN: &str = "{domain}";

/// Finds the servers of an address.
#[derive(Clone)]
pub struct Finder {
    /// Whom this program knows.
    pub providers: Providers,
    /// The name server to ask; `None`: those of the system.
    pub name_server: Option<SocketAddr>,
    /// Asks web servers.
    pub web: Client,
    /// Mozilla's list, with `{domain}` in it.
    pub ispdb: String,
    /// Where a domain keeps its own file for mail programs, with `{domain}`.
    pub own: Vec<String>,
    /// Tries usual names.
    pub knock: Knock,
    /// How long all of it may take.
    pub patience: Duration,
}

/// One who was asked, and what came.
type Word = (Source, Said);

impl Finder {
    /// Asks the world, with these providers.
    pub fn new(providers: Providers) -> Finder {
        Finder {
            providers,
            name_server: None,
            web: Client::default(),
            ispdb: format!("https://autoconfig.thunderbird.net/v1.1/{DOMAIN}"),
            own: vec![
                format!("https://autoconfig.{DOMAIN}/mail/config-v1.1.xml"),
                format!("https://{DOMAIN}/.well-known/autoconfig/mail/config-v1.1.xml"),
            ],
            knock: guess::knock(Trust::default()),
            patience: PATIENCE,
        }
    }

    /// Looks for the servers of this address, and tells what is found as it is found.
    pub fn find(&self, address: &str, cancel: &Cancel, tell: &mut dyn FnMut(Found)) {
        let (email, domain) = match split(address) {
            Ok(parts) => parts,
            Err(why) => return tell(Found::Done(Some(why))),
        };
        if let Some(provider) = self.providers.of_domain(&domain) {
            let found = provider.proposal(&email, Source::Provider, None);
            if let Some(found) = found {
                let found = judge(found, &domain, &self.providers);
                tell(Found::Proposal(Box::new(found)));
            }
            return tell(Found::Done(provider.why_not()));
        }
        tell(Found::Looking(tr!(
            "asking for the mail servers of {domain}",
            domain
        )));
        let began = Instant::now();
        let until = began + self.patience;
        let (sender, words) = unbounded();
        // Who asks at several places gives up on those that hang before nobody listens any more: what
        // the others said would be lost with them.
        let asked = self.ask(&email, &domain, began + self.patience / 5 * 4, &sender);
        drop(sender);
        let mut heard = Heard::new(self, &domain, asked);
        heard.listen(&words, until, cancel, tell);
        if !cancel.is_cancelled() {
            tell(heard.end());
        }
    }

    /// Begins all questions, each on a thread of its own, and answers how many of each kind.
    fn ask(
        &self,
        email: &str,
        domain: &str,
        until: Instant,
        words: &Sender<Word>,
    ) -> BTreeMap<Source, usize> {
        let mut asked = BTreeMap::new();
        let mut begin = |source: Source, work: Box<dyn FnOnce() -> Said + Send>| {
            let words = words.clone();
            let thread = thread::Builder::new().name("discover".to_owned());
            let begun = thread.spawn(move || {
                // Nobody listens any more if it took too long.
                let _ = words.send((source, work()));
            });
            if begun.is_ok() {
                *asked.entry(source).or_insert(0) += 1;
            }
        };
        let files = self.own.iter().map(|own| (Source::Domain, own));
        for (source, place) in files.chain([(Source::Ispdb, &self.ispdb)]) {
            let place = place.replace(DOMAIN, domain);
            let (web, email) = (self.web.clone(), email.to_owned());
            begin(
                source,
                Box::new(move || file(&web, &place, &email, source, until)),
            );
        }
        let server = self.name_server;
        let resolver = move || server.map_or_else(Resolver::of_system, Resolver::at);
        let (known, mine) = (
            self.providers.clone(),
            (email.to_owned(), domain.to_owned()),
        );
        begin(
            Source::Mx,
            Box::new(move || records::exchangers(&resolver(), &known, &mine.0, &mine.1, until)),
        );
        let mine = (email.to_owned(), domain.to_owned());
        begin(
            Source::Srv,
            Box::new(move || records::services(&resolver(), &mine.0, &mine.1, until)),
        );
        let (knock, mine) = (self.knock.clone(), (email.to_owned(), domain.to_owned()));
        begin(
            Source::Guess,
            Box::new(move || {
                let found = guess::guess(&knock, &mine.0, &mine.1, until);
                found.map_or(Said::Nothing, |found| Said::Servers(Box::new(found)))
            }),
        );
        asked
    }
}

/// The address as it was typed, without blanks, and its domain as the name system knows it.
///
/// # Errors
/// Why it is no address that has servers, in plain words.
pub fn split(address: &str) -> Result<(String, String), String> {
    let address = address.trim();
    let wrong = || Err(tr!("an address looks like you@example.org").to_owned());
    let Some((local, domain)) = address.rsplit_once('@') else {
        return wrong();
    };
    if !is_mailbox(address) || address.len() > 320 || local.contains('@') {
        return wrong();
    }
    match idna::domain_to_ascii(domain) {
        Ok(name) if autoconfig::is_host(&name) => Ok((address.to_owned(), name)),
        _ => wrong(),
    }
}

/// A file for mail programs over HTTPS.
fn file(web: &Client, place: &str, email: &str, source: Source, until: Instant) -> Said {
    let answer = Url::parse(place).and_then(|url| web.get(&url, autoconfig::LONGEST, until));
    match answer {
        Ok(answer) if answer.status == 200 => {
            let found = autoconfig::proposal(&answer.body, email, source);
            found.map_or(Said::Nothing, |found| Said::Servers(Box::new(found)))
        }
        Err(HttpError::Net(NetError::Lookup { .. } | NetError::Connect { .. })) => Said::Silent,
        Ok(_) => Said::Nothing,
        Err(error) => {
            tracing::debug!(%place, %error, "no file for mail programs");
            Said::Nothing
        }
    }
}

/// What was heard so far.
struct Heard<'a> {
    known: &'a Providers,
    domain: &'a str,
    /// Who did not answer yet.
    open: BTreeMap<Source, usize>,
    found: BTreeMap<Source, Proposal>,
    /// The best that was told.
    told: Option<Source>,
    without: Option<String>,
    no_domain: bool,
    /// Whether anybody at all could be reached.
    reached: bool,
}

impl Heard<'_> {
    fn new<'a>(finder: &'a Finder, domain: &'a str, open: BTreeMap<Source, usize>) -> Heard<'a> {
        Heard {
            known: &finder.providers,
            domain,
            open,
            found: BTreeMap::new(),
            told: None,
            without: None,
            no_domain: false,
            reached: false,
        }
    }

    fn listen(
        &mut self,
        words: &Receiver<Word>,
        until: Instant,
        cancel: &Cancel,
        tell: &mut dyn FnMut(Found),
    ) {
        while !cancel.is_cancelled() && !self.is_settled() {
            let left = until.saturating_duration_since(Instant::now());
            match words.recv_timeout(left.min(LOOK)) {
                Ok((source, said)) => {
                    if let Some(open) = self.open.get_mut(&source) {
                        *open = open.saturating_sub(1);
                    }
                    self.take(source, said);
                    self.tell_better(false, tell);
                }
                Err(RecvTimeoutError::Timeout) if !left.is_zero() => {}
                Err(_) => break,
            }
        }
        if !cancel.is_cancelled() {
            self.tell_better(true, tell);
            let meant = self.known.like(self.domain).filter(|_| self.no_domain);
            if let (None, Some(meant)) = (self.told, meant) {
                tell(Found::Meant(meant.to_owned()));
            }
        }
    }

    fn take(&mut self, source: Source, said: Said) {
        // Who knocks in vain learns nothing of the network.
        let mute =
            matches!(said, Said::Silent) || (source, &said) == (Source::Guess, &Said::Nothing);
        self.reached |= !mute;
        match said {
            // A provider without servers for mail programs is no reason to try somebody who counts less.
            Said::Servers(_) if self.without.is_some() && source > Source::Mx => {}
            Said::Servers(found) => {
                let found = judge(*found, self.domain, self.known);
                // Of two files of the domain the first that answers counts.
                self.found.entry(source).or_insert(found);
            }
            Said::Without(why) => {
                self.found.retain(|other, _| *other < source);
                self.without = Some(why);
            }
            Said::NoDomain => self.no_domain = true,
            Said::Nothing | Said::Silent => {}
        }
    }

    /// Whether somebody whose word counts more may still answer.
    fn may_improve(&self, source: Source) -> bool {
        self.open
            .iter()
            .any(|(other, open)| *other < source && *open > 0)
    }

    fn is_settled(&self) -> bool {
        match self.found.first_key_value() {
            Some((source, best)) => !self.may_improve(*source) && !best.smtp.is_empty(),
            None => self.open.values().all(|open| *open == 0),
        }
    }

    /// Tells the best, if it is better than what was told. A guess is told only when nothing else
    /// can come any more: it would be taken back too often. So is one without servers to send by:
    /// who goes on with it gets no others. Records wait for those of the servers that take the
    /// domain's mail, which may say that its provider has none for mail programs.
    fn tell_better(&mut self, over: bool, tell: &mut dyn FnMut(Found)) {
        let Some((source, best)) = self.found.first_key_value() else {
            return;
        };
        let unsure = self.open.get(&Source::Mx).is_some_and(|open| *open > 0);
        let passes = match source {
            Source::Guess => self.may_improve(*source),
            other => *other > Source::Mx && unsure,
        };
        let early = !over && (best.smtp.is_empty() || passes);
        if early || self.told.is_some_and(|told| told <= *source) {
            return;
        }
        let whole = self.completed(best);
        self.told = Some(*source);
        tell(Found::Proposal(Box::new(whole)));
    }

    /// Where only servers to read were named, somebody else may know those to send.
    fn completed(&self, best: &Proposal) -> Proposal {
        let mut whole = best.clone();
        let other = self.found.values().find(|other| !other.smtp.is_empty());
        if let (true, Some(other)) = (whole.smtp.is_empty(), other) {
            whole.smtp.clone_from(&other.smtp);
            for host in &other.outside {
                let used = whole.smtp.iter().any(|end| end.host == *host);
                if used && !whole.outside.contains(host) {
                    whole.outside.push(host.clone());
                }
            }
            keep_tokens_home(&mut whole, self.known);
        }
        whole
    }

    fn end(&self) -> Found {
        if self.told.is_some() {
            return Found::Done(None);
        }
        let domain = self.domain;
        let why = if let Some(why) = &self.without {
            why.clone()
        } else if self.no_domain {
            let meant = self.known.like(domain);
            match meant {
                Some(meant) => tr!(
                    "there is no domain {domain}; did you mean {meant}?",
                    domain,
                    meant
                ),
                None => tr!("there is no domain {domain}: look at its spelling", domain),
            }
        } else if !self.reached {
            tr!("nobody answers: this machine seems to be offline; go online, or name the servers yourself")
                .to_owned()
        } else {
            tr!(
                "nobody says which mail servers {domain} has; name them yourself: who runs its mail knows the IMAP and the submission server",
                domain
            )
        };
        Found::Done(Some(why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::setup::SignIn;
    use crate::net::discover::server;

    #[test]
    fn s10_records_wait_for_those_of_who_takes_the_mail() {
        let known = Providers::built_in();
        let mut heard = Heard {
            known: &known,
            domain: "example.test",
            open: BTreeMap::from([(Source::Mx, 1)]),
            found: BTreeMap::new(),
            told: None,
            without: None,
            no_domain: false,
            reached: false,
        };
        for source in [Source::Guess, Source::Srv] {
            let found = Proposal {
                provider: None,
                source,
                imap: vec![server("imap.example.test:993", "imap").unwrap()],
                smtp: vec![server("smtp.example.test:465", "smtp").unwrap()],
                user: "me@example.test".into(),
                sign_in: vec![SignIn::Password],
                outside: Vec::new(),
                meant: None,
                notes: Vec::new(),
            };
            heard.take(source, Said::Servers(Box::new(found)));
            heard.tell_better(false, &mut |told| panic!("{told:?}"));
        }
        heard.take(Source::Mx, Said::Without("none".into()));
        heard.tell_better(true, &mut |told| panic!("{told:?}"));
        assert_eq!(heard.end(), Found::Done(Some("none".into())));
    }
}
