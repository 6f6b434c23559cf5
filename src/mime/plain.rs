//! Plain text for the reader: paragraphs wrapped, quotations behind bars, the signature set
//! apart, links numbered.

use super::fence;
use super::flowed::{self, Paragraph};
use super::link::Links;
use super::reflow;
use super::styled::{Line, Mark, Run, lay_out};
use crate::text::Clean;
use linkify::{LinkFinder, LinkKind};

/// Lays out plain text. `flowed` and `del_sp` are the media type's parameters.
pub fn lines(text: &str, flowed: bool, del_sp: bool, width: usize, links: &mut Links) -> Vec<Line> {
    let mut out = Vec::new();
    let read = flowed::read(text, flowed, del_sp);
    let blocks = fence::blocks(&read);
    let read = match flowed {
        true => read,
        false => reflow::rejoin(read, width),
    };
    // Joining changes nothing of where blocks begin, and what is inside was taken before.
    let mut blocks = fence::placed(&read, blocks);
    for (n, p) in read.into_iter().enumerate() {
        let first = out.len();
        // Cleaned before it is measured and searched: what is counted is what is drawn.
        let clean = Clean::block(&p.text);
        for piece in clean.as_str().split('\n') {
            let runs = runs(piece, base(&p), links);
            out.extend(lay_out(runs, p.quote, width));
        }
        if let Some(line) = out.get_mut(first) {
            line.block = blocks.remove(&n);
        }
    }
    tidy(&mut out);
    out
}

fn base(p: &Paragraph) -> Mark {
    if p.signature {
        Mark::Signature
    } else {
        Mark::Plain
    }
}

/// Octets in which links are looked for at once: the finder's work grows with their square. No link
/// that may be opened is longer.
const WINDOW: usize = 2_100;

/// Cuts a paragraph at its links.
fn runs(text: &str, base: Mark, links: &mut Links) -> Vec<Run> {
    let mut out = Vec::new();
    // Finding is costly, and most lines have none.
    if !text.contains("://") && !text.contains("mailto:") {
        out.push(Run::new(text.trim_end(), base));
        return out;
    }
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url]);
    let mut at = 0;
    for (begin, window) in windows(text).into_iter().flat_map(apart) {
        for found in finder.links(window) {
            let shown = before_text(found.as_str());
            let Some(n) = links.number(shown) else {
                continue;
            };
            let real = links.shown(n, shown);
            let before = text.get(at..begin + found.start());
            out.push(Run::new(before.unwrap_or_default(), base));
            out.push(Run::new(format!("{shown}[{n}]"), Mark::Link(n)));
            if let Some(real) = real {
                out.push(Run::new(format!(" (leads to {real})"), Mark::Dim));
            }
            at = begin + found.start() + shown.len();
        }
    }
    out.push(Run::new(
        text.get(at..).unwrap_or_default().trim_end(),
        base,
    ));
    out
}

/// A text in pieces of whole words, with where they begin; a word that is longer than a piece is
/// in none.
fn windows(text: &str) -> Vec<(usize, &str)> {
    let mut out = Vec::new();
    let mut begin = 0;
    let mut end = 0;
    let words = text.split_inclusive(|c: char| c.is_whitespace() || ends_link(c));
    for word in words {
        let after = end + word.len();
        if after - begin > WINDOW {
            out.push((begin, text.get(begin..end).unwrap_or_default()));
            begin = if word.len() > WINDOW { after } else { end };
        }
        end = after;
    }
    out.push((begin, text.get(begin..end).unwrap_or_default()));
    out
}

/// Punctuation of scripts that put no blanks between words, and quotation marks: a link ends there.
fn ends_link(c: char) -> bool {
    matches!(u32::from(c),
        0x2018..=0x201f | 0x3000..=0x3003 | 0x3008..=0x3011 | 0x3014..=0x301f | 0xff01..=0xff0f
        | 0xff1a..=0xff20 | 0xff3b..=0xff40 | 0xff5b..=0xff64)
}

/// The pieces of a text in which a link may be all, with where they begin.
fn apart((begin, text): (usize, &str)) -> impl Iterator<Item = (usize, &str)> {
    let mut at = begin;
    text.split_inclusive(ends_link).map(move |piece| {
        let from = at;
        at += piece.len();
        (from, piece.trim_end_matches(ends_link))
    })
}

/// An address without the words that go on behind the name of its host: no name ends in letters of
/// two scripts (`https://x.exampleをご覧ください`).
fn before_text(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let rest = url.get(host..).unwrap_or_default();
    let end = rest.find(['/', '?', '#', ':']).unwrap_or(rest.len());
    let last = rest
        .get(..end)
        .and_then(|h| h.rfind('.'))
        .map_or(0, |n| n + 1);
    let label = rest.get(last..end).unwrap_or_default();
    let words = label.find(|c| u32::from(c) >= 0x2e80).filter(|_| host > 0);
    match words {
        Some(at) if label.starts_with(|c: char| c.is_ascii_alphanumeric()) => {
            url.get(..host + last + at).unwrap_or(url)
        }
        _ => url,
    }
}

/// No empty lines at either end, at most two in a row inside.
pub fn tidy(lines: &mut Vec<Line>) {
    let blank = |line: &Line| line.spans.iter().all(|s| s.text.as_str().trim().is_empty());
    let is_empty = |line: &Line| line.pictures.is_empty() && blank(line);
    let lead = lines.iter().take_while(|l| is_empty(l)).count();
    lines.drain(..lead);
    while lines.last().is_some_and(is_empty) {
        lines.pop();
    }
    let mut blank = 0;
    lines.retain(|line| {
        blank = if is_empty(line) { blank + 1 } else { 0 };
        blank <= 2
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotations_links_and_signature() {
        let mut links = Links::default();
        let text = "\nSee https://x.example/a, please.\n> > old\n-- \nAda\n\n";
        let lines = lines(text, false, false, 60, &mut links);
        let shown: Vec<_> = lines.iter().map(Line::text).collect();
        assert_eq!(
            shown,
            [
                "See https://x.example/a[1], please.",
                "│ │ old",
                "--",
                "Ada"
            ]
        );
        assert_eq!(lines[1].quote, 2);
        assert_eq!(lines[0].spans[1].style, Mark::Link(1));
        assert_eq!(lines[3].spans[0].style, Mark::Signature);
        assert_eq!(links.into_list()[0].url, "https://x.example/a");
    }

    #[test]
    fn a_link_ends_where_words_without_blanks_go_on() {
        let urls = |text: &str| {
            let mut links = Links::default();
            let shown = runs(text, Mark::Plain, &mut links);
            let whole: String = shown.iter().map(|r| r.text.as_str()).collect();
            let urls: Vec<_> = links.into_list().into_iter().map(|l| l.url).collect();
            (urls.join(" "), whole)
        };
        let a = "https://x.example/a";
        for (text, wanted) in [
            (
                "\u{8a73}\u{7d30}\u{306f}https://x.example/a\u{3002}\u{6b21}",
                a,
            ),
            ("\u{300c}https://x.example/a\u{300d}\u{3092}", a),
            ("\u{201c}https://x.example/a\u{201d}", a),
            (
                "https://x.example/a\u{3001}https://x.example/b\u{ff09}",
                "https://x.example/a https://x.example/b",
            ),
            ("https://x.example\u{3092}\u{3054}", "https://x.example"),
            (
                "https://x.example:80/\u{65e5}",
                "https://x.example:80/%E6%97%A5",
            ),
            ("https://\u{65e5}\u{672c}.jp/", "https://xn--wgv71a.jp/"),
            // No punctuation, but a sign that says a letter twice.
            (
                "https://x.example/\u{4f50}\u{3005}",
                "https://x.example/%E4%BD%90%E3%80%85",
            ),
        ] {
            assert_eq!(urls(text).0, wanted, "{text}");
        }
        assert_eq!(
            urls("\u{300c}https://x.example/a\u{300d}\u{3092}").1,
            "\u{300c}https://x.example/a[1]\u{300d}\u{3092}"
        );
        // However long a paragraph without blanks is.
        let long = format!(
            "{}https://x.example/a\u{3002}",
            "\u{6587}\u{3002}".repeat(2_000)
        );
        assert_eq!(urls(&long).0, a);
    }

    #[test]
    fn links_are_looked_for_in_small_pieces() {
        // So many schemes in one word are no link, and searching them all would take minutes.
        let bomb = "http://".repeat(150_000);
        let text = format!("https://x.example/a {bomb} https://x.example/b");
        assert!(windows(&text).iter().all(|(_, w)| w.len() <= WINDOW));
        let mut links = Links::default();
        let shown = lines(&text, false, false, 60, &mut links);
        let text: String = shown.iter().map(Line::text).collect();
        assert_eq!(text.matches("http").count(), 150_002);
        let urls: Vec<_> = links.into_list().into_iter().map(|l| l.url).collect();
        assert_eq!(urls, ["https://x.example/a", "https://x.example/b"]);
        let words = "some words and https://x.example/c ".repeat(500);
        let mut links = Links::default();
        let shown = runs(&words, Mark::Plain, &mut links);
        assert_eq!(
            shown.iter().filter(|r| r.mark == Mark::Link(1)).count(),
            500
        );
        let whole: String = shown.iter().map(|r| r.text.replace("[1]", "")).collect();
        assert_eq!(whole, words.trim_end());
    }
}
