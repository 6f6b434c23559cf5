//! Killed or cut at every step of a sync, a flag change, a move and a sending: nothing is lost,
//! nothing happens twice, and the cache agrees with the server once it was let run to its end.
//!
//! The steps are bytes on the wire: a proxy stops everything at the nth byte, the program is
//! killed there (or the connection cut), and then it is started again.

use crate::dovecot::Dovecot;
use crate::program::Home;
use crate::proxy::{Deed, Proxy, Way};
use crate::smtp::Sink;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Child, Stdio};

type Look = imap::Session<openssl::ssl::SslStream<std::net::TcpStream>>;

/// Points of each journey.
const POINTS: u64 = 12;

/// A server behind proxies, and homes that know only these.
struct Rig {
    server: Dovecot,
    sink: Sink,
    imap: Proxy,
    smtp: Proxy,
}

impl Rig {
    fn start() -> Option<Rig> {
        let sink = Sink::start();
        let server = Dovecot::start(Some(&sink))?;
        let imap = Proxy::start("127.0.0.1", server.imaps);
        let smtp = Proxy::start("127.0.0.1", server.submissions);
        Some(Rig {
            server,
            sink,
            imap,
            smtp,
        })
    }

    fn home(&self) -> Home {
        let table = self.server.account("work", "ada");
        let behind = |port: u16, proxy: &Proxy| {
            (format!("port = {port},"), format!("port = {},", proxy.port))
        };
        let (imap, smtp) = (
            behind(self.server.imaps, &self.imap),
            behind(self.server.submissions, &self.smtp),
        );
        Home::new(&table.replace(&imap.0, &imap.1).replace(&smtp.0, &smtp.1))
    }

    /// Lets both proxies pass everything again.
    fn quiet(&self) {
        self.imap.disarm();
        self.smtp.disarm();
    }
}

fn add(look: &mut Look, subject: &str) {
    let filler = "Words to make it longer than nothing.\r\n".repeat(20);
    let raw = format!(
        "From: bo@example.test\r\nSubject: {subject}\r\nMessage-ID: <{subject}@example.test>\r\n\r\n{filler}"
    );
    look.append("INBOX", raw.as_bytes()).finish().unwrap();
}

/// The points between nothing and everything, none of them at the very end.
fn points(all: u64) -> impl Iterator<Item = u64> {
    assert!(all > POINTS, "{all} bytes are no journey");
    (1..=POINTS).map(move |n| all * n / (POINTS + 1))
}

fn spawn(home: &Home, args: &[&str], input: &str) -> Child {
    let mut command = home.command(args);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    child
}

/// Runs a command until the proxy's trap springs; at a hold it is killed, at a cut it may end by
/// itself. Whether the trap sprang.
fn struck(proxy: &Proxy, at: (Way, u64, Deed), home: &Home, args: &[&str], input: &str) -> bool {
    proxy.arm(at.0, at.1, at.2);
    let mut child = spawn(home, args, input);
    let sprung = proxy.wait_sprung(|| child.try_wait().unwrap().is_some());
    if at.2 == Deed::Hold && sprung {
        child.kill().unwrap();
    }
    child.wait().unwrap();
    proxy.disarm();
    sprung
}

/// The inbox of the server: UID and flags.
fn theirs(look: &mut Look) -> BTreeSet<(u64, Vec<String>)> {
    if look.select("INBOX").unwrap().exists == 0 {
        return BTreeSet::new();
    }
    let all = look.uid_fetch("1:*", "FLAGS").unwrap();
    let row = |f: &imap::types::Fetch<'_>| {
        let mut flags: Vec<String> = f.flags().iter().map(ToString::to_string).collect();
        flags.retain(|f| f != "\\Recent");
        flags.sort();
        (u64::from(f.uid.unwrap()), flags)
    };
    all.iter().map(row).collect()
}

/// The same as the cache has it; no row may be there twice.
fn ours(home: &Home) -> BTreeSet<(u64, Vec<String>)> {
    let rows = home.list("INBOX");
    let all: BTreeSet<_> = rows
        .iter()
        .map(|r| {
            let mut flags: Vec<String> = serde_json::from_value(r["flags"].clone()).unwrap();
            flags.sort();
            (r["uid"].as_u64().unwrap(), flags)
        })
        .collect();
    assert_eq!(all.len(), rows.len(), "a message is listed twice");
    all
}

#[test]
fn a_first_sync_that_is_killed_or_cut_goes_on() {
    let Some(rig) = Rig::start() else { return };
    let mut look = rig.server.look("ada");
    for n in 0..120 {
        add(&mut look, &format!("s{n}"));
    }
    let sync = ["sync", "--once", "--bodies", "all"];
    rig.quiet();
    rig.home().run(&sync).code(0);
    let (up, down) = rig.imap.passed();
    let truth = theirs(&mut look);
    let mut hit = 0;
    for (n, (deed, (way, at))) in [Deed::Hold, Deed::Cut]
        .into_iter()
        .flat_map(|d| {
            points(down)
                .map(|p| (Way::Down, p))
                .chain(points(up).step_by(3).map(|p| (Way::Up, p)))
                .map(move |p| (d, p))
        })
        .enumerate()
    {
        let home = rig.home();
        hit += usize::from(struck(&rig.imap, (way, at, deed), &home, &sync, ""));
        // Now and then a second blow in the middle of the recovery.
        if n % 3 == 0 {
            struck(
                &rig.imap,
                (Way::Down, down / 4, Deed::Hold),
                &home,
                &sync,
                "",
            );
        }
        home.run(&sync).code(0);
        assert_eq!(ours(&home), truth, "{deed:?} {way:?} at {at}");
        let rest = home.json(&["sync", "--once", "--bodies", "all"]);
        assert_eq!(
            (
                &rest["accounts"][0]["headers"],
                &rest["accounts"][0]["bodies"]
            ),
            (&Value::from(0), &Value::from(0))
        );
        assert_eq!(home.json(&["search", "subject:s7"])["count"], 1);
    }
    assert!(hit >= 20, "only {hit} points were hit");
}

#[test]
fn a_flag_change_that_is_killed_or_cut_is_neither_lost_nor_undone() {
    let Some(rig) = Rig::start() else { return };
    let mut look = rig.server.look("ada");
    let count = POINTS * 2 + 4;
    for n in 0..count {
        add(&mut look, &format!("f{n}"));
    }
    rig.quiet();
    let home = rig.home();
    home.sync();
    rig.quiet();
    home.run(&["flag", &home.id("INBOX", "f0"), "+flagged"])
        .code(0);
    home.sync();
    let (up, down) = rig.imap.passed();
    let mut hit = 0;
    let all = points(up)
        .map(|p| (Way::Up, p))
        .chain(points(down).map(|p| (Way::Down, p)));
    for (n, (way, at)) in all.enumerate() {
        let deed = if n % 3 == 2 { Deed::Cut } else { Deed::Hold };
        let id = home.id("INBOX", &format!("f{}", n + 1));
        home.run(&["flag", &id, "+flagged", "+seen"]).code(0);
        hit += usize::from(struck(
            &rig.imap,
            (way, at, deed),
            &home,
            &["sync", "--once"],
            "",
        ));
        let shown = home.json(&["show", &id, "--headers"]);
        assert_eq!(
            shown["message"]["flags"],
            serde_json::json!(["\\Seen", "\\Flagged"]),
            "{way:?} {at}"
        );
        home.sync();
        assert_eq!(ours(&home), theirs(&mut look), "{deed:?} {way:?} at {at}");
    }
    let flagged = look.uid_search("FLAGGED").unwrap().len() as u64;
    assert_eq!(flagged, POINTS * 2 + 1);
    assert!(hit >= 18, "only {hit} points were hit");
}

#[test]
fn a_move_that_is_killed_or_cut_happens_once() {
    let Some(rig) = Rig::start() else { return };
    let mut look = rig.server.look("ada");
    for n in 0..=POINTS * 2 {
        add(&mut look, &format!("v{n}"));
    }
    rig.quiet();
    let home = rig.home();
    home.sync();
    rig.quiet();
    home.run(&["archive", &home.id("INBOX", "v0")]).code(0);
    home.sync();
    let (up, down) = rig.imap.passed();
    let mut hit = 0;
    let all = points(up)
        .map(|p| (Way::Up, p))
        .chain(points(down).map(|p| (Way::Down, p)));
    for (n, (way, at)) in all.enumerate() {
        let deed = if n % 3 == 2 { Deed::Cut } else { Deed::Hold };
        let subject = format!("v{}", n + 1);
        home.run(&["archive", &home.id("INBOX", &subject)]).code(0);
        hit += usize::from(struck(
            &rig.imap,
            (way, at, deed),
            &home,
            &["sync", "--once"],
            "",
        ));
        assert!(
            home.subjects("Archive").contains(&subject),
            "{deed:?} {way:?} at {at}"
        );
        home.sync();
        assert_eq!(
            home.subjects("Archive").len(),
            n + 2,
            "{deed:?} {way:?} at {at}"
        );
        look.select("Archive").unwrap();
        assert_eq!(
            look.uid_search("ALL").unwrap().len(),
            n + 2,
            "{deed:?} {way:?} at {at}"
        );
        assert_eq!(ours(&home), theirs(&mut look));
    }
    assert!(theirs(&mut look).is_empty());
    assert!(hit >= 18, "only {hit} points were hit");
}

/// What became of one message, seen from all sides, after everything was let run to its end.
fn judge(rig: &Rig, look: &mut Look, home: &Home, id: &str) -> String {
    let rows = home.json(&["outbox", "--all"]);
    let rows = rows["outbox"].as_array().unwrap();
    let mine: Vec<&Value> = rows
        .iter()
        .filter(|r| r["message_id"] == format!("<{id}>"))
        .collect();
    assert_eq!(mine.len(), 1, "{id} was lost or doubled: {rows:#?}");
    let state = mine[0]["state"].as_str().unwrap().to_owned();
    look.select("Sent").unwrap();
    let filed = look
        .uid_search(format!("HEADER Message-ID {id}"))
        .unwrap()
        .len();
    let reached = rig.sink.count(id);
    match state.as_str() {
        "sent" => assert_eq!((reached, filed), (1, 1), "{id}"),
        "queued" => assert_eq!((reached, filed), (0, 0), "{id}"),
        "in doubt" | "in-doubt" => assert!(reached <= 1 && filed == 0, "{id}: {reached} {filed}"),
        other => panic!("{id} is {other}: {mine:#?}"),
    }
    state
}

fn letter(id: &str) -> String {
    let filler = "A line of a letter that is long enough to be cut in two.\r\n".repeat(400);
    format!(
        "From: ada@example.test\r\nTo: bo@example.test\r\nSubject: {id}\r\nMessage-ID: <{id}>\r\n\r\n{filler}"
    )
}

#[test]
fn a_sending_that_is_killed_or_cut_is_sent_at_most_once() {
    let Some(rig) = Rig::start() else { return };
    let mut look = rig.server.look("ada");
    rig.quiet();
    let home = rig.home();
    home.sync();
    rig.quiet();
    let send = ["send", "--wait"];
    home.feed(&send, letter("first@example.test").as_bytes())
        .code(0);
    assert_eq!(judge(&rig, &mut look, &home, "first@example.test"), "sent");
    let (smtp, imap) = (rig.smtp.passed(), rig.imap.passed());
    let mut hit = 0;
    let mut states = Vec::new();
    let journeys = [
        (&rig.smtp, smtp.0, Way::Up),
        (&rig.smtp, smtp.1, Way::Down),
        (&rig.imap, imap.0, Way::Up),
        (&rig.imap, imap.1, Way::Down),
    ];
    for (j, (proxy, total, way)) in journeys.into_iter().enumerate() {
        // The last bytes are the dot and its answer.
        for (n, at) in points(total).chain([total - 60, total - 30]).enumerate() {
            let deed = if n % 3 == 1 { Deed::Cut } else { Deed::Hold };
            let id = format!("k{j}-{n}@example.test");
            let sprung = struck(proxy, (way, at, deed), &home, &send, &letter(&id));
            rig.quiet();
            home.sync();
            hit += usize::from(sprung);
            let state = judge(&rig, &mut look, &home, &id);
            // Only what was cut (not killed) before the dot waits a minute for its next try.
            assert!(
                state != "queued" || deed == Deed::Cut,
                "{id} {deed:?} at {at}"
            );
            states.push(state);
        }
    }
    home.sync();
    let deliveries = rig.sink.deliveries();
    let sent = states.iter().filter(|s| *s == "sent").count();
    assert!(deliveries.len() > sent && sent >= 20, "{states:?}");
    assert!(hit >= 40, "only {hit} points were hit: {states:?}");
}
