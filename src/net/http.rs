//! HTTPS as far as a mail program needs it (RFC 9110, RFC 9112): one request, one answer, one
//! connection, and then it is closed.
//!
//! Only what a user asked for goes out, and it says nothing of the user: no cookie, no referrer, no
//! language, no name of this program; the same few fields for everybody. There is no http: without
//! TLS nothing is asked. Names are looked up once, the addresses that come of it are looked at
//! ([`reach`]), and one of those is dialled: a name that means another address a moment later (DNS
//! rebinding) gains nothing. Whatever a server sends is bounded in octets and in time.

use crate::model::{Endpoint, Security};
use crate::net::connect::{self, Patience};
use crate::net::error::NetError;
use crate::net::reach;
use crate::net::stream::Stream;
use crate::net::tls::Trust;
use crate::text::Clean;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// The longest address.
const LONGEST_URL: usize = 4_096;
/// The most octets of an answer's head, trailers counted with it.
const HEAD: usize = 64 << 10;
/// Answers before the answer (1xx) that are waited for.
const INTERIM: usize = 5;
/// Redirections that a GET follows.
const REDIRECTS: usize = 3;
/// Octets read at once.
const PIECE: usize = 16 << 10;
/// What every browser calls itself: nothing to be told from others by.
const AGENT: &str = "Mozilla/5.0";

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// No https address.
    #[error("this is no https address")]
    Url,
    /// The host is on this machine or in a private network.
    #[error("{} is in a private network, and nothing in a message may reach there", Clean::line(.0))]
    Private(String),
    /// The network or TLS.
    #[error(transparent)]
    Net(#[from] NetError),
    /// The server answers with something that is no HTTP.
    #[error("the web server sent something that can't be understood: {0}")]
    Malformed(&'static str),
    /// More came than may.
    #[error("the web server sends too much")]
    TooMuch,
    /// It leads from one place to another without end.
    #[error("the address leads on too often")]
    Redirects,
    /// It leads to where nothing is asked: in the clear, or nowhere.
    #[error("the address leads on to one that is not https")]
    Downgrade,
}

/// An https address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    host: String,
    port: u16,
    /// Path and query; never empty.
    target: String,
}

impl Url {
    /// Reads an address. Whatever is not printable ASCII is percent-encoded, a fragment is left
    /// out, and a name in it (`user@`) is refused.
    ///
    /// # Errors
    /// It is no https address.
    pub fn parse(text: &str) -> Result<Url, HttpError> {
        let (scheme, rest) = text.trim().split_once("://").ok_or(HttpError::Url)?;
        if !scheme.eq_ignore_ascii_case("https") || text.len() > LONGEST_URL {
            return Err(HttpError::Url);
        }
        let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
        let (place, path) = rest.split_at(end);
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => {
                (host, port.parse().map_err(|_| HttpError::Url)?)
            }
            _ => (place, 443),
        };
        let host = match host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
            Some(inside) => {
                let address: std::net::Ipv6Addr = inside.parse().map_err(|_| HttpError::Url)?;
                format!("[{address}]")
            }
            None => {
                let name = idna::domain_to_ascii(host).map_err(|_| HttpError::Url)?;
                let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
                let good = !name.is_empty() && name.bytes().all(plain);
                good.then_some(name).ok_or(HttpError::Url)?
            }
        };
        if port == 0 {
            return Err(HttpError::Url);
        }
        let path = path.split('#').next().unwrap_or_default();
        let slash = if path.starts_with('/') { "" } else { "/" };
        let target = format!("{slash}{}", encoded(path));
        Ok(Url { host, port, target })
    }

    /// The host, in the form that goes into the name system.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Where a `Location` in an answer from here leads (RFC 9110 §10.2.2).
    fn leads(&self, location: &str) -> Result<Url, HttpError> {
        let location = location.trim();
        if let Some(rest) = location.strip_prefix("//") {
            return Url::parse(&format!("https://{rest}"));
        }
        if let Some((scheme, _)) = location.split_once(':')
            && scheme
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
            && !scheme.is_empty()
        {
            return Url::parse(location).map_err(|_| HttpError::Downgrade);
        }
        let target = if location.starts_with('/') {
            location.to_owned()
        } else {
            let path = self.target.split('?').next().unwrap_or_default();
            let folder = path
                .rfind('/')
                .map_or("/", |at| path.get(..=at).unwrap_or("/"));
            format!("{folder}{location}")
        };
        Url::parse(&format!("https://{}:{}{target}", self.host, self.port))
    }
}

/// Percent-encodes what is not printable ASCII.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for b in text.bytes() {
        match b {
            b'!'..=b'~' => out.push(char::from(b)),
            _ => out.push_str(&format!("%{b:02X}")),
        }
    }
    out
}

/// What a server answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The status (RFC 9110 §15).
    pub status: u16,
    /// How long the server asks to wait.
    pub retry_after: Option<Duration>,
    /// The content.
    pub body: Vec<u8>,
    /// Where it leads, if it leads on.
    location: Option<String>,
}

/// Asks web servers.
#[derive(Clone, Debug)]
pub struct Client {
    trust: Trust,
    public_only: bool,
}

impl Default for Client {
    fn default() -> Client {
        Client {
            trust: Trust::default(),
            public_only: true,
        }
    }
}

impl Client {
    /// Asks servers anywhere, this machine's and private networks' among them, and trusts what
    /// `trust` says: for addresses that the user's own configuration names, and for tests. Whatever
    /// comes from a message goes through [`Client::default`].
    pub fn anywhere(trust: Trust) -> Client {
        Client {
            trust,
            public_only: false,
        }
    }

    /// Fetches an address, following at most three redirections, each to https and each looked at
    /// as the first one. At most `limit` octets of content, and nothing after `until`.
    ///
    /// # Errors
    /// As [`HttpError`] says. An answer of any status but a redirection is no error.
    pub fn get(&self, url: &Url, limit: usize, until: Instant) -> Result<Answer, HttpError> {
        let mut at = url.clone();
        for _ in 0..=REDIRECTS {
            let answer = self.ask(&at, None, limit, until)?;
            match &answer.location {
                Some(location) if matches!(answer.status, 301 | 302 | 303 | 307 | 308) => {
                    at = at.leads(location)?;
                }
                _ => return Ok(answer),
            }
        }
        Err(HttpError::Redirects)
    }

    /// Posts a form (`application/x-www-form-urlencoded`) and follows no redirection. With a limit of
    /// 0 nothing of the content is read.
    ///
    /// # Errors
    /// As [`HttpError`] says. An answer of any status is no error.
    pub fn post(
        &self,
        url: &Url,
        form: &str,
        limit: usize,
        until: Instant,
    ) -> Result<Answer, HttpError> {
        self.ask(url, Some(form), limit, until)
    }

    fn ask(
        &self,
        url: &Url,
        form: Option<&str>,
        limit: usize,
        until: Instant,
    ) -> Result<Answer, HttpError> {
        let mut stream = self.connect(url, until)?;
        stream.send(request(url, form).as_bytes(), left(until)?)?;
        let answer = Reader {
            stream: &mut stream,
            until,
            held: Zeroizing::new(Vec::with_capacity(PIECE)),
        }
        .answer(limit);
        stream.shut();
        answer
    }

    fn connect(&self, url: &Url, until: Instant) -> Result<Stream, HttpError> {
        let patience = Patience::default();
        let mut found = connect::lookup(&url.host, url.port, patience.lookup.min(left(until)?))?;
        if self.public_only {
            found.retain(|address| reach::is_public(address.ip()));
        }
        if found.is_empty() {
            return Err(HttpError::Private(url.host.clone()));
        }
        let endpoint = Endpoint {
            host: url.host.clone(),
            port: url.port,
            security: Security::Tls,
            pin_sha256: None,
        };
        // One of the addresses that were looked at, and no other.
        let socket = connect::dial(&endpoint, &found, patience.connect.min(left(until)?))?;
        let mut stream = Stream::new(socket, None)?;
        stream.secure(&url.host, &self.trust, patience.handshake.min(left(until)?))?;
        Ok(stream)
    }
}

/// The time that is left.
fn left(until: Instant) -> Result<Duration, HttpError> {
    let left = until.saturating_duration_since(Instant::now());
    match left.is_zero() {
        true => Err(NetError::Timeout.into()),
        false => Ok(left),
    }
}

/// The request: the fields that it can't do without, and the same for everybody.
fn request(url: &Url, form: Option<&str>) -> Zeroizing<String> {
    let (method, target) = (if form.is_some() { "POST" } else { "GET" }, &url.target);
    let port = match url.port {
        443 => String::new(),
        port => format!(":{port}"),
    };
    let head = format!(
        "{method} {target} HTTP/1.1\r\nHost: {}{port}\r\nUser-Agent: {AGENT}\r\nAccept: */*\r\n\
         Accept-Encoding: identity\r\nConnection: close\r\n",
        url.host
    );
    // As large as it will be from the beginning: what grows leaves copies of secrets behind.
    let room = head.len() + 128 + form.map_or(0, str::len);
    let mut out = Zeroizing::new(String::with_capacity(room));
    out.push_str(&head);
    if let Some(form) = form {
        let length = form.len();
        out.push_str(&format!(
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n"
        ));
    }
    out.push_str("\r\n");
    out.push_str(form.unwrap_or_default());
    out
}

/// How the content is told from what follows (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    Exactly(usize),
    Chunked,
    UntilTheEnd,
}

/// Reads one answer.
struct Reader<'a> {
    stream: &'a mut Stream,
    until: Instant,
    /// Wiped in the end: tokens come this way, too.
    held: Zeroizing<Vec<u8>>,
}

impl Reader<'_> {
    fn answer(mut self, limit: usize) -> Result<Answer, HttpError> {
        for _ in 0..=INTERIM {
            let (mut answer, length) = self.head()?;
            if (100..200).contains(&answer.status) {
                continue;
            }
            if limit > 0 && !matches!(answer.status, 204 | 304) {
                answer.body = match length {
                    Length::Exactly(n) if n > limit => return Err(HttpError::TooMuch),
                    Length::Exactly(n) => self.take(n)?,
                    Length::Chunked => self.chunks(limit)?,
                    Length::UntilTheEnd => self.rest(limit)?,
                };
            }
            return Ok(answer);
        }
        Err(HttpError::Malformed("it never answers"))
    }

    fn head(&mut self) -> Result<(Answer, Length), HttpError> {
        let mut budget = HEAD;
        let status = self.line(&mut budget)?;
        let mut answer = Answer {
            status: status_of(&status).ok_or(HttpError::Malformed("no status line"))?,
            ..Answer::default()
        };
        let mut length = Length::UntilTheEnd;
        loop {
            let line = self.line(&mut budget)?;
            if line.is_empty() {
                return Ok((answer, length));
            }
            let Some((name, value)) = line.split_once(':') else {
                return Err(HttpError::Malformed("a line that is no field"));
            };
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "content-length" if length != Length::Chunked => {
                    let bad = HttpError::Malformed("a length that is none");
                    let digits = value.bytes().all(|b| b.is_ascii_digit());
                    let n: usize = value.parse().ok().filter(|_| digits).ok_or(bad)?;
                    if matches!(length, Length::Exactly(other) if other != n) {
                        return Err(HttpError::Malformed("two lengths"));
                    }
                    length = Length::Exactly(n);
                }
                "transfer-encoding" if value.eq_ignore_ascii_case("chunked") => {
                    length = Length::Chunked;
                }
                "transfer-encoding" => return Err(HttpError::Malformed("an unknown coding")),
                "content-encoding" if !value.eq_ignore_ascii_case("identity") => {
                    return Err(HttpError::Malformed("a coding that was not asked for"));
                }
                "location" => answer.location = Some(value.to_owned()),
                "retry-after" => answer.retry_after = value.parse().ok().map(Duration::from_secs),
                _ => {}
            }
        }
    }

    /// A line without its end, within the budget. What is not UTF-8 is replaced.
    fn line(&mut self, budget: &mut usize) -> Result<String, HttpError> {
        let mut from = 0;
        loop {
            let rest = self.held.get(from..).unwrap_or_default();
            if let Some(at) = memchr::memchr(b'\n', rest) {
                let whole: Vec<u8> = self.held.drain(..=from + at).collect();
                *budget = budget.checked_sub(whole.len()).ok_or(HttpError::TooMuch)?;
                let line = whole.strip_suffix(b"\n").unwrap_or(&whole);
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                return Ok(String::from_utf8_lossy(line).into_owned());
            }
            from = self.held.len();
            if from > *budget {
                return Err(HttpError::TooMuch);
            }
            self.more()?;
        }
    }

    fn more(&mut self) -> Result<(), HttpError> {
        let mut piece = [0; PIECE];
        let n = self.stream.receive(&mut piece, self.until)?;
        self.held
            .extend_from_slice(piece.get(..n).unwrap_or_default());
        Ok(())
    }

    fn take(&mut self, n: usize) -> Result<Vec<u8>, HttpError> {
        while self.held.len() < n {
            self.more()?;
        }
        Ok(self.held.drain(..n).collect())
    }

    fn rest(&mut self, limit: usize) -> Result<Vec<u8>, HttpError> {
        loop {
            if self.held.len() > limit {
                return Err(HttpError::TooMuch);
            }
            match self.more() {
                Ok(()) => {}
                Err(HttpError::Net(NetError::Cut(_))) => {
                    return Ok(std::mem::take(&mut *self.held));
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// RFC 9112 §7.1. What extensions and trailers say is of no use here.
    fn chunks(&mut self, limit: usize) -> Result<Vec<u8>, HttpError> {
        let mut out = Vec::new();
        // As many lines as there can be chunks: one octet each is the smallest.
        let mut budget = HEAD + limit;
        loop {
            let line = self.line(&mut budget)?;
            let size = line.split(';').next().unwrap_or_default().trim();
            let bad = HttpError::Malformed("a chunk without a size");
            let hex = !size.is_empty() && size.bytes().all(|b| b.is_ascii_hexdigit());
            let n = usize::from_str_radix(size, 16)
                .ok()
                .filter(|_| hex)
                .ok_or(bad)?;
            if n > limit.saturating_sub(out.len()) {
                return Err(HttpError::TooMuch);
            }
            if n == 0 {
                while !self.line(&mut budget)?.is_empty() {}
                return Ok(out);
            }
            out.append(&mut self.take(n)?);
            if !self.line(&mut budget)?.is_empty() {
                return Err(HttpError::Malformed("a chunk that does not end"));
            }
        }
    }
}

/// `HTTP/1.1 200 OK`.
fn status_of(line: &str) -> Option<u16> {
    let mut words = line.splitn(3, ' ');
    words.next().filter(|v| v.starts_with("HTTP/1."))?;
    let code = words.next().filter(|c| c.len() == 3)?;
    code.parse().ok().filter(|c| (100..600).contains(c))
}

#[cfg(test)]
mod tests;
