//! Providers as they are in the field: what Yahoo, Gmail and Exchange do in their own way costs neither
//! mail nor patience.

use crate::desk::{Desk, account};
use crate::program::Home;
use crate::script::{Act, OPEN, Script, bye, say, swap};
use postrider::demo::{Demo, Options};
use postrider::model::{
    Account, AccountName, Intent, MailboxId, MailboxName, MsgId, Role, Secret, SecretSource,
    Service, System, Target, Verb,
};
use postrider::store::Reader;
use postrider::sync::check::Checks;
use postrider::sync::connections::Rank;
use postrider::sync::host::{Host, NoSecret};
use postrider::sync::{mailboxes, pull};
use std::path::Path;
use std::sync::Arc;

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
    let due = mailboxes::list(&mut session, kit, &reader, checks)
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

/// Knows the password of the demo's account.
struct Known;

impl Host for Known {
    fn secret(&self, account: &Account, _: Service) -> Result<Secret, NoSecret> {
        match &account.secret {
            SecretSource::Memory(text) => Ok(text.0.clone()),
            other => panic!("{other:?}"),
        }
    }
    fn remember(&self, _: &AccountName, _: Secret) {}
    fn forget(&self, _: &AccountName, _: Service) {}
    fn attachment(&self, path: &Path) -> Result<Vec<u8>, String> {
        Err(path.display().to_string())
    }
    fn changed(&self) {}
    fn nudge(&self) {}
}

#[test]
fn at_gmail_what_is_removed_for_good_is_gone_from_everywhere() {
    let demo = Demo::start(Options {
        gmail: true,
        ..Options::empty()
    })
    .unwrap();
    let hand = demo.hand("ada").unwrap();
    for name in ["one", "two", "three"] {
        let text = format!("Subject: {name}\r\nMessage-ID: <{name}@x>\r\n\r\nText.\r\n");
        hand.deliver("INBOX", text.as_bytes()).unwrap();
    }
    let there = demo.accounts()[0].clone();
    let ours = Account {
        user: there.user.clone(),
        secret: there.secret.clone(),
        ..account(there.imap.port, "ada")
    };
    let desk = Desk::of(ours, Arc::new(Known));
    desk.sync().unwrap();
    let expunge = |mailbox: &str, id: &str| {
        let reader = desk.reader();
        let name = AccountName("work".to_owned());
        let id = postrider::model::MessageId::new(&format!("<{id}@x>")).unwrap();
        let found: Vec<MsgId> = reader.find(&name, &id).unwrap();
        let places = reader.locate(found[0]).unwrap();
        let mailbox = MailboxName::new(mailbox);
        let place = places.iter().find(|p| p.name == mailbox).unwrap();
        assert!(desk.act(Intent::Act {
            verb: Verb::Expunge,
            targets: vec![Target::Location(place.location)],
        }));
        desk.sync().unwrap();
    };
    let everywhere = || {
        let shot = hand.snapshot();
        let all = shot.values().flat_map(|s| s.letters.values());
        let text = |l: &postrider::demo::hand::Letter| String::from_utf8_lossy(&l.raw).into_owned();
        all.map(text).collect::<String>()
    };
    expunge("INBOX", "one");
    assert!(!everywhere().contains("<one@x>"), "it was only archived");
    expunge("[Gmail]/All Mail", "two");
    assert!(!everywhere().contains("<two@x>"), "it was only thrown away");
    assert!(everywhere().contains("<three@x>"));
    let trash = desk
        .reader()
        .role_mailbox(&AccountName("work".to_owned()), Role::Trash);
    assert!(trash.unwrap().is_some());
}
