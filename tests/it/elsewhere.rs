//! Somebody else in the mail server's place: a network that wants to be signed in to first, a
//! certificate of another host, a clock that makes every certificate look wrong. What it is is said
//! in plain words, nobody hears a password, and nobody is dialled without end.

use crate::dovecot::{Dovecot, need, skip};
use crate::hostile::fails;
use crate::program::{Home, eventually};
use crate::site::acceptor;
use crate::tls::certificates;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const PAGE: &[u8] = b"HTTP/1.1 302 Found\r\nLocation: http://portal.example.test/\r\n\r\n";

/// What each connection said to somebody who is no mail server.
#[derive(Clone, Default)]
struct Visits(Arc<Mutex<Vec<Vec<u8>>>>);

impl Visits {
    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    fn nobody_said(&self, secret: &str) {
        for said in self.0.lock().unwrap().iter() {
            let text = String::from_utf8_lossy(said);
            assert!(!text.contains(secret) && !text.contains("LOGIN"), "{text}");
            assert!(!text.contains("AUTH"), "{text}");
        }
    }
}

/// Somebody at `address` who does with every connection what `act` says.
fn somebody(
    address: &str,
    act: impl Fn(TcpStream) -> Vec<u8> + Send + Sync + 'static,
) -> (u16, Visits) {
    let door = TcpListener::bind((address, 0)).unwrap();
    let port = door.local_addr().unwrap().port();
    let visits = Visits::default();
    let theirs = visits.clone();
    std::thread::spawn(move || {
        for socket in door.incoming().flatten() {
            let said = act(socket);
            theirs.0.lock().unwrap().push(said);
        }
    });
    (port, visits)
}

/// A web server: it hears what is said, or grows tired of waiting, and shows its page.
fn portal() -> (u16, Visits) {
    somebody("127.0.0.1", |mut socket| {
        let tired = Some(Duration::from_millis(300));
        socket.set_read_timeout(tired).unwrap();
        let mut hello = [0; 2048];
        let n = socket.read(&mut hello).unwrap_or(0);
        let _ = socket.write_all(PAGE);
        let mut said = hello[..n].to_vec();
        let _ = socket.read_to_end(&mut said);
        said
    })
}

/// An account whose servers are at these ports; the password is `canary`.
fn account(host: &str, imap: u16, smtp: u16, security: &str, more: &str) -> String {
    format!(
        "[[account]]\nname = \"work\"\nemail = \"work@example.test\"\nuser = \"ada\"\n\
         password-command = [\"echo\", \"canary\"]\n{more}\n\
         imap = {{ host = \"{host}\", port = {imap}, security = \"{security}\" }}\n\
         smtp = {{ host = \"{host}\", port = {smtp}, security = \"{security}\" }}\n"
    )
}

/// A text with single blanks wherever there were some.
fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn f21_a_network_that_wants_to_be_signed_in_to_is_known_for_one() {
    for security in ["tls", "none"] {
        let (imap, visits) = portal();
        let (smtp, sending) = portal();
        let home = Home::new(&account("127.0.0.1", imap, smtp, security, ""));
        let why = fails(&home, &[69, 75, 76]);
        assert!(why.contains("web page"), "{security}: {why}");
        let doctor = home.run(&["doctor"]);
        // Its lines are wrapped.
        let text = unwrapped(&doctor.text());
        let said = text.matches("in the mail server's place").count();
        assert!(said >= 2, "{security}: {text}");
        assert!(text.contains("sign in to the network"), "{text}");
        let letter = b"To: bo@example.test\r\nSubject: x\r\n\r\nx\r\n";
        home.feed(&["send", "--wait"], letter);
        let rows = home.json(&["outbox"]).to_string();
        assert!(rows.contains("web page"), "{security}: {rows}");
        assert!(rows.contains("queued"), "{security}: {rows}");
        assert!(visits.count() > 0 && sending.count() > 0);
        visits.nobody_said("canary");
        sending.nobody_said("canary");
    }
}

#[test]
fn f21_who_watches_does_not_dial_a_portal_without_end() {
    let (imap, visits) = portal();
    let mut home = Home::new(&account("127.0.0.1", imap, 9, "tls", ""));
    // A pause of fifteen minutes is one of nine seconds then, one of a second a hundredth of one.
    home.hurry = 100;
    let mut watch = home.watch();
    watch.state("work", "waiting");
    eventually("a second try", || visits.count() >= 2);
    let tries = visits.count();
    // The first pause would be ten milliseconds, and long over.
    assert!(tries <= 3, "{tries} tries");
    visits.nobody_said("canary");
}

#[test]
fn f21_a_certificate_of_another_host_gets_no_password() {
    let (own, acceptor) = (certificates(), acceptor());
    let act = move |socket: TcpStream| {
        let mut said = Vec::new();
        if let Ok(mut tls) = acceptor.accept(socket) {
            let _ = tls.write_all(b"* OK hello\r\n");
            let _ = tls.read_to_end(&mut said);
        }
        said
    };
    // Its certificate is for 127.0.0.1 and localhost.
    let (port, visits) = somebody("127.0.0.2", act);
    let home = Home::new("");
    let ca = home.path.join("ca.pem");
    fs::write(&ca, &own.ca).unwrap();
    let trust = format!("ca-file = \"{}\"", ca.display());
    home.configure(&account("127.0.0.2", port, port, "tls", &trust));
    let why = fails(&home, &[69, 75, 76, 77]);
    assert!(why.contains("not for 127.0.0.2"), "{why}");
    let text = unwrapped(&home.run(&["doctor"]).text());
    assert!(text.contains("signed in to it"), "{text}");
    let letter = b"To: bo@example.test\r\nSubject: x\r\n\r\nx\r\n";
    home.feed(&["send", "--wait"], letter);
    assert!(visits.count() >= 3);
    visits.nobody_said("canary");
    for said in visits.0.lock().unwrap().iter() {
        assert_eq!(String::from_utf8_lossy(said), "");
    }
}

/// Where Debian, Fedora and others keep the library that bends time.
pub fn faketime() -> Option<String> {
    need("faketime")?;
    let places = [
        "/usr/lib/x86_64-linux-gnu/faketime",
        "/usr/lib/aarch64-linux-gnu/faketime",
        "/usr/lib64/faketime",
        "/usr/lib/faketime",
    ];
    let found = places.iter().map(|p| format!("{p}/libfaketimeMT.so.1"));
    let found = found.into_iter().find(|p| fs::metadata(p).is_ok());
    if found.is_none() {
        skip("libfaketimeMT.so.1 is not where it is expected (tests/run installs it)");
    }
    found
}

#[test]
fn f09_a_clock_that_is_wrong_is_named_where_certificates_seem_so() {
    let Some(library) = faketime() else { return };
    let Some(server) = Dovecot::start(None) else {
        return;
    };
    let home = Home::new(&server.account("work", "ada"));
    for (jump, words) in [
        // Before the program was written, and before the certificate was.
        (
            "-3650d",
            "is wrong, and so no certificate seems to be valid",
        ),
        // After the certificate's week.
        (
            "+3650d",
            "the certificate has expired by this machine's clock",
        ),
    ] {
        let mut command = home.command(&["sync", "--once", "--json"]);
        command
            .env("LD_PRELOAD", &library)
            .env("FAKETIME", jump)
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        let done = command.output().unwrap();
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(!done.status.success(), "{said}");
        assert!(said.contains(words), "{jump}: {said}");
    }
    home.sync();
}
