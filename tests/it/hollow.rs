//! Attachments stay here only when somebody asked for them; what is not here is fetched where it is
//! needed, and what can't be fetched is said.

use crate::demo::home_at;
use crate::program::Home;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postrider::demo::{Demo, Options};
use postrider::model::MsgId;
use postrider::store::Reader;

/// What `export` ends with where not all was written.
const DIFFERENT: i32 = 1;

/// A message with a file of so many octets.
fn letter(n: usize, octets: usize) -> Vec<u8> {
    let file: Vec<u8> = (0..octets)
        .map(|at| (at * at * (n + 3) % 251) as u8)
        .collect();
    let file = STANDARD.encode(file);
    let lines: Vec<&str> = file
        .as_bytes()
        .chunks(76)
        .map(|l| str::from_utf8(l).unwrap())
        .collect();
    format!(
        "Message-ID: <{n}@hollow.example>\r\nFrom: a@example.org\r\nTo: ada@example.org\r\n\
         Subject: hollow {n}\r\nDate: Sun, 01 Nov 2026 10:0{n}:00 +0000\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nText {n}.\r\n\
         --b\r\nContent-Type: application/x-thing\r\nContent-Disposition: attachment; filename=f{n}.bin\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{}\r\n--b--\r\n",
        lines.join("\r\n")
    )
    .into_bytes()
}

fn id(home: &Home, n: usize) -> String {
    let found = home.json(&["search", &format!("subject:\"hollow {n}\"")]);
    let messages = found["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 1, "{found}");
    messages[0]["id"].as_str().unwrap().to_owned()
}

fn is_hollow(home: &Home, id: &str) -> bool {
    let reader = Reader::open(&home.path.join("cache.db")).unwrap();
    let id = MsgId(id.trim_start_matches('m').parse().unwrap());
    reader.shown(id).unwrap().unwrap().is_hollow
}

#[test]
fn attachments_are_fetched_when_they_are_wanted() {
    let demo = Demo::start(Options::default()).unwrap();
    let hand = demo.hand("ada").unwrap();
    let raws = [letter(1, 30_000), letter(2, 30_000), letter(3, 500)];
    for raw in &raws {
        hand.deliver("INBOX", raw).unwrap();
    }
    let port = demo.accounts()[0].imap.port;
    let home = home_at(&demo, port, "bodies = \"all\"\n");
    home.sync();
    let ids: Vec<String> = (1..=3).map(|n| id(&home, n)).collect();
    let hollow = || -> Vec<bool> { ids.iter().map(|id| is_hollow(&home, id)).collect() };
    assert_eq!(hollow(), [true, true, false], "what is small stays");
    // What is read is here; the source is not.
    let shown = home.run(&["show", "--offline", &ids[0]]).code(0).text();
    assert!(
        shown.contains("Text 1.") && shown.contains("f1.bin"),
        "{shown}"
    );
    let refused = home.run(&["show", "--offline", "--raw", &ids[0]]).code(75);
    assert!(
        refused.err.contains("not all of the message is here"),
        "{}",
        refused.err
    );
    let fetched = home.run(&["show", "--raw", &ids[0]]).code(0);
    assert!(fetched.out == raws[0], "byte for byte");
    // What was asked for stays.
    assert_eq!(hollow(), [false, true, false]);
    home.run(&["show", "--offline", "--raw", &ids[0]]).code(0);
    home.sync();
    assert_eq!(hollow(), [false, true, false]);
    // For a journey everything is.
    home.run(&["sync", "--offline"]).code(0);
    assert_eq!(hollow(), [false, false, false]);
    let whole = home.run(&["show", "--offline", "--raw", &ids[1]]).code(0);
    assert!(whole.out == raws[1], "byte for byte");
}

#[test]
fn an_export_without_a_network_writes_what_is_here_and_says_what_is_not() {
    let demo = Demo::start(Options::default()).unwrap();
    let hand = demo.hand("ada").unwrap();
    for raw in [letter(1, 30_000), letter(2, 30_000), letter(3, 500)] {
        hand.deliver("INBOX", &raw).unwrap();
    }
    let port = demo.accounts()[0].imap.port;
    let home = home_at(&demo, port, "bodies = \"all\"\n");
    home.sync();
    let folder = home.path.join("out");
    let to = folder.display().to_string();
    // Nobody listens there any more.
    let mut config = std::fs::read_to_string(home.path.join("config.toml")).unwrap();
    config = config.replace(&format!("port = {port}"), "port = 1");
    std::fs::write(home.path.join("config.toml"), config).unwrap();
    let said = home
        .run(&["export", "--eml", &to, "subject:hollow"])
        .code(DIFFERENT);
    assert!(said.err.contains("2 not written"), "{}", said.err);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
}

#[test]
fn all_attachments_stay_where_one_says_so() {
    let demo = Demo::start(Options::default()).unwrap();
    let raw = letter(1, 30_000);
    demo.hand("ada").unwrap().deliver("INBOX", &raw).unwrap();
    let port = demo.accounts()[0].imap.port;
    let home = home_at(&demo, port, "bodies = \"all\"\nattachments = \"all\"\n");
    home.sync();
    let id = id(&home, 1);
    assert!(!is_hollow(&home, &id));
    let whole = home.run(&["show", "--offline", "--raw", &id]).code(0);
    assert!(whole.out == raw, "byte for byte");
}
