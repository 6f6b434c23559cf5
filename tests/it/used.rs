//! What somebody meets in daily use: a network that goes and comes back, a window that is open
//! while a timer runs `sync`, a read receipt.

use crate::dovecot::Dovecot;
use crate::postfix;
use crate::program::{Home, eventually};
use crate::pty::Terminal;
use crate::smtp::Sink;
use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// A network to one port: open or shut.
struct Gate {
    port: u16,
    open: Arc<AtomicBool>,
    sockets: Arc<Mutex<Vec<TcpStream>>>,
}

impl Gate {
    fn to(port: u16) -> Gate {
        let door = TcpListener::bind("127.0.0.1:0").unwrap();
        let gate = Gate {
            port: door.local_addr().unwrap().port(),
            open: Arc::new(AtomicBool::new(true)),
            sockets: Arc::default(),
        };
        let (open, sockets) = (Arc::clone(&gate.open), Arc::clone(&gate.sockets));
        std::thread::spawn(move || {
            for client in door.incoming().flatten() {
                // One that is dropped is cut: a network that is gone.
                if open.load(Ordering::SeqCst)
                    && let Ok(server) = TcpStream::connect(("127.0.0.1", port))
                {
                    let mut all = sockets.lock().unwrap();
                    for (mut from, mut to) in [(&client, &server), (&server, &client)]
                        .map(|(a, b)| (a.try_clone().unwrap(), b.try_clone().unwrap()))
                    {
                        all.push(from.try_clone().unwrap());
                        std::thread::spawn(move || {
                            let _ = io::copy(&mut from, &mut to);
                            let _ = to.shutdown(Shutdown::Both);
                        });
                    }
                }
            }
        });
        gate
    }

    fn set(&self, open: bool) {
        self.open.store(open, Ordering::SeqCst);
        for socket in self.sockets.lock().unwrap().drain(..) {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}

fn letter(look: &mut imap::Session<openssl::ssl::SslStream<TcpStream>>, name: &str, more: &str) {
    let raw = format!(
        "From: Bo <bo@example.test>\r\nTo: ada@example.test\r\nSubject: {name}\r\n{more}Message-ID: <{name}@example.test>\r\n\r\nText of {name}.\r\n"
    );
    look.append("INBOX", raw.as_bytes()).finish().unwrap();
}

fn window(home: &Home) -> Terminal {
    Terminal::postrider(&[], &home.path, 110, 32)
}

#[test]
fn when_the_network_is_back_what_was_wanted_comes_and_what_waits_goes() {
    let sink = Sink::start();
    let Some(server) = Dovecot::start(Some(&sink)) else {
        return;
    };
    letter(&mut server.look("ada"), "one", "");
    let (imap, smtp) = (Gate::to(server.imaps), Gate::to(server.submissions));
    let port = |port: u16| format!("port = {port},");
    let table = server
        .account("work", "ada")
        .replacen(&port(server.imaps), &port(imap.port), 1)
        .replacen(&port(server.submissions), &port(smtp.port), 1);
    assert!(table.contains(&port(smtp.port)), "{table}");
    let config = format!("{table}bodies = \"none\"\n[ui]\nundo-send = 0\n");
    let home = Home::new(&config);
    home.sync();
    imap.set(false);
    smtp.set(false);
    let mut t = window(&home);
    t.wait_until("offline", |s| {
        s.contains("one") && s.contains("work offline")
    });
    t.send("\r");
    t.wait_for("This message is not here yet");
    home.json(&["send", "--to", "bo@example.test", "--subject", "out"]);
    eventually("a first try", || {
        home.json(&["outbox"])["outbox"][0]["attempts"].as_u64() >= Some(1)
    });
    imap.set(true);
    smtp.set(true);
    t.send("\x12");
    t.wait_for("Text of one.");
    // Its own next try is a minute away.
    assert_eq!(sink.wait_for(1).len(), 1);
    t.send("qq");
    t.wait_exit();
}

#[test]
fn a_timer_may_sync_while_a_window_is_open() {
    let Some(server) = Dovecot::start(None) else {
        return;
    };
    let home = Home::new(&server.account("work", "ada"));
    home.sync();
    let mut t = window(&home);
    t.wait_for("work connected");
    let told = home.sync();
    assert_eq!(told["accounts"][0]["elsewhere"], true, "{told}");
    let said = home.run(&["sync", "--once"]).code(0).text();
    assert!(said.contains("postrider that is running"), "{said}");
    // It says so at once, and does not wait for its turn.
    home.measured(&["verify"]).0.code(75);
    t.send("q");
    t.wait_exit();
    let told = home.sync();
    assert_eq!(told["accounts"][0].get("elsewhere"), None, "{told}");
    home.run(&["verify"]).code(0);
}

#[test]
fn a_read_receipt_goes_out_without_a_sender() {
    let Some((sink, server, _postfix, home)) = postfix::ready("tls") else {
        return;
    };
    let wish = "Disposition-Notification-To: bo@example.test\r\n";
    letter(&mut server.look("ada"), "asking", wish);
    home.sync();
    let mut t = window(&home);
    t.wait_until("the list", |s| {
        s.contains("asking") && s.contains("work connected")
    });
    t.send("\r");
    t.wait_for("Text of asking.");
    t.send(":send-receipt\r");
    let came = sink.wait_for(1);
    assert_eq!(
        (came[0].from.as_str(), &came[0].to[..]),
        ("", &["bo@example.test".to_owned()][..])
    );
    assert!(
        came[0].raw.contains("disposition-notification"),
        "{}",
        came[0].raw
    );
    t.send("qq");
    t.wait_exit();
}
