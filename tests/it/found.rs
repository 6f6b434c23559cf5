//! Whatever stands anywhere in a message is found, and what is not here is found by the server.

use crate::demo::home_at;
use crate::program::Home;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postrider::demo::{Demo, Options};
use std::io::Write as _;

/// The n-th planted word: letters that stand nowhere else.
fn word(n: usize) -> String {
    let letters = b"bdfgklmnprstvz";
    let letter = |n: usize| char::from(letters[n % letters.len()]);
    format!(
        "qu{}o{}a{}ix",
        letter(n),
        letter(n / 3 + 5),
        letter(n / 14 + n * 5)
    )
}

fn base64(text: &[u8]) -> String {
    STANDARD.encode(text)
}

fn packed(name: &str, text: &str) -> String {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer
        .start_file(name, zip::write::SimpleFileOptions::default())
        .unwrap();
    writer.write_all(text.as_bytes()).unwrap();
    base64(&writer.finish().unwrap().into_inner())
}

/// A message with a file attached.
fn with(part: &str) -> String {
    format!(
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=edge\r\n\r\n\
         --edge\r\n\r\nHello.\r\n--edge\r\n{part}\r\n--edge--\r\n"
    )
}

fn file(kind: &str, name: &str, content: &str) -> String {
    with(&format!(
        "Content-Type: {kind}\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\r\n{content}"
    ))
}

/// Puts a word somewhere in a message: a header's end and a body.
type Place = Box<dyn Fn(&str) -> String>;

/// Fifty places for a word.
fn places() -> Vec<Place> {
    fn of(make: impl Fn(&str) -> String + 'static) -> Place {
        Box::new(make)
    }
    let upper = |w: &str| w.to_uppercase();
    let docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    let html = |w: &str| format!("Content-Type: text/html; charset=utf-8\r\n\r\n{w}");
    let encoded = move |kind: &str, name: &str, bytes: String| {
        with(&format!(
            "Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n\
             Content-Disposition: attachment; filename={name}\r\n\r\n{bytes}"
        ))
    };
    vec![
        // Headers.
        of(|w| format!("Subject: about {w} again\r\n\r\nx")),
        of(|w| format!("Subject: =?utf-8?B?{}?=\r\n\r\nx", base64(w.as_bytes()))),
        of(|w| format!("Subject: =?iso-8859-1?Q?Gr=FC=DFe_{w}?=\r\n\r\nx")),
        of(|w| {
            format!(
                "Subject: =?utf-8?Q?{}?=\r\n =?utf-8?Q?{}?=\r\n\r\nx",
                &w[..3],
                &w[3..]
            )
        }),
        of(|w| format!("Subject: folded\r\n {w}\r\n\r\nx")),
        of(|w| format!("To: {w} <x@example.net>\r\n\r\nx")),
        of(|w| format!("To: x <{w}@example.net>\r\n\r\nx")),
        of(|w| format!("Cc: y@example.net, =?utf-8?Q?{w}?= <x@example.net>\r\n\r\nx")),
        of(|w| format!("Cc: x@{w}.example.net\r\n\r\nx")),
        of(|w| format!("Sender: {w} <s@example.net>\r\n\r\nx")),
        of(|w| format!("To: Team: a@example.net, {w} <b@example.net>;\r\n\r\nx")),
        of(move |w| format!("Subject: {}\r\n\r\nx", upper(w))),
        // Texts.
        of(|w| format!("\r\nplain {w}.")),
        of(|w| format!("\r\n{}{w}", "filler line\r\n".repeat(3_000))),
        of(|w| {
            format!(
                "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
                base64(w.as_bytes())
            )
        }),
        of(|w| {
            format!(
                "Content-Transfer-Encoding: quoted-printable\r\n\r\n{}=\r\n{}",
                &w[..4],
                &w[4..]
            )
        }),
        of(|w| {
            format!(
                "Content-Transfer-Encoding: quoted-printable\r\n\r\n=71{}",
                &w[1..]
            )
        }),
        of(|w| {
            format!(
                "Content-Type: text/plain; charset=utf-16\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
                {
                    let mut bytes = vec![0xff, 0xfe];
                    bytes.extend(w.encode_utf16().flat_map(u16::to_le_bytes));
                    base64(&bytes)
                }
            )
        }),
        of(|w| format!("\r\n> quoted {w}\r\n\r\nanswer")),
        of(|w| format!("\r\ntext\r\n-- \r\nsignature {w}")),
        of(|w| {
            format!(
                "Content-Type: text/plain; format=flowed; delsp=yes\r\n\r\n{} \r\n{}",
                &w[..5],
                &w[5..]
            )
        }),
        of(|w| format!("\r\nhttps://example.net/{w}/page")),
        of(|w| format!("\r\nwrite to {w}@example.net")),
        of(|w| format!("\r\n({w})")),
        of(|w| format!("\r\nwell-{w}-known")),
        // Pages.
        of(move |w| html(&format!("<p>a <b>{w}</b></p>"))),
        of(move |w| html(&format!("<p>{}<i>{}</i></p>", &w[..3], &w[3..]))),
        of(move |w| html(&format!("<table><tr><td>a</td><td>{w}</td></tr></table>"))),
        of(move |w| html(&format!("<p>&#113;{}</p>", &w[1..]))),
        of(move |w| {
            html(&format!(
                "<p>{}&#x{:x};{}</p>",
                &w[..2],
                u32::from(w.as_bytes()[2]),
                &w[3..]
            ))
        }),
        of(move |w| html(&format!("<img alt='{w}' src='x.png'><p>{w}"))),
        of(|w| {
            format!(
                "Content-Type: multipart/alternative; boundary=e\r\n\r\n--e\r\n\r\n{w}\r\n--e\r\nContent-Type: text/html\r\n\r\n<p>{w}\r\n--e--\r\n"
            )
        }),
        // Files.
        of(|w| file("application/pdf", &format!("{w}.pdf"), "x")),
        of(|w| file("image/png", &format!("scan {w} 2.png"), "x")),
        of(|w| {
            with(&format!(
                "Content-Type: application/zip\r\nContent-Disposition: attachment; filename*=utf-8''%C3%A4-{w}.zip\r\n\r\nx"
            ))
        }),
        of(|w| {
            with(&format!(
                "Content-Type: image/gif; name=\"=?utf-8?B?{}?=\"\r\n\r\nx",
                base64(format!("{w}.gif").as_bytes())
            ))
        }),
        of(|w| file("text/plain", "a.txt", &format!("in a text {w}"))),
        of(|w| file("text/csv", "a.csv", &format!("a;b\r\n1;{w}"))),
        of(|w| file("text/html", "a.html", &format!("<p>in a page {w}"))),
        of(|w| {
            file(
                "application/json",
                "a.json",
                &format!("{{\"key\": \"{w}\"}}"),
            )
        }),
        of(|w| file("application/octet-stream", "notes.md", &format!("# {w}"))),
        of(|w| {
            file(
                "text/calendar",
                "a.ics",
                &format!(
                    "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:{w}\r\nEND:VEVENT\r\nEND:VCALENDAR"
                ),
            )
        }),
        of(|w| {
            file(
                "text/vcard",
                "a.vcf",
                &format!("BEGIN:VCARD\r\nVERSION:4.0\r\nFN:{w}\r\nEND:VCARD"),
            )
        }),
        of(|w| file("text/x-diff", "a.patch", &format!("+++ b/{w}.rs\r\n+line"))),
        of(|w| {
            with(&format!(
                "Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ninside {w}"
            ))
        }),
        of(|w| {
            with(&format!(
                "Content-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\nSubject: inner {w}\r\n\r\nx"
            ))
        }),
        of(move |w| {
            encoded(
                docx,
                "a.docx",
                packed("word/document.xml", &format!("<w:p><w:t>{w}</w:t></w:p>")),
            )
        }),
        of(move |w| {
            encoded(
                "application/vnd.oasis.opendocument.text",
                "a.odt",
                packed("content.xml", &format!("<text:p>{w}</text:p>")),
            )
        }),
        of(move |w| encoded("text/plain; charset=utf-8", "b.txt", base64(w.as_bytes()))),
        of(|w| file("text/x-log", "a.log", &format!("2026 {w}=1"))),
    ]
}

fn raw(n: usize, rest: &str) -> Vec<u8> {
    format!("From: Nr{n}. <somebody@example.net>\r\nMessage-ID: <nr{n}@x>\r\n{rest}\r\n")
        .into_bytes()
}

/// The numbers of the messages that a search lists.
fn found(home: &Home, args: &[&str]) -> Vec<usize> {
    let answer = home.json(&[&["search"], args].concat());
    let messages = answer["messages"].as_array().unwrap();
    let number = |m: &serde_json::Value| {
        let from = m["from"].to_string();
        let (_, behind) = from.split_once("Nr").expect("a letter of this test");
        behind.split('.').next().unwrap().parse().unwrap()
    };
    messages.iter().map(number).collect()
}

#[test]
fn fifty_planted_words_are_all_found() {
    let demo = Demo::start(Options::default()).unwrap();
    let hand = demo.hand("ada").unwrap();
    let places = places();
    assert_eq!(places.len(), 50);
    for (n, place) in places.iter().enumerate() {
        hand.deliver("INBOX", &raw(n, &place(&word(n)))).unwrap();
    }
    let home = home_at(&demo, demo.accounts()[0].imap.port, "");
    home.sync();
    let missed: Vec<(usize, String)> = (0..places.len())
        .map(|n| (n, word(n)))
        .filter(|(n, word)| found(&home, &[word]) != [*n])
        .collect();
    assert_eq!(missed, []);
}

#[test]
fn what_is_not_here_is_found_by_the_server() {
    for gmail in [false, true] {
        let options = match gmail {
            true => Options {
                gmail: true,
                ..Options::default()
            },
            false => Options::default(),
        };
        let demo = Demo::start(options).unwrap();
        let hand = demo.hand("ada").unwrap();
        for (n, rest) in [
            "Subject: one\r\n\r\na planted word",
            "Subject: two\r\n\r\nsomething else",
            "Subject: three planted\r\n\r\nx",
            "Subject: four\r\n\r\n\u{fc}ber planted",
        ]
        .iter()
        .enumerate()
        {
            hand.deliver("INBOX", &raw(n, rest)).unwrap();
        }
        let home = home_at(&demo, demo.accounts()[0].imap.port, "bodies = \"none\"\n");
        home.sync();
        let is = |found: Vec<usize>, numbers: &[usize]| {
            assert_eq!(found, numbers, "gmail: {gmail}");
        };
        is(found(&home, &["planted"]), &[2]);
        is(found(&home, &["planted", "--server"]), &[2, 3, 0]);
        is(found(&home, &["planted", "subject:one", "--server"]), &[0]);
        is(found(&home, &["planted", "is:read", "--server"]), &[]);
        is(found(&home, &["\u{fc}ber", "--server"]), &[3]);
        is(found(&home, &["\"a\" NOOP\r\n\"", "--server"]), &[]);
    }
}
