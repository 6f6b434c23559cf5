//! What is fuzzed: one function an entry point of the library that takes octets from outside.
//!
//! Each promises to return, whatever it is given, and asserts what must hold of what came out:
//! text that is shown holds nothing that a terminal could obey, rows fit their width, and there is
//! no more of it than its input can account for. cargo-fuzz runs them without an end
//! (`fuzz/fuzz_targets`), and `tests/it/fuzz.rs` for a fixed number of cases in every run of the
//! suite. They panic where a promise is broken: that is what a fuzzer looks for.

use postrider::mime::render::{Prefer, RenderOptions, Rendered, raw_source, render};
use postrider::mime::{answer, attachment, field, parse, quote, receipt, recipients, report};
use postrider::mime::{params, roster, vcard};
use postrider::model::{Deed, Query};
use postrider::net::imap::decode::decode;
use postrider::net::imap::wire::{Framer, Limits};
use postrider::net::smtp::reply;
use postrider::sieve::{Naming, Script, export, import};
use postrider::text::clean::is_forbidden;
use postrider::text::{Clean, width};

/// A target: its name, which is that of its folder of seeds too, and the function.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const ALL: [Target; 10] = [
    ("message", message),
    ("html", html),
    ("header", header),
    ("calendar", calendar),
    ("card", card),
    ("imap", imap),
    ("smtp", smtp),
    ("query", query),
    ("sieve", sieve),
    ("clean", clean),
];

/// The widths that messages are laid out for: as narrow as it gets, and a usual one.
const WIDTHS: [usize; 2] = [20, 80];

/// Whether text may be drawn.
fn is_clean(text: &str) -> bool {
    !text.chars().any(is_forbidden)
}

/// What must hold of everything that is shown of `given` octets.
///
/// # Panics
/// Where it does not.
pub fn sound(shown: &Rendered, cols: usize, given: usize) {
    let pairs = shown.headers.iter().chain(&shown.all_headers);
    let heads = pairs.flat_map(|(name, value)| [name, value]);
    let spans = shown
        .lines
        .iter()
        .flat_map(|l| l.spans.iter().map(|s| &s.text));
    let links = shown.links.iter().flat_map(|l| [&l.text, &l.target]);
    for text in heads.chain(spans).chain(links).chain(&shown.warning) {
        assert!(is_clean(text.as_str()), "not clean: {text:?}");
    }
    for line in &shown.lines {
        let wide = width::width(&line.text());
        assert!(wide <= cols, "{wide} columns of {cols}: {:?}", line.text());
    }
    for link in &shown.links {
        let plain = link.url.bytes().all(|b| (0x21..0x7f).contains(&b));
        assert!(plain, "an address that can't be handed on: {:?}", link.url);
    }
    // A letter costs at most a row with what stands before it.
    let most = 10_000 + 20 * given;
    assert!(shown.lines.len() <= most, "{} lines", shown.lines.len());
}

/// A whole message: read, laid out in every way, indexed, answered, its attachments taken out.
pub fn message(raw: &[u8]) {
    for cols in WIDTHS {
        for prefer in [Prefer::Best, Prefer::Plain, Prefer::Html, Prefer::Reader] {
            let options = RenderOptions {
                width: cols,
                prefer,
            };
            sound(&render(raw, &options), cols, raw.len());
        }
    }
    for line in raw_source(raw) {
        assert!(is_clean(line.as_str()), "not clean: {line:?}");
    }
    let digest = parse::digest(raw);
    assert!(digest.text.len() <= 300 << 10, "{}", digest.text.len());
    assert!(digest.snippet.len() <= 4_000, "{}", digest.snippet.len());
    for row in digest.attachments.iter().take(20) {
        if let Some(taken) = attachment::extract(raw, row.part) {
            a_name(&taken.name);
            // No encoding that is read makes a file longer.
            assert!(taken.bytes.len() <= raw.len(), "{}", taken.bytes.len());
        }
        assert!(row.size <= raw.len() as u64, "{}", row.size);
        a_name(&row.name);
    }
    for pages in [quote::Pages::LaidOut, quote::Pages::Bare] {
        let _ = quote::quotation(raw, &digest.envelope, pages);
    }
    let _ = answer::Hints::read(raw);
    let _ = (report::read(raw), receipt::asked(raw));
}

/// A file name of somebody's, made into one that can be written to: no path, nothing hidden, no
/// option, no control character, no name of a device.
///
/// # Panics
/// Where it is one.
pub fn a_name(name: &str) {
    let safe = attachment::safe_name(name);
    let bad = |c: char| c == '/' || c == '\\' || is_forbidden(c);
    assert!(!safe.contains(bad), "{name:?} became {safe:?}");
    assert!(
        !safe.is_empty() && safe.len() <= 200,
        "{name:?} became {safe:?}"
    );
    assert!(
        !safe.starts_with(['.', '-', ' ']),
        "{name:?} became {safe:?}"
    );
}

/// A page, as the only part of a message.
pub fn html(page: &[u8]) {
    part("text/html; charset=utf-8", page);
}

/// An invitation or another calendar.
pub fn calendar(text: &[u8]) {
    part("text/calendar; charset=utf-8; method=REQUEST", text);
}

/// A contact's card: shown, and read for its addresses; a list of people printed by a program.
pub fn card(text: &[u8]) {
    part("text/vcard; charset=utf-8", text);
    let mut cards = vcard::Cards::default();
    cards.read(text);
    let (people, groups) = cards.finish();
    assert!(people.len() + groups.len() <= 4 * text.len() + 1);
    let _ = roster::people(&String::from_utf8_lossy(text));
}

fn part(media: &str, body: &[u8]) {
    let mut raw = format!("From: a@x.example\nContent-Type: {media}\n\n").into_bytes();
    raw.extend_from_slice(body);
    for cols in WIDTHS {
        let options = RenderOptions {
            width: cols,
            prefer: Prefer::Best,
        };
        sound(&render(&raw, &options), cols, raw.len());
    }
    let _ = parse::digest(&raw);
}

/// A header, and its octets as the value of each kind of field.
pub fn header(octets: &[u8]) {
    let (fields, at) = field::split(octets);
    assert!(at <= octets.len());
    let envelope = parse::of_fields(&fields);
    assert!(envelope.from.len() <= field::MAX_ADDRESSES);
    for address in envelope.from.iter().chain(&envelope.to) {
        let odd = |c: char| c.is_control();
        assert!(
            !address.addr.contains(odd),
            "an address that can't be shown: {address:?}"
        );
    }
    assert!(field::addresses(octets).len() <= field::MAX_ADDRESSES);
    assert!(field::message_ids(octets, 5).len() <= 5);
    let _ = (
        field::text(octets),
        field::unfolded(octets),
        field::date(octets),
    );
    if let Some(read) = params::Parameterised::read(octets) {
        a_name(read.param("name").unwrap_or_default());
    }
    let _ = recipients::parse_list(&String::from_utf8_lossy(octets));
}

/// What an IMAP server says, in pieces of the size that the first octet tells.
pub fn imap(stream: &[u8]) {
    let (size, stream) = stream
        .split_first()
        .map_or((1, stream), |(n, rest)| (usize::from(*n) + 1, rest));
    let mut framer = Framer::new();
    let limits = Limits::default();
    framer.limit(limits);
    let mut framed = 0;
    for piece in stream.chunks(size) {
        framer.push(piece);
        loop {
            match framer.next_response() {
                Ok(Some(response)) => {
                    framed += response.bytes.len();
                    for literal in response.literals {
                        assert!(literal.at + literal.kept <= response.bytes.len());
                    }
                    let _ = (decode(response, false), decode(response, true));
                }
                Ok(None) => break,
                Err(_) => return,
            }
        }
    }
    assert!(framed <= stream.len(), "more was read than came");
}

/// What a submission server says.
pub fn smtp(stream: &[u8]) {
    let mut gathering = reply::Gathering::default();
    for line in stream.split(|b| *b == b'\n') {
        match gathering.take(line.strip_suffix(b"\r").unwrap_or(line)) {
            Ok(Some(whole)) => {
                assert!((200..600).contains(&whole.code) && !whole.lines.is_empty());
                let _ = (whole.enhanced(), whole.refusal(), whole.error().to_string());
            }
            Ok(None) => {}
            Err(_) => gathering = reply::Gathering::default(),
        }
    }
}

/// A script for a server's filter: what is printed reads as the same, and rules that are made of it
/// print as queries that read the same.
///
/// # Panics
/// Where a promise is broken.
pub fn sieve(script: &[u8]) {
    let text = String::from_utf8_lossy(script);
    if let Ok(read) = Script::parse(&text) {
        let printed = read.to_string();
        let again = Script::parse(&printed).map(|script| script.to_string());
        assert_eq!(again, Ok(printed), "{text:?}");
    }
    let Ok(imported) = import(&text) else { return };
    for rule in &imported.rules {
        let printed = rule.query.to_string();
        assert_eq!(
            Query::parse(&printed).as_ref(),
            Ok(&rule.query),
            "{printed}"
        );
        for deed in &rule.deeds {
            assert_eq!(Deed::parse(&deed.to_string()).as_ref(), Ok(deed));
        }
    }
    let naming = Naming {
        account: "work",
        mailbox: &|name| name.to_owned(),
    };
    let _ = export(&imported.rules, &naming, 0).script.to_string();
}

/// What is typed to search for, and what is printed of it. What SQLite makes of it is tested beside the store.
pub fn query(typed: &[u8]) {
    let text = String::from_utf8_lossy(typed);
    match Query::parse(&text) {
        Ok(query) => {
            let printed = query.to_string();
            assert_eq!(Query::parse(&printed), Ok(query), "{printed}");
        }
        Err(error) => assert!(error.at <= text.len()),
    }
}

/// The gate that everything passes on its way to the screen.
pub fn clean(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let (line, block) = (Clean::line(&text), Clean::block(&text));
    assert!(is_clean(line.as_str()), "{line:?}");
    assert!(is_clean(&block.as_str().replace('\n', "")), "{block:?}");
    // A tab is at most eight columns.
    assert!(block.as_str().len() <= 8 * text.len());
    assert_eq!(
        Clean::line(line.as_str()),
        line,
        "what is clean stays as it is"
    );
}
