//! Sending through a real submission service: what reaches the other side, what is filed, what is
//! said.

use crate::dovecot::Dovecot;
use crate::program::Home;
use crate::smtp::Sink;

fn ready() -> Option<(Sink, Dovecot, Home)> {
    let sink = Sink::start();
    let server = Dovecot::start(Some(&sink))?;
    let home = Home::new(&server.account("work", "ada"));
    home.sync();
    Some((sink, server, home))
}

/// The messages in a mailbox of the server, as text.
fn raw_of(server: &Dovecot, mailbox: &str) -> Vec<String> {
    let mut look = server.look("ada");
    if look.select(mailbox).unwrap().exists == 0 {
        return Vec::new();
    }
    let all = look.fetch("1:*", "BODY.PEEK[]").unwrap();
    all.iter()
        .map(|f| String::from_utf8_lossy(f.body().unwrap()).into_owned())
        .collect()
}

#[test]
fn what_a_finished_message_does_not_take_is_refused() {
    let Some((_sink, _server, home)) = ready() else {
        return;
    };
    for options in [
        ["--attach", "x.pdf"],
        ["--subject", "Tea"],
        ["--body-file", "x.txt"],
    ] {
        let args = [&["send"], &options[..]].concat();
        let ran = home.feed(&args, b"To: bo@example.test\n\nhi\n").code(64);
        assert!(ran.err.contains("want --to"), "{}", ran.err);
    }
    assert_eq!(
        home.json(&["outbox", "--all"])["outbox"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
}

#[test]
fn s26_a_message_from_standard_input_goes_out_once_and_is_filed_once() {
    let Some((sink, server, home)) = ready() else {
        return;
    };
    let raw = "From: Ada <ada@example.test>\r\nTo: Bo <bo@example.test>\r\nCc: cy@example.test\r\nBcc: hidden@example.test\r\nSubject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=\r\nMessage-ID: <own@example.test>\r\n\r\nA line.\r\n.\r\n..two dots\r\n";
    let ran = home
        .feed(&["send", "--wait", "--json"], raw.as_bytes())
        .code(0);
    let told = ran.json();
    assert_eq!(told["message_id"], "<own@example.test>");
    assert_eq!(told["state"], "sent", "{told}");
    assert!(told["id"].as_str().unwrap().starts_with('o'));
    let recipients = told["recipients"].as_array().unwrap();
    let mut to: Vec<&str> = recipients
        .iter()
        .map(|r| r["address"].as_str().unwrap())
        .collect();
    to.sort_unstable();
    assert_eq!(
        to,
        ["bo@example.test", "cy@example.test", "hidden@example.test"]
    );
    assert!(
        recipients.iter().all(|r| r["state"] == "accepted"),
        "{told}"
    );
    assert!(recipients.iter().all(|r| r["reply"].is_string()), "{told}");

    let got = sink.wait_for(1);
    assert_eq!(sink.count("own@example.test"), 1);
    assert_eq!(got[0].from, "ada@example.test");
    let mut reached = got[0].to.clone();
    reached.sort();
    assert_eq!(reached, to);
    assert!(
        !got[0].raw.contains("hidden") && !got[0].raw.to_lowercase().contains("\nbcc:"),
        "{}",
        got[0].raw
    );
    assert!(
        got[0].raw.ends_with("A line.\r\n.\r\n..two dots\r\n"),
        "{}",
        got[0].raw
    );
    let sent = raw_of(&server, "Sent");
    assert_eq!(sent.len(), 1);
    assert!(
        sent[0].contains("Bcc: ") && sent[0].contains("hidden@example.test"),
        "{}",
        sent[0]
    );

    home.sync();
    home.sync();
    assert_eq!(raw_of(&server, "Sent").len(), 1);
    assert_eq!(sink.deliveries().len(), 1);
    assert_eq!(home.subjects("Sent"), ["Grüße"]);
    assert_eq!(
        home.json(&["outbox"])["outbox"].as_array().unwrap().len(),
        0
    );
    assert_eq!(
        home.json(&["outbox", "--all"])["outbox"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn s26_a_message_from_options_carries_its_attachment() {
    let Some((sink, server, home)) = ready() else {
        return;
    };
    let file = home.path.parent().unwrap().join("täble.csv");
    std::fs::write(&file, "a;b\r\n1;2\r\n").unwrap();
    let text = home.path.parent().unwrap().join("text");
    std::fs::write(&text, "Dear Bo,\n\nFrom here on it is long: ünïcode ✓\n").unwrap();
    let args = [
        "send",
        "--wait",
        "--to",
        "Bo <bo@example.test>",
        "--bcc",
        "hidden@example.test",
        "--subject",
        "Zahlen für März",
        "--body-file",
        text.to_str().unwrap(),
        "--attach",
        file.to_str().unwrap(),
    ];
    let told = home.json(&args);
    assert_eq!(told["state"], "sent", "{told}");
    let id = told["message_id"].as_str().unwrap().to_owned();
    sink.wait_for(1);
    assert_eq!(sink.count(&id), 1);
    let raw = &sink.deliveries()[0].raw;
    assert!(!raw.contains("hidden@"), "{raw}");
    home.json(&["sync", "--once", "--bodies", "all"]);
    let row = &home.list("Sent")[0];
    assert_eq!(row["subject"], "Zahlen für März");
    let attachments = row["attachments"].as_array().unwrap();
    assert_eq!(attachments.len(), 1, "{row}");
    assert_eq!(attachments[0]["name"], "täble.csv");
    let shown = home
        .run(&["show", row["id"].as_str().unwrap(), "--text"])
        .code(0)
        .text();
    assert!(
        shown.contains("From here on it is long: ünïcode ✓"),
        "{shown}"
    );
    assert_eq!(raw_of(&server, "Sent").len(), 1);
}

#[test]
fn f48_one_refused_recipient_means_that_nobody_gets_it_and_the_outbox_says_why() {
    let Some((sink, server, home)) = ready() else {
        return;
    };
    sink.refuse(
        "nobody@example.test",
        "550 5.1.1 there is nobody of that name",
    );
    let args = [
        "send",
        "--wait",
        "--json",
        "--to",
        "bo@example.test, nobody@example.test",
        "--subject",
        "x",
    ];
    let told = home.run(&args).code(77).json();
    assert_eq!(told["state"], "refused", "{told}");
    let refused = told["recipients"]
        .as_array()
        .unwrap()
        .iter()
        .find(|r| r["address"] == "nobody@example.test")
        .unwrap();
    assert_eq!(refused["state"], "refused");
    assert!(
        refused["reply"]
            .as_str()
            .unwrap()
            .contains("nobody of that name"),
        "{told}"
    );
    home.sync();
    assert!(sink.deliveries().is_empty());
    assert!(raw_of(&server, "Sent").is_empty());
    let waiting = home.json(&["outbox"]);
    assert_eq!(waiting["outbox"][0]["state"], "refused", "{waiting}");
    let text = home.run(&["outbox"]).code(0).text();
    assert!(text.contains("nobody of that name"), "{text}");

    sink.refuse("full@example.test", "452 4.2.2 the mailbox is full");
    let args = [
        "send",
        "--wait",
        "--json",
        "--to",
        "full@example.test",
        "--subject",
        "y",
    ];
    let told = home.run(&args).code(75).json();
    assert_eq!(told["state"], "queued", "{told}");
    assert!(sink.deliveries().is_empty());
}

#[test]
fn f40_a_message_without_the_network_waits_and_goes_with_the_next_sync() {
    let Some((sink, server, home)) = ready() else {
        return;
    };
    let table = server.account("work", "ada");
    let config = |text: &str| home.configure(&format!("{text}\n[ui]\nundo-send = 0\n"));
    config(&table);
    let told = home.json(&["send", "--to", "bo@example.test", "--subject", "later"]);
    assert_eq!(told["state"], "queued", "{told}");
    assert!(sink.deliveries().is_empty());
    home.sync();
    sink.wait_for(1);
    assert_eq!(sink.count(told["message_id"].as_str().unwrap()), 1);
    assert_eq!(raw_of(&server, "Sent").len(), 1);
    assert_eq!(home.subjects("Sent"), ["later"]);

    // A wrong password: nothing goes, the reason is kept.
    config(&table.replace("\"secret\"", "\"wrong\""));
    let ran = home
        .run(&[
            "send",
            "--wait",
            "--json",
            "--to",
            "bo@example.test",
            "--subject",
            "no",
        ])
        .code(75);
    let told = ran.json();
    assert_eq!(told["state"], "queued", "{told}");
    assert!(
        told["error"]
            .as_str()
            .unwrap()
            .to_lowercase()
            .contains("password"),
        "{told}"
    );
    assert_eq!(sink.deliveries().len(), 1);
}

#[test]
fn f57_what_was_attached_goes_out_as_it_was_when_it_was_queued() {
    let Some((sink, server, home)) = ready() else {
        return;
    };
    let table = server.account("work", "ada");
    home.configure(&format!("{table}\n[ui]\nundo-send = 0\n"));
    let folder = home.path.parent().unwrap();
    let (changed, gone) = (folder.join("changed.bin"), folder.join("gone.bin"));
    // Every octet there is, and more than a piece of them.
    let octets = |by: usize| -> Vec<u8> { (0..300_000).map(|n| (n * by % 251) as u8).collect() };
    let (first, second) = (octets(7), octets(11));
    std::fs::write(&changed, &first).unwrap();
    std::fs::write(&gone, &second).unwrap();
    let told = home.json(&[
        "send",
        "--to",
        "bo@example.test",
        "--subject",
        "as it was",
        "--attach",
        changed.to_str().unwrap(),
        "--attach",
        gone.to_str().unwrap(),
    ]);
    assert_eq!(told["state"], "queued", "{told}");
    std::fs::write(&changed, "something else").unwrap();
    std::fs::remove_file(&gone).unwrap();
    home.sync();
    sink.wait_for(1);
    let raw = sink.deliveries()[0].raw.clone();
    let tree = postrider::mime::tree::Tree::read(raw.as_bytes());
    let rows = postrider::mime::body::attachments(&tree);
    let came: Vec<(String, Vec<u8>)> = rows
        .iter()
        .map(|r| {
            (
                r.name.clone(),
                tree.part(r.part).unwrap().bytes().into_owned(),
            )
        })
        .collect();
    assert_eq!(came.len(), 2);
    assert!(
        came[0] == ("changed.bin".to_owned(), first),
        "it was changed"
    );
    assert!(came[1] == ("gone.bin".to_owned(), second), "it was changed");
}

#[test]
fn what_cannot_be_sent_is_refused_before_anything_is_kept() {
    let Some((sink, _server, home)) = ready() else {
        return;
    };
    for raw in [
        "",
        "\r\n\r\n",
        "Subject: nobody\r\n\r\nx\r\n",
        "To: not an address\r\n\r\nx\r\n",
    ] {
        let ran = home.feed(&["send", "--wait"], raw.as_bytes()).code(65);
        assert!(!ran.err.is_empty());
    }
    home.run(&["send", "--to", "bo@", "--subject", "x"])
        .code(65);
    home.run(&[
        "send",
        "--to",
        "bo@example.test",
        "--attach",
        "/nowhere/at/all",
    ])
    .code(65);
    home.run(&["send", "--account", "other", "--to", "bo@example.test"])
        .code(66);
    let injected = home.run(&[
        "send",
        "--wait",
        "--to",
        "bo@example.test",
        "--subject",
        "x\r\nBcc: evil@example.test",
    ]);
    if injected.code == 0 {
        assert_eq!(sink.wait_for(1)[0].to, ["bo@example.test"]);
        assert!(!sink.deliveries()[0].raw.contains("\r\nBcc:"));
    }
    assert!(
        home.json(&["outbox"])["outbox"]
            .as_array()
            .unwrap()
            .is_empty()
    );
}

#[test]
fn the_account_is_the_one_whose_address_is_the_sender() {
    // No server is needed to queue.
    let account = |name: &str| {
        format!(
            "[[account]]\nname = \"{name}\"\nemail = \"{name}@example.test\"\n\
             password-command = [\"echo\", \"x\"]\n\
             imap = {{ host = \"127.0.0.1\", port = 9 }}\nsmtp = {{ host = \"127.0.0.1\", port = 9 }}\n"
        )
    };
    let identity = "[[account.identity]]\nemail = \"sales@example.test\"\n";
    let home = Home::new(&format!("{}{}{identity}", account("work"), account("home")));
    let raw = |from: &str| format!("{from}To: bo@example.test\r\nSubject: x\r\n\r\nx\r\n");
    let through = |from: &str| {
        let id = home.feed(&["send", "--json"], raw(from).as_bytes()).code(0);
        let id = id.json()["id"].clone();
        let all = home.json(&["outbox"]);
        let rows = all["outbox"].as_array().unwrap().clone();
        let row = rows.into_iter().find(|r| r["id"] == id).unwrap();
        row["account"].as_str().unwrap().to_owned()
    };
    assert_eq!(through("From: Work <WORK@example.test>\r\n"), "work");
    assert_eq!(through("From: sales@example.test\r\n"), "home");
    assert_eq!(through(""), "work");
    let nobody = raw("From: eve@example.test\r\n");
    let said = home.feed(&["send"], nobody.as_bytes()).code(65).err;
    assert!(
        said.contains("eve@example.test") && said.contains("--account"),
        "{said}"
    );
    home.feed(&["send", "--account", "home"], nobody.as_bytes())
        .code(0);
}

#[test]
fn s28_a_text_is_read_from_an_ordinary_file_only() {
    let home = Home::new(
        "[[account]]\nname = \"work\"\nemail = \"work@example.test\"\n\
         password-command = [\"echo\", \"x\"]\n\
         imap = { host = \"127.0.0.1\", port = 9 }\nsmtp = { host = \"127.0.0.1\", port = 9 }\n",
    );
    let send = |file: &str| {
        let to = "bo@example.test";
        home.run(&["send", "--to", to, "--subject", "x", "--body-file", file])
    };
    let said = send("/dev/zero").code(66).err;
    assert!(said.contains("not a regular file"), "{said}");
    let pipe = home.path.join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    send(pipe.to_str().unwrap()).code(66);
    let text = home.path.join("text");
    std::fs::write(&text, "Hello").unwrap();
    send(text.to_str().unwrap()).code(0);
}
