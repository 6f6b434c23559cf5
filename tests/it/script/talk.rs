//! One connection: reads commands with their literals, asks the rules, answers.

use super::answers::Seat;
use super::words::args;
use super::{Act, DONE, HELLO, Heard, LITERAL, Shared};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::PoisonError;
use std::time::Duration;

/// Longer than any test: a client that says nothing is left alone.
const LONG: Duration = Duration::from_secs(600);
/// How often an idle connection looks for news.
const GLANCE: Duration = Duration::from_millis(5);
/// A client that takes nothing for so long is given up.
const CLOGGED: Duration = Duration::from_secs(30);

/// The server's end of a connection.
pub struct Wire {
    socket: TcpStream,
    unread: Vec<u8>,
}

/// What reading came to.
enum Got {
    Line(String),
    Nothing,
    End,
}

impl Wire {
    /// Sends octets; whether the client is still there.
    pub fn raw(&mut self, bytes: &[u8]) -> bool {
        self.socket.write_all(bytes).is_ok()
    }

    /// Sends lines, `\n` becoming CRLF; whether the client is still there.
    pub fn say(&mut self, lines: &str) -> bool {
        self.raw(lines.replace('\n', "\r\n").as_bytes())
    }

    /// Sends the same octets so many times, in large pieces; whether the client is still there.
    pub fn flood(&mut self, bytes: &[u8], times: usize) -> bool {
        let at_once = (64 << 10) / bytes.len().max(1) + 1;
        let piece = bytes.repeat(at_once.min(times));
        let mut left = times;
        while left > 0 {
            let now = left.min(at_once);
            if !self.raw(&piece[..now * bytes.len()]) {
                return false;
            }
            left -= now;
        }
        true
    }

    /// Waits until the client hangs up, at most so long; whether it did. What it says is lost.
    pub fn is_left_within(&mut self, patience: Duration) -> bool {
        let _ = self.socket.set_read_timeout(Some(patience));
        let mut nothing = [0; 4096];
        loop {
            match self.socket.read(&mut nothing) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(e) => return !matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
            }
        }
    }

    /// The next line that the client says; `None` at the end of the connection.
    pub fn hear(&mut self) -> Option<String> {
        match self.line(LONG) {
            Got::Line(line) => Some(line),
            _ => None,
        }
    }

    fn line(&mut self, patience: Duration) -> Got {
        loop {
            if let Some(end) = self.unread.iter().position(|b| *b == b'\n') {
                let line: Vec<u8> = self.unread.drain(..=end).collect();
                return Got::Line(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
            if !self.fill(patience) {
                return Got::End;
            }
            if !self.unread.contains(&b'\n') && patience == GLANCE {
                return Got::Nothing;
            }
        }
    }

    fn octets(&mut self, count: usize) -> Option<Vec<u8>> {
        while self.unread.len() < count {
            self.fill(LONG).then_some(())?;
        }
        Some(self.unread.drain(..count).collect())
    }

    /// Reads what is there; whether there can be more.
    fn fill(&mut self, patience: Duration) -> bool {
        let _ = self.socket.set_read_timeout(Some(patience));
        let mut some = [0; 16 << 10];
        match self.socket.read(&mut some) {
            Ok(0) => false,
            Ok(n) => {
                self.unread.extend_from_slice(&some[..n]);
                true
            }
            Err(e) => matches!(
                e.kind(),
                ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
            ),
        }
    }

    /// Closes.
    pub fn close(&mut self) {
        let _ = self.socket.shutdown(Shutdown::Both);
    }

    /// Closes with RST instead of FIN.
    fn reset(&mut self) {
        let none = Some(Duration::ZERO);
        let _ = rustix::net::sockopt::set_socket_linger(&self.socket, none);
    }
}

/// A command, or the pieces of one that wants a literal.
struct Asked {
    tag: String,
    text: String,
    literals: Vec<Vec<u8>>,
}

struct Talk<'s> {
    wire: Wire,
    number: usize,
    shared: &'s Shared,
    seat: Seat,
}

/// Serves a connection to its end.
pub(super) fn serve(socket: TcpStream, number: usize, shared: &Shared) {
    let _ = socket.set_nodelay(true);
    let _ = socket.set_write_timeout(Some(CLOGGED));
    let wire = Wire {
        socket,
        unread: Vec::new(),
    };
    let seat = Seat::default();
    let mut talk = Talk {
        wire,
        number,
        shared,
        seat,
    };
    // `None` is the end of the connection, whoever ended it.
    let _ = talk.whole();
    talk.wire.close();
}

impl Talk<'_> {
    fn whole(&mut self) -> Option<()> {
        let greeting = {
            let inside = self.shared.lock();
            format!("* OK [CAPABILITY {}] ready\r\n", inside.mail.greeting)
        };
        self.moment(HELLO, "*", |_| greeting.into_bytes())?;
        loop {
            let asked = self.asked()?;
            self.one(asked)?;
        }
    }

    /// Answers one command; `None` when the connection is over.
    fn one(&mut self, asked: Asked) -> Option<()> {
        let Asked {
            tag,
            text,
            literals,
        } = asked;
        self.keep(&text, &literals);
        let verb = text.split(' ').next().unwrap_or("").to_ascii_uppercase();
        match verb.as_str() {
            "IDLE" if self.shared.lock().mail.can("IDLE") => return self.idle(&tag),
            "AUTHENTICATE" if text.split(' ').count() == 2 => {
                self.wire.raw(b"+ \r\n").then_some(())?;
                let Got::Line(_) = self.wire.line(LONG) else {
                    return None;
                };
            }
            _ => {}
        }
        let words = args(&text, &literals);
        let named = tag.clone();
        self.moment(&text, &tag, move |talk| {
            let mut inside = talk.shared.lock();
            let answer = talk.seat.answer(&mut inside.mail, &named, &words);
            drop(inside);
            talk.shared.news.notify_all();
            answer
        })?;
        (verb != "LOGOUT").then_some(())
    }

    /// Waits for a command and its literals.
    fn asked(&mut self) -> Option<Asked> {
        let Got::Line(line) = self.wire.line(LONG) else {
            return None;
        };
        let (tag, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let mut asked = Asked {
            tag: tag.to_owned(),
            text: rest.to_owned(),
            literals: Vec::new(),
        };
        let mut read = 0;
        loop {
            let open = asked.text[read..].rfind('{').map(|at| read + at);
            let Some(count) = open
                .and_then(|at| asked.text[at + 1..].strip_suffix('}'))
                .filter(|count| count.ends_with(|c: char| c.is_ascii_digit() || c == '+'))
            else {
                return Some(asked);
            };
            let plus = count.ends_with('+');
            let count: usize = count.trim_end_matches('+').parse().ok()?;
            if !plus {
                let moment = format!("{LITERAL}{}", asked.text);
                let mut refused = false;
                let judged = self.shared.lock().judge(&moment);
                match judged {
                    None => self.wire.raw(b"+ go on\r\n").then_some(())?,
                    Some(act) => {
                        self.keep(&moment, &[]);
                        refused = matches!(act, Act::Say(_));
                        self.perform(act, &asked.tag.clone(), |_| b"+ go on\r\n".to_vec())?;
                    }
                }
                if refused {
                    return self.asked();
                }
            }
            asked.literals.push(self.wire.octets(count)?);
            let Got::Line(more) = self.wire.line(LONG) else {
                return None;
            };
            // What stands before the literal announces no other.
            read = asked.text.len();
            asked.text.push_str(&more);
        }
    }

    fn keep(&self, text: &str, literals: &[Vec<u8>]) {
        self.shared.lock().heard.push(Heard {
            line: self.number,
            text: text.to_owned(),
            literals: literals.to_vec(),
        });
        self.shared.news.notify_all();
    }

    /// Does what the rules say about `text`, or answers well.
    fn moment(
        &mut self,
        text: &str,
        tag: &str,
        good: impl FnOnce(&mut Self) -> Vec<u8>,
    ) -> Option<()> {
        let judged = self.shared.lock().judge(text);
        match judged {
            Some(act) => self.perform(act, tag, good),
            None => {
                let answer = good(self);
                self.wire.raw(&answer).then_some(())
            }
        }
    }

    fn perform(
        &mut self,
        act: Act,
        tag: &str,
        good: impl FnOnce(&mut Self) -> Vec<u8>,
    ) -> Option<()> {
        match act {
            Act::Say(text) => {
                let text = text.replace("{tag}", tag);
                self.wire.raw(text.as_bytes()).then_some(())
            }
            Act::Before(text) => {
                let text = text.replace("{tag}", tag);
                let answer = good(self);
                self.wire
                    .raw(&[text.as_bytes(), &answer].concat())
                    .then_some(())
            }
            Act::Swap(from, to) => {
                let answer = swapped(&good(self), &from, &to);
                self.wire.raw(&answer).then_some(())
            }
            Act::Edit(edit) => {
                let answer = edit(&good(self));
                self.wire.raw(&answer).then_some(())
            }
            Act::Cut(count) => {
                let answer = good(self);
                self.wire.raw(&answer[..count.min(answer.len())]);
                None
            }
            Act::Close => None,
            Act::Reset => {
                self.wire.reset();
                None
            }
            Act::Mute => {
                self.wire.is_left_within(LONG);
                None
            }
            Act::Do(deed) => {
                let mut deed = deed.lock().unwrap_or_else(PoisonError::into_inner);
                deed(&mut self.wire, tag);
                Some(())
            }
        }
    }

    /// IDLE to its end (RFC 2177).
    fn idle(&mut self, tag: &str) -> Option<()> {
        let judged = self.shared.lock().judge("IDLE");
        if let Some(act) = judged {
            let begins = matches!(act, Act::Before(_) | Act::Swap(..) | Act::Edit(_));
            self.perform(act, tag, |_| b"+ idling\r\n".to_vec())?;
            if !begins {
                return Some(());
            }
        } else {
            self.wire.raw(b"+ idling\r\n").then_some(())?;
        }
        loop {
            let news = {
                let mut inside = self.shared.lock();
                self.seat.news(&mut inside.mail)
            };
            self.wire.raw(&news).then_some(())?;
            match self.wire.line(GLANCE) {
                Got::Line(_) => break,
                Got::Nothing => {}
                Got::End => return None,
            }
        }
        self.keep(DONE, &[]);
        let done = format!("{tag} OK idled\r\n");
        self.moment(DONE, tag, |_| done.into_bytes())
    }
}

/// `answer` with one run of octets in the place of another.
pub fn swapped(answer: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(answer.len());
    let mut rest = answer;
    while let Some(at) = rest.windows(from.len()).position(|w| w == from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}
