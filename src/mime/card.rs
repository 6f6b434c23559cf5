//! A visiting card (RFC 6350; 2.1 and 3.0 as they are met) in a few lines: who, of what, and how
//! to reach them, for showing. Pictures, keys and sounds are left in the file; the address book reads
//! cards with `vcard.rs`, which keeps other things.

use super::ical::{self, Component, Property};
use super::link::Links;
use super::styled::{Line, Mark, row, say};
use super::{charset, vcard};
use crate::lang::{tr, trc, trn};

/// Cards shown of one file.
const MAX_CARDS: usize = 20;
/// Values shown of one kind.
const MAX_OF_KIND: usize = 5;

/// Lays out the cards of a file.
pub fn lines(file: &Component, width: usize, links: &mut Links) -> Vec<Line> {
    let is_card = |c: &&Component| c.name == "VCARD";
    let all = file.inside.iter().filter(is_card).count();
    let mut out = Vec::new();
    for card in file.inside.iter().filter(is_card).take(MAX_CARDS) {
        out.extend(one(card, width, links));
    }
    if all > MAX_CARDS {
        let more = trn!(
            n = all - MAX_CARDS,
            "… and {n} more card; the file has all",
            "… and {n} more cards; the file has all"
        );
        out.extend(say(&more, Mark::Dim, width));
    }
    if all == 0 {
        out.extend(say(
            tr!("A card on which nothing can be read"),
            Mark::Dim,
            width,
        ));
    }
    out
}

fn one(card: &Component, width: usize, links: &mut Links) -> Vec<Line> {
    let first = |name: &str| card.get(name).map(value).unwrap_or_default();
    let parts = card.get("N").map(|p| vcard::name_of_parts(&plain(p)));
    let name = Some(first("FN")).filter(|name| !name.is_empty()).or(parts);
    let mut out = say(tr!("Card"), Mark::Heading, width);
    let company = card.get("ORG").map(list);
    out.extend(row(trc!("row", "Name"), &name.unwrap_or_default(), width));
    out.extend(row(
        trc!("row", "Company"),
        &company.unwrap_or_default(),
        width,
    ));
    out.extend(row(trc!("row", "Title"), &first("TITLE"), width));
    for (kind, label) in [
        ("EMAIL", trc!("row", "Mail")),
        ("TEL", trc!("row", "Phone")),
        ("ADR", trc!("row", "Address")),
    ] {
        for p in card.all(kind).take(MAX_OF_KIND) {
            let text = if kind == "ADR" { list(p) } else { value(p) };
            let text = text.strip_prefix("tel:").unwrap_or(&text);
            out.extend(row(label, &format!("{text}{}", place(p)), width));
        }
    }
    for p in card.all("URL").take(MAX_OF_KIND) {
        let text = value(p);
        let linked = links.row(trc!("row", "Page"), &text, width);
        out.extend(linked.unwrap_or_else(|| row(trc!("row", "Page"), &text, width)));
    }
    out.extend(row(trc!("row", "Birthday"), &first("BDAY"), width));
    out.extend(row(trc!("row", "Note"), &first("NOTE"), width));
    out.push(Line::default());
    out
}

/// A value as text, undone as its parameters say; what is escaped in it still is.
fn plain(p: &Property) -> String {
    match p.octets(p.value.as_bytes()) {
        Some(octets) => charset::decode(&octets, p.param("CHARSET")),
        None => p.value.clone(),
    }
}

/// A value in one line.
fn value(p: &Property) -> String {
    one_line(&ical::unescape(&plain(p)))
}

/// The parts of a structured value that are there, in one line.
fn list(p: &Property) -> String {
    let parts = ical::parts(&plain(p));
    let parts: Vec<String> = parts.iter().map(|p| one_line(p)).collect();
    let parts: Vec<&str> = parts
        .iter()
        .map(String::as_str)
        .filter(|p| !p.is_empty())
        .collect();
    parts.join(", ")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether it is for work or home, in brackets.
fn place(p: &Property) -> &'static str {
    let named = |word: &str| {
        let types = p.params.iter().filter(|(name, _)| name == "TYPE");
        let mut all = types.flat_map(|(_, v)| v.split(','));
        all.any(|v| v.eq_ignore_ascii_case(word))
    };
    match (named("work"), named("home"), named("cell"), named("fax")) {
        (_, _, _, true) => tr!(" (fax)"),
        (true, ..) => tr!(" (work)"),
        (_, true, ..) => tr!(" (home)"),
        (_, _, true, _) => tr!(" (mobile)"),
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::ical::tests::component;
    use crate::text::width;
    use proptest::prelude::*;

    fn shown(text: &str) -> Vec<String> {
        let laid = lines(&component(text), 60, &mut Links::default());
        laid.iter().map(Line::text).collect()
    }

    #[test]
    fn a_card_says_who_and_how_to_reach_them() {
        let card = "BEGIN:VCARD\nVERSION:3.0\nN:Winter;Ada;;;\nFN:Ada Winter\nORG:Tea\\; Cake Ltd;Kitchen\nitem1.EMAIL;TYPE=INTERNET,WORK:ada@x.example\nTEL;TYPE=cell:tel:+1-555\nADR;TYPE=home:;;1 Lane;Town;;123;Land\nURL:https://x.example/\nNOTE:a\\nb\nPHOTO;ENCODING=b:AAAA\nEND:VCARD\n";
        let want = [
            "Card",
            "Name      Ada Winter",
            "Company   Tea; Cake Ltd, Kitchen",
            "Mail      ada@x.example (work)",
            "Phone     +1-555 (mobile)",
            "Address   1 Lane, Town, 123, Land (home)",
            "Page      https://x.example/[1]",
            "Note      a b",
            "",
        ];
        assert_eq!(shown(card), want);
    }

    #[test]
    fn old_cards_are_read() {
        let card = "BEGIN:VCARD\nVERSION:2.1\nN;ENCODING=QUOTED-PRINTABLE;CHARSET=iso-8859-1:W=E4lt=\ner;Ida\nTEL;HOME:555\nEND:VCARD";
        assert_eq!(
            shown(card)[1..3],
            ["Name      Ida Wälter", "Phone     555 (home)"]
        );
    }

    proptest! {
        #[test]
        fn whatever_comes_fits(text in "(BEGIN:VCARD|END:VCARD|N|ORG|ADR|TEL|URL|EMAIL|;|:|=|QUOTED-PRINTABLE|\n|\\\\| |\\PC){0,60}") {
            for line in lines(&component(&text), 20, &mut Links::default()) {
                prop_assert!(width::width(&line.text()) <= 20);
            }
        }
    }
}
