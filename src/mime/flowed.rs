//! Plain text as paragraphs: `format=flowed` (RFC 3676) read and written, quotation marks
//! counted, the signature found.

use unicode_segmentation::UnicodeSegmentation as _;

/// A logical line of plain text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paragraph {
    /// How deep it is quoted.
    pub quote: usize,
    /// Its text without quotation marks, in one line.
    pub text: String,
    /// Whether it belongs to the sender's signature (after `-- `).
    pub signature: bool,
}

/// How deep a line may be quoted; more counts as so much.
const MAX_QUOTE: usize = 100;
/// Where written lines are broken, in columns.
const COLUMNS: usize = 72;

/// Reads plain text. `flowed` and `del_sp` are the media type's parameters (RFC 3676 §4).
pub fn read(text: &str, flowed: bool, del_sp: bool) -> Vec<Paragraph> {
    let mut out: Vec<Paragraph> = Vec::new();
    // The paragraph that the next line may continue.
    let mut open = false;
    let mut signature = false;
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        let line = line.trim_end_matches('\r');
        let (quote, content) = if flowed {
            let (quote, rest) = strict_quote(line);
            (quote, rest.strip_prefix(' ').unwrap_or(rest))
        } else {
            loose_quote(line)
        };
        let dashes = content == "-- " || (!flowed && content == "--");
        signature = quote == 0 && (signature || dashes);
        let soft = flowed && content.ends_with(' ') && content != "-- ";
        let piece = if soft && del_sp {
            content.strip_suffix(' ').unwrap_or(content)
        } else {
            content
        };
        match out.last_mut() {
            Some(last) if open && last.quote == quote && !dashes => last.text.push_str(piece),
            _ => out.push(Paragraph {
                quote,
                text: piece.to_owned(),
                signature,
            }),
        }
        open = soft;
    }
    out
}

/// RFC 3676 §4.5: marks stand one beside the other.
fn strict_quote(line: &str) -> (usize, &str) {
    let rest = line.trim_start_matches('>');
    ((line.len() - rest.len()).min(MAX_QUOTE), rest)
}

/// As people write: marks with a space between, too.
fn loose_quote(line: &str) -> (usize, &str) {
    let mut depth = 0;
    let mut rest = line;
    loop {
        let next = if depth > 0 {
            rest.strip_prefix(' ').unwrap_or(rest)
        } else {
            rest
        };
        match next.strip_prefix('>') {
            Some(after) => {
                depth += 1;
                rest = after;
            }
            None => break,
        }
    }
    let content = if depth > 0 {
        rest.strip_prefix(' ').unwrap_or(rest)
    } else {
        rest
    };
    (depth.min(MAX_QUOTE), content)
}

/// Writes text as `format=flowed` without DelSp: long lines get soft breaks after spaces, lines
/// that would be misread are stuffed (RFC 3676 §4.2, §4.4). Lines end with `\n`.
pub fn write(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 50);
    let body = text.strip_suffix('\n').unwrap_or(text);
    for line in body.split('\n') {
        let line = line.trim_end_matches('\r');
        if line == "-- " {
            out.push_str("-- \n");
            continue;
        }
        // Typed quotations may have spaces between their marks.
        let (quote, content) = if line.starts_with('>') {
            loose_quote(line)
        } else {
            (0, line)
        };
        let marks = ">".repeat(quote);
        let stuff =
            |piece: &str| quote > 0 || piece.starts_with([' ', '>']) || piece.starts_with("From ");
        for piece in soft_lines(
            content.trim_end_matches(' '),
            COLUMNS.saturating_sub(quote + 2).max(20),
        ) {
            out.push_str(&marks);
            if stuff(piece) && !(quote > 0 && piece.is_empty()) {
                out.push(' ');
            }
            out.push_str(piece);
            out.push('\n');
        }
    }
    out
}

/// Cuts a line into pieces that end with a space, all but the last; only spaces are places to cut.
fn soft_lines(line: &str, cols: usize) -> Vec<&str> {
    let mut out = Vec::new();
    let mut start = 0;
    let mut used = 0;
    // Where the piece could end: just after the last space, and the columns up to there.
    let mut place: Option<(usize, usize)> = None;
    for (at, symbol) in line.grapheme_indices(true) {
        let wide = crate::text::width::of_grapheme(symbol);
        if used + wide > cols
            && symbol != " "
            && let Some((end, columns)) = place.take()
        {
            out.push(line.get(start..end).unwrap_or_default());
            start = end;
            used -= columns;
        }
        used += wide;
        // A break that leaves `-- ` or `From ` at a line's edge would be misread.
        let end = at + symbol.len();
        let piece = line.get(start..end).unwrap_or_default();
        if symbol == " " && !piece.trim().is_empty() && piece != "-- " {
            place = Some((end, used));
        }
    }
    out.push(line.get(start..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(list: &[Paragraph]) -> Vec<(usize, &str)> {
        list.iter().map(|p| (p.quote, p.text.as_str())).collect()
    }

    #[test]
    fn soft_breaks_are_joined() {
        let read = read(
            "one \ntwo\n>quo \n>ted\n> > x\n stuffed\n-- \nme \nyou\n",
            true,
            false,
        );
        assert_eq!(
            texts(&read),
            [
                (0, "one two"),
                (1, "quo ted"),
                (1, "> x"),
                (0, "stuffed"),
                (0, "-- "),
                (0, "me you")
            ]
        );
        assert!(read[5].signature && !read[3].signature);
    }

    #[test]
    fn del_sp_takes_the_space() {
        assert_eq!(texts(&read("日本 \n語\n", true, true)), [(0, "日本語")]);
    }

    #[test]
    fn fixed_text_keeps_its_lines() {
        let read = read("a \nb\n> > q\n>>r\n", false, false);
        assert_eq!(texts(&read), [(0, "a "), (0, "b"), (2, "q"), (2, "r")]);
    }

    #[test]
    fn writing_stuffs_and_breaks() {
        assert_eq!(
            write("From me\n indented\n> q\n-- \nx  \n"),
            " From me\n  indented\n> q\n-- \nx\n"
        );
        let long = "word ".repeat(40);
        assert!(write(&long).lines().all(|l| l.len() <= COLUMNS));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_the_same(lines in prop::collection::vec("[a-z日>F. -]{0,120}", 1..6)) {
            let text = lines.join("\n");
            let back = read(&write(&text), true, false);
            let want = read(&text, false, false);
            let flat = |list: &[Paragraph]| -> Vec<(usize, String)> {
                list.iter().map(|p| (p.quote, p.text.trim_end().to_owned())).collect()
            };
            prop_assert_eq!(flat(&back), flat(&want));
        }

        #[test]
        fn nothing_panics(text in "(>| |\n|-- |x|\\PC){0,60}", flowed: bool, del_sp: bool) {
            read(&text, flowed, del_sp);
            write(&text);
        }
    }
}
