//! Reminders from a script: what nobody answered in time comes back, until somebody answers.

use crate::dovecot::Dovecot;
use crate::dump::{local, write};
use crate::program::Home;
use crate::script::{OPEN, Script, swap};
use crate::smtp::Sink;
use serde_json::Value;

fn reminders(home: &Home) -> Vec<Value> {
    let told = home.json(&["remind"]);
    told["reminders"].as_array().unwrap().clone()
}

fn states(home: &Home) -> Vec<String> {
    let word = |r: &Value| r["state"].as_str().unwrap().to_owned();
    reminders(home).iter().map(word).collect()
}

fn due(home: &Home) {
    let sql = "UPDATE reminder SET due = 1";
    write(&local(home)).execute_batch(sql).unwrap();
}

fn answer(from: &str, id: &str, own: &str) -> String {
    format!(
        "From: {from}\r\nTo: ada@example.test\r\nSubject: Re: Tea\r\nMessage-ID: <{own}@example.test>\r\n\
         In-Reply-To: {id}\r\n\r\nYes.\r\n"
    )
}

#[test]
fn what_nobody_answers_comes_back_until_somebody_does() {
    let sink = Sink::start();
    let Some(server) = Dovecot::start(Some(&sink)) else {
        return;
    };
    let account = server.account("work", "ada");
    let home = Home::new(&format!("{account}\n[ui]\nundo-send = 0\n"));
    home.sync();
    let send = ["send", "--to", "bo@example.test", "--subject", "Tea"];
    let told = home.json(&[&send[..], &["--remind", "3 days"]].concat());
    let id = told["message_id"].as_str().unwrap().to_owned();
    assert!(reminders(&home).is_empty(), "it is not sent yet");
    home.sync();
    assert_eq!(states(&home), ["waiting"]);
    home.sync();
    assert_eq!(states(&home), ["waiting"], "its time has not come");
    due(&home);
    let mut look = server.look("ada");
    let mut put = |mailbox: &str, raw: String| {
        look.append(mailbox, raw.as_bytes()).finish().unwrap();
    };
    put("INBOX", answer("ada@example.test", &id, "from-ourselves"));
    put("Trash", answer("eve@example.test", &id, "thrown-away"));
    put("INBOX", answer("cy@example.test", "<other@x>", "another"));
    home.sync();
    assert_eq!(states(&home), ["due"]);
    assert_eq!(reminders(&home)[0]["subject"], "Tea");
    put("INBOX", answer("bo@example.test", &id, "at-last"));
    home.sync();
    assert!(reminders(&home).is_empty(), "it was answered");

    let sent = home.list("Sent")[0]["id"].as_str().unwrap().to_owned();
    home.json(&["remind", &sent, "in", "3d"]);
    assert_eq!(states(&home), ["waiting"]);
    home.json(&["remind", &sent, "off"]);
    assert!(reminders(&home).is_empty());
    home.run(&["remind", &sent, "off"]).code(66);
    home.run(&["remind", &sent, "yesterday"]).code(64);
    let other = home.list("INBOX");
    let from_bo = other
        .iter()
        .find(|m| m["from"][0]["address"] == "bo@example.test");
    let from_bo = from_bo.unwrap()["id"].as_str().unwrap().to_owned();
    home.run(&["remind", &from_bo, "in", "3d"]).code(66);
}

#[test]
fn a_reminder_travels_and_is_dismissed_everywhere() {
    let sink = Sink::start();
    let Some(server) = Dovecot::start(Some(&sink)) else {
        return;
    };
    let account = server.account("work", "ada");
    let config = format!("{account}\n[ui]\nundo-send = 0\n");
    let (here, there) = (Home::new(&config), Home::new(&config));
    here.sync();
    let send = ["send", "--to", "bo@example.test", "--subject", "Tea"];
    here.json(&[&send[..], &["--remind", "3 days"]].concat());
    // Sent, then filed and marked.
    here.sync();
    here.sync();
    there.sync();
    assert_eq!(states(&there), ["waiting"]);
    assert_eq!(reminders(&there)[0]["subject"], "Tea");
    assert_eq!(reminders(&there)[0]["recipients"], "bo@example.test");

    let due = |home: &Home| reminders(home)[0]["due"].as_str().unwrap().to_owned();
    let before = due(&here);
    let sent = there.list("Sent")[0]["id"].as_str().unwrap().to_owned();
    there.json(&["remind", &sent, "in", "5d"]);
    there.sync();
    here.sync();
    // It travels in whole minutes, rounded up.
    assert!(due(&here) >= due(&there), "{} {}", due(&here), due(&there));
    assert!(before[..10] < due(&here)[..10], "{before} {}", due(&here));

    let ours = here.list("Sent")[0]["id"].as_str().unwrap().to_owned();
    here.json(&["remind", &ours, "off"]);
    here.sync();
    there.sync();
    assert!(reminders(&there).is_empty() && reminders(&here).is_empty());
    there.sync();
    here.sync();
    assert!(reminders(&there).is_empty() && reminders(&here).is_empty());
}

#[test]
fn a_reminder_outlives_the_cache_where_the_server_keeps_no_keywords() {
    let raw = "From: work@example.test\r\nTo: bo@example.test\r\nSubject: Tea\r\n\
               Message-ID: <tea@example.test>\r\n\r\nAt four?\r\n";
    let server = Script::start(|mail| {
        mail.make("Sent", "\\Sent");
        mail.put(b"Sent", raw.as_bytes().to_vec(), vec!["\\Seen".to_owned()]);
    });
    server.always(OPEN, swap(" \\*)]", ")]"));
    let home = Home::new(&server.account("work"));
    home.sync();
    home.json(&["remind", &home.id("Sent", "Tea"), "in", "3d"]);
    home.sync();
    home.sync();
    let marked = || {
        home.list("Sent")[0]["flags"]
            .to_string()
            .contains("$Remind-")
    };
    assert_eq!(states(&home), ["waiting"]);
    assert!(marked());
    for file in ["cache.db", "cache.db-wal", "cache.db-shm"] {
        let _ = std::fs::remove_file(home.path.join(file));
    }
    home.sync();
    assert!(marked(), "it is laid over what came anew");
    home.sync();
    assert_eq!(states(&home), ["waiting"]);
    home.json(&["remind", &home.id("Sent", "Tea"), "off"]);
    home.sync();
    assert!(reminders(&home).is_empty());
}
