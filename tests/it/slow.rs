//! A slow link: 600 ms there and back, 20 KB/s in each direction for all connections together.
//! Nobody is given up while octets come, progress shows, and the screen answers meanwhile.

use crate::program::{Home, eventually};
use crate::pty::Terminal;
use crate::script::Script;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// One way.
const DELAY: Duration = Duration::from_millis(300);
/// Octets a second.
const RATE: u32 = 20_000;

/// When a direction of the link is free again.
type Free = Arc<Mutex<Instant>>;

/// A link to a port on 127.0.0.1; its own port.
fn link(to: u16) -> u16 {
    let door = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = door.local_addr().unwrap().port();
    let now = || Arc::new(Mutex::new(Instant::now()));
    let (up, down): (Free, Free) = (now(), now());
    std::thread::spawn(move || {
        for client in door.incoming().flatten() {
            let Ok(server) = TcpStream::connect(("127.0.0.1", to)) else {
                continue;
            };
            let pair = (client.try_clone().unwrap(), server.try_clone().unwrap());
            carry(pair.0, pair.1, Arc::clone(&up));
            carry(server, client, Arc::clone(&down));
        }
    });
    port
}

/// Carries what comes `from` one end to the other, as slowly as the link is.
fn carry(mut from: TcpStream, mut to: TcpStream, free: Free) {
    let (send, arrive) = channel::<(Instant, Vec<u8>)>();
    std::thread::spawn(move || {
        let mut buffer = [0; 1_000];
        while let Ok(n) = from.read(&mut buffer) {
            let at = {
                let mut free = free.lock().unwrap();
                let begins = (*free).max(Instant::now());
                *free = begins + Duration::from_secs(1) * u32::try_from(n).unwrap() / RATE;
                *free
            };
            // No more is under way than a router keeps.
            std::thread::sleep(at.saturating_duration_since(Instant::now()));
            if send.send((at + DELAY, buffer[..n].to_vec())).is_err() || n == 0 {
                return;
            }
        }
    });
    std::thread::spawn(move || {
        for (at, bytes) in arrive {
            std::thread::sleep(at.saturating_duration_since(Instant::now()));
            if bytes.is_empty() || to.write_all(&bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    });
}

/// A home behind the link.
fn far(server: &Script) -> Home {
    let here = format!("port = {}", server.port);
    let there = format!("port = {}", link(server.port));
    Home::new(&server.account("work").replace(&here, &there))
}

#[test]
fn f22_over_a_slow_link_nobody_is_given_up() {
    let server = Script::start(|mail| {
        mail.fill("INBOX", "letter ", 200);
        let long = "0123456789abcdef0123456789abcdef0123456789abcdef\r\n".repeat(1_600);
        let raw = format!("Subject: long\r\nMessage-ID: <long@x>\r\n\r\n{long}");
        mail.put(b"INBOX", raw.into_bytes(), Vec::new());
    });
    let mut home = far(&server);
    // Two seconds without progress are too long then; the long letter alone takes four.
    home.hurry = 30;
    home.sync();
    assert_eq!(home.list("INBOX").len(), 201);
    let shown = home.run(&["show", &home.id("INBOX", "long")]).code(0);
    assert!(shown.out.len() > 75_000, "{}", shown.out.len());
    assert_eq!(server.dialled(), 1, "{:?}", server.said("LOGOUT"));
    assert_eq!(server.said("AUTHENTICATE|LOGIN ").len(), 1);
}

#[test]
fn f22_the_screen_answers_while_a_slow_link_brings_mail() {
    let server = Script::start(|mail| mail.fill("INBOX", "letter ", 500));
    let home = far(&server);
    let mut t = Terminal::postrider(&[], &home.path, 120, 32);
    t.wait_for("syncing");
    t.wait_for("letter 500");
    t.send("?");
    let help = t.wait_gone("letter 500");
    assert!(!help.contains("offline"), "{help}");
    let here = home.list("INBOX").len();
    assert!(here > 0 && here < 500, "{here}: it was no slow link");
    t.send("\x1b");
    t.wait_for("letter 500");
    eventually("all of them", || home.list("INBOX").len() == 500);
    let screen = t.screen();
    assert!(!screen.contains("offline"), "{screen}");
    t.send("q");
    assert_eq!(t.wait_exit(), 0);
}
