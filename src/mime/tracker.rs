//! Where a link through somebody who counts clicks really leads, as far as its address tells.
//!
//! It is only read, never followed. Who is known to lead on whatever address is handed to him is
//! believed; for everybody else the address is shown with the host that comes before it, since a
//! page may show what it likes for `?url=https://bank.example`.

use super::transfer;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Redirectors inside redirectors that are unwrapped.
const MAX_DEEP: usize = 4;
/// Parameters that hold where a link leads.
const NAMES: [&str; 14] = [
    "url",
    "u",
    "q",
    "to",
    "target",
    "redirect",
    "redirect_url",
    "redirecturl",
    "dest",
    "destination",
    "link",
    "goto",
    "r",
    "redir",
];
/// Hosts that lead on to what they are handed, with the parameter that holds it, and the one path
/// where they do, if it is not all of them.
const KNOWN: [(&str, &str, &str); 11] = [
    (".safelinks.protection.outlook.com", "url", ""),
    ("www.google.com", "q", "/url"),
    ("www.google.com", "url", "/url"),
    ("google.com", "q", "/url"),
    ("google.com", "url", "/url"),
    ("l.facebook.com", "u", ""),
    ("lm.facebook.com", "u", ""),
    ("out.reddit.com", "url", ""),
    ("slack-redir.net", "url", ""),
    ("urldefense.proofpoint.com", "u", ""),
    ("href.li", "", ""),
];
/// Hosts that hold where they lead in the path, between two underlines.
const DEFENDERS: [&str; 3] = [
    "urldefense.com",
    "urldefense.us",
    "urldefense.proofpoint.com",
];

/// Where a link really leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behind {
    /// The address that it holds.
    pub address: String,
    /// Whether whoever comes before it is known to lead there.
    pub sure: bool,
}

/// Reads where a link leads that goes through somebody else; `None` if it seems to go straight.
pub fn behind(url: &str) -> Option<Behind> {
    let mut found: Option<Behind> = None;
    for _ in 0..MAX_DEEP {
        let from = found.as_ref().map_or(url, |f| f.address.as_str());
        let Some(next) = once(from) else { break };
        let sure = next.sure && found.as_ref().is_none_or(|f| f.sure);
        found = Some(Behind { sure, ..next });
    }
    found
}

fn once(url: &str) -> Option<Behind> {
    let (_, rest) = url.split_once("://")?;
    // Browsers take `\` for `/`, so a host ends there, too.
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = host(authority);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let query = query.split('#').next().unwrap_or_default();
    let known = |name: &str| {
        KNOWN.iter().any(|(h, n, only)| {
            let fits = if h.starts_with('.') {
                host.ends_with(h)
            } else {
                host == *h
            };
            fits && *n == name && (only.is_empty() || path == *only)
        })
    };
    // All of it, where no parameter has a name.
    if known("")
        && let Some(address) = address(query)
    {
        return Some(Behind {
            address,
            sure: true,
        });
    }
    for pair in query.split('&').take(40) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = name.to_ascii_lowercase();
        if !NAMES.contains(&name.as_str()) {
            continue;
        }
        // Proofpoint writes `-` for `%` and `_` for `/`.
        let value = if host == "urldefense.proofpoint.com" {
            value.replace('-', "%").replace('_', "/")
        } else {
            value.to_owned()
        };
        if let Some(address) = address(&value) {
            return Some(Behind {
                address,
                sure: known(&name),
            });
        }
    }
    // In the path: an address as it is, percent-encoded, or in base64.
    if let Some(at) = path
        .find("__http")
        .filter(|_| DEFENDERS.contains(&host.as_str()))
    {
        let held = path.get(at + 2..)?.split("__").next()?;
        let held = held.replacen(":/", "://", 1).replace(":///", "://");
        return address(&held).map(|address| Behind {
            address,
            sure: true,
        });
    }
    path.split('/')
        .take(20)
        .find_map(address)
        .map(|address| Behind {
            address,
            sure: false,
        })
}

/// The host of an address's authority, lower case: without who signs in there and the port. Empty
/// if it holds what a browser would take for something else.
fn host(authority: &str) -> String {
    let place = authority.rsplit('@').next().unwrap_or_default();
    let host = place.split(':').next().unwrap_or_default();
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    match host.bytes().all(plain) {
        true => host.trim_end_matches('.').to_ascii_lowercase(),
        false => String::new(),
    }
}

/// The web address that a value is, percent-encoded or in base64.
fn address(value: &str) -> Option<String> {
    let plain = String::from_utf8_lossy(&transfer::percent(value.as_bytes())).into_owned();
    if is_web(&plain) {
        return Some(plain);
    }
    let digits = value.trim_end_matches('=');
    let coded = digits.starts_with("aHR0c");
    if !coded || digits.len() > 3_000 {
        return None;
    }
    // What follows the address may be no base64: a mark after a dot or a dash.
    let digits = digits.split(['.', '%', '~']).next().unwrap_or_default();
    let octets = URL_SAFE_NO_PAD
        .decode(digits)
        .or_else(|_| STANDARD_NO_PAD.decode(digits))
        .ok()?;
    let text = String::from_utf8(octets).ok()?;
    is_web(&text).then_some(text)
}

fn is_web(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|r| r.len() > 3 && !r.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_behind_is_read() {
        for (url, real, sure) in [
            (
                "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fa.example%2Fx%3Fb%3D1&data=05",
                "https://a.example/x?b=1",
                true,
            ),
            (
                "https://www.google.com/url?q=https://a.example/q&sa=D",
                "https://a.example/q",
                true,
            ),
            (
                "https://www.google.com/url?sa=t&url=https%3A%2F%2Fl.facebook.com%2Fl.php%3Fu%3Dhttps%253A%252F%252Fa.example%252F",
                "https://a.example/",
                true,
            ),
            (
                "https://click.mail.example/track/aHR0cHM6Ly9hLmV4YW1wbGUvZGVlcA",
                "https://a.example/deep",
                false,
            ),
            (
                "https://evil.test/?url=https%3A%2F%2Fa.example%2F",
                "https://a.example/",
                false,
            ),
            (
                "https://t.example/CL0/https:%2F%2Fa.example%2Fy/1/0100",
                "https://a.example/y",
                false,
            ),
            (
                "https://urldefense.proofpoint.com/v2/url?u=https-3A__a.example_p&d=x",
                "https://a.example/p",
                true,
            ),
            (
                "https://href.li/?https://a.example/r?b=1&c=2",
                "https://a.example/r?b=1&c=2",
                true,
            ),
            (
                "https://urldefense.com/v3/__https://a.example/p__;!!x",
                "https://a.example/p",
                true,
            ),
        ] {
            let found = behind(url).unwrap_or_else(|| panic!("{url}"));
            assert_eq!((found.address.as_str(), found.sure), (real, sure), "{url}");
        }
        for (url, sure) in [
            (
                "https://www.google.com/amp/s/evil.example/?q=https://a.example/",
                false,
            ),
            (
                "https://urldefense.evil.example/v3/__https://a.example/__;!!x",
                false,
            ),
            (
                "https://urldefense.x@evil.example/v3/__https://a.example/__;!!x",
                false,
            ),
            (
                "https://l.facebook.com@evil.example/?u=https://a.example/",
                false,
            ),
            (
                "https://evil.example\\.safelinks.protection.outlook.com/?url=https://a.example/",
                false,
            ),
            (
                "https://evil.example%2f.safelinks.protection.outlook.com/?url=https://a.example/",
                false,
            ),
            (
                "https://me@l.facebook.com:443/l.php?u=https://a.example/",
                true,
            ),
        ] {
            assert!(behind(url).is_none_or(|b| b.sure == sure), "{url}");
        }
        for straight in [
            "https://a.example/x?q=words",
            "mailto:a@b.example",
            "https://a.example/?u=1",
            "https://google.com/search?q=http",
        ] {
            assert_eq!(behind(straight), None, "{straight}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "(https?://|%|[0-9a-f]{2}|url=|\\?|&|/|aHR0c|é|[a-z]{1,9}){0,30}") {
            behind(&text);
        }
    }
}
