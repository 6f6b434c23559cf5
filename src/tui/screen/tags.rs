//! A message's tags where there is little room: whole names first, each with a `#` before it and in
//! its colour, then how many more there are. Nothing is told by a colour alone.

use crate::lang::tr;
use crate::model::{Flags, mark, tag};
use crate::text::{Clean, when, width};
use crate::tui::theme::Theme;
use crate::tui::widget::ink::Ink;
use ratatui::style::Style;

/// A name that is cut has at least so many columns, or the number of the others goes first.
const LEAST: usize = 8;

/// What is shown of one, with the id that its colour is found by; without one: what is no tag.
type Part = (Clean, Option<String>);

/// Tags as they are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tags {
    parts: Vec<Part>,
}

impl Tags {
    /// Those of a message, in at most so many columns, and before them when it comes back if at
    /// `now` it is put off still; `None` if there is nothing to show.
    pub fn of(flags: &Flags, cols: usize, now: Option<i64>) -> Option<Tags> {
        let until = mark::latest(mark::SNOOZED, flags);
        let back = until
            .zip(now)
            .filter(|(until, now)| until > now)
            .map(|(until, now)| tr!("until {time}", time = when::clock(until, now)));
        let tags = tag::of_all(&flags.keywords).into_iter();
        let tags = tags.map(|(id, name)| (format!("#{}", Clean::line(&name)), Some(id)));
        let all = back.map(|text| (text, None)).into_iter().chain(tags);
        let parts = fitting(all.collect(), cols);
        (!parts.is_empty()).then_some(Tags { parts })
    }

    /// Columns that they take.
    pub fn width(&self) -> usize {
        let wide = |(text, _): &Part| width::width(text.as_str()) + 1;
        self.parts.iter().map(wide).sum::<usize>().saturating_sub(1)
    }

    /// As they are said.
    pub fn text(&self) -> Clean {
        let words: Vec<&str> = self.parts.iter().map(|(text, _)| text.as_str()).collect();
        Clean::line(&words.join(" "))
    }

    /// Writes them over what has this style.
    pub fn draw(&self, row: &mut Ink, base: Style, theme: &Theme) {
        for (n, (text, id)) in self.parts.iter().enumerate() {
            let look = match id {
                Some(id) => theme.tag(id),
                None => theme.style("index.tag"),
            };
            row.skip(usize::from(n > 0)).put(text, base.patch(look));
        }
    }
}

/// As many as fit whole; the first is cut if it must be.
fn fitting(all: Vec<(String, Option<String>)>, cols: usize) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut left = cols;
    let many = all.len();
    for (n, (text, id)) in all.into_iter().enumerate() {
        let others = more(many - n - 1);
        let tail = others.as_ref().map_or(0, |o| width::width(o.as_str()) + 1);
        let wide = usize::from(n > 0) + width::width(&text);
        if wide + tail <= left {
            left -= wide;
            parts.push((Clean::line(&text), id));
            continue;
        }
        match n {
            0 => return cut((text, id), others, cols),
            // There is room for it: it was kept for what it tells of.
            _ => parts.extend(more(many - n).map(|others| (others, None))),
        }
        break;
    }
    parts
}

/// How many there are besides.
fn more(others: usize) -> Option<Clean> {
    (others > 0).then(|| Clean::line(&format!("+{others}")))
}

/// The first where it has no room: some of it, and how many others where that leaves enough.
fn cut((text, id): (String, Option<String>), others: Option<Clean>, cols: usize) -> Vec<Part> {
    let tail = others.as_ref().map_or(0, |o| width::width(o.as_str()) + 1);
    let least = LEAST.min(width::width(&text));
    let others = others.filter(|_| cols.saturating_sub(tail) >= least);
    let room = match &others {
        Some(_) => cols.saturating_sub(tail),
        None => cols,
    };
    let some = match room {
        0 => String::new(),
        // That there is one, if there is no room for a few letters of it.
        1..4 if id.is_some() => "#".to_owned(),
        room => width::cut(&text, room),
    };
    let some = (!some.is_empty()).then(|| (Clean::line(&some), id));
    let others = others.map(|others| (others, None));
    some.into_iter().chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;

    fn flags(keywords: &[&str]) -> Flags {
        let mut flags = Flags::default();
        keywords.iter().for_each(|k| flags.insert_wire(k));
        flags
    }

    fn said(keywords: &[&str], cols: usize) -> String {
        let tags = Tags::of(&flags(keywords), cols, None);
        tags.map_or_else(String::new, |t| t.text().to_string())
    }

    #[test]
    fn whole_names_first_and_then_how_many_more() {
        let all = ["$label1", "$Label4", "rust", "$Forwarded"];
        for (cols, shown) in [
            (80, "#Important #To Do #rust"),
            (23, "#Important #To Do #rust"),
            (22, "#Important #To Do +1"),
            (19, "#Important +2"),
            (12, "#Importa… +2"),
            (11, "#Import… +2"),
            (10, "#Important"),
            (8, "#Import…"),
            (4, "#Im…"),
            (3, "#"),
            (1, "#"),
            (0, ""),
        ] {
            assert_eq!(said(&all, cols), shown, "{cols}");
        }
        assert_eq!(said(&["$Junk", "NonJunk"], 80), "");
        assert_eq!(said(&["$label2", "work", "label:Work"], 80), "#Work");
    }

    #[test]
    fn each_has_its_colour() {
        let theme = Theme::load(
            Some("nord"),
            crate::tui::theme::Surroundings {
                colours: crate::tui::theme::Colours::All,
                light: false,
                linear: false,
                bars: true,
            },
        )
        .0;
        let area = Rect::new(0, 0, 40, 1);
        let mut buf = Buffer::empty(area);
        let tags = Tags::of(&flags(&["$label1", "$label4", "rust"]), 40, None).unwrap();
        let mut row = Ink::row(&mut buf, area, 0).unwrap();
        tags.draw(&mut row, Style::default(), &theme);
        let colour = |x: u16| buf.cell((x, 0)).unwrap().fg;
        for (x, style) in [
            (1, "index.tag.red"),
            (12, "index.tag.blue"),
            (19, "index.tag"),
        ] {
            let wanted = match style {
                "index.tag.red" => theme.tag("$label1"),
                "index.tag.blue" => theme.tag("$label4"),
                _ => theme.style("index.tag"),
            };
            assert_eq!(Some(colour(x)), wanted.fg, "{style}");
        }
        assert_ne!(colour(1), colour(12));
    }

    proptest! {
        #[test]
        fn never_wider_than_there_is_room(
            keywords in proptest::collection::btree_set("[a-z]{1,12}|\\$label[1-5]|label:[%A-Z0-9]{3,9}", 0..6),
            cols in 0usize..60,
        ) {
            let keywords: Vec<&str> = keywords.iter().map(String::as_str).collect();
            if let Some(tags) = Tags::of(&flags(&keywords), cols, None) {
                prop_assert!(tags.width() <= cols, "{:?}", tags.text());
                prop_assert_eq!(tags.width(), width::width(tags.text().as_str()));
            }
        }
    }
}
