//! From the letters' light markup to the HTML and the plain text that a mailing programme would
//! send: headings, tables, lists, links, buttons.

use std::fmt::Write;

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// `[text](url)` in a line: what is before, text, url, what is after.
fn link(line: &str) -> Option<(&str, &str, &str, &str)> {
    let (before, rest) = line.split_once('[')?;
    let (text, rest) = rest.split_once("](")?;
    let (url, after) = rest.split_once(')')?;
    Some((before, text, url, after))
}

fn inline(line: &str, class: &str) -> String {
    match link(line) {
        Some((before, text, url, after)) => format!(
            "{}<a href=\"{}\"{class}>{}</a>{}",
            escape(before),
            escape(url),
            escape(text),
            inline(after, class)
        ),
        None => escape(line),
    }
}

/// The text as a plain part has it, as somebody would write it by hand: links spelt out, headings
/// underlined, columns aligned.
pub fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut table: Vec<Vec<String>> = Vec::new();
    for line in text.lines() {
        if line.starts_with('|') {
            let cells = line.trim_matches('|').split('|');
            table.push(cells.map(|cell| spelt(cell.trim())).collect());
            continue;
        }
        aligned(&std::mem::take(&mut table), &mut out);
        let _ = match (line.strip_prefix("# "), line.strip_prefix("! ")) {
            (Some(heading), _) => {
                let heading = spelt(heading);
                let rule = "-".repeat(heading.chars().count());
                let above = if out.is_empty() { "" } else { "\n" };
                writeln!(out, "{above}{heading}\n{rule}")
            }
            (_, Some(button)) => writeln!(out, "\n{}\n", spelt(button)),
            _ => writeln!(out, "{}", spelt(line)),
        };
    }
    aligned(&table, &mut out);
    out
}

/// A line whose links are spelt out.
fn spelt(line: &str) -> String {
    let mut line = line.to_owned();
    while let Some((before, text, url, after)) = link(&line) {
        let spelt = match text == url {
            true => text.to_owned(),
            false => format!("{text}: {url}"),
        };
        line = format!("{before}{spelt}{after}");
    }
    line
}

/// Columns that a line of a letter has at most.
const WIDEST: usize = 72;

/// The rows of a table, each cell as wide as the widest of its column; of one that is too wide, what
/// its first column says, and below that the rest with what stands above it.
fn aligned(table: &[Vec<String>], out: &mut String) {
    let cols = |cell: &String| cell.chars().count();
    let widest = |at: usize| {
        let cells = table.iter().filter_map(|row| row.get(at));
        cells.map(cols).max().unwrap_or(0)
    };
    let columns = table.iter().map(Vec::len).max().unwrap_or(0);
    if let Some((head, rows)) = table.split_first()
        && (0..columns).map(|at| widest(at) + 2).sum::<usize>() > WIDEST
    {
        for row in rows {
            let named = head.iter().zip(row).skip(1);
            let named: Vec<String> = named
                .map(|(name, cell)| format!("{name}: {cell}"))
                .collect();
            let first = row.first().map_or("", String::as_str);
            let _ = writeln!(out, "  {first}\n    {}", named.join(", "));
        }
        return;
    }
    for row in table {
        let cell = |(at, cell): (usize, &String)| format!("{cell:<width$}", width = widest(at));
        let cells: Vec<String> = row.iter().enumerate().map(cell).collect();
        let _ = writeln!(out, "  {}", cells.join("  ").trim_end());
    }
}

/// The text as a page: `# heading`, `* item`, `| cell | cell |`, `! [button](url)`, paragraphs.
pub fn html(title: &str, text: &str, accent: &str) -> String {
    let mut body = String::new();
    let mut open = "";
    for line in text.lines() {
        let kind = match line.as_bytes().first() {
            Some(b'|') => "table",
            Some(b'*') => "ul",
            _ => "",
        };
        if open != kind {
            if !open.is_empty() {
                let _ = writeln!(body, "</{open}>");
            }
            match kind {
                "table" => body.push_str(
                    "<table cellpadding=\"6\" cellspacing=\"0\" border=\"1\" width=\"100%\">\n",
                ),
                "ul" => body.push_str("<ul>\n"),
                _ => {}
            }
        }
        let first_row = kind == "table" && open != kind;
        open = kind;
        if kind == "table" {
            let cell = if first_row { "th" } else { "td" };
            let row: String = line
                .trim_matches('|')
                .split('|')
                .map(|c| format!("<{cell} align=\"left\">{}</{cell}>", inline(c.trim(), "")))
                .collect();
            let _ = writeln!(body, "<tr>{row}</tr>");
        } else if let Some(item) = line.strip_prefix("* ") {
            let _ = writeln!(body, "<li>{}</li>", inline(item, ""));
        } else if let Some(heading) = line.strip_prefix("# ") {
            let _ = writeln!(
                body,
                "<h2 style=\"color:{accent}\">{}</h2>",
                inline(heading, "")
            );
        } else if let Some(button) = line.strip_prefix("! ") {
            let style = format!(
                " style=\"background:{accent};color:#ffffff;padding:10px 18px;text-decoration:none\""
            );
            let _ = writeln!(body, "<p align=\"center\">{}</p>", inline(button, &style));
        } else if !line.is_empty() {
            let _ = writeln!(body, "<p>{}</p>", inline(line, ""));
        }
    }
    if !open.is_empty() {
        let _ = writeln!(body, "</{open}>");
    }
    let title = escape(title);
    format!(
        "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>{title}</title>\n\
         <style>body {{ font-family: sans-serif; background: #f4f4f4 }} .card {{ background: #fff }}</style></head>\n\
         <body><table width=\"600\" align=\"center\" class=\"card\"><tr><td>\n\
         <h1 style=\"color:{accent}\">{title}</h1>\n{body}</td></tr>\n\
         <tr><td><small>You get this because you asked for it.</small>\
         <img src=\"https://pixel.example.com/open.gif\" width=\"1\" height=\"1\" alt=\"\"></td></tr></table></body></html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_becomes_elements_that_are_closed() {
        let page = html(
            "T & t",
            "# Head\nsay <b>\n* one\n* two\n| a | b |\n| 1 | [x](https://a.example) |\n! [Go](https://b.example)\n",
            "#123456",
        );
        for part in [
            "T &amp; t",
            "<h2",
            "say &lt;b&gt;",
            "<ul>\n<li>one",
            "</ul>\n<table",
            "<th align",
            "</table>",
            "href=\"https://a.example\"",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert_eq!(plain("[a](b) [b](b)"), "a: b b\n");
    }

    #[test]
    fn the_plain_part_has_no_markup() {
        let text = "Hello\n# News\n* one\n| What | Price |\n| A lamp | 12 |\n! [Go](https://b.example)\nBye";
        assert_eq!(
            plain(text),
            "Hello\n\nNews\n----\n* one\n  What    Price\n  A lamp  12\n\nGo: https://b.example\n\nBye\n"
        );
        let url = format!("https://a.example/{}", "x".repeat(60));
        assert_eq!(
            plain(&format!(
                "| Link | By | Minutes |\n| [One]({url}) | Ada | 6 |"
            )),
            format!("  One: {url}\n    By: Ada, Minutes: 6\n")
        );
    }
}
