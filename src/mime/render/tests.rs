//! Messages as lines: sound whatever comes in, and what stands where.

use super::*;
use crate::text::{clean, width};
use proptest::prelude::*;

fn sound(rendered: &Rendered, cols: usize) -> Result<(), TestCaseError> {
    let pairs = rendered.headers.iter().chain(&rendered.all_headers);
    let texts = pairs.flat_map(|(a, b)| [a, b]);
    let spans = rendered
        .lines
        .iter()
        .flat_map(|l| l.spans.iter().map(|s| &s.text));
    let links = rendered.links.iter().flat_map(|l| [&l.text, &l.target]);
    for text in texts.chain(spans).chain(links).chain(&rendered.warning) {
        prop_assert!(
            !text.as_str().chars().any(clean::is_forbidden),
            "{:?}",
            text
        );
    }
    for line in &rendered.lines {
        prop_assert!(
            width::width(&line.text()) <= cols,
            "{:?} in {}",
            line.text(),
            cols
        );
    }
    for link in &rendered.links {
        prop_assert!(link.url.is_ascii());
    }
    Ok(())
}

#[test]
fn a_message_inside_is_shown_when_alone() {
    let raw = b"Subject: fwd\nContent-Type: message/rfc822\n\nSubject: inner\nFrom: a@x.example\n\nthe text\n";
    let shown = render(raw, &RenderOptions::default());
    let text: Vec<_> = shown.lines.iter().map(Line::text).collect();
    assert_eq!(
        text,
        ["From: a@x.example", "Subject: inner", "", "the text"]
    );
    assert_eq!(shown.attachments.len(), 1);
}

#[test]
fn source_is_shown_line_by_line() {
    let lines = raw_source(b"A: b\r\n\r\n\x1b[2J\xff\n");
    let text: Vec<_> = lines.iter().map(Clean::as_str).collect();
    assert_eq!(text, ["A: b", "", "␛[2Jÿ"]);
}

#[test]
fn the_text_alone_has_no_numbers_pictures_or_footers() {
    let shown = |media: &str, body: &str| {
        let raw = format!("Subject: x\nContent-Type: {media}\n\n{body}");
        let prefer = Prefer::Reader;
        let options = RenderOptions {
            prefer,
            ..RenderOptions::default()
        };
        let lines = render(raw.as_bytes(), &options).lines;
        lines.iter().map(Line::text).collect::<Vec<_>>()
    };
    let page = "<img src=x alt='A rose'><p>See <a href='https://x.example/'>this</a>.</p><p>You are receiving this because. <a href='https://x.example/u'>Unsubscribe</a></p>";
    assert_eq!(shown("text/html", page), ["See this."]);
    assert_eq!(
        shown("text/plain", "See https://x.example/ now"),
        ["See https://x.example/ now"]
    );
}

#[test]
fn a_page_that_is_too_much_gives_way_to_the_plain_form() {
    let deep = "<blockquote>".repeat(300);
    let part = |media: &str, body: &str| format!("--b\nContent-Type: {media}\n\n{body}\n");
    let raw = format!(
        "Subject: x\nContent-Type: multipart/alternative; boundary=b\n\n{}{}--b--\n",
        part("text/plain", "the plain form"),
        part("text/html", &deep)
    );
    let prefer = Prefer::Html;
    let options = RenderOptions {
        prefer,
        ..RenderOptions::default()
    };
    let shown = render(raw.as_bytes(), &options);
    let text: Vec<_> = shown.lines.iter().map(Line::text).collect();
    assert_eq!(text, ["the plain form"]);
    assert!(
        shown
            .warning
            .is_some_and(|w| w.as_str().contains("plain form"))
    );
}

proptest! {
    #[test]
    fn any_octets_are_shown_clean(bytes in prop::collection::vec(any::<u8>(), 0..400), cols in 0usize..100) {
        sound(&render(&bytes, &RenderOptions { width: cols, prefer: Prefer::Best }), cols.max(MIN_WIDTH))?;
        raw_source(&bytes);
    }

    #[test]
    fn any_text_is_shown_clean(
        body in "(\\PC|[\u{0}-\u{1f}]|\n|> |https://x.example/|日本|\u{202e}|<b>|<a href='http://x.example'>|</a>|<blockquote>|<table><tr><td>|<li>|<pre>|<h1>|&#27;|word ){0,60}",
        html: bool,
        flowed: bool,
        cols in 20usize..100,
    ) {
        let media = if html { "text/html" } else if flowed { "text/plain; format=flowed" } else { "text/plain" };
        let raw = format!("From: {body}\nSubject: x\nContent-Type: {media}; charset=utf-8\n\n{body}");
        sound(&render(raw.as_bytes(), &RenderOptions { width: cols, prefer: Prefer::Best }), cols)?;
    }
}

#[test]
fn pictures_are_found_by_what_they_are_called() {
    let raw = b"Content-Type: multipart/related; boundary=r\n\n--r\nContent-Type: text/html\n\n\
        <p>a<img src='CID:rose%40x'><p>b<img src=cid:none><p>c<img src=https://x.example/c.png><p>d<img src=http://x.example/d.png><p>e<img src=data:image/png;base64,xx><p>f\n\
        --r\nContent-Type: image/png\nContent-ID: <rose@x>\n\nx\n--r--\n";
    let shown = render(raw, &RenderOptions::default());
    let web = Standing::Web("https://x.example/c.png".to_owned());
    assert_eq!(shown.pictures, [Standing::Part(2), Standing::Nowhere, web]);
    let named: Vec<u32> = shown
        .lines
        .iter()
        .flat_map(|l| l.pictures.clone())
        .collect();
    assert_eq!(named, [0, 1, 2]);
}

#[test]
fn pictures_between_texts_stand_between_them() {
    // As Apple Mail writes them.
    let picture = |name: &str, media: &str, more: &str| {
        format!(
            "--m\nContent-Type: {media}; name={name}\nContent-Disposition: inline; filename={name}\n{more}\nx\n"
        )
    };
    let text = |t: &str| format!("--m\nContent-Type: text/plain\n\n{t}\n");
    let mixed = |parts: &[String]| {
        format!(
            "Content-Type: multipart/mixed; boundary=m\n\n{}--m--\n",
            parts.concat()
        )
    };
    let shown = |raw: &str, prefer| {
        let options = RenderOptions {
            prefer,
            ..RenderOptions::default()
        };
        let shown = render(raw.as_bytes(), &options);
        let line = |l: &Line| (l.pictures.clone(), l.text());
        (
            shown.lines.iter().map(line).collect::<Vec<_>>(),
            shown.pictures,
        )
    };
    let at = |n: &[u32], text: &str| (n.to_vec(), text.to_owned());
    let raw = mixed(&[
        text("Look:"),
        picture("rose.jpg", "image/jpeg", ""),
        text("And this:"),
        picture("plan.svg", "image/svg+xml", ""),
        text("Bye"),
    ]);
    let want = [
        at(&[], "Look:"),
        at(&[], ""),
        at(&[0], "[rose.jpg]"),
        at(&[], ""),
        at(&[], "And this:"),
        at(&[], ""),
        at(&[1], "[plan.svg: picture (SVG), not shown]"),
        at(&[], ""),
        at(&[], "Bye"),
    ];
    let parts = vec![Standing::Part(2), Standing::Part(4)];
    assert_eq!(shown(&raw, Prefer::Best), (want.to_vec(), parts));
    let (reader, none) = shown(&raw, Prefer::Reader);
    assert!(none.is_empty() && reader.iter().all(|(_, t)| !t.contains('[')));
    // One that a page shows already comes once, one that is attached stands nowhere, and a message
    // that is a picture is that picture.
    let page = "--m\nContent-Type: text/html\n\n<p>Look: <img src=cid:r@x alt='A rose'></p>\n";
    let raw = mixed(&[
        page.to_owned(),
        picture("r.jpg", "image/jpeg", "Content-ID: <r@x>\n"),
    ]);
    assert_eq!(shown(&raw, Prefer::Best).1, [Standing::Part(2)]);
    let raw = mixed(&[
        text("x"),
        picture("r.jpg", "image/jpeg", "").replace("inline", "attachment"),
    ]);
    assert_eq!(shown(&raw, Prefer::Best), (vec![at(&[], "x")], vec![]));
    let raw = "Content-Type: image/png; name=p.png\n\nx\n";
    assert_eq!(
        shown(raw, Prefer::Best),
        (vec![at(&[0], "[p.png]")], vec![Standing::Part(0)])
    );
    // There may be thousands.
    let raw = mixed(&vec![picture("a.png", "image/png", ""); 3_000]);
    assert!(shown(&raw, Prefer::Best).0.len() < 500);
}

#[test]
fn drawings_are_named_and_not_shown() {
    let part = |page: &str| {
        format!(
            "Content-Type: multipart/related; boundary=r\n\n--r\nContent-Type: text/html\n\n{page}\n\
            --r\nContent-Type: image/svg+xml\nContent-ID: <plan@x>\n\n<svg/>\n--r--\n"
        )
    };
    let svg = "<svg width=90 height=90><title>The plan</title><text>no</text></svg>";
    for (page, want) in [
        (
            "<p>a <img src=cid:plan@x> b",
            &["a b", "[picture (SVG), not shown]"][..],
        ),
        (
            "<p>a <img src=cid:plan@x alt='The plan'> b",
            &["a [The plan] b", "[picture (SVG), not shown]"],
        ),
        (&format!("<p>a {svg} b"), &["a [The plan] b"]),
        (
            "<p>a <svg width=90 height=90><path d=x></svg> b",
            &["a [picture (SVG), not shown] b"],
        ),
        ("<p>a <svg width=16 height=16><path d=x></svg> b", &["a b"]),
        (
            "<p>a <img width=90 height=90 src='https://x.example/a.svg?b'> b",
            &["a [picture (SVG), not shown] b"],
        ),
        (
            "<p>a <img width=90 height=90 alt=Plan src='data:image/svg+xml,x'> b",
            &["a [Plan] b"],
        ),
    ] {
        let shown = render(part(page).as_bytes(), &RenderOptions::default());
        let text: Vec<String> = shown.lines.iter().map(Line::text).collect();
        assert_eq!(text, want, "{page}");
    }
}

#[test]
fn how_a_message_begins_is_cut_between_characters() {
    // Cut within a character in each of the encodings.
    for (encoding, body) in [
        ("8bit", "gr\u{fc}n ".repeat(100)),
        ("quoted-printable", "gr=C3=\n=BCn ".repeat(100)),
        ("base64", "Z3LDvG4g\n".repeat(100)),
    ] {
        let head = format!("Content-Type: text/plain\nContent-Transfer-Encoding: {encoding}\n\n");
        let raw = format!("{head}{body}");
        for cut in head.len() + 40..head.len() + 90 {
            let begun = begin(&raw.as_bytes()[..cut], &RenderOptions::default());
            let begun = begun.unwrap();
            let text: String = begun.lines.iter().map(Line::text).collect();
            assert!(
                begun.more && text.starts_with("gr\u{fc}n gr"),
                "{encoding} at {cut}: {text}"
            );
            assert!(
                !text.contains('\u{fffd}') && !text.contains('Ã'),
                "{encoding} at {cut}: {text}"
            );
        }
    }
}
