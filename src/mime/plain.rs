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
    for (begin, window) in windows(text) {
        for found in finder.links(window) {
            let Some(n) = links.number(found.as_str()) else {
                continue;
            };
            let real = links.shown(n, found.as_str());
            let before = text.get(at..begin + found.start());
            out.push(Run::new(before.unwrap_or_default(), base));
            out.push(Run::new(format!("{}[{n}]", found.as_str()), Mark::Link(n)));
            if let Some(real) = real {
                out.push(Run::new(format!(" (leads to {real})"), Mark::Dim));
            }
            at = begin + found.end();
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
    let words = text.split_inclusive(char::is_whitespace);
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
