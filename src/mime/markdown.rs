//! Markdown as clean HTML for the second form of a message (CommonMark with tables, task lists and
//! strike-through). What looks like HTML in it stays text: nobody's mail is to hold markup that its
//! writer pasted without seeing it.

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};

/// The longest text that is made into HTML, in octets; a longer one goes as text alone.
const LONGEST: usize = 1_000_000;
/// Schemes that a link may have.
const SCHEMES: [&str; 4] = ["https:", "http:", "mailto:", "tel:"];
/// How the page looks where a reader's own style says nothing.
const STYLE: &str = "body{font-family:sans-serif;line-height:1.45;max-width:46em}\
    pre,code{font-family:monospace}pre{background:#f4f4f4;padding:.6em;overflow-x:auto}\
    blockquote{margin-left:0;padding-left:1em;border-left:3px solid #ccc;color:#555}\
    table{border-collapse:collapse}th,td{border:1px solid #ccc;padding:.2em .6em}";

/// The page for a text; `None` if it is too long for one. The signature, from a line `-- ` on,
/// keeps its lines as they are. `image` says under which Content-ID an image comes along, if it does.
pub fn page(text: &str, image: &mut dyn FnMut(&str) -> Option<String>) -> Option<String> {
    if text.len() > LONGEST {
        return None;
    }
    let (text, signature) = match signature_at(text) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let mut out = format!(
        "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><style>{STYLE}</style></head><body>\n"
    );
    html::push_html(&mut out, events(text, image));
    if !signature.is_empty() {
        out.push_str("<p>-- <br>\n");
        for line in signature.lines().skip(1) {
            escaped(&mut out, line);
            out.push_str("<br>\n");
        }
        out.push_str("</p>\n");
    }
    out.push_str("</body></html>\n");
    Some(out)
}

/// Where the signature begins.
fn signature_at(text: &str) -> Option<usize> {
    match text.strip_prefix("-- \n") {
        Some(_) => Some(0),
        None => text.rfind("\n-- \n").map(|at| at + 1),
    }
}

fn events<'a>(
    text: &'a str,
    image: &'a mut dyn FnMut(&str) -> Option<String>,
) -> impl Iterator<Item = Event<'a>> {
    // Of the images that are open, the innermost last: whether they come along.
    let mut open = Vec::new();
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS | Options::ENABLE_STRIKETHROUGH;
    Parser::new_ext(text, options).map(move |event| match event {
        Event::Html(raw) | Event::InlineHtml(raw) => Event::Text(raw),
        Event::Start(Tag::HtmlBlock) => Event::Start(Tag::Paragraph),
        Event::End(TagEnd::HtmlBlock) => Event::End(TagEnd::Paragraph),
        // In mail a line's end is meant.
        Event::SoftBreak => Event::HardBreak,
        Event::Start(Tag::Link {
            link_type,
            dest_url,
            title,
            id,
        }) => Event::Start(Tag::Link {
            link_type,
            dest_url: allowed(dest_url),
            title,
            id,
        }),
        // Nothing is fetched to show a message of ours: an image comes along, or is a link to it.
        Event::Start(Tag::Image {
            link_type,
            dest_url,
            title,
            id,
        }) => {
            let content = image(&dest_url);
            open.push(content.is_some());
            match content {
                Some(content) => Event::Start(Tag::Image {
                    link_type,
                    dest_url: format!("cid:{content}").into(),
                    title,
                    id,
                }),
                None => Event::Start(Tag::Link {
                    link_type,
                    dest_url: allowed(dest_url),
                    title,
                    id,
                }),
            }
        }
        Event::End(TagEnd::Image) => match open.pop() {
            Some(true) => Event::End(TagEnd::Image),
            _ => Event::End(TagEnd::Link),
        },
        other => other,
    })
}

fn allowed(url: CowStr<'_>) -> CowStr<'_> {
    let lower = url.trim().to_ascii_lowercase();
    match SCHEMES.iter().any(|s| lower.starts_with(s)) || url.contains('@') && !url.contains(':') {
        true => url,
        false => CowStr::Borrowed("#"),
    }
}

fn escaped(out: &mut String, line: &str) {
    for c in line.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn body(text: &str) -> String {
        let page = page(text, &mut |_| None).unwrap();
        let (_, body) = page.split_once("<body>\n").unwrap();
        body.trim_end_matches("</body></html>\n").to_owned()
    }

    #[test]
    fn what_is_written_looks_as_meant() {
        for (text, wanted) in [
            (
                "**b** and *i*",
                "<p><strong>b</strong> and <em>i</em></p>\n",
            ),
            ("one\ntwo", "<p>one<br />\ntwo</p>\n"),
            (
                "> said\n\nno",
                "<blockquote>\n<p>said</p>\n</blockquote>\n<p>no</p>\n",
            ),
            (
                "[x](https://x.example/)",
                "<p><a href=\"https://x.example/\">x</a></p>\n",
            ),
            (
                "Hi\n-- \nAda <a@x>\n",
                "<p>Hi</p>\n<p>-- <br>\nAda &lt;a@x&gt;<br>\n</p>\n",
            ),
        ] {
            assert_eq!(body(text), wanted, "{text}");
        }
        assert!(body("|a|b|\n|-|-|\n|1|2|").contains("<td>2</td>"));
    }

    #[test]
    fn nothing_in_it_is_markup_or_fetched() {
        for text in [
            "<script>alert(1)</script>",
            "a <img src=x onerror=y> b",
            "<div\nonclick='x'>\n",
            "![pixel](https://t.example/p.png)",
            "[x](javascript:alert(1))",
            "[x](data:text/html,hi)",
            "```html\n<iframe>\n```",
        ] {
            let html = body(text).to_lowercase();
            for bad in ["<script", "<img", "<div", "<iframe", "javascript:", "data:"] {
                assert!(!html.contains(bad), "{text}: {html}");
            }
        }
        assert_eq!(page(&"x".repeat(LONGEST + 1), &mut |_| None), None);
    }

    proptest! {
        #[test]
        fn anything_makes_a_page_without_markup_of_its_own(text in "(\\PC|<script>|<img |<!--|\n|> |\\[x\\]\\(javascript:y\\)|`){0,60}") {
            let html = body(&text).to_lowercase();
            prop_assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("<!--"), "{}", html);
            prop_assert!(!html.contains("href=\"javascript"), "{}", html);
        }
    }
}
