//! Providers as they are in the field: what Yahoo, Gmail and Exchange do in their own way costs neither
//! mail nor patience.

use crate::desk::Desk;
use crate::program::Home;
use crate::script::{Act, CAPS, OPEN, Script, bye, say, swap};
use postrider::demo::{Demo, Hand, Options};
use postrider::model::{
    AccountName, Draft, Intent, MailboxId, MailboxName, MessageId, MsgId, Role, System, Target,
    Verb,
};
use postrider::store::Reader;
use postrider::sync::check::Checks;
use postrider::sync::connections::Rank;
use postrider::sync::{mailboxes, pull};

/// Yahoo offers no CONDSTORE, tells its numbers all the same, and takes no question by them.
const YAHOO: &str = "IMAP4rev1 UIDPLUS MOVE IDLE ENABLE UNSELECT XYMHIGHESTMODSEQ";

fn inbox(reader: &Reader) -> MailboxId {
    let account = AccountName("work".to_owned());
    let found = reader.mailbox_named(&account, &MailboxName::new("INBOX"));
    found.unwrap().unwrap().id
}

/// How many messages of the inbox are here, and how many of those are stubs.
fn held(desk: &Desk) -> (u64, u64) {
    let reader = desk.reader();
    let id = inbox(&reader);
    let all = reader.all_uids(id).unwrap().len();
    (all, reader.stubs(id).unwrap().len())
}

#[test]
fn a_mailbox_whose_sequences_are_told_and_not_offered_is_read_whole() {
    let server = Script::start(|mail| {
        mail.caps = YAHOO.to_owned();
        mail.fill("INBOX", "m", 30);
    });
    server.always(
        OPEN,
        swap(
            "* 0 RECENT\n",
            "* 0 RECENT\n* OK [HIGHESTMODSEQ 102784] x\n",
        ),
    );
    server.always(
        "MODSEQ|CHANGEDSINCE",
        say("{tag} BAD [CLIENTBUG] UID FETCH Command arguments invalid\n"),
    );
    let desk = Desk::new(server.port, "ada");
    desk.sync().unwrap();
    assert_eq!(held(&desk), (30, 0));
    server.mail(|m| m.flag("INBOX", 7, "\\Seen", true));
    desk.sync().unwrap();
    let seen = desk.flags("INBOX");
    assert_eq!(
        seen.iter().filter(|f| f.system.has(System::SEEN)).count(),
        1
    );
}

#[test]
fn flags_are_all_asked_for_where_changes_are_refused() {
    let server = Script::start(|mail| mail.fill("INBOX", "m", 9));
    let desk = Desk::new(server.port, "ada");
    desk.sync().unwrap();
    server.always("CHANGEDSINCE", say("{tag} BAD Command arguments invalid\n"));
    server.mail(|m| m.flag("INBOX", 7, "\\Seen", true));
    desk.sync().unwrap();
    let seen = desk.flags("INBOX");
    assert_eq!(
        seen.iter().filter(|f| f.system.has(System::SEEN)).count(),
        1
    );
}

#[test]
fn what_was_not_settled_is_asked_for_again_and_stubs_once_a_day() {
    let server = Script::start(|mail| mail.fill("INBOX", "m", 400));
    server.always("BODY.PEEK[HEADER", say("{tag} NO not today\n"));
    let desk = Desk::new(server.port, "ada");
    let _ = desk.sync();
    let (all, stubs) = held(&desk);
    assert!(all < 150 && stubs == all, "{all} {stubs}");
    server.behave();
    desk.sync().unwrap();
    assert_eq!(held(&desk), (400, stubs), "the others are healthy");
    // Stubs wait for the next day.
    desk.sync().unwrap();
    assert_eq!(held(&desk).1, stubs);
    let id = inbox(&desk.reader());
    let mut local = desk.kit().local().unwrap();
    // The clock was set back: as good as a day.
    local
        .once_a_day(&format!("stubs/{}", id.0), i64::MAX)
        .unwrap();
    desk.sync().unwrap();
    assert_eq!(held(&desk), (400, 0));
}

/// What the mailboxes are asked for that a list says have changed.
fn sweep(desk: &Desk, checks: &mut Checks) -> usize {
    let (kit, reader) = (desk.kit(), desk.reader());
    let mut session = kit.dial(Rank::Worker, None).unwrap();
    let due = mailboxes::list(&mut session, kit, &reader, checks, true)
        .unwrap()
        .due;
    for here in mailboxes::known(kit, &reader).unwrap() {
        if due.contains(&here.name) {
            pull::mailbox(&mut session, kit, &reader, &here, checks, &mut || false).unwrap();
        }
    }
    due.len()
}

#[test]
fn without_sequences_equal_counts_cost_nothing_and_old_flags_are_asked_for_when_something_says_so()
{
    let server = Script::start(|mail| {
        mail.caps = "IMAP4rev1 UIDPLUS".to_owned();
        mail.fill("INBOX", "m", 9_000);
    });
    let desk = Desk::new(server.port, "ada");
    let mut checks = Checks::default();
    assert_eq!(sweep(&desk, &mut checks), 1);
    assert_eq!(held(&desk), (9_000, 0));
    server.forget();
    for _ in 0..3 {
        assert_eq!(sweep(&desk, &mut checks), 0);
    }
    assert!(
        server.said("SELECT|EXAMINE|FETCH").is_empty(),
        "{:?}",
        server.heard()
    );
    // New mail: the flags of the newest.
    server.mail(|m| m.add("INBOX", "new"));
    sweep(&desk, &mut checks);
    let asked = server.said("(UID FLAGS)");
    assert!(
        !asked.is_empty() && !asked.iter().any(|c| c.starts_with("UID FETCH 1:")),
        "{asked:?}"
    );
    // An old one was read elsewhere.
    sweep(&desk, &mut checks);
    server.mail(|m| m.flag("INBOX", 3, "\\Seen", true));
    sweep(&desk, &mut checks);
    let seen = desk.flags("INBOX");
    assert_eq!(
        seen.iter().filter(|f| f.system.has(System::SEEN)).count(),
        1
    );
    server.forget();
    assert_eq!(sweep(&desk, &mut checks), 0);
}

#[test]
fn a_change_at_which_a_server_stumbles_is_made_later() {
    for words in [
        "NO System Error (Failure)",
        "NO [ALERT] Account exceeded command or bandwidth limits. (Failure)",
        "NO [SERVERBUG] Internal error occurred. Refer to server log for more information.",
    ] {
        let server = Script::with(&["one"]);
        let home = Home::new(&server.account("work"));
        home.sync();
        server.rule("STORE", 0, 2, say(&format!("{{tag}} {words}\n")));
        home.run(&["flag", &home.id("INBOX", "one"), "+flagged"]);
        for _ in 0..3 {
            home.run(&["sync", "--once"]);
        }
        home.sync();
        assert_eq!(
            server.mail(|m| m.flags("INBOX", "one")),
            ["\\Flagged"],
            "{words}"
        );
    }
}

#[test]
fn a_server_that_hangs_up_on_everybody_is_not_dialled_without_end() {
    for words in [
        "Account exceeded command or bandwidth limits. (Failure)",
        "Connection is closed. 13",
        "Session invalidated - AccessTokenExpired",
        // No reason at all: then the messages that it gave before tell.
        "mumble",
    ] {
        let server = Script::start(|mail| mail.fill("INBOX", "m", 2));
        let desk = Desk::new(server.port, "ada");
        desk.sync().unwrap();
        server.mail(|m| m.fill("INBOX", "n", 300));
        server.always("BODY.PEEK", bye(words));
        let before = server.dialled();
        desk.sync().unwrap_err();
        let dialled = server.dialled() - before;
        assert!(dialled <= 8, "{words}: {dialled}");
        assert_eq!(held(&desk), (2, 0), "{words}");
    }
}

#[test]
fn a_connection_that_is_cut_before_the_first_message_of_all_came_is_no_reason_to_give_up() {
    let server = Script::start(|mail| mail.fill("INBOX", "m", 5));
    server.always("FETCH 1:|FETCH 1 ", Act::Close);
    let desk = Desk::new(server.port, "ada");
    for _ in 0..4 {
        let _ = desk.sync();
    }
    assert_eq!(held(&desk), (5, 1));
}

/// Gmail with letters of these names in the inbox, all of which are here.
fn gmail(names: &[&str]) -> (Demo, Hand, Desk) {
    let options = Options {
        gmail: true,
        ..Options::empty()
    };
    let demo = Demo::start(options).unwrap();
    let hand = demo.hand("ada").unwrap();
    for name in names {
        let text = format!("Subject: {name}\r\nMessage-ID: <{name}@x>\r\n\r\nText.\r\n");
        hand.deliver("INBOX", text.as_bytes()).unwrap();
    }
    let desk = Desk::at(&demo);
    desk.sync().unwrap();
    (demo, hand, desk)
}

/// Removes a message of a mailbox for good, as far as this machine is concerned.
fn expunge(desk: &Desk, mailbox: &str, id: &str) {
    let reader = desk.reader();
    let account = AccountName("work".to_owned());
    let id = MessageId::new(id).unwrap();
    let found: Vec<MsgId> = reader.find(&account, &id).unwrap();
    let places = reader.locate(found[0]).unwrap();
    let mailbox = MailboxName::new(mailbox);
    let place = places.iter().find(|p| p.name == mailbox).unwrap();
    assert!(desk.act(Intent::Act {
        verb: Verb::Expunge,
        targets: vec![Target::Location(place.location)],
    }));
}

#[test]
fn at_gmail_what_is_removed_for_good_is_gone_from_everywhere() {
    let (_demo, hand, desk) = gmail(&["one", "two", "three"]);
    let everywhere = || {
        let shot = hand.snapshot();
        let all = shot.values().flat_map(|s| s.letters.values());
        let text = |l: &postrider::demo::hand::Letter| String::from_utf8_lossy(&l.raw).into_owned();
        all.map(text).collect::<String>()
    };
    expunge(&desk, "INBOX", "<one@x>");
    desk.sync().unwrap();
    assert!(!everywhere().contains("<one@x>"), "it was only archived");
    expunge(&desk, "[Gmail]/All Mail", "<two@x>");
    desk.sync().unwrap();
    assert!(!everywhere().contains("<two@x>"), "it was only thrown away");
    assert!(everywhere().contains("<three@x>"));
    let account = AccountName("work".to_owned());
    let trash = desk.reader().role_mailbox(&account, Role::Trash);
    assert!(trash.unwrap().is_some());
}

#[test]
fn at_gmail_what_was_cut_between_the_trash_and_its_end_is_removed_there() {
    let (_demo, hand, desk) = gmail(&["one", "two"]);
    expunge(&desk, "INBOX", "<one@x>");
    // The server did the first half, and nobody heard of it.
    let local = rusqlite::Connection::open(&desk.kit().stores.local).unwrap();
    let cut = "UPDATE op SET state = 1, attempts = 1";
    assert_eq!(local.execute(cut, []).unwrap(), 1);
    hand.shift("INBOX", &[1], "[Gmail]/Trash").unwrap();
    let left = || {
        let shot = hand.snapshot();
        shot["[Gmail]/Trash"].letters.len()
    };
    assert_eq!(left(), 1);
    desk.sync().unwrap();
    assert_eq!(left(), 0);
}

#[test]
fn at_gmail_what_goes_to_the_trash_without_a_word_of_where_is_looked_for_there() {
    let server = Script::start(|mail| {
        mail.caps = format!("{CAPS} X-GM-EXT-1");
        mail.make("Trash", "\\Trash");
        mail.add("INBOX", "one");
        mail.add("Trash", "another");
    });
    let desk = Desk::new(server.port, "ada");
    desk.sync().unwrap();
    server.always("UID MOVE", swap("[COPYUID 7 1 2] ", ""));
    expunge(&desk, "INBOX", "<one@example.test>");
    desk.sync().unwrap();
    assert_eq!(server.mail(|m| m.subjects("Trash")), ["another"]);
    assert!(server.mail(|m| m.subjects("INBOX")).is_empty());
}

#[test]
fn a_header_that_ends_the_connection_keeps_no_other_from_being_asked_for_again() {
    let server = Script::start(|mail| mail.fill("INBOX", "m", 3));
    let desk = Desk::new(server.port, "ada");
    desk.sync().unwrap();
    let cache = rusqlite::Connection::open(&desk.kit().stores.cache).unwrap();
    let local = rusqlite::Connection::open(&desk.kit().stores.local).unwrap();
    // As if the server had not given two of them.
    let stubs = "UPDATE message SET date = 0, size = 0 WHERE id IN (SELECT message FROM location WHERE uid < 3);
        UPDATE location SET date = 0 WHERE uid < 3";
    cache.execute_batch(stubs).unwrap();
    assert_eq!(held(&desk), (3, 2));
    desk.sync().unwrap();
    let next_day = || {
        let sql = "UPDATE meta SET value = value - 90000 WHERE key LIKE 'daily/stubs/%'";
        assert_eq!(local.execute(sql, []).unwrap(), 1);
        let before = server.dialled();
        desk.sync().unwrap();
        server.dialled() - before
    };
    server.always(
        "FETCH 1:2 (UID FLAGS INTERNALDATE|FETCH 1 (UID FLAGS INTERNALDATE",
        Act::Close,
    );
    next_day();
    assert_eq!(held(&desk), (3, 1));
    // It is known now, and costs one connection a day.
    assert_eq!(next_day(), 2);
    server.behave();
    assert_eq!(next_day(), 1);
    assert_eq!(held(&desk), (3, 0));
}

#[test]
fn a_message_of_which_a_server_says_what_others_say_of_everything_is_found_out() {
    let server = Script::start(|mail| mail.fill("INBOX", "m", 2));
    let desk = Desk::new(server.port, "ada");
    desk.sync().unwrap();
    server.mail(|m| m.fill("INBOX", "n", 3));
    let needles =
        ["3:5", "3:*", "3:4", "4:5", "4"].map(|set| format!("FETCH {set} (UID FLAGS INTERNALDATE"));
    server.always(&needles.join("|"), bye("Maximum header size exceeded"));
    for _ in 0..5 {
        let _ = desk.sync();
    }
    assert_eq!(held(&desk), (5, 1));
}

#[test]
fn a_server_that_goes_down_while_a_draft_is_copied_says_nothing_of_the_draft() {
    let server = Script::with(&[]);
    let desk = Desk::new(server.port, "ada");
    desk.sync().unwrap();
    let draft = Draft {
        subject: "Tea".to_owned(),
        ..Draft::new(AccountName("work".to_owned()))
    };
    assert!(desk.act(Intent::PutAside(Box::new(draft))));
    server.always("APPEND", bye("Server shutting down"));
    for _ in 0..5 {
        let _ = desk.sync();
    }
    server.behave();
    desk.sync().unwrap();
    assert_eq!(server.mail(|m| m.subjects("Drafts")), ["Tea"]);
}
