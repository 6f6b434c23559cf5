//! One story on every server: Dovecot, Cyrus and Courier as they are, and Dovecot with its
//! extensions taken away one by one and all at once. However it is told, both sides must end with
//! the same mail. The real program is driven by its commands; another client acts meanwhile.

use crate::both::{ACCOUNT, agree, message, operations};
use crate::client::{Client, Held};
use crate::courier::Courier;
use crate::cyrus::Cyrus;
use crate::dovecot::{Dovecot, free_ports};
use crate::program::Home;
use crate::strip::{ALL, Cut, Strip};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Where the story is told.
struct Stage {
    /// The server's port, where the other client goes.
    direct: u16,
    /// How our program is to connect: for `config.toml`.
    endpoint: String,
    /// Who writes down our commands, if anybody can.
    strip: Option<Strip>,
    /// What stands before every name but INBOX.
    prefix: &'static str,
    delimiter: &'static str,
    /// Whether a message can be removed without others, and moved in one step.
    uidplus: bool,
    moves: bool,
    user: String,
}

impl Stage {
    fn plain(direct: u16, without: &[&str], user: &str) -> Stage {
        let strip = Strip::start(direct, without);
        let has = |name| !without.contains(&name) && !without.contains(&"*");
        Stage {
            direct,
            endpoint: format!(
                "host = \"127.0.0.1\", port = {}, security = \"none\"",
                strip.port
            ),
            strip: Some(strip),
            prefix: "",
            delimiter: "/",
            uidplus: has("UIDPLUS"),
            moves: has("MOVE"),
            user: user.to_owned(),
        }
    }

    fn tls(direct: u16, tls: u16, ca: &Path, user: &str) -> Stage {
        let mut stage = Stage::plain(direct, &[], user);
        stage.endpoint = format!(
            "host = \"localhost\", port = {tls}, security = \"tls\" }}\nca-file = \"{}\"\nsmtp = {{ \
             host = \"localhost\", port = 9, security = \"tls\"",
            ca.display()
        );
        stage.strip = None;
        stage
    }

    fn courier(mut self) -> Stage {
        (self.prefix, self.delimiter, self.moves) = ("INBOX.", ".", false);
        self
    }

    fn home(&self) -> Home {
        let smtp = format!(
            "smtp = {{ host = \"127.0.0.1\", port = {}, security = \"none\" }}\n",
            free_ports(1)[0]
        );
        let smtp = if self.endpoint.contains("smtp") {
            ""
        } else {
            &smtp
        };
        let user = &self.user;
        Home::new(&format!(
            "[[account]]\nname = \"{ACCOUNT}\"\nemail = \"{user}@example.test\"\nuser = \"{user}\"\n\
             password-command = [\"echo\", \"secret\"]\nimap = {{ {} }}\n{smtp}",
            self.endpoint
        ))
    }

    /// A mailbox's name on the wire.
    fn name(&self, levels: &[&str]) -> String {
        format!("{}{}", self.prefix, levels.join(self.delimiter))
    }

    fn heard(&self) -> Vec<String> {
        self.strip.as_ref().map(Strip::heard).unwrap_or_default()
    }
}

fn letter(id: &str) -> String {
    format!(
        "From: Ada <ada@example.test>\r\nSubject: {id}\r\nMessage-ID: <{id}@x>\r\n\r\nText.\r\n"
    )
}

/// The messages of a mailbox that are not marked as deleted.
fn alive(held: &Held) -> Vec<&str> {
    let live = held
        .letters
        .values()
        .filter(|l| !l.flags.contains("\\Deleted"));
    let mut ids: Vec<&str> = live.map(|l| l.id.trim_end_matches("@x")).collect();
    ids.sort_unstable();
    ids
}

/// The messages that are only marked as deleted, with their mailboxes.
fn marked(state: &BTreeMap<String, Held>) -> BTreeSet<(String, String)> {
    let letters = state
        .iter()
        .flat_map(|(name, held)| held.letters.values().map(move |l| (name, l)));
    letters
        .filter(|(_, l)| l.flags.contains("\\Deleted"))
        .map(|(name, l)| (name.clone(), l.id.trim_end_matches("@x").to_owned()))
        .collect()
}

/// Whether a command may change something on the server.
fn changes(command: &str) -> bool {
    let words = command.split(' ').map(str::to_uppercase);
    let mut words = words.skip_while(|w| w == "UID");
    let verb = words.next().unwrap_or_default();
    [
        "STORE",
        "COPY",
        "MOVE",
        "EXPUNGE",
        "APPEND",
        "CREATE",
        "DELETE",
        "RENAME",
        "SUBSCRIBE",
        "UNSUBSCRIBE",
        "REPLACE",
        "SETMETADATA",
    ]
    .contains(&verb.as_str())
}

fn tell(stage: &Stage) {
    let mut there = Client::plain(stage.direct, &stage.user);
    let plans = stage.name(&["Pl&AOQ-ne"]);
    let kanji = stage.name(&["Pl&AOQ-ne", "&ZeVnLIqe-"]);
    let shared = stage.name(&["R&-D (old)"]);
    for name in [&plans, &kanji, &shared] {
        there.create(name);
    }
    for id in ["a", "b", "c", "d", "e", "f", "g", "h", "i"] {
        there.append("INBOX", "", &letter(id));
    }
    for id in ["p", "q"] {
        there.append(&plans, "\\Seen \\Flagged $Work", &letter(id));
    }
    there.append(&kanji, "\\Answered", &letter("n"));

    let home = stage.home();
    let at = home.path.as_path();
    home.sync();
    let state = agree(at, &mut there, "after the first sync");
    assert_eq!(state.values().map(|h| h.letters.len()).sum::<usize>(), 12);
    let paths: BTreeSet<String> = home.json(&["mailboxes"])["mailboxes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["name"].as_str().unwrap().to_owned())
        .collect();
    let shown = |path: &str| paths.iter().find(|p| p.ends_with(path)).cloned();
    assert!(
        shown("Pläne").is_some() && shown("R&D (old)").is_some(),
        "{paths:?}"
    );
    let nihongo = shown("日本語").unwrap_or_else(|| panic!("{paths:?}"));

    // Both sides do something before they meet.
    let id = |name: &str| message(at, &format!("{name}@x"));
    home.run(&["flag", &id("a"), "+seen", "+flagged", "+$Todo"])
        .code(0);
    home.run(&["flag", &id("p"), "-flagged", "-$Work"]).code(0);
    home.run(&["archive", &id("c")]).code(0);
    home.run(&["move", &id("d"), &nihongo]).code(0);
    home.run(&["delete", &id("e")]).code(0);
    home.run(&["archive", &id("b")]).code(0);
    home.run(&["undo"]).code(0);
    there.append("INBOX", "", &letter("k"));
    let held = there.held("INBOX");
    there.store("INBOX", held.uid("a@x"), "+FLAGS (\\Answered)");
    there.store("INBOX", held.uid("b@x"), "+FLAGS (\\Flagged)");
    there.expunge("INBOX", held.uid("f@x"));
    there.shift("INBOX", held.uid("g@x"), &shared);
    home.sync();
    let state = agree(at, &mut there, "after changes on both sides");
    let archive = stage.name(&["Archive"]);
    let trash = stage.name(&["Trash"]);
    assert_eq!(alive(&state["INBOX"]), ["a", "b", "h", "i", "k"]);
    assert_eq!(alive(&state[&archive]), ["c"]);
    assert_eq!(alive(&state[&kanji]), ["d", "n"]);
    assert_eq!(alive(&state[&trash]), ["e"]);
    assert_eq!(alive(&state[&shared]), ["g"]);
    let flags = |state: &BTreeMap<String, Held>, mailbox: &str, name: &str| {
        let uid = state[mailbox].uid(&format!("{name}@x"));
        let flags = state[mailbox].letters[&uid].flags.iter();
        flags.cloned().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        flags(&state, "INBOX", "a"),
        "$Todo \\Answered \\Flagged \\Seen"
    );
    assert_eq!(flags(&state, "INBOX", "b"), "\\Flagged");
    assert_eq!(flags(&state, &plans, "p"), "\\Seen");
    assert_eq!(flags(&state, &plans, "q"), "$Work \\Flagged \\Seen");
    let (c, e) = (id("c"), id("e"));

    // What was moved can be changed where it is now; what is in the trash goes for good.
    home.run(&["flag", &c, "+seen", "-m", &shown_archive(&home)])
        .code(0);
    home.run(&["delete", &e, "-m", &by_role(&home, "trash")])
        .code(0);
    home.run(&["archive", &id("h")]).code(0);
    home.sync();
    let state = agree(at, &mut there, "after a deletion for good");
    assert_eq!(alive(&state["INBOX"]), ["a", "b", "i", "k"]);
    assert_eq!(alive(&state[&archive]), ["c", "h"]);
    assert_eq!(flags(&state, &archive, "c"), "\\Seen");
    assert!(alive(&state[&trash]).is_empty(), "{state:?}");
    let mut left = BTreeSet::new();
    if !stage.uidplus {
        left.insert((trash, "e".to_owned()));
        if !stage.moves {
            left.extend(["c", "d", "e", "h"].map(|id| ("INBOX".to_owned(), id.to_owned())));
        }
    }
    assert_eq!(marked(&state), left);

    // A step back after the server knew, and a mailbox that goes away.
    home.run(&["undo"]).code(0);
    let held = there.held(&shared);
    there.shift(&shared, held.uid("g@x"), "INBOX");
    there.delete(&shared);
    // One list without it does nothing.
    home.sync();
    home.sync();
    let state = agree(at, &mut there, "after a step back");
    assert_eq!(alive(&state["INBOX"]), ["a", "b", "g", "h", "i", "k"]);
    assert_eq!(alive(&state[&archive]), ["c"]);

    let heard = stage.heard();
    assert!(
        stage.strip.is_none() || heard.iter().any(|c| changes(c)),
        "{heard:#?}"
    );
    for command in &heard {
        let verb = command.to_uppercase();
        // CLOSE removes everything that is marked, whoever marked it.
        assert!(verb != "EXPUNGE" && verb != "CLOSE", "{heard:#?}");
        assert!(
            stage.uidplus || !verb.starts_with("UID EXPUNGE"),
            "{heard:#?}"
        );
    }
    // What a server does not offer is not tried.
    let refused = stage.strip.as_ref().map(Strip::refused);
    assert_eq!(refused.unwrap_or_default(), Vec::<String>::new());
    home.sync();
    let quiet = stage.heard();
    assert!(stage.strip.is_none() || !quiet.is_empty());
    assert!(!quiet.iter().any(|c| changes(c)), "{quiet:#?}");
    assert_eq!(agree(at, &mut there, "after nothing"), state);
    assert_eq!(operations(at).1, Vec::<String>::new());
}

fn by_role(home: &Home, role: &str) -> String {
    let boxes = home.json(&["mailboxes"]);
    let boxes = boxes["mailboxes"].as_array().unwrap();
    let found = boxes.iter().find(|m| m["role"] == role);
    let found = found.unwrap_or_else(|| panic!("no {role}: {boxes:#?}"));
    found["name"].as_str().unwrap().to_owned()
}

fn shown_archive(home: &Home) -> String {
    by_role(home, "archive")
}

/// The story on one Dovecot, for each set of what is missing.
fn dovecot_without(sets: &[&[&str]]) {
    let Some(server) = Dovecot::start(None) else {
        return;
    };
    for (number, without) in sets.iter().enumerate() {
        eprintln!("without {without:?}");
        tell(&Stage::plain(
            server.imap,
            without,
            &format!("user{number}"),
        ));
    }
}

#[test]
fn dovecot() {
    dovecot_without(&[&[]]);
}

#[test]
fn dovecot_without_anything() {
    dovecot_without(&[&["*"]]);
}

#[test]
fn dovecot_without_one_of_the_first() {
    dovecot_without(&ALL.each_ref().map(std::slice::from_ref)[..6]);
}

#[test]
fn dovecot_without_one_of_the_second() {
    dovecot_without(&ALL.each_ref().map(std::slice::from_ref)[6..12]);
}

#[test]
fn dovecot_without_one_of_the_last() {
    dovecot_without(&ALL.each_ref().map(std::slice::from_ref)[12..]);
}

#[test]
fn dovecot_without_a_way_to_remove_one_message() {
    dovecot_without(&[&["UIDPLUS", "MOVE"]]);
}

#[test]
fn cyrus() {
    let Some(server) = Cyrus::start() else {
        return;
    };
    tell(&Stage::plain(server.imap, &[], "ada"));
    tell(&Stage::tls(
        server.imap,
        server.imaps,
        &server.ca_file(),
        "bo",
    ));
    tell(&Stage::plain(server.imap, &["*"], "cy"));
}

/// Courier makes no mailbox by itself; the other client does, or it is left to us.
fn courier_with(made: bool) {
    let Some(server) = Courier::start() else {
        return;
    };
    let stages = [
        Stage::plain(server.imap, &[], "ada"),
        Stage::tls(server.imap, server.imaps, &server.ca_file(), "bo"),
        Stage::plain(server.imap, &["*"], "cy"),
    ];
    for stage in stages.map(Stage::courier) {
        if made {
            let mut there = Client::plain(stage.direct, &stage.user);
            there.create(&stage.name(&["Archive"]));
            there.create(&stage.name(&["Trash"]));
        }
        tell(&stage);
    }
}

#[test]
fn courier() {
    courier_with(true);
}

#[test]
fn courier_without_archive_and_trash() {
    courier_with(false);
}

/// What a connection that is going to be cut has to do: a change of every kind.
struct Errand {
    there: Client,
    home: Home,
}

impl Errand {
    fn prepare(stage: &Stage) -> Errand {
        let mut there = Client::plain(stage.direct, &stage.user);
        for id in ["a", "b", "c", "d"] {
            there.append("INBOX", "", &letter(id));
        }
        let home = stage.home();
        home.sync();
        let id = |name: &str| message(&home.path, &format!("{name}@x"));
        home.run(&["flag", &id("a"), "+flagged"]).code(0);
        home.run(&["archive", &id("b")]).code(0);
        home.run(&["delete", &id("c")]).code(0);
        stage.heard();
        Errand { there, home }
    }

    #[track_caller]
    fn check(mut self, when: &str) {
        self.home.sync();
        let state = agree(&self.home.path, &mut self.there, when);
        assert_eq!(alive(&state["INBOX"]), ["a", "d"], "{when}");
        assert_eq!(alive(&state["Archive"]), ["b"], "{when}");
        assert_eq!(alive(&state["Trash"]), ["c"], "{when}");
        assert_eq!(
            operations(&self.home.path).1,
            Vec::<String>::new(),
            "{when}"
        );
    }
}

/// Changes carried out over a connection that ends behind each of their commands in turn, with and
/// without the server having got it: the next sync completes them, and nothing is there twice.
fn cut_everywhere(without: &[&str]) {
    let Some(server) = Dovecot::start(None) else {
        return;
    };
    let stage = Stage::plain(server.imap, without, "whole");
    let errand = Errand::prepare(&stage);
    let strip = stage.strip.as_ref().unwrap();
    strip.shut(true);
    assert_ne!(errand.home.run(&["sync", "--once"]).code, 0);
    strip.shut(false);
    assert_eq!(stage.heard(), Vec::<String>::new());
    errand.home.sync();
    let heard = stage.heard();
    let first = heard.iter().position(|c| changes(c)).unwrap();
    let last = heard.iter().rposition(|c| changes(c)).unwrap();
    assert!(last >= first + 2, "{heard:#?}");
    errand.check("undisturbed");
    for (number, command) in (first..=last + 1).zip(&heard[first..]) {
        for arrives in [false, true] {
            let commands = number + 1;
            let stage = Stage::plain(server.imap, without, &format!("u{commands}{arrives}"));
            let errand = Errand::prepare(&stage);
            let strip = stage.strip.as_ref().unwrap();
            strip.cut(Cut { commands, arrives });
            errand.home.run(&["sync", "--once"]);
            assert!(!strip.forget_cut(), "no {command}");
            errand.check(&format!("cut at {command}, which arrived: {arrives}"));
        }
    }
}

#[test]
fn a_connection_that_ends_behind_any_command() {
    cut_everywhere(&[]);
}

#[test]
fn a_connection_that_ends_behind_any_command_of_a_move_in_three_steps() {
    cut_everywhere(&["UIDPLUS", "MOVE"]);
}
