//! Messages that may not be all here, as their server tells a larger size, on their way to another
//! account: asked for once more, from servers that hang up or put it off.

use crate::carried::{carry, unproved};
use crate::dump::{local, rows, write};
use crate::program::Home;
use crate::script::{Act, Script, say};

/// Asking for all of a message.
const BODY: &str = "BODY.PEEK[]";
const SYNC: [&str; 2] = ["sync", "--once"];

/// So many messages that are on their way, from a server that estimates sizes.
fn many(count: usize) -> (Script, Script, Home) {
    let (here, there, home) = unproved(|mail| {
        mail.beyond = 100;
        mail.fill("INBOX", "m", count);
    });
    (1..=count).for_each(|n| carry(&home, &format!("m{n}")));
    here.forget();
    (here, there, home)
}

/// Puts what was put off long behind us.
pub fn another_day(home: &Home) {
    let sql = "UPDATE meta SET value = value - 100000 WHERE key LIKE 'ended/later/%'";
    write(&local(home)).execute(sql, []).unwrap();
}

fn arrived(server: &Script) -> usize {
    server.mail(|m| m.subjects("Kept").len())
}

#[test]
fn a_server_that_hangs_up_at_every_body_is_not_dialled_for_each() {
    let (here, there, home) = many(24);
    here.always(BODY, Act::Close);
    let before = here.dialled();
    home.run(&SYNC);
    // One run tries what it sends more than once.
    let dialled = here.dialled() - before;
    assert!(dialled <= 20, "{dialled}");
    assert_eq!(arrived(&there), 0);
    here.behave();
    home.sync();
    assert_eq!(arrived(&there), 24);
    assert_eq!(here.mail(|m| m.subjects("INBOX")), Vec::<String>::new());
}

#[test]
fn messages_at_which_connections_end_keep_none_of_the_others_back() {
    let (here, there, home) = many(10);
    let bad = |n| format!("FETCH {n} (UID RFC822.SIZE {BODY}");
    let needles: Vec<String> = (1..=8).map(bad).collect();
    here.always(&needles.join("|"), Act::Close);
    for _ in 0..3 {
        home.run(&SYNC);
    }
    assert_eq!(arrived(&there), 2, "{:?}", here.heard());
    assert_eq!(here.mail(|m| m.subjects("INBOX").len()), 8);
    here.behave();
    home.sync();
    assert_eq!(arrived(&there), 10);
}

#[test]
fn what_is_put_off_is_not_asked_for_before_its_time() {
    let (here, there, home) = many(1);
    here.always(BODY, say("{tag} NO [INUSE] not now\n"));
    for _ in 0..4 {
        home.run(&SYNC);
    }
    here.forget();
    home.run(&SYNC);
    assert_eq!(here.said(BODY), Vec::<String>::new());
    here.behave();
    another_day(&home);
    home.sync();
    assert_eq!(arrived(&there), 1);
}

#[test]
fn a_server_that_puts_off_some_in_a_row_is_not_asked_for_the_others() {
    let (here, there, home) = many(24);
    here.always(BODY, say("{tag} NO [INUSE] not now\n"));
    home.run(&SYNC);
    // One run tries what it sends more than once.
    let asked = here.said(BODY).len();
    assert!((1..=30).contains(&asked), "{asked}");
    let counted = "SELECT 1 FROM meta WHERE key LIKE 'ends/later/%'";
    let counted = rows(&write(&local(&home)), counted).len();
    assert!(counted <= 10, "{counted}");
    here.behave();
    another_day(&home);
    home.sync();
    assert_eq!(arrived(&there), 24);
}
