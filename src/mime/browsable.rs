//! A message as a page for a web browser that loads nothing, runs nothing and sends nothing: for
//! letters whose looks matter, and for paper.
//!
//! The page stands behind a policy (Content-Security-Policy, CSP3) that allows pictures which are in
//! it and its own styles, and nothing else. What a browser does for an element without asking that
//! policy (`meta` that goes elsewhere, `link` that asks name servers) is no such element any more.
//! Links still lead where they lead, when somebody clicks them.

use super::attachment;
use super::body::{Piece, Prefer, choose, page};
use super::field::{self, text_of};
use super::tree::{Part, Tree};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write as _;

/// Before everything that a sender wrote. The octet order mark settles the character set.
const HEAD: &str = "\u{feff}<!DOCTYPE html>\n<html>\n<head>\n\
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; \
style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'\">\n\
<meta http-equiv=\"x-dns-prefetch-control\" content=\"off\">\n\
<meta name=\"referrer\" content=\"no-referrer\">\n\
<meta name=\"viewport\" content=\"width=device-width\">\n";

/// Elements that a page of a message has no use for; they become elements that nobody knows.
const DISARMED: [&str; 13] = [
    "applet",
    "audio",
    "base",
    "embed",
    "frame",
    "frameset",
    "iframe",
    "link",
    "meta",
    "object",
    "portal",
    "fencedframe",
    "video",
];

/// Octets of pictures that a page holds, at most.
const PICTURES: usize = 32 << 20;

/// The page of a message: its HTML where it has any, else its text.
pub fn browsable(raw: &[u8]) -> String {
    let tree = Tree::read(raw);
    let mut out = HEAD.to_owned();
    let subject = text_of(&tree.fields, "Subject");
    // Writing to a string can't fail.
    let _ = writeln!(out, "<title>{}</title>\n</head>\n<body>", escaped(&subject));
    for piece in choose(&tree, Prefer::Html).pieces {
        match piece {
            Piece::Html(id) => {
                if let Some(part) = tree.part(id) {
                    out.push_str(&with_pictures(&disarmed(&page(part)), &tree));
                }
            }
            Piece::Plain(id) => {
                if let Some(part) = tree.part(id) {
                    let _ = writeln!(
                        out,
                        "<pre style=\"white-space: pre-wrap\">{}</pre>",
                        escaped(&part.text())
                    );
                }
            }
            _ => {}
        }
    }
    out
}

/// A name for the file that holds the page.
pub fn file_name(raw: &[u8]) -> String {
    let (fields, _) = field::split(raw);
    let subject = text_of(&fields, "Subject").replace(['/', '\\'], "-");
    let subject = match subject.trim_matches(['.', '-', ' ']) {
        "" => "message",
        subject => subject,
    };
    attachment::file_name(&format!("{subject}.html"), "text/html")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// The same without elements that could do something. An element begins with `<` and a letter, and
/// nothing else begins one (HTML, 13.2.5.6), so that no reading of the page is needed to find them.
fn disarmed(page: &str) -> String {
    let mut out = String::with_capacity(page.len() + 64);
    let mut pieces = page.split('<');
    out.push_str(pieces.next().unwrap_or(""));
    // What a script says (newsletters describe orders in it) is for no reader, and is no page.
    let mut in_script = false;
    for piece in pieces {
        let ends = piece.strip_prefix('/').is_some_and(begins_script);
        if in_script || ends {
            in_script &= !ends;
            // Something stays between what was before and what is behind: both together could be an element.
            if let Some((_, behind)) = piece.split_once('>').filter(|_| ends) {
                out.push_str("</x-script>");
                out.push_str(behind);
            }
            continue;
        }
        in_script = begins_script(piece);
        if in_script {
            continue;
        }
        let name = piece
            .find(|c: char| !c.is_ascii_alphanumeric())
            .map_or(piece, |end| piece.get(..end).unwrap_or(""));
        let bad = DISARMED.iter().any(|bad| bad.eq_ignore_ascii_case(name));
        out.push_str(if bad { "<x-" } else { "<" });
        out.push_str(piece);
    }
    out
}

fn begins_script(piece: &str) -> bool {
    let begun = piece.split_at_checked(6);
    begun.is_some_and(|(name, rest)| {
        name.eq_ignore_ascii_case("script")
            && !rest.starts_with(|c: char| c.is_ascii_alphanumeric())
    })
}

/// With the pictures of the message where the page names them (RFC 2392), as far as there is room.
fn with_pictures(page: &str, tree: &Tree<'_>) -> String {
    let mut page = page.to_owned();
    let mut room = PICTURES;
    // One name may begin another.
    let mut parts: Vec<_> = tree.parts.iter().filter(|part| is_picture(part)).collect();
    parts.sort_by_key(|part| std::cmp::Reverse(part.content_id.len()));
    for part in parts {
        let named = format!("cid:{}", part.content_id);
        let times = page.matches(&named).count();
        let costs = part.body.len().saturating_mul(times).saturating_mul(4) / 3;
        if times == 0 || costs > room {
            continue;
        }
        room -= costs;
        let data = STANDARD.encode(part.bytes());
        let data = format!("data:{};base64,{data}", part.media_type());
        page = page.replace(&named, &data);
    }
    page
}

/// Whether a part is a picture made of pixels, which the page can name.
fn is_picture(part: &Part<'_>) -> bool {
    let kinds = ["png", "jpeg", "jpg", "gif", "webp", "bmp"];
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '<' | '>' | '&');
    part.media.main == "image"
        && kinds.contains(&part.media.sub.as_str())
        && !part.content_id.is_empty()
        && part.content_id.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(page: &str) -> String {
        let raw = format!("Subject: a<b\nContent-Type: text/html; charset=utf-8\n\n{page}");
        browsable(raw.as_bytes())
    }

    #[test]
    fn nothing_of_a_page_acts_by_itself() {
        let out = html(
            "<html><head><META http-equiv=refresh content=\"0;url=https://x.example\">\
             <link rel=dns-prefetch href=//x.example><base href=https://x.example/></head>\
             <body onload=x()><scRipt>x()</script><iframe src=x></iframe><p>a < b</p>",
        );
        let (head, body) = out.split_once("<body>\n").unwrap();
        assert!(head.starts_with("\u{feff}<!DOCTYPE html>"), "{head}");
        assert!(head.contains("default-src 'none'"), "{head}");
        assert!(head.contains("<title>a&lt;b</title>"), "{head}");
        let lower = body.to_lowercase();
        for bad in DISARMED.into_iter().chain(["script"]) {
            assert!(!lower.contains(&format!("<{bad}")), "{bad}: {body}");
        }
        assert!(body.contains("<x-META http-equiv"), "{body}");
        assert!(body.contains("<p>a < b</p>"), "{body}");
        // Nor is what a script says shown, and nothing behind it is lost.
        assert!(
            body.contains("<body onload=x()></x-script><x-iframe"),
            "{body}"
        );
        let loops = "a<script>for(i=0;i<n;i++){'<!--'}</SCRIPT >b<scripted>";
        assert_eq!(disarmed(loops), "a</x-script>b<scripted>");
        for joined in [
            "<<script></script>meta http-equiv=refresh>",
            "<</script>link rel=dns-prefetch>",
            "<me<script></script>ta http-equiv=refresh>",
            "<me</script >ta http-equiv=refresh>",
        ] {
            let out = disarmed(joined);
            assert!(!out.contains("<meta") && !out.contains("<link"), "{out}");
        }
        // Names that only begin so are no such elements.
        assert_eq!(disarmed("<metadata><b><"), "<metadata><b><");
    }

    #[test]
    fn pictures_of_the_message_are_in_the_page_and_those_on_the_web_are_not_loaded() {
        let raw = b"Subject: x\nContent-Type: multipart/related; boundary=b\n\n--b\n\
            Content-Type: text/html\n\n<img src=\"cid:a@x\"><img src=\"cid:a@x2\"><img src=\"https://x.example/p.png\">\n--b\n\
            Content-Type: image/png\nContent-ID: <a@x>\nContent-Transfer-Encoding: base64\n\niVBORw0K\n--b\n\
            Content-Type: image/png\nContent-ID: <a@x2>\nContent-Transfer-Encoding: base64\n\nR0lGODlh\n--b\n\
            Content-Type: image/svg+xml\nContent-ID: <s@x>\n\n<svg/>\n--b--\n";
        let out = browsable(raw);
        assert!(
            out.contains("src=\"data:image/png;base64,iVBORw0K\""),
            "{out}"
        );
        assert!(
            out.contains("src=\"data:image/png;base64,R0lGODlh\""),
            "{out}"
        );
        assert!(out.contains("img-src data:;"), "{out}");
        assert!(!out.contains("<svg"), "{out}");
    }

    #[test]
    fn its_file_is_called_as_the_message_is() {
        assert_eq!(file_name(b"Subject: Re: a/b\n\n"), "Re_ a-b.html");
        assert_eq!(file_name(b"Subject: ../..\n\n"), "message.html");
        assert_eq!(file_name(b"X: y\n\n"), "message.html");
    }

    #[test]
    fn a_plain_text_is_a_page_too() {
        let out = browsable("Subject: x\n\n1 < 2 & <script>\nzweite Zeile\n".as_bytes());
        assert!(
            out.contains("1 &lt; 2 &amp; &lt;script&gt;\nzweite Zeile"),
            "{out}"
        );
    }
}
