//! A page's tree, and what is done with a page that is too much: nothing, so that its bare text or
//! its plain form is shown instead.
//!
//! Nothing is ever fetched. Work is bounded before it is begun (size, depth, and what the parser
//! counts); what is laid out then takes time in proportion to its length.

use super::show::{Extras, show};
use super::{crude, guard, sink, walk};
use crate::lang::tr;
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

/// Lays out a page, as much of it as may be; also says whether that is all.
///
/// # Errors
/// Why it can't be, in words for the reader.
pub fn lay_out(
    page: &str,
    width: usize,
    extras: Extras,
    links: &mut Links,
) -> Result<(Vec<Line>, bool), &'static str> {
    let (page, depth) = guard::tame(page, MAX_PAGE);
    // A tag that is cut is nothing to the parser.
    let (page, rest) = page.split_at(page.floor_char_boundary(MAX_PAGE));
    if depth > MAX_DEPTH {
        return Err(tr!("This HTML is nested too deeply to be laid out."));
    }
    // A panic in a layout must cost the layout, not the program.
    let mut mine = links.clone();
    let laid = catch_unwind(AssertUnwindSafe(|| {
        let dom = sink::read(page)?;
        let page = walk::read(&dom);
        drop(dom);
        let lines = show(page, width, extras, &mut mine);
        Some((lines, mine))
    }));
    match laid {
        Ok(Some((lines, mine))) => {
            *links = mine;
            Ok((lines, rest.is_empty()))
        }
        _ => Err(tr!("This HTML could not be laid out.")),
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
        Ok((lines, true)) => (lines, None),
        Ok((lines, false)) => (lines, Some("This HTML is too large to be laid out whole.")),
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

    /// The text of each line with the pictures that stand above it.
    fn pictured(page: &str, extras: Extras) -> Vec<(Vec<u32>, String)> {
        let mut links = Links::default();
        let (lines, _) = lines(page, 40, extras, &mut links);
        let line = |l: &Line| (l.pictures.clone(), l.text());
        lines.iter().map(line).collect()
    }

    #[test]
    fn pictures_stand_where_they_stand_and_move_no_words() {
        let img = "<img src=https://x.example/a.png>";
        let at = |n: &[u32], text: &str| (n.to_vec(), text.to_owned());
        for (page, want) in [
            (format!("{img}<p>one</p>"), vec![at(&[0], "one")]),
            (
                format!("<p>one</p>{img}<p>two"),
                vec![at(&[], "one"), at(&[], ""), at(&[0], "two")],
            ),
            (
                format!("<div>one<br>{img}<br>two</div>"),
                vec![at(&[], "one"), at(&[0], ""), at(&[], "two")],
            ),
            (
                format!("<div>one{img}</div><p>two"),
                vec![at(&[], "one"), at(&[0], ""), at(&[], "two")],
            ),
            (
                format!("<p>one</p>{img}"),
                vec![at(&[], "one"), at(&[0], "")],
            ),
            (
                format!("<table><tr><td>{img}<td>one</table>{img}<hr><p>two"),
                vec![
                    at(&[0], "one"),
                    at(&[], ""),
                    at(&[], "────────────────────────────────────────"),
                    at(&[], ""),
                    at(&[1], "two"),
                ],
            ),
            (
                format!("<a href=https://x.example/>{img}</a>"),
                vec![at(&[0], "")],
            ),
        ] {
            assert_eq!(pictured(&page, Extras::ALL), want, "{page}");
            // Without them the words stand as they stood.
            let bare = page.replace(img, "");
            let words = |shown: Vec<(Vec<u32>, String)>| {
                let texts: Vec<String> = shown.into_iter().map(|l| l.1).collect();
                texts.join("\n").trim().to_owned()
            };
            assert_eq!(
                words(pictured(&page, Extras::ALL)),
                words(pictured(&bare, Extras::ALL)),
                "{page}"
            );
            let none = pictured(&page, Extras::NONE);
            assert!(none.iter().all(|l| l.0.is_empty()), "{page}: {none:?}");
        }
    }

    #[test]
    fn s36_hidden_text_and_bad_links() {
        let page = "<style>.x{display:none}</style><div class=x>pre</div><a href='javascript:alert(1)'>go</a> <a href='http://evil.test/'>http://good.test</a>";
        let (text, links) = shown(page, 80);
        assert_eq!(text, ["go http://good.test[1] (leads to evil.test)"]);
        assert!(links.deceit().is_some());
    }

    #[test]
    fn s36_nothing_behind_a_links_words_hides_where_it_leads() {
        let cell = |inside: &str| format!("<table><tr><th>a<th>b<tr><td>{inside}<td>c</table>");
        for inside in [
            "https://www.good.test/<hr>".to_owned(),
            "<p>https://www.good.test/</p><hr><hr>".to_owned(),
            "<pre>https://www.good.test/</pre>".to_owned(),
            "Click<br>https://www.good.test/".to_owned(),
            "https://www.good.test/<table><tr><td></table>".to_owned(),
            cell("https://www.good.test/"),
            "https:// www.good.test".to_owned(),
        ] {
            let page = format!("<a href='https://evil.test/'>{inside}</a><p>end");
            let (text, links) = shown(&page, 60);
            let text = text.join("\n");
            assert!(text.contains("(leads to evil.test)"), "{page}: {text}");
            assert!(links.deceit().is_some(), "{page}");
        }
    }

    #[test]
    fn an_offer_to_look_elsewhere_goes_only_where_there_is_enough_to_read() {
        let offer = "<p><a href='https://shop.example/i/7'>View online</a></p>";
        let says = |page: &str, extras: Extras| {
            let (lines, _) = lines(page, 60, extras, &mut Links::default());
            let text: Vec<String> = lines.iter().map(Line::text).collect();
            text.join("\n").contains("View online[1]")
        };
        let short = format!("<p>Your invoice is ready.</p>{offer}<p>Thank you");
        assert!(says(&short, Extras::USUAL));
        let long = format!("{offer}<p>{}</p>", "much to be read ".repeat(20));
        assert!(!says(&long, Extras::USUAL));
        assert!(says(&long, Extras::ALL));
        let other = "<p>Your ticket: <a href='https://shop.example/i/7'>View online</a></p>";
        let other = format!(
            "{offer}{other}{offer}<p>{}</p>",
            "much to be read ".repeat(20)
        );
        assert!(says(&other, Extras::USUAL));
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
