//! Servers that make a pull hard: a message that hangs the connection, a history with gaps, and
//! news without end while flags are asked for. All of it ends with what the server has.

use crate::desk::Desk;
use crate::hostile::turn;
use crate::program::Home;
use crate::script::{Act, CAPS, Script};
use postrider::model::System;
use postrider::sync::SyncError;
use postrider::sync::check::Checks;

#[test]
fn a_message_that_hangs_the_connection_costs_only_itself() {
    let server = Script::start(|mail| mail.fill("INBOX", "m", 2));
    let mut home = Home::new(&server.account("work"));
    home.sync();
    // Whoever hangs is left after two seconds.
    home.hurry = 1000;
    server.mail(|m| (3..=6).for_each(|n| m.add("INBOX", &format!("m{n}"))));
    server.always("FETCH 4 |FETCH 3:|:4 |,4 |FETCH 4:", Act::Mute);
    for _ in 0..3 {
        turn(&home);
    }
    let shown = home.subjects("INBOX");
    for subject in ["m1", "m2", "m3", "m5", "m6"] {
        assert!(shown.iter().any(|s| s == subject), "{shown:?}");
    }
    assert_eq!(shown.len(), 6, "a stub stands for it: {shown:?}");
    // A server that hangs at everything is ill, and nothing is written off.
    server.mail(|m| m.add("INBOX", "m7"));
    server.always("BODY.PEEK", Act::Mute);
    turn(&home);
    assert_eq!(home.list("INBOX").len(), 6);
    server.behave();
    home.hurry = 1;
    home.sync();
    assert!(home.subjects("INBOX").contains(&"m7".to_owned()));
}

#[test]
fn of_a_mailbox_that_is_here_in_part_what_a_history_forgets_is_found_out() {
    let server = Script::start(|mail| {
        mail.caps = format!("{CAPS} QRESYNC");
        mail.fill("INBOX", "m", 5);
    });
    let config = format!("{}headers = \"10MB\"\n", server.account("work"));
    let home = Home::new(&config);
    home.sync();
    assert_eq!(home.list("INBOX").len(), 5);
    server.mail(|m| {
        m.expunge("INBOX", &[2, 5]);
        m.folder("INBOX").gone.clear();
        m.add("INBOX", "m6");
    });
    home.sync();
    assert_eq!(home.subjects("INBOX"), ["m1", "m3", "m4", "m6"]);
}

#[test]
fn flags_are_all_asked_for_however_often_one_is_called_away() {
    let server = Script::start(|mail| {
        mail.caps = "IMAP4rev1".to_owned();
        mail.fill("INBOX", "m", 5_000);
        let inbox = mail.folder("INBOX");
        // So sparse that few fit into one command.
        for message in &mut inbox.messages {
            message.uid *= 2;
        }
        inbox.next = 10_001;
    });
    let desk = Desk::new(server.port, "ada");
    desk.sync().unwrap();
    server.mail(|m| {
        for message in &mut m.folder("INBOX").messages {
            message.flags = vec!["\\Seen".to_owned()];
        }
        m.add("INBOX", "new");
    });
    let mut checks = Checks::default();
    let mut pulls = 0;
    while let Err(SyncError::Interrupted) = desk.pull_harried(&mut checks) {
        pulls += 1;
        assert!(pulls < 10, "it begins anew for ever");
        if pulls == 1 {
            assert_eq!(desk.flags("INBOX").len(), 5_001, "new mail does not wait");
        }
    }
    assert!(pulls > 0, "it was not called away");
    let seen = desk.flags("INBOX");
    assert_eq!(
        seen.iter().filter(|f| f.system.has(System::SEEN)).count(),
        5_000
    );
}
