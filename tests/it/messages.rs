//! Messages as files: each `tests/messages/x.eml` is shown as `x.txt` says, with LF and with CRLF
//! line ends alike. `UPDATE_GOLDEN=1` writes what is shown now; read the difference before it is
//! believed.

use postrider::mime::render::{Mark, Prefer, RenderOptions, Rendered, render};
use postrider::mime::{attachment, parse};
use postrider::text::clean::is_forbidden;
use postrider::text::width;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const COLUMNS: usize = 60;

fn messages() -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/messages");
    let files = std::fs::read_dir(dir).unwrap().map(|f| f.unwrap().path());
    let mut found: Vec<PathBuf> = files
        .filter(|p| p.extension().is_some_and(|e| e == "eml"))
        .collect();
    found.sort();
    assert!(found.len() >= 15, "the messages are missing");
    found
}

/// What the reader gets, as text: headers, warning, body with the less common meanings spelt out,
/// links, attachments, and the snippet of lists. The date is left out: it is in the reader's zone.
fn shown(raw: &[u8]) -> String {
    let options = RenderOptions {
        width: COLUMNS,
        prefer: Prefer::Best,
    };
    let r = render(raw, &options);
    let mut out = String::new();
    for (name, value) in r
        .headers
        .iter()
        .filter(|(n, v)| n.as_str() != "Date" || v.as_str().contains("not a"))
    {
        writeln!(out, "{name}: {value}").unwrap();
    }
    if let Some(line) = r.trust.line() {
        writeln!(out, "{line}").unwrap();
    }
    if let Some(warning) = &r.warning {
        writeln!(out, "! {warning}").unwrap();
    }
    writeln!(out, "----").unwrap();
    for line in &r.lines {
        let text: String = line
            .spans
            .iter()
            .map(|s| match s.style {
                Mark::Plain | Mark::Quote(_) | Mark::Link(_) => s.text.to_string(),
                other => format!("{{{other:?}:{}}}", s.text),
            })
            .collect();
        writeln!(out, "{}", text.trim_end()).unwrap();
    }
    writeln!(out, "----").unwrap();
    for (n, link) in r.links.iter().enumerate() {
        write!(out, "[{}] {} | {}", n + 1, link.text, link.url).unwrap();
        if link.target.as_str() != link.url {
            write!(out, " | {}", link.target).unwrap();
        }
        writeln!(out).unwrap();
    }
    for a in &r.attachments {
        let saved = attachment::extract(raw, a.part).unwrap();
        writeln!(
            out,
            "part {}: {} {} bytes, saved as {}",
            a.part,
            a.media_type,
            saved.bytes.len(),
            saved.name
        )
        .unwrap();
    }
    if r.alternatives {
        writeln!(out, "has another form").unwrap();
    }
    writeln!(
        out,
        "snippet: {}",
        parse::digest(raw).snippet.escape_debug()
    )
    .unwrap();
    sound(&r);
    out
}

fn sound(r: &Rendered) {
    let heads = r
        .headers
        .iter()
        .chain(&r.all_headers)
        .flat_map(|(a, b)| [a, b]);
    let spans = r.lines.iter().flat_map(|l| l.spans.iter().map(|s| &s.text));
    let links = r.links.iter().flat_map(|l| [&l.text, &l.target]);
    for text in heads.chain(spans).chain(links).chain(&r.warning) {
        assert!(!text.as_str().chars().any(is_forbidden), "{text:?}");
    }
    for line in &r.lines {
        assert!(width::width(&line.text()) <= COLUMNS, "{:?}", line.text());
    }
}

#[test]
fn every_message_is_shown_as_its_file_says() {
    let mut wrong = Vec::new();
    for file in messages() {
        let raw = std::fs::read(&file).unwrap();
        let text = shown(&raw);
        let golden = file.with_extension("txt");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&golden, &text).unwrap();
        }
        let want = std::fs::read_to_string(&golden).unwrap_or_default();
        if text != want {
            wrong.push(format!("{}:\n{text}", file.display()));
        }
    }
    assert!(
        wrong.is_empty(),
        "not as expected (UPDATE_GOLDEN=1 rewrites):\n{}",
        wrong.join("\n")
    );
}

#[test]
fn line_ends_make_no_difference() {
    for file in messages() {
        let raw = std::fs::read(&file).unwrap();
        let mut crlf = Vec::new();
        for b in &raw {
            if *b == b'\n' {
                crlf.push(b'\r');
            }
            crlf.push(*b);
        }
        // Sizes of parts that are not decoded differ; the text does not.
        let text = |raw: &[u8]| {
            shown(raw)
                .lines()
                .filter(|l| !l.starts_with("part "))
                .collect::<Vec<_>>()
                .join("\n")
        };
        assert_eq!(text(&raw), text(&crlf), "{}", file.display());
    }
}
