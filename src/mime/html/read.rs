//! A page's tree, and what is done with a page that is too much: nothing, so that its bare text or
//! its plain form is shown instead.
//!
//! Nothing is ever fetched. Work is bounded before it is begun (size, depth, and what the parser
//! counts); what is laid out then takes time in proportion to its length.

use super::show::{Extras, show};
use super::{crude, guard, tree, walk};
use crate::mime::link::Links;
use crate::mime::plain;
use crate::mime::styled::Line;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The largest page that is laid out, in octets, without the pictures that it holds itself.
const MAX_PAGE: usize = 4 << 20;
/// The deepest nesting that is laid out: a parser's work grows with its square.
const MAX_DEPTH: usize = 250;
/// The most text that is shown of a page that is not laid out, in octets.
const MAX_CRUDE: usize = 1 << 20;

/// Lays out a page.
///
/// # Errors
/// Why it can't be, in words for the reader.
pub fn lay_out(
    page: &str,
    width: usize,
    extras: Extras,
    links: &mut Links,
) -> Result<Vec<Line>, &'static str> {
    let page = guard::tame(page);
    if page.len() > MAX_PAGE {
        return Err("This HTML is too large to be laid out.");
    }
    if guard::depth(&page) > MAX_DEPTH {
        return Err("This HTML is nested too deeply to be laid out.");
    }
    // A panic in a layout must cost the layout, not the program.
    let mut mine = links.clone();
    let laid = catch_unwind(AssertUnwindSafe(|| {
        let dom = tree::read(&page)?;
        let page = walk::read(&dom);
        drop(dom);
        let lines = show(page, width, extras, &mut mine);
        Some((lines, mine))
    }));
    match laid {
        Ok(Some((lines, mine))) => {
            *links = mine;
            Ok(lines)
        }
        _ => Err("This HTML could not be laid out."),
    }
}

/// Lays out a page, or shows its bare text; the note says why.
pub fn lines(
    page: &str,
    width: usize,
    extras: Extras,
    links: &mut Links,
) -> (Vec<Line>, Option<&'static str>) {
    match lay_out(page, width, extras, links) {
        Ok(lines) => (lines, None),
        Err(why) => (bare(page, width, links), Some(why)),
    }
}

/// The bare text of a page.
pub fn bare(page: &str, width: usize, links: &mut Links) -> Vec<Line> {
    let text = crude::strip(page, MAX_CRUDE);
    plain::lines(&text, false, false, width, links)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::styled::Mark;

    fn shown(page: &str, width: usize) -> (Vec<String>, Links) {
        let mut links = Links::default();
        let (lines, _) = lines(page, width, Extras::ALL, &mut links);
        (lines.iter().map(Line::text).collect(), links)
    }

    #[test]
    fn meanings_are_kept() {
        let page = "<h1>Title</h1><p>a <b>b</b> <i>c</i> <code>d</code> <s>e</s> <a href='https://x.example/'>link</a></p><blockquote>q<blockquote>r</blockquote></blockquote><ul><li>one<li>two</ul><img src=x alt='The rose'><img src=pixel>";
        let mut links = Links::default();
        let (lines, note) = lines(page, 60, Extras::ALL, &mut links);
        assert_eq!(note, None);
        let text: Vec<_> = lines.iter().map(Line::text).collect();
        assert_eq!(
            text,
            [
                "Title",
                "",
                "a b c d e link[1]",
                "",
                "│ q",
                "│ ",
                "│ │ r",
                "",
                "• one",
                "• two",
                "",
                "[The rose]"
            ]
        );
        assert_eq!(lines[0].spans[0].style, Mark::Heading);
        let styles: Vec<_> = lines[2].spans.iter().map(|s| s.style).collect();
        for want in [
            Mark::Strong,
            Mark::Emphasis,
            Mark::Code,
            Mark::Strike,
            Mark::Link(1),
        ] {
            assert!(styles.contains(&want), "{want:?} in {styles:?}");
        }
        assert_eq!(lines[6].quote, 2);
    }

    #[test]
    fn s36_hidden_text_and_bad_links() {
        let page = "<style>.x{display:none}</style><div class=x>pre</div><a href='javascript:alert(1)'>go</a> <a href='http://evil.test/'>http://good.test</a>";
        let (text, links) = shown(page, 80);
        assert_eq!(text, ["go http://good.test[1] (leads to evil.test)"]);
        assert!(links.deceit().is_some());
    }

    #[test]
    fn s41_bombs_end_in_bare_text() {
        for page in [
            "<div>".repeat(100_000),
            "<blockquote>".repeat(300) + "x",
            "x ".repeat(MAX_PAGE),
        ] {
            let mut links = Links::default();
            let (_, note) = lines(&page, 80, Extras::ALL, &mut links);
            assert!(note.is_some());
        }
        let (text, _) = shown(&("<blockquote>".repeat(200) + "deep"), 40);
        assert!(text.concat().contains("dee"), "{text:?}");
    }

    #[test]
    fn escapes_in_links_go_nowhere() {
        let (text, links) = shown(
            "<a href='http://x.example/\u{1b}]0;t\u{7}\u{202e}'>a\u{1b}[2Jb</a>",
            80,
        );
        assert_eq!(text, ["a␛[2Jb[1]"]);
        assert_eq!(links.into_list()[0].url, "http://x.example/]0;t%E2%80%AE");
    }

    #[test]
    fn small_pages_that_ask_for_much_get_little() {
        let bold: String = (0..200).map(|n| format!("<b a={n}>")).collect();
        let spans = "<tr><td rowspan=100000000 colspan=100000000>x</td><td>y</td></tr>";
        let bombs = [
            // Rows times columns: 30,000 by 30,000.
            format!(
                "<table><tr>{}{}",
                "<td>a".repeat(30_000),
                "<tr><td>b".repeat(30_000)
            ),
            // Every paragraph opens two hundred elements anew.
            format!("{bold}{}", "<p>x</p>".repeat(100_000)),
            format!("<table>{}", spans.repeat(8_000)),
            format!("<table>{}", "<p>x</p>".repeat(50_000)),
            "<html a=b>".repeat(100_000),
            format!("<pre>{}", "\n".repeat(500_000)),
            "<a href='https://x.example/'>x".repeat(30_000),
        ];
        for bomb in bombs {
            let mut links = Links::default();
            let (lines, _) = lines(&bomb, 80, Extras::ALL, &mut links);
            let start = bomb.get(..40).unwrap_or_default();
            assert!(lines.len() <= 250_000, "{start}: {} lines", lines.len());
        }
    }
}
