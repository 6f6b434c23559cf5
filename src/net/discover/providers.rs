//! The providers that this program knows (`assets/providers.toml`, where the format is described),
//! and those that an organisation lists in the same format beside its configuration. Pure.
//!
//! Only what names a server by TLS is taken: an entry that would send a password in the clear
//! elsewhere than to this machine is a mistake in the file.

use crate::lang;
use crate::model::setup::{Proposal, SignIn, Source};
use crate::model::{Endpoint, Security};
use std::net::IpAddr;

/// The built-in list.
const BUILT_IN: &str = include_str!("../../../assets/providers.toml");
/// What stands for the server that takes the domain's mail.
const MX: &str = "{mx}";

/// One provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// What people call it.
    pub name: String,
    /// The domains of its addresses, in lower case.
    pub domains: Vec<String>,
    /// How the names of the servers end that take mail for it.
    pub mx: Vec<String>,
    /// Servers to read mail, the best first.
    imap: Vec<Endpoint>,
    /// Servers to send mail, the best first.
    smtp: Vec<Endpoint>,
    /// Whether one signs in with what stands before the `@`.
    local_user: bool,
    /// Ways to sign in, the usual one first.
    pub sign_in: Vec<SignIn>,
    /// What to know; [`Provider::said`] says it.
    pub notes: Vec<String>,
    /// Why no mail program can read there, if none can.
    pub without: Option<String>,
    /// Whether it stands in a list of the user's own.
    pub own: bool,
}

impl Provider {
    /// What it proposes for an address; `mx` is the server that takes the domain's mail, if it was
    /// found that way. `None` where no mail program can read.
    pub fn proposal(&self, email: &str, source: Source, mx: Option<&str>) -> Option<Proposal> {
        if self.without.is_some() {
            return None;
        }
        let filled = |list: &[Endpoint]| -> Vec<Endpoint> {
            let each = list.iter().filter_map(|end| {
                let host = match end.host.as_str() {
                    MX => mx?.to_owned(),
                    host => host.to_owned(),
                };
                Some(Endpoint {
                    host,
                    ..end.clone()
                })
            });
            each.collect()
        };
        let imap = filled(&self.imap);
        let source = match source {
            Source::Provider if self.own => Source::Own,
            other => other,
        };
        let user = match self.local_user {
            true => email.rsplit_once('@').map_or(email, |(local, _)| local),
            false => email,
        };
        (!imap.is_empty()).then(|| Proposal {
            provider: Some(self.name.clone()),
            source,
            imap,
            smtp: filled(&self.smtp),
            user: user.to_owned(),
            sign_in: self.sign_in.clone(),
            outside: Vec::new(),
            meant: None,
            notes: self.said().collect(),
        })
    }

    /// What to know, in the language of the screen where the list is ours.
    pub fn said(&self) -> impl Iterator<Item = String> {
        self.notes.iter().map(|note| lang::of(note).to_owned())
    }

    /// Why no mail program can read there, in the language of the screen where the list is ours.
    pub fn why_not(&self) -> Option<String> {
        self.without.as_deref().map(|why| lang::of(why).to_owned())
    }

    /// The page where app passwords are made, if it is known and they are wanted.
    pub fn app_password_page(&self) -> Option<&str> {
        self.sign_in.iter().find_map(|way| match way {
            SignIn::AppPassword { page } => page.as_deref(),
            _ => None,
        })
    }

    /// Whether it takes no account password from mail programs.
    pub fn refuses_passwords(&self) -> bool {
        self.without.is_none() && !self.sign_in.contains(&SignIn::Password)
    }

    /// Whether it takes nothing but a sign-in through the browser.
    pub fn wants_browser(&self) -> bool {
        let browser = |way: &SignIn| matches!(way, SignIn::OAuth { .. });
        self.without.is_none() && self.sign_in.iter().all(browser)
    }

    /// Whether the host stands beside one of its servers: `imap-mail.outlook.com` beside
    /// `smtp-mail.outlook.com`.
    fn is_near(&self, host: &str) -> bool {
        let mut servers = self.imap.iter().chain(&self.smtp);
        servers.any(|end| {
            let above = end.host.split_once('.').map_or("", |(_, above)| above);
            // Of `mail.co.uk` nothing is known by what it stands below.
            let registry = above.split('.').all(|label| label.len() < 4);
            let named = above.contains('.') && end.host.parse::<IpAddr>().is_err();
            named && !registry && is_below(host, above)
        })
    }

    fn has_server(&self, host: &str) -> bool {
        let is_it = |end: &Endpoint| match end.host.as_str() {
            // Whichever of its servers takes the mail.
            MX => self.mx.iter().any(|ending| is_below(host, ending)),
            named => named.eq_ignore_ascii_case(host),
        };
        // On this machine any program may listen.
        let mut servers = self.imap.iter().chain(&self.smtp);
        host.parse::<IpAddr>().is_err() && servers.any(is_it)
    }
}

/// All of them, an organisation's own before the built-in ones.
#[derive(Clone, Debug)]
pub struct Providers {
    all: Vec<Provider>,
    own: usize,
}

impl Providers {
    /// The built-in ones.
    pub fn built_in() -> Providers {
        // A test keeps the list right; were it wrong, the other ways to find servers stand.
        let all = read(BUILT_IN).unwrap_or_default();
        Providers { all, own: 0 }
    }

    /// The built-in ones after those of this text.
    ///
    /// # Errors
    /// What is wrong with the text, in plain words.
    pub fn with(own: &str) -> Result<Providers, String> {
        let mut all = read(own)?;
        let number = all.len();
        all.iter_mut().for_each(|p| p.own = true);
        all.extend(Providers::built_in().all);
        Ok(Providers { all, own: number })
    }

    /// Whose domain this is.
    pub fn of_domain(&self, domain: &str) -> Option<&Provider> {
        let own = |p: &&Provider| p.domains.iter().any(|d| d.eq_ignore_ascii_case(domain));
        // What Microsoft gives its customers are names below its own.
        let below = |p: &&Provider| {
            let mut ours = p.domains.iter().filter(|d| *d == "onmicrosoft.com");
            ours.any(|d| is_below(domain, d))
        };
        let mut all = self.all.iter();
        all.clone().find(own).or_else(|| all.find(below))
    }

    /// Whose servers take a domain's mail, with the one that told it. The longest ending wins; an
    /// organisation's own before all.
    pub fn of_mx<'m>(&self, servers: &'m [String]) -> Option<(&Provider, &'m str)> {
        let mut best: Option<((bool, usize), &Provider, &str)> = None;
        for (at, provider) in self.all.iter().enumerate() {
            for server in servers {
                let fits = provider.mx.iter().filter(|mx| is_below(server, mx));
                let Some(length) = fits.map(String::len).max() else {
                    continue;
                };
                let rank = (at < self.own, length);
                if best.is_none_or(|(before, ..)| rank > before) {
                    best = Some((rank, provider, server));
                }
            }
        }
        best.map(|(_, provider, server)| (provider, server))
    }

    /// Whose server this is.
    pub fn of_host(&self, host: &str) -> Option<&Provider> {
        self.all.iter().find(|p| p.has_server(host))
    }

    /// Whose server this is, or whose servers stand beside it.
    pub fn near_host(&self, host: &str) -> Option<&Provider> {
        let host = host.trim_end_matches('.');
        let near = || self.all.iter().find(|p| p.is_near(host));
        self.of_host(host).or_else(near)
    }

    /// Whether a token got at the page of this word may go to all of these servers: each is one of
    /// those that sign in there, stands beside one, or is on this machine. A word that none of these
    /// providers has is nobody's token.
    pub fn may_have_tokens<'h>(&self, word: &str, hosts: impl Iterator<Item = &'h str>) -> bool {
        let signs_in = |p: &&Provider| {
            let way = |w: &SignIn| matches!(w, SignIn::OAuth { provider } if provider == word);
            p.sign_in.iter().any(way)
        };
        let theirs: Vec<&Provider> = self.all.iter().filter(signs_in).collect();
        let mut hosts = hosts.map(|h| h.trim_end_matches('.'));
        theirs.is_empty()
            || hosts.all(|h| is_here(h) || theirs.iter().any(|p| p.has_server(h) || p.is_near(h)))
    }

    /// A known domain that differs from this one by a slip of the hand: `gmial.com`.
    pub fn like(&self, domain: &str) -> Option<&str> {
        if self.of_domain(domain).is_some() {
            return None;
        }
        let domains = self.all.iter().flat_map(|p| &p.domains);
        let mut near = domains.filter(|d| d.len() > 5 && is_slip(d, domain));
        near.next().map(String::as_str)
    }
}

/// Whether a host is this machine, as it is written.
fn is_here(host: &str) -> bool {
    let here = host
        .parse::<IpAddr>()
        .map(|ip| ip.to_canonical().is_loopback());
    here.unwrap_or_else(|_| host.eq_ignore_ascii_case("localhost"))
}

/// Whether a name is another one, or stands below it. Both in lower case or not.
pub fn is_below(name: &str, above: &str) -> bool {
    let (name, above) = (name.trim_end_matches('.'), above.trim_end_matches('.'));
    let Some(at) = name.len().checked_sub(above.len()) else {
        return false;
    };
    let ends = name
        .get(at..)
        .is_some_and(|end| end.eq_ignore_ascii_case(above));
    let before = name.get(..at).unwrap_or_default();
    !above.is_empty() && ends && (before.is_empty() || before.ends_with('.'))
}

/// One letter more, less or other, or two in each other's place.
fn is_slip(right: &str, typed: &str) -> bool {
    let (right, typed): (Vec<char>, Vec<char>) = (right.chars().collect(), typed.chars().collect());
    let same = |(a, b): &(&char, &char)| a == b;
    let ahead = right.iter().zip(&typed).take_while(same).count();
    let rest = (
        right.get(ahead..).unwrap_or(&[]),
        typed.get(ahead..).unwrap_or(&[]),
    );
    match rest {
        ([], []) => false,
        ([a, b, right @ ..], [c, d, typed @ ..]) if (a, b) == (d, c) && right == typed => true,
        ([_, right @ ..], [_, typed @ ..]) if right == typed => true,
        ([_, right @ ..], typed) if right == typed => true,
        (right, [_, typed @ ..]) if right == typed => true,
        _ => false,
    }
}

/// Reads a list; the first mistake in plain words.
fn read(text: &str) -> Result<Vec<Provider>, String> {
    let table: toml::Table = text.parse().map_err(|e: toml::de::Error| e.to_string())?;
    // What `oauth` says of sign-ins is for the configuration, which reads the same file.
    let known = |key: &&String| ["provider", "oauth"].contains(&key.as_str());
    if let Some(other) = table.keys().find(|key| !known(key)) {
        return Err(format!("`{other}` is no [[provider]] and no [oauth.NAME]"));
    }
    let listed = table.get("provider").and_then(toml::Value::as_array);
    let listed = listed.map_or(&[][..], Vec::as_slice);
    let each = listed.iter().enumerate().map(|(at, value)| {
        let name = value.get("name").and_then(toml::Value::as_str);
        let name = name.map_or_else(|| format!("number {}", at + 1), str::to_owned);
        let table = value.as_table().ok_or("it is no table".to_owned());
        let read = table.and_then(one);
        read.map_err(|why| format!("provider {name}: {why}"))
    });
    each.collect()
}

/// Reads one.
fn one(table: &toml::Table) -> Result<Provider, String> {
    const KEYS: [&str; 10] = [
        "name", "domains", "mx", "imap", "smtp", "user", "sign-in", "page", "notes", "without",
    ];
    if let Some(other) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
        return Err(format!(
            "there is no `{other}`; there are {}",
            KEYS.join(", ")
        ));
    }
    let text = |key: &str| match table.get(key) {
        None => Ok(None),
        Some(toml::Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(format!("`{key}` is a text")),
    };
    let list = |key: &str| -> Result<Vec<String>, String> {
        let wrong = || format!("`{key}` is a list of texts");
        let Some(value) = table.get(key) else {
            return Ok(Vec::new());
        };
        let items = value.as_array().ok_or_else(wrong)?.iter();
        let texts = items.map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong));
        texts.collect()
    };
    let names = |key: &str| -> Result<Vec<String>, String> {
        let names = list(key)?
            .iter()
            .map(|n| n.to_ascii_lowercase())
            .collect::<Vec<_>>();
        match names
            .iter()
            .find(|n| !n.contains('.') || n.starts_with('.') || !n.is_ascii())
        {
            Some(bad) => Err(format!("`{bad}` in `{key}` is no domain")),
            None => Ok(names),
        }
    };
    let servers = |key: &str| -> Result<Vec<Endpoint>, String> {
        list(key)?.iter().map(|s| server(s, key)).collect()
    };
    let page = text("page")?;
    if page.as_ref().is_some_and(|p| !p.starts_with("https://")) {
        return Err("`page` begins with https://".to_owned());
    }
    let sign_in = list("sign-in")?;
    let ways = sign_in.iter().map(|way| match way.as_str() {
        "password" => Ok(SignIn::Password),
        "app-password" => Ok(SignIn::AppPassword { page: page.clone() }),
        other => match other.strip_prefix("oauth:") {
            Some(provider) if !provider.is_empty() => Ok(SignIn::OAuth {
                provider: provider.to_owned(),
            }),
            _ => Err(format!(
                "`{other}` in `sign-in`; there are password, app-password, oauth:PROVIDER"
            )),
        },
    });
    let local_user = match text("user")?.as_deref() {
        None | Some("address") => false,
        Some("local") => true,
        Some(other) => return Err(format!("`user` is address or local, not {other}")),
    };
    let provider = Provider {
        name: text("name")?.ok_or("it has no `name`")?,
        domains: names("domains")?,
        mx: names("mx")?,
        imap: servers("imap")?,
        smtp: servers("smtp")?,
        local_user,
        sign_in: ways.collect::<Result<_, String>>()?,
        notes: list("notes")?,
        without: text("without")?,
        own: false,
    };
    if provider.domains.is_empty() && provider.mx.is_empty() {
        return Err("it has neither `domains` nor `mx`".to_owned());
    }
    if provider.without.is_none() {
        if provider.imap.is_empty() || provider.smtp.is_empty() {
            return Err("it needs `imap` and `smtp`".to_owned());
        }
        if provider.sign_in.is_empty() {
            return Err("it needs `sign-in`".to_owned());
        }
    }
    Ok(provider)
}

/// Reads `HOST:PORT`, with the way of securing it before it where the port doesn't tell.
pub fn server(text: &str, what: &str) -> Result<Endpoint, String> {
    let wrong = |why: &str| format!("`{text}` in `{what}`: {why}");
    let (said, place) = match text.split_once(':') {
        Some(("tls", rest)) => (Some(Security::Tls), rest),
        Some(("starttls", rest)) => (Some(Security::StartTls), rest),
        Some(("none", rest)) => (Some(Security::None), rest),
        _ => (None, text),
    };
    let (host, port) = place
        .rsplit_once(':')
        .ok_or_else(|| wrong("it is HOST:PORT"))?;
    let port: u16 = port
        .parse()
        .map_err(|_| wrong("a port is a number below 65536"))?;
    let security = said.or(usual(port));
    let security = security.ok_or_else(|| wrong("tls: or starttls: must stand before it"))?;
    let bare = host.trim_matches(['[', ']']);
    let here = bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if security == Security::None && !here {
        return Err(wrong("nothing is sent in the clear to another machine"));
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b);
    if host.is_empty() || port == 0 || (host != MX && !host.bytes().all(plain)) {
        return Err(wrong("that is no host"));
    }
    Ok(Endpoint {
        host: host.to_ascii_lowercase(),
        port,
        security,
        pin_sha256: None,
    })
}

/// How the usual ports begin.
pub fn usual(port: u16) -> Option<Security> {
    match port {
        993 | 465 => Some(Security::Tls),
        143 | 587 | 2525 => Some(Security::StartTls),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
