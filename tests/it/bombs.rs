//! Messages that are small to send and large to read: what they cost is counted, what can be shown
//! of them is shown, and what was left out is said (S-40, S-41, S-49, S-50).

use crate::targets;
use postrider::mime::parse::digest;
use postrider::mime::render::{RenderOptions, Rendered, render};

/// What laying a message out may hold at once, beside what it may for each of its octets.
const HELD: u64 = 64 << 20;
/// Lines that are shown of a message, at most.
const LINES: usize = 400_000;

/// Lays it out and reads it for the search; neither may cost more than a few times its length.
#[track_caller]
fn laid_out(what: &str, raw: &str) -> Rendered {
    let mut shown = Rendered::default();
    let cost = allocation_counter::measure(|| {
        shown = render(raw.as_bytes(), &RenderOptions::default());
    });
    let most = HELD + 12 * raw.len() as u64;
    assert!(
        cost.bytes_max < most,
        "{what}: {} octets cost {cost:?}",
        raw.len()
    );
    let read = allocation_counter::measure(|| {
        std::hint::black_box(digest(raw.as_bytes()));
    });
    assert!(
        read.bytes_max < most,
        "{what}: {} octets cost {read:?}",
        raw.len()
    );
    assert!(
        shown.lines.len() < LINES,
        "{what}: {} lines",
        shown.lines.len()
    );
    targets::sound(&shown, 80, raw.len());
    shown
}

fn says(shown: &Rendered, words: &str) -> bool {
    let lines = shown.lines.iter().map(|l| l.text());
    let warning = shown.warning.iter().map(ToString::to_string);
    lines.chain(warning).any(|text| text.contains(words))
}

#[test]
fn s40_parts_without_number_and_bottom() {
    let head = "Subject: s\nContent-Type: multipart/mixed; boundary=b\n\n";
    let wide = format!("{head}{}", "--b\n\nx\n".repeat(1_000_000));
    let shown = laid_out("a million parts", &wide);
    assert!(says(&shown, "more parts") && says(&shown, "x"));
    let deep: String = (0..20_000)
        .map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n"))
        .collect();
    assert!(says(&laid_out("parts in parts", &deep), "more parts"));
    let inside = "Content-Type: message/rfc822\n\n".repeat(20_000);
    assert!(says(
        &laid_out("messages in messages", &inside),
        "too deeply"
    ));
}

#[test]
fn s40_headers_without_end() {
    let many = format!("Subject: s\n{}\nthe text\n", "X-A: b\n".repeat(1_000_000));
    assert!(says(&laid_out("a million fields", &many), "the text"));
    let long = format!("Subject: {}\n\nthe text\n", "word ".repeat(2_000_000));
    assert!(says(&laid_out("a field of 10 MB", &long), "the text"));
    let folded = format!("Subject: s{}\n\nthe text\n", "\n a".repeat(1_000_000));
    assert!(says(&laid_out("a million folds", &folded), "the text"));
    for (what, piece) in [
        ("addresses", "a@x.example, "),
        ("groups", "g:;, "),
        ("comments", "("),
        ("words", "=?utf-8?q?a?= "),
        ("no words", "=?"),
    ] {
        let to = format!("From: {0}\nTo: {0}\n\nthe text\n", piece.repeat(200_000));
        assert!(says(&laid_out(what, &to), "the text"), "{what}");
    }
    let pieces: String = (0..50_000).map(|n| format!(";\n name*{n}*=%41")).collect();
    let named = format!("Content-Type: text/plain{pieces}\n\nthe text\n");
    laid_out("pieces of a name", &named);
}

#[test]
fn s40_a_line_and_a_file_without_end() {
    let line = format!("Subject: s\n\n{}", "x".repeat(24 << 20));
    assert!(says(
        &laid_out("a line of 24 MB", &line),
        "too long to be shown"
    ));
    let base64 = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAx\n";
    let head = "Subject: s\nContent-Transfer-Encoding: base64\n\n";
    let text = format!("{head}{}", base64.repeat(200_000));
    assert!(says(
        &laid_out("15 MB of base64", &text),
        "too long to be shown"
    ));
    let quoted = format!("Subject: s\n\n{}\n", ">".repeat(1_000_000));
    laid_out("a million quotation marks", &quoted);
    let marks = format!("Subject: s\n\ne{}\n", "\u{301}".repeat(1_000_000));
    laid_out("a million accents", &marks);
}

#[test]
fn s41_the_same_link_again_and_again() {
    let links = "https://x.example/ ".repeat(20_000);
    let shown = laid_out("links in a line", &format!("Subject: s\n\n{links}\n"));
    assert_eq!(shown.links.len(), 1);
}

#[test]
fn s50_calendars_and_cards_without_end() {
    let head = "Subject: s\nContent-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\n";
    let event =
        "BEGIN:VEVENT\nSUMMARY:x\nRRULE:FREQ=SECONDLY\nDTSTART:20261102T100000Z\nEND:VEVENT\n";
    laid_out("events", &format!("{head}{}", event.repeat(50_000)));
    laid_out(
        "events in events",
        &format!("{head}{}", "BEGIN:VEVENT\n".repeat(200_000)),
    );
    let folded = format!(
        "{head}BEGIN:VEVENT\nSUMMARY:x{}\n",
        "\n x".repeat(1_000_000)
    );
    laid_out("a folded line", &folded);
    let card = "BEGIN:VCARD\nFN:x\nEMAIL:a@x.example\nEND:VCARD\n".repeat(50_000);
    laid_out(
        "cards",
        &format!("Subject: s\nContent-Type: text/vcard\n\n{card}"),
    );
}
