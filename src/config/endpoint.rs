//! `imap = { … }` and `smtp = { … }`: where a server is and how the connection is protected.

use crate::config::options::{Part, keys};
use crate::config::problem::Problems;
use crate::config::section::{Found, Section, wrong};
use crate::model::{Endpoint, Security};
use base64::Engine as _;
use std::net::IpAddr;
use toml::de::DeValue;

const SECURITIES: [(&str, Security); 3] = [
    ("tls", Security::Tls),
    ("starttls", Security::StartTls),
    ("none", Security::None),
];

/// Which server of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Server {
    Imap,
    Smtp,
}

impl Server {
    pub fn key(self) -> &'static str {
        match self {
            Server::Imap => "imap",
            Server::Smtp => "smtp",
        }
    }

    /// The security that is usual on the port that is given, TLS where nothing is said.
    fn usual(self, section: &Section<'_, '_>) -> Security {
        let port = section
            .raw("port")
            .and_then(|p| p.get_ref().as_integer())
            .and_then(|p| u16::from_str_radix(p.as_str(), p.radix()).ok());
        // 2525 is what providers offer where networks block the usual ports; it begins in the clear.
        let alike = self == Server::Smtp && port == Some(2525);
        if alike || port == Some(self.port(Security::StartTls)) {
            Security::StartTls
        } else {
            Security::Tls
        }
    }

    /// The port that RFC 8314 and RFC 6409 give it.
    fn port(self, security: Security) -> u16 {
        match (self, security) {
            (Server::Imap, Security::Tls) => 993,
            (Server::Imap, _) => 143,
            (Server::Smtp, Security::Tls) => 465,
            (Server::Smtp, _) => 587,
        }
    }
}

/// What stands for the submission server of an account that sends by a program.
pub(super) fn nowhere() -> Endpoint {
    Endpoint {
        host: "localhost".to_owned(),
        port: 25,
        security: Security::None,
        pin_sha256: None,
    }
}

/// The security's name in the file.
pub(super) fn security_name(security: Security) -> &'static str {
    SECURITIES
        .iter()
        .find(|(_, s)| *s == security)
        .map_or("tls", |(name, _)| name)
}

/// Reads one server of an account; `None` after a mistake.
pub(super) fn endpoint(
    account: &Section<'_, '_>,
    server: Server,
    problems: &mut Problems<'_>,
) -> Option<Endpoint> {
    let key = server.key();
    let Some(found) = account.raw(key) else {
        let hint = format!(
            "add {key} = {{ host = \"{key}.example.org\", port = {}, security = \"tls\" }}",
            server.port(Security::Tls)
        );
        problems.add(&account.span, format!("`{key}` is missing"), Some(hint));
        return None;
    };
    let DeValue::Table(table) = found.get_ref() else {
        wrong(
            key,
            found.get_ref(),
            "a table: { host = \"…\", port = …, security = \"tls\" }",
            found.span(),
            problems,
        );
        return None;
    };
    let section = Section::new(table, found.span(), &keys(Part::Server), problems);
    let host = host(&section, problems);
    let security = match section.raw("security") {
        None => Some(server.usual(&section)),
        Some(_) => security(&section, host.as_ref(), problems),
    };
    let port = match section.raw("port") {
        None => security.map(|s| server.port(s)),
        Some(_) => port(&section, server, problems),
    };
    let pin_sha256 = match section.raw("pin-sha256") {
        None => Some(None),
        Some(_) => pin(&section, problems).map(Some),
    };
    Some(Endpoint {
        host: host?.value,
        port: port?,
        security: security?,
        pin_sha256: pin_sha256?,
    })
}

fn host(section: &Section<'_, '_>, problems: &mut Problems<'_>) -> Option<Found<String>> {
    if section.raw("host").is_none() {
        problems.add(&section.span, "`host` is missing", None);
        return None;
    }
    let mut host = section.line("host", problems)?;
    let bare = host
        .value
        .strip_prefix('[')
        .and_then(|h| h.strip_suffix(']'));
    if let Some(bare) = bare.filter(|b| b.parse::<IpAddr>().is_ok()) {
        host.value = bare.to_owned();
    }
    let name = host.value.as_str();
    let (message, hint) = if name.is_empty() {
        (
            "`host` is empty",
            "the server's name, like mail.example.org",
        )
    } else if name.contains("://") || name.contains('/') {
        (
            "`host` is a name, not an address of the web",
            "leave out what stands before // and after the name",
        )
    } else if name.contains('@') {
        (
            "`host` is a server's name, not a mail address",
            "often mail. or imap. and what stands after the @",
        )
    } else if name.contains(char::is_whitespace) {
        ("`host` holds white space", "the server's name only")
    } else if name.contains(':') && name.parse::<IpAddr>().is_err() {
        (
            "`host` holds a colon",
            "the port has a key of its own: port = 993",
        )
    } else {
        return Some(host);
    };
    problems.add(&host.span, message, Some(hint.to_owned()));
    None
}

fn security(
    section: &Section<'_, '_>,
    host: Option<&Found<String>>,
    problems: &mut Problems<'_>,
) -> Option<Security> {
    let security = section.word("security", &SECURITIES, problems)?;
    let far = host.is_some_and(|h| !is_loopback(&h.value));
    if security.value == Security::None && far {
        problems.add(
            &security.span,
            "without TLS the password and all mail would go over the network in the clear",
            Some("use \"tls\" or \"starttls\"; \"none\" is for this machine only (localhost, 127.0.0.1, ::1)".to_owned()),
        );
        return None;
    }
    Some(security.value)
}

/// Whether a host is this machine, judged by what was written. The connection judges again by the
/// peer's address.
pub fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<IpAddr>()
            .is_ok_and(|ip| ip.to_canonical().is_loopback())
}

fn port(section: &Section<'_, '_>, server: Server, problems: &mut Problems<'_>) -> Option<u16> {
    let port = section.number("port", 1..=u32::from(u16::MAX), problems)?;
    if server == Server::Smtp && port.value == 25 {
        problems.add(
            &port.span,
            "port 25 is for mail between servers: most networks block it, and sign-in is not offered there",
            Some("port = 465 with security = \"tls\", or port = 587 with security = \"starttls\"".to_owned()),
        );
        return None;
    }
    u16::try_from(port.value).ok()
}

fn pin(section: &Section<'_, '_>, problems: &mut Problems<'_>) -> Option<[u8; 32]> {
    let text = section.line("pin-sha256", problems)?;
    let pin = unhex(&text.value).or_else(|| {
        let text = text.value.trim_start_matches("sha256//");
        base64::engine::general_purpose::STANDARD.decode(text).ok()
    });
    let pin = pin.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    if pin.is_none() {
        problems.add(
            &text.span,
            "`pin-sha256` is not a SHA-256",
            Some("64 hexadecimal digits, or 44 characters of base64".to_owned()),
        );
    }
    pin
}

/// Hexadecimal digits, colons between them allowed.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = text
        .chars()
        .filter(|c| *c != ':')
        .map(|c| c.to_digit(16))
        .collect::<Option<_>>()?;
    if digits.len() != 64 {
        return None;
    }
    let byte = |pair: &[u32]| match pair {
        [high, low] => u8::try_from(high << 4 | low).ok(),
        _ => None,
    };
    digits.chunks(2).map(byte).collect()
}
