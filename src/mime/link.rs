//! Links: which may be opened, and which pretend.
//!
//! Only http, https and mailto can be opened, and what is opened is printable ASCII, the host in
//! the form that goes into the DNS, so that nothing in it can act on a terminal or look like
//! another host. A link whose text names one host and whose target is another is reported.

use super::site::same_site;
use super::styled::{self, Line, Mark, Run};
use super::{tracker, transfer};
use crate::lang::tr;
use crate::text::Clean;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The longest address that is opened, in octets.
const MAX_URL: usize = 2_083;
/// The most pictures that are shown in their place.
const MAX_PICTURES: usize = 100;
/// The most links that are numbered.
const MAX_LINKS: usize = 999;

/// A link of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// What the message shows for it; empty for a picture without a name.
    pub text: Clean,
    /// Where it leads, for showing: who counts clicks is named after what lies behind.
    pub target: Clean,
    /// What to open: http, https or mailto, in printable ASCII.
    pub url: String,
    /// Whether the message shows it anywhere as something that it is not.
    pub deceives: bool,
}

/// Pictures of a message that lie on the web.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remote {
    /// Where, each once: https, as [`openable`] gives it.
    pub pictures: Vec<String>,
    /// How many could only be had in the clear, and never are.
    pub clear: usize,
}

/// The links of one message, each address once.
#[derive(Clone, Debug, Default)]
pub struct Links {
    list: Vec<Link>,
    numbers: BTreeMap<String, u32>,
    /// The first link that pretends: the host it names, the host it leads to.
    deceit: Option<(String, String)>,
    remote: Remote,
    /// The pictures that stand in the text.
    pictures: Vec<Picture>,
}

/// A picture that stands in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Picture {
    /// One that lies on the web: https, as [`openable`] gives it.
    Web(String),
    /// A part of the message, by its Content-ID (RFC 2392).
    Part(String),
    /// This part of the message.
    Here(u32),
}

impl Links {
    /// The number of a link, from 1; `None` if it may not be opened or there are too many.
    pub fn number(&mut self, raw: &str) -> Option<u32> {
        let url = openable(raw)?;
        if let Some(n) = self.numbers.get(&url) {
            return Some(*n);
        }
        if self.list.len() >= MAX_LINKS {
            return None;
        }
        self.list.push(Link {
            text: Clean::default(),
            target: Clean::line(&target(&url)),
            url: url.clone(),
            deceives: false,
        });
        let n = u32::try_from(self.list.len()).ok()?;
        self.numbers.insert(url, n);
        Some(n)
    }

    /// Notes a picture. Gives its number among those that can be shown in their place, from 0.
    pub fn picture(&mut self, source: &str) -> Option<u32> {
        let source = source.trim();
        let picture = match source.get(..4) {
            Some(scheme) if scheme.eq_ignore_ascii_case("cid:") => {
                let id = transfer::percent(source.get(4..)?.as_bytes());
                Picture::Part(String::from_utf8_lossy(&id).into_owned())
            }
            _ => {
                let url = openable(source)?;
                if !url.starts_with("https:") {
                    self.remote.clear += usize::from(url.starts_with("http:"));
                    return None;
                }
                if !self.remote.pictures.contains(&url) {
                    self.remote.pictures.push(url.clone());
                }
                Picture::Web(url)
            }
        };
        self.place(picture)
    }

    /// Notes a picture that is this part of the message and stands between texts; its number as for
    /// any other. `None` if a text shows it already by this Content-ID, or if there are too many.
    pub fn here(&mut self, part: u32, id: &str) -> Option<u32> {
        let shown = |p: &Picture| matches!(p, Picture::Part(own) if own == id);
        if !id.is_empty() && self.pictures.iter().any(shown) {
            return None;
        }
        self.place(Picture::Here(part))
    }

    fn place(&mut self, picture: Picture) -> Option<u32> {
        if self.pictures.len() >= MAX_PICTURES {
            return None;
        }
        self.pictures.push(picture);
        u32::try_from(self.pictures.len() - 1).ok()
    }

    /// The pictures that stand in the text, by their numbers.
    pub fn pictures(&self) -> &[Picture] {
        &self.pictures
    }

    /// The pictures that lie on the web.
    pub fn remote(&self) -> &Remote {
        &self.remote
    }

    /// Notes what the message shows for a link. Gives the real host if that text names another.
    pub fn shown(&mut self, n: u32, text: &str) -> Option<String> {
        let at = usize::try_from(n).ok()?.checked_sub(1)?;
        let link = self.list.get_mut(at)?;
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if link.text.is_empty() {
            link.text = Clean::line(Clean::line(&text).as_str().trim());
        }
        let (named, real) = pretends(&text, &link.url)?;
        link.deceives = true;
        self.deceit.get_or_insert((named, real.clone()));
        Some(real)
    }

    /// A name and an address with its number beside it; `None` if that may not be opened.
    pub fn row(&mut self, name: &str, address: &str, width: usize) -> Option<Vec<Line>> {
        let n = self.number(address)?;
        self.shown(n, address);
        let text = format!("{}[{n}]", Clean::line(address));
        Some(styled::named(name, &[Run::new(text, Mark::Link(n))], width))
    }

    /// The first link that pretends: the host it names, the host it leads to.
    pub fn deceit(&self) -> Option<&(String, String)> {
        self.deceit.as_ref()
    }

    /// The links in order.
    pub fn into_list(self) -> Vec<Link> {
        self.list
    }
}

/// Where an address leads, for showing; through whom, if not straight.
fn target(url: &str) -> String {
    let behind = tracker::behind(url).and_then(|b| Some((openable(&b.address)?, b.sure)));
    match (behind, host(url)) {
        (Some((real, true)), Some(through)) => tr!("{real} (through {through})", real, through),
        // What it holds may be a lie; who gets the click is not.
        (Some((real, false)), Some(through)) => tr!("{through}, which names {real}", through, real),
        _ => url.to_owned(),
    }
}

/// The address as it may be opened; `None` for any other scheme and for what is no address.
pub fn openable(raw: &str) -> Option<String> {
    // As browsers do: blanks around and line breaks inside do not count.
    let kept: String = raw.trim().chars().filter(|c| !c.is_control()).collect();
    if kept.len() > MAX_URL {
        return None;
    }
    let (scheme, rest) = kept.split_once(':')?;
    let scheme = scheme.to_ascii_lowercase();
    let url = match scheme.as_str() {
        "mailto" if !rest.is_empty() => format!("mailto:{}", encode(rest)),
        "http" | "https" => {
            let rest = rest.trim_start_matches(['/', '\\']);
            let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
            let (authority, path) = rest.split_at(end);
            let (user, place) = match authority.rsplit_once('@') {
                Some((user, place)) => (Some(user), place),
                None => (None, authority),
            };
            let (host, port) = match place.rsplit_once(':') {
                Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => (host, port),
                _ => (place, ""),
            };
            let host = if host.starts_with('[') {
                let good = host
                    .bytes()
                    .all(|b| b.is_ascii_hexdigit() || b"[]:.".contains(&b));
                good.then(|| host.to_owned())?
            } else {
                let ascii = idna::domain_to_ascii(host).ok()?;
                let good = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
                (!ascii.is_empty() && ascii.bytes().all(good)).then_some(ascii)?
            };
            let user = user.map(|u| format!("{}@", encode(u))).unwrap_or_default();
            let port = if port.is_empty() {
                String::new()
            } else {
                format!(":{port}")
            };
            format!("{scheme}://{user}{host}{port}{}", encode(path))
        }
        _ => return None,
    };
    (url.len() <= MAX_URL).then_some(url)
}

/// Percent-encodes everything that is not printable ASCII, and what shells and terminals mind.
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for b in text.bytes() {
        if matches!(b, b'!'..=b'~') && !b"\"<>\\^`{|}".contains(&b) {
            out.push(char::from(b));
        } else {
            let _ = write!(out, "%{b:02X}");
        }
    }
    out
}

/// The host that an address leads to, or the addr-spec that a mailto writes to; lower case.
pub fn host(url: &str) -> Option<String> {
    if let Some(to) = url.strip_prefix("mailto:") {
        return Some(to.split('?').next()?.to_ascii_lowercase());
    }
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let place = authority.rsplit('@').next()?;
    let host = if place.starts_with('[') {
        place
    } else {
        place.split(':').next()?
    };
    Some(host.trim_end_matches('.').to_ascii_lowercase())
}

/// If the text names another host than the address leads to: (named, real). A name before `@` in
/// an address (`https://good.example@evil.example`) counts as one named, too.
fn pretends(text: &str, url: &str) -> Option<(String, String)> {
    let whole = url;
    // Who is known to lead on to what he is handed does not count.
    let behind = tracker::behind(url).filter(|b| b.sure);
    let behind = behind.and_then(|b| openable(&b.address));
    let url = behind.as_deref().unwrap_or(url);
    let real = host(url)?;
    // One that is shown as it is, as in plain text, hides nothing, whoever leads on from there.
    let is_shown = || openable(text).is_some_and(|shown| shown == whole);
    let named = user_that_is_a_host(url).or_else(|| named_host(text).filter(|_| !is_shown()))?;
    (!same_site(&named, &real)).then_some((named, real))
}

fn user_that_is_a_host(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let (user, _) = rest.split(['/', '?', '#']).next()?.rsplit_once('@')?;
    named_host(user.split([':', '%']).next()?)
}

/// The host that a text seems to be, if it seems to be one.
fn named_host(text: &str) -> Option<String> {
    let plain = |c: char| !c.is_alphanumeric();
    let trimmed = |word: &str| {
        let bare = word.trim_matches(|c: char| plain(c) && c != '/' && c != '[');
        bare.to_owned()
    };
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        let mut word = trimmed(word);
        // Eyes read on over the blank.
        if word.ends_with("://") {
            word.push_str(&trimmed(words.clone().next().unwrap_or_default()));
        }
        let lower = word.to_lowercase();
        let after = lower
            .strip_prefix("https://")
            .or_else(|| lower.strip_prefix("http://"));
        if after.is_some() || lower.starts_with("www.") {
            // What is no host ends nothing: another word may be one.
            let named = openable(&format!("http://{}", after.unwrap_or(&lower)));
            if let Some(host) = named.and_then(|url| self::host(&url)) {
                return Some(host);
            }
        }
    }
    let word = text.trim();
    if word.contains(char::is_whitespace) || !word.contains('.') {
        return None;
    }
    if word.contains('@') {
        return crate::mime::recipients::check_addr(word)
            .ok()
            .map(|()| word.to_ascii_lowercase());
    }
    let end = word.find(['/', '?', '#']).unwrap_or(word.len());
    let (place, path) = word.split_at(end);
    let (_, last) = place.rsplit_once('.')?;
    const FILES: [&str; 24] = [
        "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt", "ods", "txt", "md", "html",
        "htm", "png", "jpg", "jpeg", "gif", "zip", "gz", "rs", "py", "js", "csv", "ics",
    ];
    let is_file = path.is_empty() && FILES.contains(&last.to_lowercase().as_str());
    if last.chars().count() < 2 || !last.chars().all(char::is_alphabetic) || is_file {
        return None;
    }
    host(&openable(&format!("http://{place}"))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn s34_only_three_schemes_are_opened() {
        for bad in [
            "javascript:alert(1)",
            "file:///etc/passwd",
            "data:text/html,x",
            "vbscript:x",
            "/relative",
            "#top",
            "cid:1",
            "http:",
            "http:///",
            "https://\u{202e}",
        ] {
            assert_eq!(openable(bad), None, "{bad}");
        }
        assert_eq!(
            openable(" HTTPS://Ex.example/a b\u{1b}]\n").unwrap(),
            "https://ex.example/a%20b]"
        );
        assert_eq!(openable("java\nscript:x"), None);
        assert_eq!(
            openable("http://bücher.example/ü?x=\"").unwrap(),
            "http://xn--bcher-kva.example/%C3%BC?x=%22"
        );
        assert_eq!(
            openable("mailto:a@b.example").unwrap(),
            "mailto:a@b.example"
        );
        assert!(openable(&format!("http://x.example/{}", "y".repeat(3000))).is_none());
    }

    #[test]
    fn s36_pretence_is_seen() {
        let mut links = Links::default();
        for (text, url, real) in [
            ("http://good.test", "http://evil.test/", Some("evil.test")),
            (
                "www.good.test/login",
                "https://x.evil.test",
                Some("x.evil.test"),
            ),
            (
                "good.test",
                "https://good.test@evil.test/",
                Some("evil.test"),
            ),
            (
                "click here",
                "https://good.test@evil.test/",
                Some("evil.test"),
            ),
            ("good.test", "https://www.good.test/x", None),
            // As it stands in a plain text, and behind other words.
            (
                "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fgood.test%2F",
                "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fgood.test%2F",
                None,
            ),
            (
                "www.good.test",
                "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fevil.test%2F",
                Some("evil.test"),
            ),
            ("mail.good.test", "https://www.good.test/x", None),
            ("a.co.uk", "https://b.co.uk/", Some("b.co.uk")),
            ("dhl.de", "https://mail.dhl.de/", None),
            (
                "bank.github.io",
                "https://evil.github.io/",
                Some("evil.github.io"),
            ),
            ("report.pdf", "https://files.test/r", None),
            ("Click here", "https://evil.test", None),
            (
                "good.test",
                "https://www.google.com/url?q=https://good.test/",
                None,
            ),
            (
                "www.google.com",
                "https://www.google.com/url?q=https://evil.test/",
                Some("evil.test"),
            ),
            (
                "good.test",
                "https://evil.test/?url=https://good.test/",
                Some("evil.test"),
            ),
            (
                "https:// www.good.test/login",
                "https://evil.test/",
                Some("evil.test"),
            ),
            (
                "https:// good.test",
                "https://evil.test/",
                Some("evil.test"),
            ),
            (
                "http://: or www.good.test",
                "https://evil.test/",
                Some("evil.test"),
            ),
            ("a@b.example", "mailto:c@d.example", Some("c@d.example")),
            ("a@b.example", "mailto:A@b.example?subject=x", None),
        ] {
            let n = links.number(url).unwrap();
            assert_eq!(links.shown(n, text).as_deref(), real, "{text} {url}");
        }
        assert_eq!(links.deceit().unwrap().0, "good.test");
    }

    proptest! {
        #[test]
        fn what_is_opened_is_plain(raw in "(https?://|mailto:|)(\\PC|[\u{0}-\u{20}]|/|@|:|\\.){0,40}") {
            if let Some(url) = openable(&raw) {
                prop_assert!(url.bytes().all(|b| (0x21..0x7f).contains(&b)));
                prop_assert!(!url.starts_with('-'));
            }
            let mut links = Links::default();
            if let Some(n) = links.number(&raw) {
                links.shown(n, &raw);
            }
        }
    }
}
