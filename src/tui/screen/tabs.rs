//! The tabs over the inbox, in one line: as many as fit, the shown one always among them.

use crate::store::Counted;
use crate::text::{Clean, width};
use crate::tui::screen::paint::begin;
use crate::tui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::ops::Range;

/// A name has no more columns.
const WIDEST: usize = 18;

/// One tab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tab {
    /// Its name.
    pub name: Clean,
    /// How much is unread in it, once that was counted.
    pub unread: Counted,
}

/// How a count is written: `12`, `999+`, or nothing.
pub fn number(counted: Counted) -> Option<Clean> {
    let sign = if counted.more { "+" } else { "" };
    (counted.count > 0 || counted.more).then(|| Clean::line(&format!("{}{sign}", counted.count)))
}

/// The tabs that stand in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strip {
    /// Of each that fits: its number, where it stands, and what is written there.
    placed: Vec<(usize, Range<usize>, Clean)>,
    shown: usize,
    left: bool,
    right: bool,
}

impl Strip {
    /// Places tabs in so many columns; `shown` is the one whose list stands below.
    pub fn new(tabs: &[Tab], shown: usize, cols: usize) -> Strip {
        let texts: Vec<Clean> = tabs
            .iter()
            .enumerate()
            .map(|(n, tab)| {
                let name = width::cut(
                    tab.name.as_str(),
                    WIDEST.min(cols.saturating_sub(10).max(3)),
                );
                let count = number(tab.unread);
                let count = count.map_or_else(String::new, |count| format!(" {count}"));
                // Without colours, too, one sees which is shown.
                let (open, close) = if n == shown { ("[", "]") } else { (" ", " ") };
                Clean::line(&format!("{open}{name}{count}{close}"))
            })
            .collect();
        let wide = |n: usize| texts.get(n).map_or(0, |text| width::width(text.as_str()));
        // One column on each side says that there are more.
        let room = cols.saturating_sub(2);
        let (mut first, mut end) = (shown, shown + 1);
        let mut used = wide(shown);
        while end < texts.len() && used + wide(end) <= room {
            used += wide(end);
            end += 1;
        }
        while first > 0 && used + wide(first - 1) <= room {
            first -= 1;
            used += wide(first);
        }
        let mut at = 1;
        let placed = texts
            .iter()
            .enumerate()
            .take(end)
            .skip(first)
            .map(|(n, text)| {
                let from = at;
                at += width::width(text.as_str());
                (n, from..at, text.clone())
            })
            .collect();
        Strip {
            placed,
            shown,
            left: first > 0,
            right: end < texts.len(),
        }
    }

    /// The tab at a column of the line.
    pub fn hit(&self, column: usize) -> Option<usize> {
        let mut all = self.placed.iter();
        all.find(|(_, place, _)| place.contains(&column))
            .map(|(n, _, _)| *n)
    }

    /// Draws the line.
    pub fn draw(&self, buf: &mut Buffer, area: Rect, theme: &Theme) {
        let base = theme.style("title");
        let Some(mut row) = begin(buf, area, 0, base) else {
            return;
        };
        row.lit(if self.left { "‹" } else { " " }, base);
        for (n, _, text) in &self.placed {
            let style = match *n == self.shown {
                true => base.patch(theme.style("title.focused")),
                false => base,
            };
            row.put(text, style);
        }
        if self.right {
            row.right(&Clean::lit("›"), base);
            row.lit("›", base);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tabs(names: &[&str]) -> Vec<Tab> {
        let tab = |(n, name): (u64, &&str)| Tab {
            name: Clean::line(name),
            unread: Counted {
                count: n,
                more: n > 3,
            },
        };
        (0..).zip(names).map(tab).collect()
    }

    #[test]
    fn the_shown_tab_is_marked_and_hit_where_it_stands() {
        let strip = Strip::new(&tabs(&["People", "Lists", "Other"]), 1, 40);
        let texts: Vec<&str> = strip.placed.iter().map(|(_, _, t)| t.as_str()).collect();
        assert_eq!(texts, [" People ", "[Lists 1]", " Other 2 "]);
        let hits: Vec<_> = [0, 1, 8, 9, 17, 18, 26, 27].map(|c| strip.hit(c)).to_vec();
        let expected = [
            None,
            Some(0),
            Some(0),
            Some(1),
            Some(1),
            Some(2),
            Some(2),
            None,
        ];
        assert_eq!(hits, expected);
    }

    proptest! {
        #[test]
        fn the_shown_tab_is_always_there(
            names in prop::collection::vec("[a-zä日]{1,30}", 1..12), at in 0usize..12, cols in 20usize..200,
        ) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let at = at.min(names.len() - 1);
            let strip = Strip::new(&tabs(&names), at, cols);
            prop_assert!(strip.placed.iter().any(|(n, _, _)| *n == at));
            prop_assert!(strip.placed.iter().all(|(_, place, _)| place.end < cols));
            prop_assert_eq!(strip.left, strip.placed[0].0 > 0);
        }
    }
}
