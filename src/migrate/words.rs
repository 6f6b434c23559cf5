//! Small grammars that several clients share: command lines, addresses, URLs of servers.

use crate::migrate::found::{Findings, Found, Given, Kind, Place};
use crate::model::{Address, Endpoint, Identity, Secret, Security};
use std::net::{IpAddr, Ipv6Addr};

/// What a command that prints a password becomes.
#[derive(Debug)]
pub enum Printed {
    /// A program or a password.
    Given(Given),
    /// It seems to hold a password itself, in a way that can't be taken apart.
    Holds,
}

/// A command that prints a password. One that only echoes a word is that word.
pub fn printed(command: &str) -> Printed {
    let argv = argv(command);
    let words: Vec<&str> = argv.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] => Printed::Given(Given::Nothing),
        ["echo" | "printf", word] | ["echo", "-n", word] | ["printf", "%s" | "%s\\n", word] => {
            Printed::Given(Given::Clear(Secret::new((*word).to_owned())))
        }
        _ if ["echo", "printf"].iter().any(|p| says(command, p)) => Printed::Holds,
        _ => Printed::Given(Given::Command(argv)),
    }
}

fn says(command: &str, program: &str) -> bool {
    let mut words = command.split(|c: char| !(c.is_alphanumeric() || "-_./".contains(c)));
    words.any(|word| word.rsplit('/').next() == Some(program))
}

/// A command line as a program and its arguments; through a shell where only a shell can read it.
/// Empty if there is none.
pub fn argv(command: &str) -> Vec<String> {
    let command = command.trim();
    split(command).unwrap_or_else(|| vec!["sh".into(), "-c".into(), command.to_owned()])
}

/// The words of a command line that needs no shell.
fn split(command: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut letters = command.chars().peekable();
    while let Some(c) = letters.next() {
        match c {
            ' ' | '\t' => words.extend(word.take()),
            '\'' | '"' => {
                // In quotes it is no home.
                if word.is_none() && letters.peek() == Some(&'~') {
                    return None;
                }
                let word = word.get_or_insert_default();
                loop {
                    match letters.next()? {
                        end if end == c => break,
                        '$' | '`' | '\\' if c == '"' => return None,
                        '\n' => return None,
                        inner => word.push(inner),
                    }
                }
            }
            // Whoever writes the command down puts the home in its place.
            '~' if word.is_none() && letters.peek() == Some(&'/') => {
                word.get_or_insert_default().push(c);
            }
            '=' if words.is_empty() => return None,
            // What stands for a file, not for a choice.
            '{' if letters.peek() == Some(&'}') => {
                word.get_or_insert_default().push_str("{}");
                letters.next();
            }
            '|' | '&' | ';' | '<' | '>' | '(' | ')' | '$' | '`' | '\\' | '*' | '?' | '[' | '#'
            | '~' | '!' | '{' | '}' | '\n' => return None,
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Some(words)
}

/// A program that sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// The program and its arguments; the recipients follow.
    pub argv: Vec<String>,
    /// Whether an option was left out that reads the recipients from the message.
    pub was_reading: bool,
}

/// Said of [`Sender::was_reading`].
pub const RECIPIENTS: &str = "recipients follow as arguments here: -t was left out";
/// Said of a program that sends and is none for [`sender`].
pub const SENDING_SHELL: &str = "only a shell can read it, and the recipients would be lost on it: name a program in `sendmail`";

/// A command line that sends, as a program that takes the recipients as its last arguments. `None`
/// where only a shell can read it.
pub fn sender(command: &str) -> Option<Sender> {
    let all = split(command.trim())?;
    let shells = ["sh", "bash", "dash", "zsh", "ksh", "fish", "env"];
    let program = all.first()?.rsplit('/').next().unwrap_or_default();
    if shells.contains(&program) {
        return None;
    }
    let (mut argv, mut options, mut was_reading) = (Vec::new(), true, false);
    for word in all {
        options &= word != "--";
        // With -bs mail is handed over in a conversation.
        if options && ["-t", "-ti", "-it", "-bs", "--read-recipients"].contains(&word.as_str()) {
            was_reading = true;
        } else {
            argv.push(word);
        }
    }
    Some(Sender { argv, was_reading })
}

/// Whether some shell reads what is put into it.
pub fn needs_shell(argv: &[String]) -> bool {
    let read = |option: &String, text: &String| {
        matches!(option.as_str(), "-c" | "-lc" | "-ic") && text.contains("%s")
    };
    argv.first().is_some_and(|p| p == "sh")
        || argv
            .iter()
            .zip(argv.iter().skip(1))
            .any(|(option, text)| read(option, text))
}

/// The words of a line; quotes keep spaces together, a backslash takes the next letter as it is.
pub fn split_quoted(line: &str) -> Vec<String> {
    let (mut all, mut word, mut quoted) = (Vec::new(), None::<String>, false);
    let mut letters = line.chars();
    while let Some(c) = letters.next() {
        match c {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            '\\' => word.get_or_insert_default().extend(letters.next()),
            '#' if word.is_none() && !quoted => break,
            c if c.is_whitespace() && !quoted => all.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    all.extend(word);
    all
}

/// Said of a pattern of own addresses.
pub const PATTERN: &str = "a pattern of own addresses; each can be an identity here";

/// Whether this can be the address of somebody.
pub fn is_address(text: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control() || "<>,;\"()*".contains(c);
    let parts = text.rsplit_once('@');
    parts.is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !text.contains(odd) && text.len() <= 254
    })
}

/// The parts of a list: divided by commas that stand in no quotes and brackets.
pub fn list(text: &str) -> Vec<&str> {
    let (mut quoted, mut deep, mut escaped) = (false, 0u32, false);
    let parts = text.split(move |c: char| {
        let was = std::mem::take(&mut escaped);
        match c {
            _ if was => {}
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            '(' | '<' if !quoted => deep += 1,
            ')' | '>' if !quoted => deep = deep.saturating_sub(1),
            ',' if !quoted && deep == 0 => return true,
            _ => {}
        }
        false
    });
    parts.map(str::trim).filter(|p| !p.is_empty()).collect()
}

/// One address: `Name <a@x>`, `a@x (Name)` or `a@x`. `None` if it is none.
pub fn address(text: &str) -> Option<Address> {
    let text = text.trim();
    let (name, addr) =
        if let Some((name, addr)) = text.strip_suffix('>').and_then(|t| t.rsplit_once('<')) {
            (name.trim(), addr)
        } else if let Some((addr, name)) = text.strip_suffix(')').and_then(|t| t.split_once('(')) {
            (name.trim(), addr)
        } else {
            ("", text)
        };
    let name = match name.strip_prefix('"').and_then(|n| n.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\\\"", "\"").replace("\\\\", "\\"),
        None => name.to_owned(),
    };
    let addr = addr.trim();
    is_address(addr).then(|| Address::new(shown(&name), addr))
}

/// Takes a further address that the user writes from; a pattern of them is noted.
pub fn own_address(
    written: &str,
    place: &Place,
    what: &str,
    found: &mut Found,
    out: &mut Findings,
) {
    match address(written) {
        Some(address) => found.also(Identity {
            email: address.addr,
            full_name: address.name,
            ..Identity::default()
        }),
        None => out.note(place, what, Kind::Yours, PATTERN),
    }
}

/// A name without what a terminal could obey, and of a sensible length.
pub fn shown(name: &str) -> String {
    let clean = crate::text::Clean::line(name);
    clean.as_str().trim().chars().take(200).collect()
}

/// The parts of a server's URL.
#[derive(Clone, Debug, Default)]
pub struct Url {
    /// Before the colon, in small letters.
    pub scheme: String,
    /// Decoded; may be empty.
    pub user: String,
    /// Decoded.
    pub password: Option<Secret>,
    /// May be empty.
    pub host: String,
    /// If it is given.
    pub port: Option<u16>,
    /// Behind the host, decoded, without the slash.
    pub path: String,
}

/// Said of a server for sending that another login is for.
pub const OTHER_SENDER: &str = "another login is for that server, and here one serves for reading and \
    sending: it was not taken, so that no password goes where it does not belong";

/// Said of a password that is for sending alone.
pub const SENDING_ONLY: &str =
    "the password there is for sending only; here one serves for both, so it is asked for";

impl Url {
    /// Whether who signs in here does so there, so that one password serves for both: on the same
    /// machine, or as the same user of the same domain's machines.
    pub fn same_login(&self, other: &Url) -> bool {
        let domain = |host: &str| host.split_once('.').map(|(_, d)| d.to_ascii_lowercase());
        let near =
            domain(&self.host).is_some_and(|d| is_somebodys(&d) && Some(d) == domain(&other.host));
        same_user(&self.user, &other.user) && (near || self.host.eq_ignore_ascii_case(&other.host))
    }

    /// Whether it is a server for sending that an account who reads as `user` at `host` may sign in
    /// to: by [`Url::same_login`], or because it names that very user by a
    /// whole address.
    pub fn sends_for(&self, host: &str, user: &str) -> bool {
        // A bare name is somebody else's elsewhere.
        let own = self.user.contains('@') && self.user.eq_ignore_ascii_case(user);
        let reading = Url {
            host: host.to_owned(),
            user: user.to_owned(),
            ..Url::default()
        };
        own || self.same_login(&reading)
    }
}

/// Whether two names to sign in with can be one user's: where one says none, or leaves the domain
/// out.
fn same_user(one: &str, other: &str) -> bool {
    let local = |user: &str| user.split('@').next().unwrap_or_default().to_lowercase();
    let whole = one.contains('@') && other.contains('@');
    one.is_empty()
        || other.is_empty()
        || one.eq_ignore_ascii_case(other)
        || (!whole && local(one) == local(other))
}

/// Whether a domain can belong to one operator: it is not the end of many, as `org` and `co.uk` are.
fn is_somebodys(domain: &str) -> bool {
    let ip = domain
        .split('.')
        .all(|l| l.bytes().all(|b| b.is_ascii_digit()));
    match domain.split_once('.') {
        _ if ip => false,
        None => false,
        Some((first, rest)) if !rest.contains('.') => {
            let common = [
                "co", "com", "org", "net", "edu", "gov", "ac", "or", "ne", "go", "gob",
            ];
            !(rest.len() == 2 && common.contains(&first))
        }
        Some(_) => true,
    }
}

/// Reads `scheme://user:password@host:port/path`.
pub fn url(text: &str) -> Option<Url> {
    let (scheme, rest) = text.trim().split_once("://")?;
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (who, place) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = match who.split_once(':') {
        Some((user, password)) => (user, Some(Secret::new(decoded(password)))),
        None => (who, None),
    };
    let (host, port) = match place.strip_prefix('[').and_then(|p| p.split_once(']')) {
        Some((host, port)) => (host, port.strip_prefix(':')),
        None => match place.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    let port = match port.filter(|p| !p.is_empty()) {
        Some(port) => Some(port.parse().ok()?),
        None => None,
    };
    let known = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    (!scheme.is_empty() && scheme.chars().all(known)).then(|| Url {
        scheme: scheme.to_ascii_lowercase(),
        user: decoded(user),
        password,
        host: host.to_owned(),
        port,
        path: decoded(path),
    })
}

/// Percent signs and two digits as the octets that they stand for.
pub fn decoded(text: &str) -> String {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let pair = match more {
            [a, b, ..] if *first == b'%' => {
                let digit = |d: &u8| char::from(*d).to_digit(16);
                digit(a).zip(digit(b))
            }
            _ => None,
        };
        match pair.and_then(|(a, b)| u8::try_from(a << 4 | b).ok()) {
            Some(octet) => {
                octets.push(octet);
                rest = more.get(2..).unwrap_or_default();
            }
            None => {
                octets.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&octets).into_owned()
}

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// That has the mail.
    Imap,
    /// That sends it.
    Smtp,
}

/// A server. In the clear one only speaks to this machine: any other gets STARTTLS. Port 25, which
/// is for servers among themselves, becomes that of submission.
pub fn endpoint(server: Server, host: &str, port: Option<u16>, wanted: Security) -> Endpoint {
    let here = host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<IpAddr>()
            .is_ok_and(|ip| ip.to_canonical().is_loopback());
    let security = match wanted {
        Security::None if !here => Security::StartTls,
        other => other,
    };
    let usual = match (server, security) {
        (Server::Imap, Security::Tls) => 993,
        (Server::Imap, _) => 143,
        (Server::Smtp, Security::Tls) => 465,
        (Server::Smtp, _) => 587,
    };
    let port = port.filter(|p| *p != 0 && (server == Server::Imap || *p != 25));
    Endpoint {
        host: host.to_owned(),
        port: port.unwrap_or(usual),
        security,
        pin_sha256: None,
    }
}

/// Whether this can be the name of a server.
pub fn is_host(text: &str) -> bool {
    let odd = |c: char| !(c.is_alphanumeric() || "-._".contains(c));
    let named = !text.is_empty() && text.len() <= 253 && !text.contains(odd);
    named || text.parse::<Ipv6Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn commands_become_words_where_they_can() {
        for (command, words) in [
            ("pass show 'my mail'", vec!["pass", "show", "my mail"]),
            ("~/bin/p \"a b\"c", vec!["~/bin/p", "a bc"]),
            ("a | head -1", vec!["sh", "-c", "a | head -1"]),
            ("cat ~/x", vec!["cat", "~/x"]),
            ("cat '~/x'", vec!["sh", "-c", "cat '~/x'"]),
            ("cat a~/x", vec!["sh", "-c", "cat a~/x"]),
            ("zathura --fork {}", vec!["zathura", "--fork", "{}"]),
            ("a {b,c}", vec!["sh", "-c", "a {b,c}"]),
            ("X=1 a", vec!["sh", "-c", "X=1 a"]),
            ("a 'b", vec!["sh", "-c", "a 'b"]),
            ("  ", vec![]),
        ] {
            assert_eq!(argv(command), words, "{command}");
        }
        assert!(matches!(printed("echo x"), Printed::Given(Given::Clear(s)) if s.reveal() == "x"));
        assert!(matches!(printed("echo x | base64 -d"), Printed::Holds));
        assert!(matches!(
            printed("pass x"),
            Printed::Given(Given::Command(_))
        ));
    }

    #[test]
    fn programs_that_send_get_the_recipients_as_arguments() {
        let read = |line: &str| sender(line).map(|s| (s.argv.join(" "), s.was_reading));
        for (line, argv, was_reading) in [
            ("msmtp -a x", "msmtp -a x", false),
            ("msmtp --read-recipients -a x", "msmtp -a x", true),
            (
                "/usr/sbin/sendmail -oem -oi -t",
                "/usr/sbin/sendmail -oem -oi",
                true,
            ),
            ("sendmail -bs", "sendmail", true),
            ("send -- -t", "send -- -t", false),
            ("msmtp -C ~/.msmtp", "msmtp -C ~/.msmtp", false),
        ] {
            assert_eq!(read(line), Some((argv.to_owned(), was_reading)), "{line}");
        }
        for line in [
            "",
            "a | b",
            "X=1 msmtp",
            "sh -c 'msmtp x'",
            "/bin/bash x",
            "msmtp $x",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }

    #[test]
    fn a_password_goes_to_machines_of_its_login_alone() {
        let at = |text: &str| url(&format!("imaps://{text}")).unwrap();
        for (one, other, same) in [
            ("a@h.x.test", "a@h.x.test", true),
            ("a@imap.x.test", "a@smtp.X.test", true),
            ("a@imap.x.test", "smtp.x.test", true),
            ("a@imap.x.test", "b@smtp.x.test", false),
            ("a%40x.test@imap.x.test", "a@smtp.x.test", true),
            ("a%40x.test@imap.x.test", "a%40y.test@smtp.x.test", false),
            ("a@imap.x.test", "a@smtp.y.test", false),
            ("a@one.test", "a@other.test", false),
            ("a@one.co.uk", "a@other.co.uk", false),
            ("a@mail.one.co.uk", "a@smtp.one.co.uk", true),
            ("a@10.0.0.1", "a@11.0.0.1", false),
        ] {
            assert_eq!(at(one).same_login(&at(other)), same, "{one} {other}");
        }
        assert!(at("me%40x.test@smtp.y.test").sends_for("imap.x.test", "me@x.test"));
        assert!(!at("smtp.y.test").sends_for("imap.x.test", "me@x.test"));
    }

    #[test]
    fn addresses_are_read() {
        for (text, name, addr) in [
            ("a@x.test", "", "a@x.test"),
            ("Ada L. <a@x.test>", "Ada L.", "a@x.test"),
            (
                "\"L, Ada \\\"A\\\"\" <a@x.test>",
                "L, Ada \"A\"",
                "a@x.test",
            ),
            ("a@x.test (Ada)", "Ada", "a@x.test"),
        ] {
            assert_eq!(address(text), Some(Address::new(name, addr)), "{text}");
        }
        for text in ["", "ada", "a b@x.test", "<@>", "a@x.test, b@x.test"] {
            assert_eq!(address(text), None, "{text}");
        }
        let all = list("\"L, A\" <a@x>, b@x (B, C),, c@x");
        assert_eq!(all, ["\"L, A\" <a@x>", "b@x (B, C)", "c@x"]);
    }

    #[test]
    fn urls_are_read() {
        let read = url("IMAPS://me%40x.test:p%3Aw:1@h.test:9993/In%20box?a=b").unwrap();
        assert_eq!(
            (read.scheme.as_str(), read.user.as_str()),
            ("imaps", "me@x.test")
        );
        assert_eq!(read.password.unwrap().reveal(), "p:w:1");
        assert_eq!((read.host.as_str(), read.port), ("h.test", Some(9993)));
        assert_eq!(read.path, "In box");
        let six = url("imap://[::1]:143").unwrap();
        assert_eq!((six.host.as_str(), six.port), ("::1", Some(143)));
        assert!(url("imap://h:99999").is_none());
        assert!(url("h.test").is_none());
    }

    #[test]
    fn nothing_goes_in_the_clear_but_to_this_machine() {
        let there = endpoint(Server::Imap, "h.test", None, Security::None);
        assert_eq!((there.port, there.security), (143, Security::StartTls));
        let here = endpoint(Server::Smtp, "127.0.0.1", Some(1025), Security::None);
        assert_eq!((here.port, here.security), (1025, Security::None));
        let old = endpoint(Server::Smtp, "h.test", Some(25), Security::StartTls);
        assert_eq!(old.port, 587);
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in any::<String>()) {
            let _ = (argv(&text), address(&text), url(&text), decoded(&text), printed(&text));
            prop_assert!(list(&text).iter().all(|p| !p.is_empty()));
        }
    }
}
