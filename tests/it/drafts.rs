//! Copies of drafts in the server's Drafts mailbox: one of each, whoever else works there and
//! wherever the program is killed.

use crate::dovecot::Dovecot;
use crate::dump::{local, read, rows};
use crate::kill::is_built_for_it;
use crate::program::{Home, eventually};
use crate::pty::Terminal;
use crate::script::{Act, Script, bye, edit, say};
use crate::smtp::Sink;
use crate::story::{Play, Stage, act, past, run, spread};
use postrider::model::{
    AccountName, Draft, DraftAttachment, DraftId, MailboxName, MessageKey, Uid, UidValidity,
};
use postrider::store::Local;
use std::os::unix::process::ExitStatusExt as _;

/// Points of each telling in an ordinary run.
const POINTS: usize = 10;

fn own(play: &Play<'_>) -> Local {
    Local::open(&local(&play.home)).unwrap()
}

fn work() -> AccountName {
    AccountName("work".to_owned())
}

/// Saves a draft as the composer does, and closes it.
fn save(local: &mut Local, id: Option<DraftId>, body: &str) -> DraftId {
    let before = id.and_then(|id| local.read().draft(id).unwrap());
    let draft = Draft {
        id,
        rev: before.map_or(0, |d| d.rev),
        to: "bo@example.test, half an addr".to_owned(),
        bcc: "cy@example.test".to_owned(),
        subject: "Plans".to_owned(),
        body: format!("{body}\n"),
        ..Draft::new(work())
    };
    let now = 1_790_000_000;
    let id = local.save_draft(&draft, now).unwrap();
    local.close_draft(id).unwrap();
    id
}

/// What lies in Drafts on the server, as flags and text.
fn there(play: &Play<'_>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    past(play, |look| {
        if look.select("Drafts").map_or(0, |m| m.exists) == 0 {
            return;
        }
        let all = look.uid_fetch("1:*", "(FLAGS BODY.PEEK[])").unwrap();
        for one in all.iter() {
            let mut flags: Vec<String> = one.flags().iter().map(ToString::to_string).collect();
            flags.retain(|f| f != "\\Recent");
            flags.sort();
            let text = String::from_utf8_lossy(one.body().unwrap()).into_owned();
            found.push((flags.join(" "), text));
        }
    });
    found
}

#[track_caller]
fn only(play: &Play<'_>, body: &str) {
    let there = there(play);
    assert_eq!(there.len(), 1, "{there:#?}");
    assert!(there[0].1.contains(body), "{there:#?}");
    assert_eq!(there[0].0, "\\Draft \\Seen");
}

fn states(play: &Play<'_>) -> Vec<String> {
    rows(
        &read(&local(&play.home)),
        "SELECT state FROM draft_copy ORDER BY id",
    )
}

#[test]
fn f58_a_draft_is_copied_replaced_and_removed() {
    let Some(stage) = Stage::start() else { return };
    let play = stage.template();
    let draft = save(&mut own(&play), None, "First words.");
    play.sync().code(0);
    only(&play, "First words.");
    let text = &there(&play)[0].1;
    assert!(text.contains("\r\nBcc: <cy@example.test>\r\n"), "{text}");
    assert!(text.contains("\r\nX-Postrider-To: =?utf-8?B?"), "{text}");
    // What we appended was not fetched again, and nothing more is done.
    play.is_quiet();

    save(&mut own(&play), Some(draft), "Second thoughts.");
    play.sync().code(0);
    only(&play, "Second thoughts.");
    play.is_quiet();
    assert_eq!(states(&play), ["1"]);

    own(&play).discard_draft(draft, 1).unwrap();
    play.sync().code(0);
    assert_eq!(there(&play), []);
    assert_eq!(states(&play), Vec::<String>::new());
    play.is_quiet();
}

#[test]
fn what_is_being_typed_or_not_to_be_copied_stays_here() {
    let Some(stage) = Stage::start() else { return };
    let play = stage.template();
    let now = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .unwrap()
        .as_secs();
    let draft = Draft {
        body: "Typing.\n".to_owned(),
        ..Draft::new(work())
    };
    // As if it was saved in a little while, whatever this machine does meanwhile.
    let soon = i64::try_from(now).unwrap() + 19;
    let id = own(&play).save_draft(&draft, soon).unwrap();
    play.sync().code(0);
    assert_eq!(there(&play), [], "it is being typed");
    own(&play).close_draft(id).unwrap();
    let table = play.account("work");
    let none = table.replace("bodies", "mirror-drafts = false\nbodies");
    play.home.configure(&none);
    play.sync().code(0);
    assert_eq!(there(&play), [], "the user wants none");
    play.home.configure(&table);
    play.sync().code(0);
    only(&play, "Typing.");
}

#[test]
fn what_cannot_be_read_or_is_too_large_is_named() {
    let Some(stage) = Stage::start() else { return };
    let play = stage.template();
    let bytes = |n: usize| vec![b'x'; n].into();
    let attachments = vec![
        DraftAttachment::File {
            inline: false,
            path: "/nowhere/at/all.txt".into(),
            name: None,
        },
        DraftAttachment::Bytes {
            inline: false,
            name: "film.mkv".to_owned(),
            media_type: "video/x-matroska".to_owned(),
            bytes: bytes(11_000_000),
        },
        DraftAttachment::Bytes {
            inline: false,
            name: "small.bin".to_owned(),
            media_type: "application/octet-stream".to_owned(),
            bytes: bytes(10),
        },
    ];
    let draft = Draft {
        attachments,
        ..Draft::new(work())
    };
    let id = own(&play).save_draft(&draft, 100).unwrap();
    own(&play).close_draft(id).unwrap();
    play.sync().code(0);
    let there = there(&play);
    assert_eq!(there.len(), 1);
    let text = &there[0].1;
    assert_eq!(text.matches("X-Postrider-Left-Out").count(), 2, "{text}");
    assert!(text.contains("small.bin") && text.len() < 10_000);
}

#[test]
fn f58_what_another_client_did_is_left_as_it_is() {
    let Some(stage) = Stage::start() else { return };
    let play = stage.template();
    let draft = save(&mut own(&play), None, "Mine.");
    play.sync().code(0);
    // Another client sent or discarded it.
    past(&play, |look| {
        look.select("Drafts").unwrap();
        look.uid_store("1:*", "+FLAGS (\\Deleted)").unwrap();
        look.expunge().unwrap();
    });
    play.sync().code(0);
    play.is_quiet();
    assert_eq!(there(&play), []);
    assert_eq!(own(&play).read().removed_elsewhere().unwrap(), [draft]);
    assert_eq!(own(&play).read().draft_lines().unwrap().len(), 1);
    save(&mut own(&play), Some(draft), "Mine again.");
    play.sync().code(0);
    only(&play, "Mine again.");
    assert_eq!(own(&play).read().removed_elsewhere().unwrap(), []);

    // Another client changed it while it was changed here, under the same Message-ID.
    past(&play, |look| {
        look.select("Drafts").unwrap();
        let id = there(&play)[0].1.clone();
        let id = id.lines().find(|l| l.starts_with("Message-ID")).unwrap();
        let raw = format!(
            "Date: Sat, 21 Nov 2026 09:00:00 +0000\r\nSubject: Plans\r\n{id}\r\n\r\nTheirs.\r\n"
        );
        look.append("Drafts", raw.as_bytes()).finish().unwrap();
        look.uid_store("1:2", "+FLAGS (\\Deleted)").unwrap();
        look.uid_expunge("1:2").unwrap();
    });
    save(&mut own(&play), Some(draft), "Mine, too.");
    play.sync().code(0);
    play.sync().code(0);
    let both = there(&play);
    assert_eq!(both.len(), 2, "{both:#?}");
    assert!(both[0].1.contains("Theirs.") && both[1].1.contains("Mine, too."));
    own(&play).discard_draft(draft, 1).unwrap();
    play.sync().code(0);
    let left = there(&play);
    assert!(
        left.len() == 1 && left[0].1.contains("Theirs."),
        "{left:#?}"
    );
}

#[test]
fn a_draft_that_another_client_made_is_replaced() {
    let Some(stage) = Stage::start() else { return };
    let play = stage.template();
    past(&play, |look| {
        let raw = "Subject: Elsewhere\r\nMessage-ID: <phone@example.test>\r\n\r\nOn the phone.\r\n";
        let mut append = look.append("Drafts", raw.as_bytes());
        append.flag(imap::types::Flag::Draft).finish().unwrap();
        look.append("Drafts", b"Subject: Other\r\n\r\nLeave me.\r\n")
            .finish()
            .unwrap();
    });
    play.sync().code(0);
    let found = rows(
        &read(&crate::dump::cache(&play.home)),
        "SELECT b.uidvalidity, l.uid FROM location l JOIN mailbox b ON b.id = l.mailbox
         JOIN message m ON m.id = l.message WHERE m.subject = 'Elsewhere'",
    );
    let numbers: Vec<u32> = found[0].split('|').map(|n| n.parse().unwrap()).collect();
    let key = MessageKey {
        mailbox: MailboxName::new(*b"Drafts"),
        uidvalidity: UidValidity(numbers[0]),
        uid: Uid::new(numbers[1]).unwrap(),
        message_id: None,
        size: 0,
    };
    let draft = Draft {
        subject: "Elsewhere".to_owned(),
        body: "On the phone, and at the desk.\n".to_owned(),
        ..Draft::new(work())
    };
    let mut own = own(&play);
    let id = own.save_draft_of(&draft, &work(), &key, 100).unwrap().id;
    own.close_draft(id).unwrap();
    play.sync().code(0);
    let texts = there(&play);
    assert_eq!(texts.len(), 2, "{texts:#?}");
    assert!(texts[0].1.contains("Leave me.") && texts[1].1.contains("at the desk"));
    own.discard_draft(id, 1).unwrap();
    play.sync().code(0);
    let texts = there(&play);
    assert!(texts.len() == 1 && texts[0].1.contains("Leave me."));
}

/// A telling that is killed at a point and then left alone; whether it was killed.
fn told(
    template: &Play<'_>,
    point: &str,
    begin: &dyn Fn(&Play<'_>),
    end: &dyn Fn(&Play<'_>),
) -> bool {
    let play = template.again();
    begin(&play);
    let done = run(
        &play.home,
        &act(&["sync", "--once"]),
        ("POSTRIDER_STEP", point),
    );
    play.settle();
    play.is_quiet();
    end(&play);
    done.status.signal() == Some(6)
}

fn tell(begin: &dyn Fn(&Play<'_>), end: &dyn Fn(&Play<'_>)) {
    if !is_built_for_it() {
        return;
    }
    let Some(stage) = Stage::start() else { return };
    let template = stage.template();
    let golden = template.again();
    begin(&golden);
    let list = golden.home.path.join("../steps");
    let env = ("POSTRIDER_STEPS", list.to_str().unwrap());
    assert!(
        run(&golden.home, &act(&["sync", "--once"]), env)
            .status
            .success()
    );
    end(&golden);
    let count = std::fs::read_to_string(&list).unwrap().lines().count();
    assert!(count > 10, "{count}");
    let points = (1..=count).flat_map(|n| [n.to_string(), format!("{n}:after")]);
    let points = spread(points.collect(), POINTS);
    let hit = points
        .iter()
        .filter(|p| told(&template, p, begin, end))
        .count();
    assert!(hit * 10 >= points.len() * 8, "{hit} of {points:?}");
}

#[test]
fn a_copying_that_is_killed_anywhere_leaves_one_copy() {
    tell(
        &|play| {
            save(&mut own(play), None, "Words.");
        },
        &|play| only(play, "Words."),
    );
}

#[test]
fn f58_a_replacing_that_is_killed_anywhere_leaves_the_newer_one() {
    tell(
        &|play| {
            let draft = save(&mut own(play), None, "Old.");
            play.sync().code(0);
            save(&mut own(play), Some(draft), "New.");
        },
        &|play| only(play, "New."),
    );
}

#[test]
fn a_removing_that_is_killed_anywhere_leaves_none() {
    tell(
        &|play| {
            let draft = save(&mut own(play), None, "Old.");
            play.sync().code(0);
            own(play).discard_draft(draft, 1).unwrap();
        },
        &|play| assert_eq!(there(play), []),
    );
}

#[test]
fn a_server_that_refuses_copies_is_left_alone_and_nobody_is_bothered() {
    let server = Script::with(&["one"]);
    let home = Home::new(&server.account("work"));
    home.sync();
    server.always("APPEND", say("{tag} NO [OVERQUOTA] full\n"));
    let mut own = Local::open(&local(&home)).unwrap();
    save(&mut own, None, "Words.");
    let ran = home.run(&["sync", "--once"]).code(0);
    assert!(!ran.err.contains("full"), "{}", ran.err);
    assert!(!server.said("APPEND").is_empty());
    assert_eq!(own.read().draft_lines().unwrap().len(), 1);
}

#[test]
fn one_refusal_costs_neither_other_drafts_nor_the_removal_of_old_copies() {
    let server = Script::start(|mail| mail.make("Drafts", "\\Drafts"));
    let home = Home::new(&server.account("work"));
    home.sync();
    let mut own = Local::open(&local(&home)).unwrap();
    let old = save(&mut own, None, "Old.");
    home.sync();
    let there = || server.mail(|m| m.subjects("Drafts").len());
    assert_eq!(there(), 1);
    own.discard_draft(old, 1).unwrap();
    save(&mut own, None, "Too large.");
    save(&mut own, None, "New.");
    server.once("APPEND", say("{tag} NO [TOOBIG] too large\n"));
    home.run(&["sync", "--once"]).code(0);
    assert_eq!(server.said("APPEND").len(), 3);
    assert_eq!(there(), 1, "the new one in the place of the old one");
}

#[test]
fn a_draft_of_another_client_is_written_on_copied_and_sent() {
    let sink = Sink::start();
    let Some(server) = Dovecot::start(Some(&sink)) else {
        return;
    };
    let mut look = server.look("ada");
    let raw = "From: ada@example.test\r\nTo: bo@example.test\r\nSubject: Elsewhere\r\n\r\nOn the phone.\r\n";
    let mut append = look.append("Drafts", raw.as_bytes());
    append.flag(imap::types::Flag::Draft).finish().unwrap();
    let mut drafts = |wanted: &str, count: usize| {
        eventually(&format!("{count} drafts with {wanted}"), || {
            let all = look.select("Drafts").unwrap().exists as usize;
            (all, look.uid_search(wanted).unwrap().len()) == (count, count)
        });
    };
    let home = Home::new(&server.account("work", "ada"));
    home.sync();
    let mut command = portable_pty::CommandBuilder::new(env!("CARGO_BIN_EXE_postrider"));
    command.env("POSTRIDER_HOME", &home.path);
    command.env("POSTRIDER_HURRY", "10");
    let mut t = Terminal::start(command, 110, 32);
    t.wait_for("work connected");
    t.send("gd");
    t.wait_until("the list", |s| {
        s.contains("Elsewhere") && s.contains("on the server")
    });
    t.send("\r");
    t.wait_for("On the phone.");
    t.send("At the desk. ");
    // Typed, saved, and at rest: it takes the place of what lay there.
    drafts("BODY \"At the desk.\"", 1);
    t.send("And later. ");
    drafts("BODY \"And later.\"", 1);
    t.send("\x13");
    t.wait_for("Sending in");
    let got = sink.wait_for(1);
    assert!(got[0].raw.contains("And later."), "{}", got[0].raw);
    drafts("ALL", 0);
    t.kill();
}

/// Drafts on a server that lacks things: what lies in Drafts and in Trash, as flags, after a draft
/// was copied twice, and what was said.
fn lacking(what: &[&str], renumbered: bool) -> (Vec<Vec<String>>, Vec<Vec<String>>, Vec<String>) {
    let server = Script::start(|mail| {
        for word in what {
            mail.caps = mail.caps.replace(word, "");
        }
        mail.make("Drafts", "\\Drafts");
        mail.make("Trash", "\\Trash");
    });
    let home = Home::new(&server.account("work"));
    home.sync();
    let mut own = Local::open(&local(&home)).unwrap();
    let draft = save(&mut own, None, "Old.");
    home.sync();
    if renumbered {
        server.mail(|mail| mail.renumber("Drafts", 77, 40));
    }
    save(&mut own, Some(draft), "New.");
    home.sync();
    home.sync();
    let commands = server.heard().into_iter().map(|h| h.text).collect();
    let flags = |name: &str| {
        server.mail(|mail| {
            let list = &mail.folder(name).messages;
            list.iter().map(|m| m.flags.clone()).collect::<Vec<_>>()
        })
    };
    (flags("Drafts"), flags("Trash"), commands)
}

#[test]
fn where_uids_cannot_be_expunged_old_copies_go_to_the_trash_or_are_marked() {
    let (drafts, trash, said) = lacking(&["UIDPLUS"], false);
    assert_eq!((drafts.len(), trash.len()), (1, 1), "{said:#?}");
    let (drafts, trash, said) = lacking(&["UIDPLUS", "MOVE"], false);
    assert_eq!((drafts.len(), trash.len()), (2, 0), "{said:#?}");
    let marked = |n: usize| drafts[n].iter().any(|f| f == "\\Deleted");
    assert!(marked(0) && !marked(1), "{drafts:#?}");
    assert!(!said.iter().any(|s| s.contains("EXPUNGE")), "{said:#?}");
}

#[test]
fn a_copy_is_known_again_after_its_mailbox_was_numbered_anew() {
    let (drafts, trash, said) = lacking(&[], true);
    assert_eq!((drafts.len(), trash.len()), (1, 0), "{said:#?}");
}

#[test]
fn a_draft_at_which_connections_end_is_not_copied_without_end() {
    let server = Script::start(|mail| mail.make("Drafts", "\\Drafts"));
    let home = Home::new(&server.account("work"));
    home.sync();
    let mut own = Local::open(&local(&home)).unwrap();
    save(&mut own, None, "Too much for it.");
    server.always("APPEND", bye("[TOOBIG] that is too much"));
    for _ in 0..6 {
        home.run(&["sync", "--once"]);
    }
    let tried = server.said("APPEND").len();
    assert!((1..=3).contains(&tried), "{tried}");
    // It waits, and a turn goes well.
    home.sync();
}

#[test]
fn a_program_that_ends_while_a_draft_is_copied_leaves_one_copy_in_the_end() {
    // The server took it and says nothing; it says nothing and took nothing; it takes it slowly.
    let silent = [
        edit(|_| Vec::new()),
        Act::Mute,
        edit(|answer| answer.to_vec()),
    ];
    for (n, act) in silent.into_iter().enumerate() {
        let server = Script::start(|mail| mail.make("Drafts", "\\Drafts"));
        let home = Home::new(&server.account("work"));
        home.sync();
        let mut own = Local::open(&local(&home)).unwrap();
        save(&mut own, None, "Not to be lost.");
        server.once("APPEND", act);
        let mut screen = Terminal::postrider(&[], &home.path, 110, 32);
        server.wait_for("APPEND", 1);
        screen.send("q");
        assert_eq!(screen.wait_exit(), 0, "{n}");
        server.behave();
        for _ in 0..2 {
            home.sync();
            let found = server.mail(|mail| mail.folder("Drafts").messages.clone());
            assert_eq!(found.len(), 1, "{n}: {found:#?}");
            let text = String::from_utf8_lossy(&found[0].raw).into_owned();
            assert!(text.contains("Not to be lost."), "{n}: {text}");
        }
        let drafts = rows(&read(&local(&home)), "SELECT body FROM draft");
        assert_eq!(drafts, ["Not to be lost.\n"], "{n}");
    }
}
