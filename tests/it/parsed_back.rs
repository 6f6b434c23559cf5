//! Messages that we build, read by somebody who knows nothing of us: Python's email package.
//! What it finds must be what was typed.

use crate::dovecot::need;
use postrider::mime::build::{self, Attached};
use postrider::model::{Account, AccountName, Draft, SendOptions};
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::{Command, Stdio};

/// Tells as JSON what the parser finds. Text is unfolded as format=flowed has it (RFC 3676 §4.2).
const READER: &str = r#"
import sys, json, hashlib
from email import policy
from email.parser import BytesParser

def flowed(text):
    out, para = [], ""
    for line in text.replace("\r\n", "\n").rstrip("\n").split("\n"):
        line = line[1:] if line.startswith(" ") else line
        if line.endswith(" ") and line != "-- ":
            para += line
        else:
            out.append(para + line)
            para = ""
    return "\n".join(out + ([para] if para else []))

message = BytesParser(policy=policy.default).parsebytes(sys.stdin.buffer.read())
people = lambda name: [[a.display_name, a.addr_spec] for a in (message[name].addresses if message[name] else ())]
defects = [str(d) for part in message.walk() for d in part.defects]
defects += [str(d) for value in message.values() for d in value.defects]
text = message.get_body(("plain",))
html = message.get_body(("html",))
print(json.dumps({
    "from": people("From"), "to": people("To"), "cc": people("Cc"), "reply_to": people("Reply-To"),
    "subject": str(message["Subject"]), "bcc": message["Bcc"],
    "text": flowed(text.get_content()), "html": html is not None and "<strong>" in html.get_content(),
    "files": [[p.get_filename(), p.get_content_type(), hashlib.sha256(p.get_payload(decode=True)).hexdigest()]
              for p in message.iter_attachments()],
    "images": [[p["Content-ID"], p.get_content_disposition(), hashlib.sha256(p.get_payload(decode=True)).hexdigest()]
               for p in message.walk() if p.get_content_maintype() == "image"],
    "page": html.get_content() if html is not None else None,
    "kinds": [p.get_content_type() for p in message.walk()],
    "defects": defects,
}))
"#;

fn read_back(wire: &[u8]) -> Value {
    let mut python = Command::new("python3")
        .args(["-c", READER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    python.stdin.take().unwrap().write_all(wire).unwrap();
    let done = python.wait_with_output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(wire));
    serde_json::from_slice(&done.stdout).unwrap()
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    let sum = sha2::Sha256::digest(bytes);
    sum.iter().map(|b| format!("{b:02x}")).collect()
}

#[test]
fn s25_another_parser_finds_what_was_typed() {
    if need("python3").is_none() {
        return;
    }
    let account = account();
    let subjects = [
        "Tea",
        "Grüße aus Köln, und noch viel mehr, das in einer Zeile allein gar nicht stehen kann",
        "日本語の件名がここにあります、とても長い件名です、本当に長いのです、どうしましょうか",
        "=?utf-8?q?not_encoded?=",
        "emoji 👩‍👧 and \"quotes\", commas; colons:",
    ];
    let bodies = [
        "hi\n".to_owned(),
        format!(
            "{}\n\n> quoted\n>> deeper\n\nFrom here\n. dot\n-- \nAda\n",
            "many words ".repeat(40).trim()
        ),
        " leading space\n\ttab\n日本語日本語日本語\ntrailing \n".to_owned(),
        "x".repeat(3_000),
    ];
    let files = [
        Attached {
            inline: false,
            name: "plain.txt".to_owned(),
            media_type: "text/plain".to_owned(),
            bytes: (*b"one\ntwo\r\n\0").into(),
        },
        Attached {
            inline: false,
            name: "größe 日本.pdf".to_owned(),
            media_type: "application/pdf".to_owned(),
            bytes: (0..=255u8).collect::<Vec<_>>().into(),
        },
        Attached {
            inline: false,
            name: "a very long name,".repeat(8) + ".bin",
            media_type: "nonsense".to_owned(),
            bytes: [].into(),
        },
    ];
    for (n, subject) in subjects.iter().enumerate() {
        for (m, body) in bodies.iter().enumerate() {
            let with = &files[..(n + m) % (files.len() + 1)];
            let draft = Draft {
                to: "\"Müller, Jörg\" <joerg@x.example>, 山田 <yamada@y.example>, plain@z.example"
                    .to_owned(),
                cc: "\"A \\\"B\\\" C\" <abc@x.example>".to_owned(),
                bcc: "secret@x.example".to_owned(),
                reply_to: "else@x.example".to_owned(),
                subject: (*subject).to_owned(),
                body: body.clone(),
                options: SendOptions {
                    markdown: n == 0,
                    ..SendOptions::default()
                },
                ..Draft::new(AccountName("ada".to_owned()))
            };
            let id = build::new_message_id("ada@x.example");
            let out = build::outgoing(&draft, &account, with, id, 1_741_007_100).unwrap();
            let found = read_back(&out.wire);
            let expected: Vec<Value> = with
                .iter()
                .map(|f| {
                    let media = if f.media_type == "nonsense" {
                        "application/octet-stream"
                    } else {
                        &f.media_type
                    };
                    json!([f.name.trim(), media, sha256(&f.bytes)])
                })
                .collect();
            let what = format!(
                "{subject:?} {body:?}\n{}",
                String::from_utf8_lossy(&out.wire)
            );
            assert_eq!(found["defects"], json!([]), "{what}");
            assert_eq!(found["subject"], json!(subject), "{what}");
            assert_eq!(found["bcc"], Value::Null, "{what}");
            assert_eq!(
                found["from"],
                json!([["Ada Ü.", "ada@x.example"]]),
                "{what}"
            );
            assert_eq!(found["reply_to"], json!([["", "else@x.example"]]), "{what}");
            assert_eq!(
                found["to"],
                json!([
                    ["Müller, Jörg", "joerg@x.example"],
                    ["山田", "yamada@y.example"],
                    ["", "plain@z.example"]
                ]),
                "{what}"
            );
            assert_eq!(
                found["cc"],
                json!([["A \"B\" C", "abc@x.example"]]),
                "{what}"
            );
            // Spaces at a line's end can't be told from a soft break, and are left out.
            let typed: Vec<&str> = body
                .trim_end_matches('\n')
                .split('\n')
                .map(|l| if l == "-- " { l } else { l.trim_end() })
                .collect();
            assert_eq!(found["text"], json!(typed.join("\n")), "{what}");
            assert_eq!(found["files"], json!(expected), "{what}");
            if n == 0 && m == 0 {
                assert_eq!(found["html"], json!(false), "nothing bold was typed");
            }
        }
    }
}

#[test]
fn an_image_in_the_text_comes_with_the_page_that_shows_it() {
    if need("python3").is_none() {
        return;
    }
    let image = |name: &str, inline| Attached {
        name: name.to_owned(),
        media_type: "image/png".to_owned(),
        bytes: name.as_bytes().into(),
        inline,
    };
    let files = [
        image("one pic.png", true),
        image("plain.png", false),
        image("two.png", true),
        image("unseen.png", true),
    ];
    let draft = |markdown| {
        Draft {
        to: "b@x.example".to_owned(),
        body: "![One](cid:one%20pic.png) and ![*Two*](/somewhere/two.png), not ![this](plain.png)\n\n![Two again](two.png)"
            .to_owned(),
        options: SendOptions {
            markdown,
            ..SendOptions::default()
        },
        ..Draft::new(AccountName("ada".to_owned()))
    }
    };
    let sent = |markdown| {
        let id = build::new_message_id("ada@x.example");
        let out = build::outgoing(&draft(markdown), &account(), &files, id.clone(), 1).unwrap();
        (id, read_back(&out.wire))
    };
    let (id, found) = sent(true);
    assert_eq!(found["defects"], json!([]), "{found}");
    let name = |n: usize| format!("<{n}.{}>", id.as_str());
    let known =
        |n: usize, cid: Option<String>, kind: &str| json!([cid, kind, sha256(&files[n].bytes)]);
    assert_eq!(
        found["images"],
        json!([
            known(0, Some(name(0)), "inline"),
            known(2, Some(name(2)), "inline"),
            known(1, None, "attachment"),
            known(3, None, "inline"),
        ])
    );
    assert_eq!(
        found["kinds"],
        json!([
            "multipart/mixed",
            "multipart/alternative",
            "text/plain",
            "multipart/related",
            "text/html",
            "image/png",
            "image/png",
            "image/png",
            "image/png"
        ])
    );
    let page = found["page"].as_str().unwrap();
    let shows = |n: usize, alt: &str| {
        let image = format!("<img src=\"cid:{n}.{}\" alt=\"{alt}\"", id.as_str());
        assert!(page.contains(&image), "{image}: {page}");
    };
    shows(0, "One");
    shows(2, "Two");
    shows(2, "Two again");
    assert_eq!(page.matches("<img").count(), 3, "{page}");
    // Without Markdown there is no page: they are only marked.
    let (_, found) = sent(false);
    let kinds: Vec<Value> = (0..4)
        .map(|n| {
            known(
                n,
                None,
                if files[n].inline {
                    "inline"
                } else {
                    "attachment"
                },
            )
        })
        .collect();
    assert_eq!(found["images"], json!(kinds));
    assert!(found["text"].as_str().is_some_and(|t| t.contains("![One]")));
}

fn account() -> Account {
    Account {
        email: "ada@x.example".to_owned(),
        full_name: "Ada Ü.".to_owned(),
        ..crate::desk::account(9, "ada")
    }
}
