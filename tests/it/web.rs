//! What goes out over HTTPS: only at a key, to whom the question named, and saying nothing of who
//! asks (RFC 8058; S-31, S-35).

use crate::dump::{local, read, rows};
use crate::program::Home;
use crate::pty::Terminal;
use crate::script::Script;
use crate::site::Site;
use crate::smtp::Sink;
use postrider::model::{AccountName, Leave};
use postrider::signal::Board;
use postrider::store::Local;
use postrider::sync::Stores;
use postrider::sync::leaving::Leaver;
use postrider::text::when;
use std::path::Path;
use std::sync::Arc;

const FORM: &str = "List-Unsubscribe=One-Click";

/// A letter of a list; `how` is what stands in List-Unsubscribe.
fn letter(how: &str, signed: bool) -> Vec<u8> {
    let checked = match signed {
        true => {
            "Received: from tea.example by mx.example.test; Mon, 3 Mar 2025 14:05:00 +0000\n\
             Authentication-Results: mx.example.test; dkim=pass header.d=tea.example\n\
             DKIM-Signature: v=1; d=tea.example; h=From:List-Unsubscribe:List-Unsubscribe-Post; b=x\n"
        }
        false => "",
    };
    let text = format!(
        "{checked}From: Tea News <news@tea.example>\nTo: work@example.test\nSubject: tea\n\
         Message-ID: <1@tea.example>\nList-Id: Tea drinkers <tea.example>\n\
         List-Unsubscribe: {how}\nList-Unsubscribe-Post: {FORM}\n\nText of tea.\n"
    );
    text.replace('\n', "\r\n").into_bytes()
}

/// A home that has this letter, and its server.
fn home(letter: &[u8], smtp: u16) -> (Script, Home) {
    let server = Script::start(|mail| {
        mail.put(b"INBOX", letter.to_vec(), Vec::new());
    });
    let config = format!("{}[ui]\nundo-send = 8\n", server.account_with("work", smtp));
    let home = Home::new(&config);
    home.json(&["sync", "--once", "--bodies", "all"]);
    (server, home)
}

/// The letter in the reader, and the question that `U` asks.
fn asked(home: &Home) -> Terminal {
    let mut t = Terminal::postrider(&[], &home.path, 100, 30);
    t.wait_for("Tea News");
    t.send("\r");
    t.wait_for("Text of tea.");
    t.wait_for("tea.example · U leaves it");
    t.send("U");
    t.wait_for("Leave Tea drinkers?");
    // A letter typed in the first moment is no answer.
    std::thread::park_timeout(postrider::tui::screen::confirm::MOMENT * 2);
    t
}

fn left(home: &Home) -> String {
    rows(&read(&local(home)), "SELECT list, url, state FROM leaving").concat()
}

fn leaver(site: &Site, home: &Path) -> Leaver {
    let stores = Stores {
        cache: home.join("cache.db"),
        local: home.join("local.db"),
    };
    Leaver {
        stores,
        board: Arc::new(Board::new()),
        web: site.client(),
    }
}

#[test]
fn one_click_is_one_post_that_says_nothing_more_and_is_said_again_until_it_is_taken() {
    let site = Site::start();
    let home = tempfile::tempdir().unwrap();
    let leaver = leaver(&site, home.path());
    let mut local = Local::open(&leaver.stores.local).unwrap();
    let leave = Leave {
        account: AccountName("work".to_owned()),
        list: "Tea".to_owned(),
        url: site.url("/u?id=7"),
    };
    assert_eq!(leaver.run_due(None).unwrap(), None);
    assert_eq!(site.knocks(), 0, "nobody asked for it");
    local.leave(&leave, when::now()).unwrap();
    site.once("HTTP/1.1 500 Sorry\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n");
    site.put("/u?id=7", b"You left.");
    assert!(
        leaver.run_due(None).unwrap() > Some(when::now()),
        "it waits"
    );
    assert_eq!(leaver.board.take().notices, [""; 0]);
    assert_eq!(site.heard().len(), 1);
    local.leave_now(when::now()).unwrap();
    assert_eq!(leaver.run_due(None).unwrap(), None);
    assert_eq!(
        leaver.board.take().notices,
        ["Tea was told that you leave it"]
    );
    let want = format!(
        "POST /u?id=7 HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nUser-Agent: Mozilla/5.0\r\nAccept: */*\r\n\
         Accept-Encoding: identity\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 26\r\n\r\n{FORM}",
        site.port
    );
    assert_eq!(site.heard(), [want.clone(), want]);
    // It leads elsewhere: that is no answer, and nobody follows.
    local.leave(&leave, when::now()).unwrap();
    let elsewhere = site.url("/elsewhere");
    site.once(&format!(
        "HTTP/1.1 302 Found\r\nLocation: {elsewhere}\r\n\r\n"
    ));
    assert_eq!(leaver.run_due(None).unwrap(), None);
    assert_eq!(
        leaver.board.take().notices,
        ["Tea could not be told that you leave it: 127.0.0.1 answered 302"]
    );
    assert_eq!(site.heard().len(), 3);
}

#[test]
fn s31_a_list_is_left_at_a_key_and_a_private_address_is_not_asked() {
    let site = Site::start();
    let how = format!("<{}>", site.url("/u"));
    let (_server, home) = home(&letter(&how, true), 9);
    let mut t = asked(&home);
    t.wait_for("127.0.0.1 is told over HTTPS that you leave.");
    t.send("n");
    t.wait_gone("Leave Tea drinkers?");
    assert_eq!(left(&home), "");
    t.send("U");
    t.wait_for("Leave Tea drinkers?");
    std::thread::park_timeout(postrider::tui::screen::confirm::MOMENT * 2);
    t.send("y");
    t.wait_for("is in a private network");
    assert_eq!(site.knocks(), 0);
    t.send("qq");
    t.wait_exit();
}

#[test]
fn what_was_confirmed_survives_a_kill() {
    let (_server, home) = home(&letter("<https://tea.invalid/u>", true), 9);
    let mut t = asked(&home);
    t.send("y");
    // What is on the screen is on the disk.
    t.wait_for("Leaving Tea drinkers");
    t.kill();
    assert_eq!(left(&home), "Tea drinkers|https://tea.invalid/u|0");
}

#[test]
fn without_a_signature_nothing_is_told_and_a_message_goes_as_any_other() {
    let site = Site::start();
    let sink = Sink::start();
    let how = format!(
        "<{}>, <mailto:leave@tea.example?subject=go%20away&cc=x@y.example&body=id%207>",
        site.url("/u")
    );
    let (_server, home) = home(&letter(&how, false), sink.port);
    let mut t = asked(&home);
    t.wait_for("A message goes to leave@tea.example.");
    t.wait_for("Or on a page at 127.0.0.1, in your browser.");
    t.send("y");
    // It can be taken back as any other.
    t.wait_for("Sending in");
    t.send("z");
    t.wait_for("go away");
    assert_eq!(sink.deliveries().len(), 0);
    assert_eq!((left(&home).as_str(), site.knocks()), ("", 0));
    t.kill();
}

#[test]
fn s35_pictures_on_the_web_are_asked_about_and_a_private_address_is_not_asked() {
    let site = Site::start();
    site.put("/logo.png", b"no picture");
    let page = format!(
        "<p>Text of tea.<img src='{}' alt='The pot'><img src='{}' width=1 height=1>\
         <img src='http://127.0.0.1/clear.png'><div style='display:none'><img src='{}'></div>",
        site.url("/logo.png"),
        site.url("/pixel.gif"),
        site.url("/hidden.png"),
    );
    let letter = format!(
        "From: Tea News <news@tea.example>\r\nTo: work@example.test\r\nSubject: tea\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n{page}\r\n"
    );
    let (_server, home) = home(letter.as_bytes(), 9);
    let mut t = Terminal::postrider(&[], &home.path, 100, 30);
    t.wait_for("Tea News");
    t.send("\r");
    t.wait_for("1 picture on the web not loaded · P loads");
    t.send("P");
    t.wait_for("Load 1 picture from 127.0.0.1?");
    t.wait_for("Nothing proves who sent it");
    std::thread::park_timeout(postrider::tui::screen::confirm::MOMENT * 2);
    t.send("y");
    t.wait_for("1 of 1 pictures were not loaded: 127.0.0.1 is in a private network");
    assert_eq!(site.knocks(), 0);
    t.send("qq");
    t.wait_exit();
}

/// A picture of one colour.
fn picture(width: u32, height: u32, colour: [u8; 3]) -> Vec<u8> {
    let picture = image::RgbImage::from_pixel(width, height, image::Rgb(colour));
    let mut out = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut out, image::ImageFormat::Png).unwrap();
    out.into_inner()
}

/// How many rows of the screen hold half blocks.
fn pictured(screen: &str) -> usize {
    screen.lines().filter(|l| l.contains("▀▀▀▀")).count()
}

#[test]
fn pictures_stand_in_the_text_and_come_of_themselves_from_whom_the_user_said() {
    if !crate::kill::is_built_for_it() {
        return;
    }
    let site = Site::start();
    site.put("/pot.png", &picture(160, 64, [200, 30, 30]));
    let own = openssl::base64::encode_block(&picture(80, 48, [30, 30, 200]));
    let letter = |n: u32| {
        format!(
            "Received: from tea.example by mx.example.test; Mon, 3 Mar 2025 14:05:00 +0000\r\n\
             Authentication-Results: mx.example.test; dkim=pass header.d=tea.example\r\n\
             From: Tea News <news@tea.example>\r\nTo: work@example.test\r\nSubject: tea {n}\r\n\
             Message-ID: <{n}@tea.example>\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/related; boundary=r\r\n\r\n--r\r\nContent-Type: text/html\r\n\r\n\
             <p>Before the pot.</p><p><img src='{}?{n}'></p><p>Between.</p><img src='cid:cup@x'>\
             <p>After the cup.</p>\r\n\
             --r\r\nContent-Type: image/png\r\nContent-ID: <cup@x>\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n{own}\r\n--r--\r\n",
            site.url("/pot.png")
        )
    };
    site.put("/pot.png?1", &picture(160, 64, [200, 30, 30]));
    site.put("/pot.png?2", &picture(160, 64, [200, 30, 30]));
    let server = Script::start(|mail| {
        for n in 1..3 {
            mail.put(b"INBOX", letter(n).into_bytes(), Vec::new());
        }
    });
    let config = server.account_with("work", 9);
    let home = Home::new(&config);
    home.json(&["sync", "--once", "--bodies", "all"]);
    let mut command = portable_pty::CommandBuilder::new(env!("CARGO_BIN_EXE_postrider"));
    command.env("POSTRIDER_HOME", &home.path);
    command.env("POSTRIDER_WEB_CA", site.authority());
    let mut t = Terminal::start(command, 100, 50);
    t.wait_for("tea 2");
    t.send("gg\r");
    // What it brings is shown; nothing was asked of anybody.
    let screen = t.wait_until("the picture that it brings", |s| pictured(s) == 3);
    let line = |screen: &str, what: &str| {
        let is = |l: &str| l.contains('▏') && l.contains(what);
        screen.lines().position(is).unwrap()
    };
    assert!(
        line(&screen, "Between.") < line(&screen, "▀▀▀▀"),
        "{screen}"
    );
    assert!(
        line(&screen, "▀▀▀▀") < line(&screen, "After the cup."),
        "{screen}"
    );
    assert_eq!(site.knocks(), 0);
    t.send("P");
    t.wait_for("always for news@tea.example");
    std::thread::park_timeout(postrider::tui::screen::confirm::MOMENT * 2);
    t.send("a");
    let screen = t.wait_until("both pictures", |s| pictured(s) == 7);
    let (before, between) = (line(&screen, "Before the pot."), line(&screen, "Between."));
    assert!(
        (before..between).contains(&line(&screen, "▀▀▀▀")),
        "{screen}"
    );
    assert_eq!(site.heard().len(), 1);
    // The next one of this sender needs no word.
    t.send("J");
    t.wait_until("both pictures of the other", |s| {
        s.contains("Subject: tea 1") && pictured(s) == 7
    });
    assert_eq!(site.heard().len(), 2);
    t.send("qq");
    t.wait_exit();
}
