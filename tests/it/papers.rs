//! PDF documents are read while nobody waits, and attachments are left out then; what somebody wants
//! meanwhile stays, and what is not all here never counts as all.

use crate::desk::{Desk, account};
use crate::pty::PATIENCE;
use crate::script::{Script, edit, say};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crossbeam_channel::{Receiver, Sender, unbounded};
use postrider::demo::{Demo, Options};
use postrider::mime::hollow;
use postrider::model::{Account, AccountName, MsgId, Query, Reach, Secret, Service, Target};
use postrider::signal::Doorbell;
use postrider::sync::bells::Request;
use postrider::sync::bodies::Came;
use postrider::sync::host::{Host, NoSecret};
use postrider::sync::worker::Worker;
use postrider::sync::{SyncError, ondemand, reread};
use postrider::tui::takeout::{Takeout, take_out};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Reads documents: says when it begins with one, and waits until it may end while anybody holds it.
struct Reads {
    begun: Sender<()>,
    may_end: Receiver<()>,
}

impl Host for Reads {
    fn secret(&self, _: &Account, _: Service) -> Result<Secret, NoSecret> {
        Ok(Secret::new("secret".to_owned()))
    }
    fn remember(&self, _: &AccountName, _: Secret) {}
    fn forget(&self, _: &AccountName, _: Service) {}
    fn attachment(&self, path: &Path) -> Result<Vec<u8>, String> {
        Err(path.display().to_string())
    }
    fn reads_papers(&self) -> bool {
        true
    }
    fn paper(&self, pdf: Vec<u8>) -> Option<String> {
        let _ = self.begun.send(());
        let _ = self.may_end.recv_timeout(PATIENCE);
        let words = String::from_utf8_lossy(&pdf);
        words.lines().nth(1).map(str::to_owned)
    }
    fn changed(&self) {}
    fn nudge(&self) {}
}

/// A desk, what tells that a document is begun, and what lets it end.
fn desk(server: &Script) -> (Desk, Receiver<()>, Sender<()>) {
    let (begun, begins) = unbounded();
    let (end, may_end) = unbounded();
    let mut account = account(server.port, "ada");
    account.sync.bodies = Reach::All;
    let desk = Desk::of(account, Arc::new(Reads { begun, may_end }));
    (desk, begins, end)
}

/// A message with a document that says this.
fn letter(n: usize, word: &str) -> Vec<u8> {
    let mut file = format!("%PDF-1.4\n{word}\n").into_bytes();
    file.extend((0..20_000usize).map(|at| (at * at * (n + 3) % 251) as u8));
    let file = STANDARD.encode(file);
    format!(
        "Message-ID: <{n}@papers.example>\r\nFrom: a@example.org\r\nSubject: paper {n}\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nText.\r\n\
         --b\r\nContent-Type: application/pdf; name=f{n}.pdf\r\nContent-Disposition: attachment\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{file}\r\n--b--\r\n"
    )
    .into_bytes()
}

fn server(letters: &[Vec<u8>]) -> Script {
    Script::start(|mail| {
        for raw in letters {
            mail.put(b"INBOX", raw.clone(), Vec::new());
        }
    })
}

/// A turn without what is read once more behind it.
fn turn(desk: &Desk) {
    let mut worker = Worker::new(desk.kit().clone()).unwrap();
    worker.whole_turn().unwrap();
}

fn waiting(desk: &Desk) -> Vec<(MsgId, bool)> {
    let name = &desk.kit().account.name;
    desk.reader().reread_wanted(name, 9).unwrap()
}

fn found(desk: &Desk, word: &str) -> Vec<MsgId> {
    let query = Query::parse(word).unwrap();
    let found = desk.reader().search(&query, 0, 9).unwrap();
    found.rows.iter().map(|row| row.message).collect()
}

fn is_hollow(desk: &Desk, message: MsgId) -> bool {
    desk.reader().shown(message).unwrap().unwrap().is_hollow
}

#[test]
fn of_a_message_that_goes_between_two_pieces_nothing_counts_as_all_of_it() {
    let mut raw = letter(1, "quillwort");
    raw.extend(std::iter::repeat_n(*b"0123456789\r\n", 120_000).flatten());
    let server = server(&[raw]);
    let (desk, _, _) = desk(&server);
    server.always("BODY.PEEK[]<262144.", say("{tag} OK done\n"));
    // Once it may have been moved; what is so each time can't be had.
    for may_come in [true, true, false] {
        turn(&desk);
        let message = found(&desk, "subject:paper")[0];
        let row = desk.reader().message(message).unwrap().unwrap();
        assert!(!row.has_body, "a piece of it was kept as the whole");
        assert_eq!(row.body_error.is_none(), may_come, "{:?}", row.body_error);
        assert_eq!(desk.reader().body(message).unwrap(), None);
    }
    let message = found(&desk, "subject:paper")[0];
    let row = desk.reader().message(message).unwrap().unwrap();
    assert!(row.body_error.unwrap().contains("only a part of it"));
}

/// A message of several pieces.
fn long(n: usize) -> Vec<u8> {
    let mut raw = letter(n, "quillwort");
    raw.extend(std::iter::repeat_n(*b"0123456789\r\n", 120_000).flatten());
    raw
}

#[test]
fn what_another_moves_while_its_pieces_come_is_fetched_from_its_new_place() {
    let raw = long(1);
    let server = server(std::slice::from_ref(&raw));
    server.mail(|mail| mail.make("Later", ""));
    let (desk, _, end) = desk(&server);
    drop(end);
    server.once("BODY.PEEK[]<262144.", say("{tag} OK done\n"));
    let moved = |message: &[u8]| {
        server.mail(|mail| {
            mail.expunge("INBOX", &[1]);
            mail.put(b"Later", message.to_vec(), Vec::new());
        });
    };
    turn(&desk);
    let message = found(&desk, "subject:paper")[0];
    let row = desk.reader().message(message).unwrap().unwrap();
    assert_eq!((row.has_body, row.body_error), (false, None));
    moved(&raw);
    desk.sync().unwrap();
    let message = found(&desk, "subject:paper")[0];
    let row = desk.reader().message(message).unwrap().unwrap();
    assert_eq!((row.has_body, row.body_error), (true, None));
    let places = desk.reader().locate(message).unwrap();
    assert_eq!(places[0].name.as_bytes(), b"Later");
}

/// What the screen has done when somebody opens a message: its own connection first, then the worker.
fn open(desk: &Desk, message: MsgId) {
    let (ask, asked) = unbounded();
    ask.send(Request::Body(message)).unwrap();
    drop(ask);
    let bell = Doorbell::new().unwrap();
    ondemand::run(desk.kit(), &asked, &bell.ringer());
    turn(desk);
}

#[test]
fn who_opens_what_was_moved_meanwhile_is_given_it_by_the_worker() {
    let demo = Demo::start(Options::empty()).unwrap();
    let hand = demo.hand("ada").unwrap();
    hand.create("Later");
    hand.deliver("Later", &letter(1, "quillwort")).unwrap();
    let desk = Desk::at(&demo);
    turn(&desk);
    let message = found(&desk, "subject:paper")[0];
    hand.shift("Later", &[1], "INBOX").unwrap();
    assert_eq!(desk.reader().body(message).unwrap(), None);
    open(&desk, message);
    assert!(desk.reader().body(message).unwrap().is_some());
    assert_eq!(desk.reader().body_tries(message).unwrap(), 0);
}

#[test]
fn what_is_never_where_it_should_be_is_given_up_after_three_times() {
    let raw = letter(1, "quillwort");
    let server = server(std::slice::from_ref(&raw));
    let desk = Desk::new(server.port, "ada");
    turn(&desk);
    server.always("BODY.PEEK[]", say("{tag} OK done\n"));
    let message = found(&desk, "subject:paper")[0];
    for n in 1..=3 {
        open(&desk, message);
        let row = desk.reader().message(message).unwrap().unwrap();
        assert_eq!(row.body_error.is_some(), n == 3, "{n}");
    }
}

#[test]
fn what_a_journey_promised_stays_when_it_is_read_again() {
    let raw = letter(1, "quillwort");
    let server = server(std::slice::from_ref(&raw));
    let (desk, _, end) = desk(&server);
    drop(end);
    turn(&desk);
    let [(message, true)] = waiting(&desk)[..] else {
        panic!("{:?}", waiting(&desk));
    };
    desk.kit().marks.journey.store(true, Ordering::SeqCst);
    turn(&desk);
    assert!(!desk.kit().marks.journey.load(Ordering::SeqCst));
    assert_eq!(waiting(&desk), [(message, false)]);
    reread::all(desk.kit(), &mut || false).unwrap();
    assert_eq!(found(&desk, "quillwort"), [message]);
    assert_eq!(desk.reader().body(message).unwrap(), Some(raw));
}

#[test]
fn what_is_used_while_it_is_read_again_stays() {
    let raw = letter(1, "quillwort");
    let server = server(std::slice::from_ref(&raw));
    let (desk, begun, end) = desk(&server);
    turn(&desk);
    let [(message, true)] = waiting(&desk)[..] else {
        panic!("{:?}", waiting(&desk));
    };
    let kit = desk.kit().clone();
    let reading = std::thread::spawn(move || reread::all(&kit, &mut || false));
    begun.recv_timeout(PATIENCE).unwrap();
    // Somebody saves the document, whose message is here.
    ondemand::serve(desk.kit(), &mut None, message).unwrap();
    drop(end);
    reading.join().unwrap().unwrap();
    assert_eq!(waiting(&desk), []);
    assert_eq!(found(&desk, "quillwort"), [message]);
    assert_eq!(desk.reader().body(message).unwrap(), Some(raw));
}

#[test]
fn what_nobody_used_is_left_out_once_it_was_read_and_each_document_is_kept_at_once() {
    let server = server(&[letter(1, "quillwort"), letter(2, "spleenwort")]);
    let (desk, begun, end) = desk(&server);
    turn(&desk);
    let kit = desk.kit().clone();
    let reading = std::thread::spawn(move || reread::all(&kit, &mut || false));
    begun.recv_timeout(PATIENCE).unwrap();
    end.send(()).unwrap();
    begun.recv_timeout(PATIENCE).unwrap();
    // The last one is still being read.
    let first = found(&desk, "spleenwort");
    assert!(first.len() == 1 && is_hollow(&desk, first[0]));
    // The words around a hit are there, though the document is not.
    let (text, _) = desk.reader().searched(first[0]).unwrap().unwrap();
    assert!(text.contains("spleenwort"), "{text}");
    drop(end);
    reading.join().unwrap().unwrap();
    assert!(is_hollow(&desk, found(&desk, "quillwort")[0]));
}

#[test]
fn what_is_exported_on_the_screen_is_fetched_first() {
    let raws = [letter(1, "quillwort"), letter(2, "spleenwort")];
    let server = server(&raws);
    let (desk, _, end) = desk(&server);
    drop(end);
    desk.sync().unwrap();
    let all = found(&desk, "subject:paper");
    assert!(all.iter().all(|message| is_hollow(&desk, *message)));
    let rows = all
        .iter()
        .map(|m| desk.reader().message(*m).unwrap().unwrap());
    let targets: Vec<Target> = rows
        .map(|row| Target::Location(row.places[0].location))
        .collect();
    let folder = format!("{}/out/", desk.home.path().display());
    let mut fetch = |message| _ = ondemand::serve(desk.kit(), &mut None, message).unwrap();
    let what = Takeout::Export(folder.clone());
    let cache = &desk.kit().stores.cache;
    let said = take_out(cache, &what, &targets, &mut |_, _| true, &mut fetch).unwrap();
    assert!(said.contains("2 messages"), "{said}");
    let mut written: Vec<Vec<u8>> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect();
    written.sort();
    assert_eq!(written, raws, "byte for byte");
}

/// A message with two files that nobody opened.
fn two_files() -> Vec<u8> {
    let file = |n: usize| {
        let octets = (0..1_300_000usize).map(|at| (at * at * (n + 3) % 251) as u8);
        let text = STANDARD.encode(octets.collect::<Vec<u8>>());
        let lines = text
            .as_bytes()
            .chunks(76)
            .map(|l| str::from_utf8(l).unwrap());
        let lines: Vec<&str> = lines.collect();
        format!(
            "--b\r\nContent-Type: application/x-thing; name=f{n}.bin\r\n\
             Content-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n",
            lines.join("\r\n")
        )
    };
    format!(
        "Message-ID: <two@papers.example>\r\nFrom: a@example.org\r\nSubject: paper two\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nText.\r\n\
         {}{}--b--\r\n",
        file(1),
        file(2)
    )
    .into_bytes()
}

#[test]
fn of_several_attachments_the_one_that_is_opened_is_fetched_alone() {
    let raw = two_files();
    let server = server(std::slice::from_ref(&raw));
    let (desk, _, end) = desk(&server);
    drop(end);
    desk.sync().unwrap();
    let message = found(&desk, "subject:paper")[0];
    assert!(is_hollow(&desk, message));
    let row = desk.reader().message(message).unwrap().unwrap();
    let parts: Vec<u32> = row.attachments.unwrap().iter().map(|a| a.part).collect();
    let serve = |part: u32| {
        let path = [part];
        ondemand::serve_part(desk.kit(), &mut None, message, Some(&path)).unwrap()
    };
    let shown = || desk.reader().shown(message).unwrap().unwrap();
    let left_out = || hollow::left_out(&shown().raw);
    assert_eq!(left_out(), parts);
    // The second alone: nothing of the first half of the message is asked for.
    server.forget();
    assert_eq!(serve(parts[1]), Came::Settled);
    let half = raw.len() / 2;
    let asked = server.said("BODY.PEEK[]<");
    assert!(asked.len() > 1, "{asked:?}");
    for line in &asked {
        let from = line.split_once('<').unwrap().1.split('.').next().unwrap();
        assert!(from.parse::<usize>().unwrap() > half - 1_000, "{line}");
    }
    assert_eq!((left_out(), shown().is_hollow), (vec![parts[0]], true));
    let bounds = half + 1_000..raw.len() - 1_000;
    assert!(shown().raw[bounds.clone()] == raw[bounds]);
    assert_eq!(desk.reader().body(message).unwrap(), None);
    // A server that gives other octets is not believed; then all of it is fetched.
    server.once("BODY.PEEK[]<", edit(|answer| answer.to_ascii_lowercase()));
    assert_eq!(serve(parts[0]), Came::Settled);
    assert_eq!(server.said("BODY.PEEK[]<0.").len(), 1);
    assert!(desk.reader().body(message).unwrap() == Some(raw));
}

#[test]
fn attachment_by_attachment_a_message_becomes_whole() {
    let raw = two_files();
    let server = server(std::slice::from_ref(&raw));
    let (desk, _, end) = desk(&server);
    drop(end);
    desk.sync().unwrap();
    let message = found(&desk, "subject:paper")[0];
    let row = desk.reader().message(message).unwrap().unwrap();
    server.forget();
    for part in row.attachments.clone().unwrap() {
        let path = [part.part];
        ondemand::serve_part(desk.kit(), &mut None, message, Some(&path)).unwrap();
    }
    assert!(server.said("BODY.PEEK[]<0.").is_empty());
    assert!(!is_hollow(&desk, message));
    assert!(desk.reader().body(message).unwrap() == Some(raw));
    let again = desk.reader().message(message).unwrap().unwrap();
    assert_eq!(again.attachments, row.attachments);
    assert_eq!(found(&desk, "text"), [message]);
}

#[test]
fn an_export_waits_for_what_it_has_fetched_and_not_for_what_failed_before() {
    let raw = letter(1, "quillwort");
    let server = server(std::slice::from_ref(&raw));
    let (desk, _, end) = desk(&server);
    drop(end);
    desk.sync().unwrap();
    let message = found(&desk, "subject:paper")[0];
    server.always("BODY.PEEK[]", say("{tag} NO not now\n"));
    let serve = || ondemand::serve(desk.kit(), &mut None, message).unwrap();
    serve();
    let row = || desk.reader().message(message).unwrap().unwrap();
    assert!(is_hollow(&desk, message) && row().body_error.is_some());
    let targets = [Target::Location(row().places[0].location)];
    let path = |name: &str| format!("{}/{name}", desk.home.path().display());
    let cache = &desk.kit().stores.cache;
    let out = |name: &str, fetch: &mut dyn FnMut(MsgId), look: &mut dyn FnMut()| {
        let mut go_on = |_, _| {
            look();
            true
        };
        take_out(
            cache,
            &Takeout::Export(path(name)),
            &targets,
            &mut go_on,
            fetch,
        )
    };
    // It fails once more: nobody waits until patience ends.
    let mut looks = 0;
    out("a.mbox", &mut |_| _ = serve(), &mut || looks += 1).unwrap_err();
    assert_eq!(looks, 1);
    // It comes, but only while it is waited for.
    server.behave();
    let mut looks = 0;
    let said = out("b.mbox", &mut |_| {}, &mut || {
        looks += 1;
        if looks == 3 {
            serve();
        }
    });
    assert!(said.unwrap().contains("1 message"));
    assert_eq!((looks, row().body_error), (3, None));
}

#[test]
fn where_it_is_switched_off_no_document_is_given_to_anything() {
    let server = server(&[letter(1, "quillwort")]);
    let (begun, begins) = unbounded();
    let mut account = account(server.port, "ada");
    account.sync.bodies = Reach::All;
    account.sync.papers = false;
    let may_end = crossbeam_channel::never();
    let desk = Desk::of(account, Arc::new(Reads { begun, may_end }));
    desk.sync().unwrap();
    assert!(begins.is_empty());
    assert!(is_hollow(&desk, found(&desk, "subject:paper")[0]));
}

#[test]
fn one_turn_reads_what_it_brought() {
    let server = server(&[letter(1, "quillwort")]);
    let (desk, _, end) = desk(&server);
    drop(end);
    desk.sync().unwrap();
    assert_eq!(waiting(&desk), []);
    assert_eq!(found(&desk, "quillwort").len(), 1);
}

#[test]
fn a_damaged_message_keeps_no_other_from_being_read() {
    let server = server(&[letter(1, "quillwort"), letter(2, "spleenwort")]);
    let (desk, _, end) = desk(&server);
    drop(end);
    turn(&desk);
    let bad = found(&desk, "subject:\"paper 2\"")[0];
    let conn = rusqlite::Connection::open(&desk.kit().stores.cache).unwrap();
    let damage = "UPDATE kept SET octets = zeroblob(length(octets)) WHERE message = ?1";
    assert_eq!(conn.execute(damage, [bad.0]).unwrap(), 1);
    reread::all(desk.kit(), &mut || false).unwrap();
    assert_eq!(found(&desk, "quillwort").len(), 1);
    // The whole look finds it, and mends it.
    let verify = |repair| postrider::sync::verify::account(desk.kit(), None, repair);
    assert_eq!(verify(false).unwrap()[0].damaged, 1);
    let _: Result<_, SyncError> = verify(true);
    turn(&desk);
    reread::all(desk.kit(), &mut || false).unwrap();
    assert_eq!(found(&desk, "spleenwort"), [bad]);
}
