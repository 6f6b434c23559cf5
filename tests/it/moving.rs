//! Mail in and out: imported from files, exported to them, copied between accounts; once each,
//! whatever ends in between.

use crate::dovecot::Dovecot;
use crate::program::Home;
use crate::script::Script;
use postrider::config::lock::EngineLock;
use serde_json::Value;
use std::fs;
use std::path::Path;

type Look = imap::Session<openssl::ssl::SslStream<std::net::TcpStream>>;

/// What a mailbox of the server has: octets, flags and date of each message, sorted.
fn there(look: &mut Look, mailbox: &str) -> Vec<(String, Vec<String>, i64)> {
    if look.select(mailbox).unwrap().exists == 0 {
        return Vec::new();
    }
    let all = look
        .fetch("1:*", "(FLAGS INTERNALDATE BODY.PEEK[])")
        .unwrap();
    let mut found: Vec<_> = all
        .iter()
        .map(|f| {
            let text = String::from_utf8_lossy(f.body().unwrap()).into_owned();
            let mut flags: Vec<String> = f.flags().iter().map(ToString::to_string).collect();
            flags.retain(|f| f != "\\Recent");
            flags.sort();
            (text, flags, f.internal_date().unwrap().timestamp())
        })
        .collect();
    found.sort();
    found
}

/// A server with a mailbox `Old` of different messages, and a home that knows it.
fn ready() -> Option<(Dovecot, Home, Look)> {
    let server = Dovecot::start(None)?;
    let mut look = server.look("ada");
    look.create("Old").unwrap();
    let long =
        "From the beginning\r\n>From there\r\n\r\nFrom bo Thu Jan  1 00:00:00 1970\r\n".repeat(30);
    for (n, (body, flags)) in [
        ("x\r\n".to_owned(), "\\Seen $Forwarded $Todo"),
        (long, "\\Flagged \\Answered"),
        ("Gr\u{fc}\u{df}e\r\n".to_owned(), ""),
    ]
    .into_iter()
    .enumerate()
    {
        let raw = format!(
            "Subject: {n}\r\nMessage-ID: <{n}@example.test>\r\nFrom: bo@example.test\r\n\r\n{body}"
        );
        look.append("Old", raw.as_bytes()).finish().unwrap();
        if !flags.is_empty() {
            look.select("Old").unwrap();
            look.uid_store((n + 1).to_string(), format!("+FLAGS ({flags})"))
                .unwrap();
        }
    }
    // Two without a Message-ID that look alike, and differ.
    for word in ["a", "b"] {
        let raw = format!("Subject: same\r\nFrom: bo@example.test\r\n\r\n{word}\r\n");
        look.append("Old", raw.as_bytes()).finish().unwrap();
    }
    let account =
        server.account("work", "ada") + "bodies = \"none\"\n" + &server.account("home", "bea");
    let home = Home::new(&account);
    home.sync();
    Some((server, home, look))
}

fn first(report: &Value) -> &Value {
    &report["mailboxes"][0]
}

#[test]
fn what_is_exported_is_imported_again_octet_for_octet() {
    let Some((_server, home, mut look)) = ready() else {
        return;
    };
    let old = there(&mut look, "Old");
    assert_eq!(old.len(), 5);
    for (form, name) in [
        ("--mbox", "old.mbox"),
        ("--maildir", "Maildir"),
        ("--eml", "letters"),
    ] {
        let place = home.path.join(name);
        let place = place.to_str().unwrap();
        let dry = home.json(&["export", "-m", "Old", form, place, "--dry-run"]);
        assert_eq!(dry["wanted"], 5);
        assert!(!Path::new(place).exists());
        let told = home.json(&["export", "-m", "Old", form, place]);
        assert_eq!(
            (&told["written"], &told["found"]),
            (&5.into(), &5.into()),
            "{told}"
        );
        let to = format!("New/{}", &form[2..]);
        let args = ["import", place, "--to", &to, "--account", "work"];
        let dry: Vec<&str> = args.iter().copied().chain(["--dry-run"]).collect();
        let dry = home.json(&dry);
        assert_eq!(first(&dry)["added"], 5, "{dry}");
        let told = home.json(&args);
        assert_eq!(first(&told)["added"], 5, "{told}");
        assert_eq!(first(&told)["verified"], true);
        let mut expected = old.clone();
        if form == "--eml" {
            // A file's name has no room for keywords.
            expected
                .iter_mut()
                .for_each(|(_, flags, _)| flags.retain(|f| f != "$Todo"));
        }
        assert_eq!(there(&mut look, &to), expected, "{form}");
        // Once more changes nothing.
        let told = home.json(&args);
        assert_eq!(
            (&first(&told)["added"], &first(&told)["known"]),
            (&0.into(), &5.into()),
            "{told}"
        );
        assert_eq!(there(&mut look, &to), expected, "{form}");
    }
    // A Maildir is gone on with, a file isn't overwritten.
    let maildir = home.path.join("Maildir");
    let told = home.json(&[
        "export",
        "-m",
        "Old",
        "--maildir",
        maildir.to_str().unwrap(),
    ]);
    assert_eq!((&told["written"], &told["known"]), (&0.into(), &5.into()));
    let mbox = home.path.join("old.mbox");
    home.run(&["export", "-m", "Old", "--mbox", mbox.to_str().unwrap()])
        .code(74);
    // An unfinished file is gone on with.
    let whole = fs::read(&mbox).unwrap();
    for cut in [0, 10, whole.len() / 3, whole.len() - 1] {
        fs::remove_file(&mbox).unwrap();
        fs::write(home.path.join("old.mbox.part"), &whole[..cut]).unwrap();
        home.run(&["export", "-m", "Old", "--mbox", mbox.to_str().unwrap()])
            .code(0);
        assert!(fs::read(&mbox).unwrap() == whole, "cut at {cut}");
    }
}

#[test]
fn a_query_is_exported_and_mailboxes_below_a_maildir_are_imported() {
    let Some((_server, home, mut look)) = ready() else {
        return;
    };
    let place = home.path.join("found");
    let place = place.to_str().unwrap();
    let told = home.json(&["export", "subject:same", "--maildir", place]);
    assert_eq!(told["written"], 2, "{told}");
    // Maildir++: names as on the wire.
    for part in ["cur", "new", "tmp"] {
        fs::create_dir_all(home.path.join("found/.Gr&APYA3w-e.2024").join(part)).unwrap();
    }
    let raw = "Subject: below\nMessage-ID: <below@example.test>\n\nx\n";
    fs::write(home.path.join("found/.Gr&APYA3w-e.2024/cur/1.x:2,RS"), raw).unwrap();
    let told = home.json(&["import", place, "--to", "Here", "-a", "home"]);
    assert_eq!(told["mailboxes"].as_array().unwrap().len(), 2, "{told}");
    home.sync();
    assert_eq!(home.subjects("Here"), ["same", "same"]);
    assert_eq!(home.subjects("Here/Größe/2024"), ["below"]);
    drop(look.logout());
}

#[test]
fn an_account_is_copied_to_another_once() {
    let Some((server, home, mut look)) = ready() else {
        return;
    };
    let args = ["copy", "--from", "work", "--to", "home"];
    let told = home.json(&args);
    let added: u64 = told["mailboxes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["added"].as_u64().unwrap())
        .sum();
    assert_eq!(added, 5, "{told}");
    let mut bea = server.look("bea");
    assert_eq!(there(&mut bea, "Old"), there(&mut look, "Old"));
    let told = home.json(&args);
    for mailbox in told["mailboxes"].as_array().unwrap() {
        assert_eq!(
            (&mailbox["added"], &mailbox["verified"]),
            (&0.into(), &true.into()),
            "{told}"
        );
    }
    let told = home.json(&[
        "copy",
        "--from",
        "work",
        "Old",
        "--to",
        "home",
        "Kept/Older",
    ]);
    assert_eq!(first(&told)["added"], 5, "{told}");
    assert_eq!(there(&mut bea, "Kept/Older"), there(&mut look, "Old"));
    home.run(&["copy", "--from", "work", "Old", "--to", "work", "Old"])
        .code(64);
}

#[test]
fn what_the_server_has_is_copied_whether_or_not_it_was_ever_listed_here() {
    let Some((server, _home, mut look)) = ready() else {
        return;
    };
    look.create("Old/2009").unwrap();
    let raw = b"Subject: x\r\nMessage-ID: <x@example.test>\r\n\r\nx\r\n";
    look.append("Old/2009", raw).finish().unwrap();
    let home = Home::new(&(server.account("work", "ada") + &server.account("home", "bea")));
    let told = home.json(&["copy", "--from", "work", "Old/2009", "--to", "home"]);
    assert_eq!(first(&told)["added"], 1, "{told}");
    home.run(&["copy", "--from", "work", "None", "--to", "home"])
        .code(66);
    let told = home.json(&["copy", "--from", "work", "--to", "home"]);
    let count = |word: &str| -> u64 {
        let all = told["mailboxes"].as_array().unwrap();
        all.iter().map(|m| m[word].as_u64().unwrap()).sum()
    };
    assert_eq!((count("added"), count("known")), (5, 1), "{told}");
    let mut bea = server.look("bea");
    for mailbox in ["Old", "Old/2009"] {
        assert_eq!(there(&mut bea, mailbox), there(&mut look, mailbox));
    }
}

#[test]
fn what_stands_twice_is_copied_once() {
    let Some((server, home, mut look)) = ready() else {
        return;
    };
    look.create("Twice").unwrap();
    let raw = |body: &str| {
        format!(
            "Subject: t\r\nMessage-ID: <t@example.test>\r\nFrom: bo@example.test\r\n\r\n{body}\r\n"
        )
    };
    for body in ["same", "same", "mine", "your"] {
        look.append("Twice", raw(body).as_bytes()).finish().unwrap();
    }
    let other = raw("other").replace("t@example", "u@example");
    for _ in 0..2 {
        look.append("Twice", other.as_bytes()).finish().unwrap();
    }
    let mut bea = server.look("bea");
    // One of the two is there before the first copy.
    bea.create("Twice").unwrap();
    bea.append("Twice", other.as_bytes()).finish().unwrap();
    for added in [3, 0, 0] {
        let told = home.json(&["copy", "--from", "work", "Twice", "--to", "home"]);
        assert_eq!(
            (&first(&told)["added"], &first(&told)["twice"]),
            (&added.into(), &2.into()),
            "{told}"
        );
        assert_eq!(first(&told)["verified"], true, "{told}");
        let mut texts: Vec<String> = there(&mut look, "Twice").into_iter().map(|m| m.0).collect();
        texts.dedup();
        let copied: Vec<String> = there(&mut bea, "Twice").into_iter().map(|m| m.0).collect();
        assert_eq!(copied, texts);
    }
}

#[test]
fn an_import_that_is_killed_goes_on() {
    if !crate::kill::is_built_for_it() {
        return;
    }
    let Some((_server, home, mut look)) = ready() else {
        return;
    };
    // More than one group of commands.
    let mut file = Vec::new();
    for n in 0..80 {
        file.extend(
            format!("From bo Thu Jan  1 00:00:00 1970\nSubject: {n}\n\nbody {n}\n\n").into_bytes(),
        );
    }
    let place = home.path.join("many.mbox");
    fs::write(&place, &file).unwrap();
    let args = [
        "import",
        place.to_str().unwrap(),
        "--to",
        "Many",
        "-a",
        "work",
    ];
    for point in ["2", "2:after", "3", "3:after"] {
        let done = home.command(&args).env("POSTRIDER_STEP", point).output();
        drop(done);
    }
    let list = home.path.join("../steps");
    let done = home
        .command(&args)
        .env("POSTRIDER_STEPS", &list)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    assert_eq!(there(&mut look, "Many").len(), 80);
    let told = home.json(&args);
    assert_eq!(first(&told)["known"], 80, "{told}");
}

#[test]
fn what_can_not_be_read_is_said() {
    let Some((_server, home, mut look)) = ready() else {
        return;
    };
    drop(look.logout());
    let path = |name: &str| home.path.join(name).to_str().unwrap().to_owned();
    fs::create_dir(path("empty")).unwrap();
    fs::write(path("nul.eml"), b"Subject: x\r\n\r\na\0b\r\n").unwrap();
    home.run(&["import", &path("none"), "--to", "X"]).code(66);
    home.run(&["import", &path("empty"), "--to", "X"]).code(66);
    let told = home.run(&["import", &path("nul.eml"), "--to", "X", "-a", "work"]);
    told.code(1);
    home.run(&["import", &path("nul.eml"), "--to", "a//b", "-a", "work"])
        .code(64);
    home.run(&["export", "--mbox", &path("x")]).code(64);
    // Nothing is there to import, and that is no fault; what is no mail is one.
    fs::write(path("zero"), b"").unwrap();
    fs::write(path("zero.eml"), b"").unwrap();
    fs::write(path("list.txt"), b"milk and bread\nFrom: the shop\n").unwrap();
    fs::write(path("real.txt"), b"Subject: real\n\nx\n").unwrap();
    for (name, code) in [
        ("zero", 0),
        ("zero.eml", 1),
        ("list.txt", 65),
        ("real.txt", 0),
    ] {
        home.run(&["import", &path(name), "--to", "X", "-a", "work"])
            .code(code);
    }
    // Several accounts: nobody guesses.
    home.run(&["import", &path("real.txt"), "--to", "X"])
        .code(64);
}

#[test]
fn an_export_says_what_is_not_listed_here() {
    let Some((_server, home, mut look)) = ready() else {
        return;
    };
    let file = home.path.join("old.mbox");
    let place = file.to_str().unwrap();
    let raw = b"Subject: new\r\nMessage-ID: <new@example.test>\r\n\r\nx\r\n";
    look.append("Old", raw).finish().unwrap();
    // As many went as came.
    look.select("Old").unwrap();
    look.uid_store("5", "+FLAGS.SILENT (\\Deleted)").unwrap();
    look.uid_expunge("5").unwrap();
    home.run(&["export", "-m", "Old", "--mbox", place, "--dry-run"])
        .code(1);
    home.run(&["export", "-m", "Old", "--mbox", place]).code(1);
    assert!(!file.exists());
    assert!(home.path.join("old.mbox.part").exists());
    home.sync();
    let told = home.json(&["export", "-m", "Old", "--mbox", place]);
    assert_eq!((&told["known"], &told["written"]), (&4.into(), &1.into()));
    assert_eq!(told["verified"], true, "{told}");
    assert!(file.exists());
    // What is there is noticed before, too.
    home.run(&["export", "-m", "Old", "--mbox", place, "--dry-run"])
        .code(74);
    let letters = home.path.join("letters");
    let letters = letters.to_str().unwrap();
    for (account, wanted) in [("work", 1), ("home", 0)] {
        let args = [
            "export",
            "subject:same",
            "-a",
            account,
            "--eml",
            letters,
            "--dry-run",
        ];
        assert_eq!(home.json(&args)["wanted"], wanted);
    }
    home.run(&["export", "subject:same", "-a", "none", "--eml", letters])
        .code(66);
}

#[test]
fn a_server_that_only_estimates_sizes_gets_each_message_once() {
    for rewrites in [false, true] {
        let server = Script::start(|mail| mail.beyond = 100);
        let home = Home::new(&server.account("work"));
        let mut file = String::new();
        for n in 0..9 {
            file += &format!(
                "From bo Thu Jan  1 00:00:00 1970\nSubject: {n}\nMessage-ID: <{n}@x>\n\nbody {n}\n\n"
            );
        }
        let place = home.path.join("nine.mbox");
        fs::write(&place, &file).unwrap();
        let place = place.to_str().unwrap();
        let args = ["import", place, "--to", "Old"];
        for (added, known) in [(9, 0), (0, 9), (0, 9)] {
            let told = home.json(&args);
            let one = first(&told);
            assert_eq!(
                (&one["added"], &one["known"], &one["verified"]),
                (&added.into(), &known.into(), &true.into()),
                "{told}"
            );
            server.mail(|m| {
                for message in m.folder("Old").messages.iter_mut().filter(|_| rewrites) {
                    message.raw.splice(0..0, *b"X-Server: a\r\n");
                }
            });
        }
    }
}

#[test]
fn a_size_that_is_right_is_believed() {
    let server = Script::start(|mail| mail.make("Old", ""));
    let home = Home::new(&server.account("work"));
    let file = |body: &str| -> String {
        let one = |n: u32| {
            format!(
                "From bo Thu Jan  1 00:00:00 1970\nSubject: {n}\nMessage-ID: <{n}@x>\n\n{body} {n}\n\n"
            )
        };
        (0..9).map(one).collect()
    };
    let place = home.path.join("nine.mbox");
    let import = |body: &str| {
        fs::write(&place, file(body)).unwrap();
        home.json(&["import", place.to_str().unwrap(), "--to", "Old"])
    };
    assert_eq!(first(&import("x"))["added"], 9);
    server.forget();
    let told = import("longer");
    assert_eq!(
        (&first(&told)["added"], &first(&told)["verified"]),
        (&9.into(), &true.into()),
        "{told}"
    );
    let fetched = server.said("BODY.PEEK[]").len();
    assert!(fetched < 9, "{fetched}");
}

#[test]
fn what_is_deleted_in_a_file_does_not_come_back() {
    let server = Script::start(|_| {});
    let home = Home::new(&server.account("work"));
    let from = "From - Thu Jan  1 00:00:00 1970\n";
    let mbox = format!(
        "{from}X-Mozilla-Status: 0009\nX-Mozilla-Status2: 00000000\nSubject: gone\n\nx\n\n\
         {from}X-Mozilla-Status: 1007\nSubject: kept\n\nx\n"
    );
    let maildir = home.path.join("T/A");
    for part in ["A/cur", "A/new", "A/B/cur", "A/B/new"] {
        fs::create_dir_all(home.path.join("T").join(part)).unwrap();
    }
    fs::write(home.path.join("mail.mbox"), mbox).unwrap();
    for name in ["cur/1:2,S", "cur/2:2,ST", "B/cur/3:2,"] {
        let raw = format!("Subject: {}\n\nx\n", &name[name.len() - 5..]);
        fs::write(maildir.join(name), raw).unwrap();
    }
    for (place, to) in [("mail.mbox", "File"), ("T", "Old")] {
        let place = home.path.join(place);
        let args = ["import", place.to_str().unwrap(), "--to", to];
        let told = home.json(&args);
        let one = first(&told);
        assert_eq!(
            (
                &one["offered"],
                &one["added"],
                &one["deleted"],
                &one["verified"]
            ),
            (&1.into(), &1.into(), &1.into(), &true.into()),
            "{told}"
        );
        let ran = home.run(&args).code(0);
        let words = "1 passed over: deleted there, and not removed yet";
        assert!(ran.err.contains(words), "{}", ran.err);
    }
    server.mail(|m| {
        let flags = ["$Forwarded", "\\Answered", "\\Flagged", "\\Seen"];
        assert_eq!(m.flags("File", "kept"), flags);
        assert_eq!(m.folder("Old/A").messages.len(), 1);
        assert_eq!(m.folder("Old/A/B").messages.len(), 1);
        assert!(m.find(b"Old").is_none());
    });
}

#[test]
fn one_import_runs_at_a_time() {
    let server = Script::start(|mail| mail.make("Old", ""));
    let home = Home::new(&server.account("work"));
    let place = home.path.join("a.eml");
    fs::write(&place, "Subject: a\n\nx\n").unwrap();
    let args = ["import", place.to_str().unwrap(), "--to", "Old"];
    let held = EngineLock::try_take(&home.path.join("intake.lock"))
        .unwrap()
        .unwrap();
    let ran = home.run(&args).code(75);
    assert!(ran.err.contains("another import or copy"), "{}", ran.err);
    assert!(server.mail(|m| m.subjects("Old")).is_empty());
    let dry: Vec<&str> = args.iter().copied().chain(["--dry-run"]).collect();
    home.run(&dry).code(0);
    drop(held);
    home.run(&args).code(0);
    assert_eq!(server.mail(|m| m.subjects("Old")), ["a"]);
}
