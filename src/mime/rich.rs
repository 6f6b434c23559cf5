//! Older kinds of formatted text: text/enriched (RFC 1896) as HTML, which is then read as any
//! HTML is, and text/rtf as the words in it.

/// Octets of a text that are looked at.
const MAX: usize = 2 << 20;
/// How often the end of a parameter is looked for in vain: each look goes far.
const MAX_LOOKS: usize = 100;
/// How deep groups of RTF are told apart.
const MAX_DEPTH: usize = 200;

/// text/enriched (or text/richtext, its predecessor) as HTML. What it has no word for is left
/// out, its text stays.
pub fn enriched(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    let mut rest = cut(text);
    // Inside `nofill` line ends are kept; inside `param` nothing is text.
    let mut kept = 0usize;
    // How often an end was looked for that never came.
    let mut looks = 0usize;
    while let Some(at) = rest.find(['<', '\n', '&', '>']) {
        let (plain, from) = rest.split_at(at);
        out.push_str(plain);
        if let Some(after) = from.strip_prefix("<<") {
            out.push_str("&lt;");
            rest = after;
        } else if let Some(after) = from.strip_prefix('&') {
            out.push_str("&amp;");
            rest = after;
        } else if let Some(after) = from.strip_prefix('>') {
            out.push_str("&gt;");
            rest = after;
        } else if from.starts_with('\n') {
            let after = from.trim_start_matches('\n');
            let count = from.len() - after.len();
            // One line end is a blank, n of them are n - 1 (RFC 1896 §3).
            match (kept > 0, count) {
                (true, n) => out.push_str(&"<br>".repeat(n.min(20))),
                (false, 1) => out.push(' '),
                (false, n) => out.push_str(&"<br>".repeat((n - 1).min(20))),
            }
            rest = after;
        } else {
            let Some((name, after)) = command(from) else {
                out.push_str("&lt;");
                rest = from.get(1..).unwrap_or_default();
                continue;
            };
            let (closing, name) = match name.strip_prefix('/') {
                Some(name) => (true, name.to_ascii_lowercase()),
                None => (false, name.to_ascii_lowercase()),
            };
            rest = after;
            let element = match name.as_str() {
                "bold" => "b",
                "italic" => "i",
                "underline" => "u",
                "fixed" => "tt",
                "excerpt" | "indent" => "blockquote",
                "paragraph" | "center" | "flushleft" | "flushright" | "flushboth" => "p",
                "lt" => {
                    out.push_str("&lt;");
                    continue;
                }
                "nl" | "np" => {
                    out.push_str("<br>");
                    continue;
                }
                "nofill" => {
                    kept = match closing {
                        true => kept.saturating_sub(1),
                        false => kept + 1,
                    };
                    continue;
                }
                "param" | "comment" if !closing && looks < MAX_LOOKS => {
                    let behind = skip(rest, &format!("</{name}>"));
                    looks += usize::from(behind.is_none());
                    rest = behind.unwrap_or(rest);
                    continue;
                }
                _ => continue,
            };
            let slash = if closing { "/" } else { "" };
            out.push_str(&format!("<{slash}{element}>"));
        }
    }
    out.push_str(rest);
    out
}

/// The name of the command that `text` begins with (RFC 1896 §2: at most 60 letters, digits and
/// hyphens), and what follows it.
fn command(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('<')?;
    let (name, after) = inner.split_at_checked(inner.bytes().take(62).position(|b| b == b'>')?)?;
    let is_name = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    let bare = name.strip_prefix('/').unwrap_or(name);
    (!bare.is_empty() && bare.bytes().all(is_name)).then_some((name, after.get(1..)?))
}

/// What follows the end of a thing that is no text; `None` if it never ends.
fn skip<'a>(text: &'a str, end: &str) -> Option<&'a str> {
    let near = text.bytes().take(5_000);
    let mut places = near.enumerate().filter(|(_, b)| *b == b'<').map(|(n, _)| n);
    let found = places.find(|at| {
        let here = text.get(*at..at + end.len());
        here.is_some_and(|h| h.eq_ignore_ascii_case(end))
    });
    found.and_then(|at| text.get(at + end.len()..))
}

/// The words of a text in RTF; paragraphs become lines.
pub fn rtf(text: &str) -> String {
    let text = cut(text);
    if !text.trim_start().starts_with("{\\rtf") {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() / 2);
    // For each open group: whether it is shown, and how many letters stand in for a \u.
    let mut groups = vec![(true, 1usize)];
    let mut beyond = 0usize;
    // Octets of \'xx that wait to be read together, and the set that they are of.
    let mut bytes: Vec<u8> = Vec::new();
    let mut set = encoding_rs::WINDOWS_1252;
    // The first half of a letter that \u names in two (UTF-16).
    let mut half: Option<u16> = None;
    let mut pass = 0usize;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        let (shown, stand_in) = groups.last().copied().unwrap_or((true, 1));
        let is_octet = c == '\\' && after.starts_with('\'');
        if !is_octet && !bytes.is_empty() {
            out.push_str(&set.decode_without_bom_handling(&bytes).0);
            bytes.clear();
        }
        rest = after;
        match c {
            '{' if groups.len() >= MAX_DEPTH => beyond += 1,
            '{' => groups.push((shown && !is_hidden(after), stand_in)),
            '}' if beyond > 0 => beyond -= 1,
            '}' if groups.len() > 1 => {
                groups.pop();
            }
            '}' | '\r' | '\n' => {}
            '\\' => {
                let (word, number, after) = control(rest);
                rest = after;
                match (word, number) {
                    ("'", Some(octet)) if shown => match pass {
                        0 => bytes.extend(u8::try_from(octet).ok()),
                        _ => pass -= 1,
                    },
                    ("par" | "line" | "sect" | "page" | "row", _) if shown => out.push('\n'),
                    ("tab" | "cell", _) if shown => out.push('\t'),
                    ("~", _) if shown => out.push(' '),
                    ("\\" | "{" | "}", _) if shown => out.push_str(word),
                    ("emdash", _) if shown => out.push('—'),
                    ("endash", _) if shown => out.push('–'),
                    ("lquote", _) if shown => out.push('‘'),
                    ("rquote", _) if shown => out.push('’'),
                    ("ldblquote", _) if shown => out.push('“'),
                    ("rdblquote", _) if shown => out.push('”'),
                    ("bullet", _) if shown => out.push('•'),
                    ("uc", Some(n)) => {
                        if let Some(group) = groups.last_mut() {
                            group.1 = usize::try_from(n).unwrap_or(1).min(10);
                        }
                    }
                    ("ansicpg", Some(n)) => set = page(n),
                    ("u", Some(n)) if shown => {
                        let unit = u16::try_from(if n < 0 { n + 65_536 } else { n });
                        let units = half.take().into_iter().chain(unit);
                        let read: Vec<_> = char::decode_utf16(units).collect();
                        out.extend(read.iter().flatten());
                        // One that stands alone may be the first of two.
                        let open = read.last().and_then(|last| last.as_ref().err());
                        half = open.map(|e| e.unpaired_surrogate());
                        pass = stand_in;
                    }
                    ("bin", Some(n)) => {
                        let at = usize::try_from(n).unwrap_or(0).min(rest.len());
                        rest = rest.get(at..).unwrap_or_default();
                    }
                    _ => {}
                }
            }
            _ if pass > 0 => pass -= 1,
            c if shown && beyond == 0 => out.push(c),
            _ => {}
        }
    }
    out.push_str(&set.decode_without_bom_handling(&bytes).0);
    out
}

/// The character set of a code page of Windows.
fn page(number: i32) -> &'static encoding_rs::Encoding {
    let label = match number {
        932 => "shift_jis".to_owned(),
        936 => "gbk".to_owned(),
        949 => "euc-kr".to_owned(),
        950 => "big5".to_owned(),
        65_001 => "utf-8".to_owned(),
        n => format!("windows-{n}"),
    };
    let known = encoding_rs::Encoding::for_label_no_replacement(label.as_bytes());
    known.unwrap_or(encoding_rs::WINDOWS_1252)
}

/// Whether the group that begins here holds no text of the document.
fn is_hidden(group: &str) -> bool {
    const HIDDEN: [&str; 10] = [
        "fonttbl",
        "colortbl",
        "stylesheet",
        "info",
        "pict",
        "object",
        "header",
        "footer",
        "themedata",
        "fldinst",
    ];
    let Some(word) = group.trim_start().strip_prefix('\\') else {
        return false;
    };
    word.starts_with('*') || HIDDEN.contains(&control(word).0)
}

/// The control word after a backslash, its number, and what follows.
fn control(text: &str) -> (&str, Option<i32>, &str) {
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    if letters == 0 {
        let first = text.chars().next().map_or(0, char::len_utf8);
        let (word, after) = text.split_at_checked(first).unwrap_or((text, ""));
        if word == "'" {
            let octet = after.get(..2).and_then(|h| i32::from_str_radix(h, 16).ok());
            return (word, octet, after.get(2..).unwrap_or_default());
        }
        return (word, None, after);
    }
    let (word, after) = text.split_at_checked(letters).unwrap_or((text, ""));
    let digits = after
        .bytes()
        .enumerate()
        .take_while(|(n, b)| b.is_ascii_digit() || (*n == 0 && *b == b'-'))
        .count();
    let (number, after) = after.split_at_checked(digits).unwrap_or(("", after));
    let after = after.strip_prefix(' ').unwrap_or(after);
    (word, number.parse().ok(), after)
}

fn cut(text: &str) -> &str {
    text.split_at(text.floor_char_boundary(MAX)).0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn enriched_text_becomes_html() {
        let text = "<bold>Now</bold> is\nthe <<time>> & <color><param>red</param>all</color>\n\nmen\n\n\n<excerpt>said</excerpt><nofill>a\nb</nofill><x 1";
        assert_eq!(
            enriched(text),
            "<b>Now</b> is the &lt;time&gt;&gt; &amp; all<br>men<br><br><blockquote>said</blockquote>a<br>b&lt;x 1"
        );
    }

    #[test]
    fn ends_that_never_come_are_not_looked_for_again_and_again() {
        let behind = |count: usize| {
            let many = "<param>".repeat(count) + &"z".repeat(6_000);
            enriched(&format!("{many}<param>a</param>b"))
        };
        assert!(behind(MAX_LOOKS - 1).ends_with("zb"));
        // Where nobody looks any more, what stands inside is text.
        assert!(behind(MAX_LOOKS).ends_with("zab"));
    }

    #[test]
    fn the_words_of_rtf_are_found() {
        let text = "{\\rtf1\\ansi{\\fonttbl{\\f0 Arial;}}{\\*\\generator X;}\\f0\\b Hello\\b0  w\\'f6rld\\par \\u8364? 5 \\{x\\}\\tab{\\i y}\\line{\\pict 00ff}z}";
        assert_eq!(rtf(text), "Hello wörld\n€ 5 {x}\ty\nz");
        assert_eq!(rtf("just text"), "just text");
        // Octets of its own code page, and a letter in two halves.
        let text = "{\\rtf1\\ansi\\ansicpg1251 \\'cf\\'f0\\'e8 \\u-10179?\\u-8704?.}";
        assert_eq!(rtf(text), "\u{41f}\u{440}\u{438} \u{1f600}.");
        let text = "{\\rtf1\\ansi\\ansicpg932 \\'93\\'fa\\'96\\'7b}";
        assert_eq!(rtf(text), "\u{65e5}\u{672c}");
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "(<bold>|</bold>|<param>|<<|<|>|\n|&|\\{|\\}|\\\\u-?[0-9]{1,6}|\\\\bin[0-9]{1,3}|\\\\'[0-9a-f]{2}|\\\\|\\\\\\*|é|x| ){0,60}") {
            enriched(&text);
            rtf(&format!("{{\\rtf1 {text}"));
        }

        #[test]
        fn enriched_makes_no_markup_of_its_text(text in "[a-z<>&\"'/ \n]{0,60}") {
            let html = enriched(&text);
            let known = ["<b>", "</b>", "<i>", "</i>", "<p>", "</p>", "<br>", "<u>", "</u>"];
            let bare = known.iter().fold(html, |h, k| h.replace(k, ""));
            prop_assert!(!bare.contains('<'), "{}", bare);
        }
    }
}
