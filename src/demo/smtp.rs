//! One submission connection (RFC 6409 over RFC 5321): mail for the demo's own people is delivered
//! at once, mail for its domains but nobody there is refused, and everything else is taken, goes
//! nowhere, and is said to; the demo's cast may answer it.
//!
//! It is stricter than most servers: only CRLF ends a line, so a client that forgets to normalise
//! line ends is told so and nothing can be smuggled past a dot.

use super::wire::{Event, Peer};
use super::world::Wish;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::io;
use std::sync::Arc;

/// The longest command line (RFC 5321 §4.5.3.1.4 asks for 512; AUTH needs more, RFC 4954 §4).
const MAX_LINE: usize = 12_288;
/// The largest message, told by SIZE.
const MAX_MESSAGE: usize = 32 * 1024 * 1024;
/// The most recipients of one message.
const MAX_RECIPIENTS: usize = 100;
/// How many errors end a connection.
const MAX_ERRORS: usize = 20;

#[derive(Default)]
struct Mail {
    from: Option<String>,
    /// Whether SMTPUTF8 was asked for.
    utf8: bool,
    /// Those who have a mailbox here.
    here: Vec<String>,
    /// Those elsewhere: taken, and answered at most by the cast.
    elsewhere: Vec<String>,
}

struct Connection {
    peer: Peer,
    pending: Vec<u8>,
    hello: bool,
    who: Option<String>,
    errors: usize,
    mail: Mail,
    over: bool,
}

/// Serves a client until it leaves.
pub fn serve(peer: Peer) {
    let mut connection = Connection {
        peer,
        pending: Vec::new(),
        hello: false,
        who: None,
        errors: 0,
        mail: Mail::default(),
        over: false,
    };
    // An error is a client that is gone; there is nobody left to tell.
    let _ = connection.talk();
}

impl Connection {
    fn say(&mut self, reply: &str) -> io::Result<()> {
        if reply.starts_with('5') {
            self.errors += 1;
            self.over |= self.errors > MAX_ERRORS;
        }
        self.peer.send(format!("{reply}\r\n").as_bytes())
    }

    /// The next line without its CRLF; `None` at the end, or when it is longer than `limit`.
    fn line(&mut self, limit: usize) -> Option<Vec<u8>> {
        let mut searched = 0;
        loop {
            let rest = self.pending.get(searched..).unwrap_or_default();
            if let Some(at) = rest.windows(2).position(|w| w == b"\r\n") {
                let end = searched + at;
                let mut line: Vec<u8> = self.pending.drain(..end + 2).collect();
                line.truncate(end);
                return Some(line);
            }
            searched = self.pending.len().saturating_sub(1);
            if self.pending.len() > limit {
                return None;
            }
            let mut buffer = [0; 16 * 1024];
            match self.peer.wait(&mut buffer) {
                Event::Bytes(n) => self.pending.extend(buffer.iter().take(n)),
                Event::Rung => {}
                Event::End | Event::Cut => return None,
            }
        }
    }

    fn talk(&mut self) -> io::Result<()> {
        self.say("220 localhost ESMTP postrider demo")?;
        while !self.over {
            let Some(line) = self.line(MAX_LINE) else {
                return self.say("421 4.4.2 the line is too long, or the server stops");
            };
            let Ok(line) = String::from_utf8(line) else {
                self.say("500 5.5.2 not UTF-8")?;
                continue;
            };
            self.command(&line)?;
        }
        Ok(())
    }

    fn command(&mut self, line: &str) -> io::Result<()> {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => {
                self.hello = true;
                self.mail = Mail::default();
                let size = format!("250-SIZE {MAX_MESSAGE}");
                let auth = "250-AUTH PLAIN LOGIN";
                let all = [
                    "250-localhost",
                    &size,
                    auth,
                    "250-PIPELINING",
                    "250-8BITMIME",
                ];
                let last = "250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES";
                self.say(&format!("{}\r\n{last}", all.join("\r\n")))
            }
            "HELO" => {
                self.hello = true;
                self.mail = Mail::default();
                self.say("250 localhost")
            }
            "NOOP" => self.say("250 2.0.0 fine"),
            "RSET" => {
                self.mail = Mail::default();
                self.say("250 2.0.0 forgotten")
            }
            "QUIT" => {
                self.over = true;
                self.say("221 2.0.0 see you")
            }
            "AUTH" if !self.hello => self.say("503 5.5.1 EHLO first"),
            "AUTH" => self.auth(rest),
            "MAIL" | "RCPT" | "DATA" if self.who.is_none() => self.say("530 5.7.0 sign in first"),
            "MAIL" => self.mail(rest),
            "RCPT" => self.rcpt(rest),
            "DATA" => self.data(),
            "VRFY" => self.say("252 2.5.2 send and see"),
            _ => self.say("500 5.5.1 that command is not offered"),
        }
    }

    fn asked(&mut self, challenge: &str) -> io::Result<Option<String>> {
        self.say(&format!("334 {challenge}"))?;
        let answer = self.line(MAX_LINE).and_then(|l| String::from_utf8(l).ok());
        Ok(answer.filter(|a| a != "*"))
    }

    fn auth(&mut self, rest: &str) -> io::Result<()> {
        if self.who.is_some() {
            return self.say("503 5.5.1 signed in already");
        }
        let (mechanism, initial) = rest.split_once(' ').unwrap_or((rest, ""));
        let initial = (!initial.is_empty()).then(|| initial.trim().to_owned());
        let decode = |text: Option<String>| text.and_then(|t| STANDARD.decode(t).ok());
        let (user, password) = match mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" => {
                let answer = match initial {
                    Some(initial) => Some(initial),
                    None => self.asked("")?,
                };
                let data = decode(answer).unwrap_or_default();
                let mut parts = data.splitn(3, |b| *b == 0).skip(1).map(<[u8]>::to_vec);
                (parts.next(), parts.next())
            }
            "LOGIN" => {
                let user = match initial {
                    Some(initial) => Some(initial),
                    None => self.asked("VXNlcm5hbWU6")?,
                };
                let password = self.asked("UGFzc3dvcmQ6")?;
                (decode(user), decode(password))
            }
            _ => return self.say("504 5.5.4 only PLAIN and LOGIN are offered"),
        };
        let (Some(user), Some(password)) = (user, password) else {
            return self.say("501 5.5.2 cancelled, or not what was asked for");
        };
        match String::from_utf8(user) {
            Ok(user) if self.peer.shared().knows(&user, &password) => {
                self.who = Some(user);
                self.say("235 2.7.0 signed in")
            }
            _ => self.say("535 5.7.8 user name or password is wrong"),
        }
    }

    fn mail(&mut self, rest: &str) -> io::Result<()> {
        if self.mail.from.is_some() {
            return self.say("503 5.5.1 one message at a time");
        }
        let Some((from, parameters)) = path(rest, "FROM:") else {
            return self.say("501 5.5.4 MAIL FROM:<address>");
        };
        let mut utf8 = false;
        for parameter in parameters.split_whitespace() {
            let upper = parameter.to_ascii_uppercase();
            match upper.split_once('=').unwrap_or((&upper, "")) {
                ("SIZE", n) => match n.parse::<usize>() {
                    Ok(n) if n <= MAX_MESSAGE => {}
                    Ok(_) => return self.say("552 5.3.4 that is too big"),
                    Err(_) => return self.say("501 5.5.4 SIZE=number"),
                },
                ("BODY", "7BIT" | "8BITMIME") | ("AUTH", _) => {}
                ("SMTPUTF8", "") => utf8 = true,
                _ => return self.say("555 5.5.4 that parameter is not offered"),
            }
        }
        if !utf8 && !from.is_ascii() {
            return self.say("553 5.6.7 that address needs SMTPUTF8");
        }
        self.mail = Mail {
            from: Some(from),
            utf8,
            ..Mail::default()
        };
        self.say("250 2.1.0 go on")
    }

    fn rcpt(&mut self, rest: &str) -> io::Result<()> {
        if self.mail.from.is_none() {
            return self.say("503 5.5.1 MAIL first");
        }
        let Some((to, parameters)) = path(rest, "TO:") else {
            return self.say("501 5.5.4 RCPT TO:<address>");
        };
        if !parameters.trim().is_empty() {
            return self.say("555 5.5.4 that parameter is not offered");
        }
        if !self.mail.utf8 && !to.is_ascii() {
            return self.say("553 5.6.7 that address needs SMTPUTF8");
        }
        if self.mail.here.len() + self.mail.elsewhere.len() >= MAX_RECIPIENTS {
            return self.say("452 4.5.3 too many recipients");
        }
        let Some((_, domain)) = to
            .rsplit_once('@')
            .filter(|(l, d)| !l.is_empty() && !d.is_empty())
        else {
            return self.say("501 5.1.3 that is not an address");
        };
        let (known, local) = {
            let mut world = self.peer.shared().world();
            (world.person(&to).is_some(), world.is_local(domain))
        };
        if known {
            if !self.mail.here.iter().any(|h| h.eq_ignore_ascii_case(&to)) {
                self.mail.here.push(to);
            }
            self.say("250 2.1.5 has a mailbox here")
        } else if local {
            self.say("550 5.1.1 nobody of that name has a mailbox here")
        } else {
            self.mail.elsewhere.push(to);
            self.say("250 2.1.5 taken, but nothing leaves this demo")
        }
    }

    fn data(&mut self) -> io::Result<()> {
        if self.mail.here.is_empty() && self.mail.elsewhere.is_empty() {
            return self.say("554 5.5.1 no recipient was taken");
        }
        self.say("354 the message, then a dot")?;
        let mut message: Vec<u8> = Vec::new();
        let (mut too_big, mut bare) = (false, false);
        loop {
            let Some(line) = self.line(MAX_MESSAGE) else {
                // Cut off before the dot: nothing was taken (RFC 5321 §4.1.1.4).
                self.over = true;
                return Ok(());
            };
            if line == b"." {
                break;
            }
            bare |= line.iter().any(|b| matches!(b, b'\n' | b'\r' | 0));
            too_big |= message.len() + line.len() > MAX_MESSAGE;
            if !too_big {
                message.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
                message.extend_from_slice(b"\r\n");
            }
        }
        let mail = std::mem::take(&mut self.mail);
        if too_big {
            return self.say("552 5.3.4 that is too big");
        }
        if bare {
            return self.say("554 5.6.0 a line ends in a bare CR or LF, or holds NUL");
        }
        let shared = Arc::clone(self.peer.shared());
        let now = jiff::Timestamp::now().as_second();
        let mut full = trace(mail.from.as_deref().unwrap_or_default(), now);
        full.extend_from_slice(&message);
        for to in &mail.here {
            if !shared.deliver(to, &full, now) {
                return self.say("452 4.2.2 that mailbox is full");
            }
        }
        let elsewhere = match mail.elsewhere.len() {
            0 => String::new(),
            n => format!("; {n} elsewhere, and nothing leaves this demo"),
        };
        let author = self.who.clone().unwrap_or_default();
        for by in mail.elsewhere {
            let (to, raw) = (author.clone(), message.clone());
            shared.wish(Wish { by, to, raw });
        }
        self.say(&format!(
            "250 2.0.0 delivered to {}{elsewhere}",
            mail.here.len()
        ))
    }
}

/// The lines that a server puts on top (RFC 5321 §4.4).
fn trace(from: &str, now: i64) -> Vec<u8> {
    let stamp = jiff::Timestamp::from_second(now).unwrap_or_default();
    let date = jiff::fmt::rfc2822::to_string(&stamp.to_zoned(jiff::tz::TimeZone::UTC));
    let date = date.unwrap_or_default();
    format!(
        "Return-Path: <{from}>\r\nReceived: by localhost (postrider demo) with ESMTPA; {date}\r\n"
    )
    .into_bytes()
}

/// `FROM:<address> parameters` taken apart; a source route is passed over (RFC 5321 §4.1.1.3).
fn path(rest: &str, word: &str) -> Option<(String, String)> {
    let head = rest.get(..word.len())?;
    let tail = rest.get(word.len()..)?.trim_start();
    let (address, parameters) = tail.strip_prefix('<')?.split_once('>')?;
    let address = match address.split_once(':') {
        Some((route, address)) if route.starts_with('@') => address,
        _ => address,
    };
    let sound = head.eq_ignore_ascii_case(word)
        && !address
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || c == '<');
    sound.then(|| (address.to_owned(), parameters.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_apart() {
        let of = |s| path(s, "TO:");
        assert_eq!(
            of("TO:<a@b> X=1").unwrap(),
            ("a@b".to_owned(), " X=1".to_owned())
        );
        assert_eq!(of("to: <@r:a@b>").unwrap().0, "a@b");
        assert_eq!(of("TO:<>").unwrap().0, "");
        for bad in [
            "",
            "TO",
            "TO:a@b",
            "TO:<a@b",
            "TO:<a b>",
            "FROM:<a@b>",
            "\u{fc}\u{fc}:<a@b>",
        ] {
            assert_eq!(of(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_trace_is_two_fields() {
        let text = String::from_utf8(trace("a@example.org", 0)).unwrap();
        assert_eq!(text.matches("\r\n").count(), 2);
        assert!(text.contains("Thu, 1 Jan 1970 00:00:00"), "{text}");
    }
}
