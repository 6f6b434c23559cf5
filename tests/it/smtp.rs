//! A real submission server and what lies behind it: Dovecot's own service speaks TLS and AUTH to
//! the client, and relays to a sink in this process that counts what was really delivered.

use crate::pty::PATIENCE;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

/// One message as it reached the other side.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// MAIL FROM.
    pub from: String,
    /// The whole command.
    pub mail: String,
    /// RCPT TO, those that were accepted.
    pub to: Vec<String>,
    /// The bytes, dots unstuffed.
    pub raw: String,
}

#[derive(Default)]
struct Inside {
    deliveries: Vec<Delivery>,
    refused: BTreeMap<String, String>,
    odd: Option<(String, String)>,
    hello: Option<String>,
    greeting: Option<String>,
    most: Option<usize>,
    auth: Option<String>,
    signed_in: usize,
}

/// A server that takes everything and forgets nothing.
pub struct Sink {
    /// Its port on loopback.
    pub port: u16,
    inside: Arc<(Mutex<Inside>, Condvar)>,
}

impl Sink {
    /// Starts it; it lives as long as the process.
    pub fn start() -> Sink {
        let door = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = door.local_addr().unwrap().port();
        let inside = Arc::new((Mutex::new(Inside::default()), Condvar::new()));
        let shared = Arc::clone(&inside);
        std::thread::spawn(move || {
            for socket in door.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(socket, &shared));
            }
        });
        Sink { port, inside }
    }

    /// From now on this recipient is answered so (`550 5.1.1 nobody`).
    pub fn refuse(&self, recipient: &str, reply: &str) {
        let mut inside = self.inside.0.lock().unwrap();
        inside
            .refused
            .insert(recipient.to_owned(), reply.to_owned());
    }

    /// The next time that this command comes (`.` for the end of a message), this is the answer;
    /// an empty one hangs up. The end of a message is taken unless the answer says no.
    pub fn once(&self, command: &str, answer: &str) {
        self.inside.0.lock().unwrap().odd = Some((command.to_owned(), answer.to_owned()));
    }

    /// From now on this is the answer to EHLO.
    pub fn hello(&self, answer: &str) {
        self.inside.0.lock().unwrap().hello = Some(answer.to_owned());
    }

    /// From now on it greets so.
    pub fn greet(&self, greeting: &str) {
        self.inside.0.lock().unwrap().greeting = Some(greeting.to_owned());
    }

    /// From now on this is the answer to AUTH.
    pub fn auth(&self, answer: &str) {
        self.inside.0.lock().unwrap().auth = Some(answer.to_owned());
    }

    /// How often somebody wanted to sign in.
    pub fn signed_in(&self) -> usize {
        self.inside.0.lock().unwrap().signed_in
    }

    /// From now on one message has so many recipients at most.
    pub fn most(&self, recipients: usize) {
        self.inside.0.lock().unwrap().most = Some(recipients);
    }

    /// From now on this recipient is taken again.
    pub fn take(&self, recipient: &str) {
        self.inside.0.lock().unwrap().refused.remove(recipient);
    }

    /// What has come so far.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.inside.0.lock().unwrap().deliveries.clone()
    }

    /// How often a message of that Message-ID came: 1 is right, 0 is lost, more is a duplicate.
    pub fn count(&self, message_id: &str) -> usize {
        let wanted = format!("<{}>", message_id.trim_matches(['<', '>']));
        let of = |d: &Delivery| {
            let head = d.raw.split("\r\n\r\n").next().unwrap_or("");
            head.to_ascii_lowercase().contains("message-id:") && head.contains(&wanted)
        };
        self.deliveries().iter().filter(|d| of(d)).count()
    }

    /// Waits until so many messages have come; fails after [`PATIENCE`].
    pub fn wait_for(&self, count: usize) -> Vec<Delivery> {
        let (lock, bell) = &*self.inside;
        let inside = lock.lock().unwrap();
        let (inside, late) = bell
            .wait_timeout_while(inside, PATIENCE, |i| i.deliveries.len() < count)
            .unwrap();
        assert!(
            !late.timed_out(),
            "{} of {count} messages came",
            inside.deliveries.len()
        );
        inside.deliveries.clone()
    }
}

/// The answer that this command gets this time, if another than usual.
fn odd(shared: &(Mutex<Inside>, Condvar), verb: &str) -> Option<String> {
    let mut inside = shared.0.lock().unwrap();
    let is_it = |(command, _): &mut (String, String)| command == verb;
    inside.odd.take_if(is_it).map(|(_, answer)| answer)
}

fn serve(socket: TcpStream, shared: &(Mutex<Inside>, Condvar)) -> Option<()> {
    let mut reader = BufReader::new(socket.try_clone().ok()?);
    let mut socket = socket;
    let mut say = |line: &str| socket.write_all(format!("{line}\r\n").as_bytes()).ok();
    let mut mail = Delivery {
        from: String::new(),
        mail: String::new(),
        to: vec![],
        raw: String::new(),
    };
    let greeting = shared.0.lock().unwrap().greeting.clone();
    say(greeting.as_deref().unwrap_or("220 sink.example ESMTP"))?;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let verb = line.get(..4).unwrap_or("").to_ascii_uppercase();
        if let Some(answer) = odd(shared, &verb) {
            say(Some(answer.as_str()).filter(|a| !a.is_empty())?)?;
            continue;
        }
        let path = || line.split(['<', '>']).nth(1).unwrap_or("").to_owned();
        match verb.as_str() {
            "EHLO" => {
                let other = shared.0.lock().unwrap().hello.clone();
                say(other.as_deref().unwrap_or(
                    "250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SIZE 50000000\r\n250-AUTH PLAIN\r\n250 ENHANCEDSTATUSCODES",
                ))?;
            }
            "AUTH" => {
                let mut inside = shared.0.lock().unwrap();
                inside.signed_in += 1;
                let other = inside.auth.clone();
                drop(inside);
                say(other.as_deref().unwrap_or("235 2.7.0 whoever you are"))?;
            }
            "MAIL" => {
                mail = Delivery {
                    from: path(),
                    mail: line.trim_end().to_owned(),
                    to: vec![],
                    raw: String::new(),
                };
                say("250 2.1.0 go on")?;
            }
            "RCPT" => {
                let inside = shared.0.lock().unwrap();
                let full = inside.most.is_some_and(|most| mail.to.len() >= most);
                let crowded = full.then(|| "452 4.5.3 too many recipients".to_owned());
                let refused = inside.refused.get(&path()).cloned().or(crowded);
                drop(inside);
                if refused.is_none() {
                    mail.to.push(path());
                }
                say(refused.as_deref().unwrap_or("250 2.1.5 fine"))?;
            }
            "DATA" if mail.to.is_empty() => say("554 5.5.1 no recipient")?,
            "DATA" => {
                say("354 go on")?;
                loop {
                    let mut text = Vec::new();
                    if reader.read_until(b'\n', &mut text).ok()? == 0 {
                        // Cut off before the dot: nothing was delivered.
                        return None;
                    }
                    if text == b".\r\n" {
                        break;
                    }
                    let text = text.strip_prefix(b".").unwrap_or(&text);
                    mail.raw.push_str(&String::from_utf8_lossy(text));
                }
                let answer = odd(shared, ".");
                if !answer.as_ref().is_some_and(|a| a.starts_with(['4', '5'])) {
                    shared.0.lock().unwrap().deliveries.push(mail.clone());
                    shared.1.notify_all();
                }
                let answer = answer.unwrap_or_else(|| "250 2.0.0 taken".to_owned());
                say(Some(answer.as_str()).filter(|a| !a.is_empty())?)?;
            }
            "QUIT" => return say("221 2.0.0 see you"),
            _ => say("250 2.0.0 fine")?,
        }
    }
}

#[test]
fn the_rig_relays_over_tls_and_counts() {
    use crate::dovecot::{Dovecot, Lines, connect_tls};
    let sink = Sink::start();
    let Some(server) = Dovecot::start(Some(&sink)) else {
        return;
    };
    sink.refuse("nobody@example.test", "550 5.1.1 nobody");
    let mut smtp = Lines::new(connect_tls(server.submissions));
    smtp.expect("220");
    smtp.say("EHLO test.example");
    smtp.expect("250");
    // SASL PLAIN of user `ada` and password `secret`.
    smtp.say("AUTH PLAIN AGFkYQBzZWNyZXQ=");
    smtp.expect("235");
    smtp.say("MAIL FROM:<ada@example.test>");
    smtp.expect("250");
    smtp.say("RCPT TO:<nobody@example.test>");
    smtp.expect("550");
    smtp.say("RCPT TO:<bo@example.test>");
    smtp.expect("250");
    smtp.say("DATA");
    smtp.expect("354");
    smtp.say("Message-ID: <1@example.test>\r\n\r\n..dot\r\n.");
    smtp.expect("250");
    let got = sink.wait_for(1);
    assert_eq!(got[0].from, "ada@example.test");
    assert_eq!(got[0].to, ["bo@example.test"]);
    assert!(got[0].raw.ends_with(".dot\r\n"), "{}", got[0].raw);
    assert_eq!(
        (sink.count("1@example.test"), sink.count("2@example.test")),
        (1, 0)
    );
}
