//! Completing an address: what is typed of it, who it could be, and what is put in its place.

use crate::mime::recipients::format_list;
use crate::text::{Clean, width};
use crate::tui::offer::{Offered, Source};
use crate::tui::theme::Theme;
use crate::tui::widget::ink::{Ink, fill};
use crate::tui::widget::list::List;
use crate::tui::widget::popup;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// People listed at once.
const LISTED: u16 = 6;

/// Whether what is typed is an address already, which must not be replaced unasked.
fn is_whole(typed: &str) -> bool {
    let domain = typed.trim().trim_end_matches('>').rsplit_once('@');
    domain.is_some_and(|(_, d)| d.contains('.') && !d.ends_with('.'))
}

/// The list of who it could be.
#[derive(Clone, Debug)]
pub struct People {
    found: Vec<Offered>,
    list: List,
    /// Whether Enter takes the selected one.
    chosen: bool,
    /// Whether the selection was moved.
    moved: bool,
}

impl People {
    /// A list of these for what is typed; `None` if nobody fits.
    pub fn new(typed: &str, people: Vec<Offered>) -> Option<People> {
        let found: Vec<_> = people.into_iter().filter_map(Offered::fit).collect();
        (!found.is_empty()).then(|| People {
            list: List::new(found.len()),
            found,
            chosen: !is_whole(typed),
            moved: false,
        })
    }

    /// The list in place of one for the same: what the user selected there is selected here.
    #[must_use]
    pub fn after(mut self, before: Option<&People>) -> People {
        let selected = before
            .filter(|b| b.moved)
            .and_then(|b| b.found.get(b.list.cursor()));
        let same = |o: &Offered| {
            selected
                .is_some_and(|s| o.group == s.group && o.addresses.first() == s.addresses.first())
        };
        if let Some(at) = self.found.iter().position(same) {
            self.list.select(at);
            (self.chosen, self.moved) = (true, true);
        }
        self
    }

    /// Moves the selection.
    pub fn turn(&mut self, by: isize) {
        self.moved = true;
        if std::mem::replace(&mut self.chosen, true) {
            self.list.turn(by);
        } else if by < 0 {
            self.list.select(usize::MAX);
        }
    }

    /// The selected one as it is typed, if one is selected: of a group, all its members.
    pub fn taken(&self) -> Option<String> {
        let offered = self.found.get(self.list.cursor())?;
        self.chosen.then(|| format_list(&offered.addresses))
    }

    /// Draws the list below (else above) the field that begins at this cell.
    pub fn draw(&self, buf: &mut Buffer, screen: Rect, x: u16, y: u16, theme: &Theme) {
        let rows = u16::try_from(self.found.len())
            .unwrap_or(LISTED)
            .min(LISTED);
        let widest = self.found.iter().map(|offered| {
            let mark = offered.mark();
            let gap = if mark.is_empty() { 0 } else { 3 };
            width::width(&offered.label()) + 2 + width::width(&mark) + gap
        });
        let columns = u16::try_from(widest.max().unwrap_or(0)).unwrap_or(u16::MAX);
        let area = popup::beside(screen, x, y, columns.max(24), rows);
        let base = theme.style("popup.text");
        fill(buf, area, base);
        for (row, n) in self.list.seen(usize::from(area.height)).enumerate() {
            let (Some(offered), Some(mut ink)) = (self.found.get(n), Ink::row(buf, area, row))
            else {
                continue;
            };
            let mut look = base;
            if self.chosen && n == self.list.cursor() {
                look = base.patch(theme.style("popup.selected"));
                ink.tint(look);
            }
            let dim = look.patch(theme.style("compose.person.seen"));
            let mark = offered.mark();
            let name = if offered.source == Source::Seen {
                dim
            } else {
                look
            };
            // The mark is seen however long the name is.
            let room = usize::from(area.width).saturating_sub(2);
            let after = if mark.is_empty() {
                0
            } else {
                width::width(&mark) + 2
            };
            let who = Clean::line(&offered.label());
            ink.skip(1).column(&who, room.saturating_sub(after), name);
            if !mark.is_empty() {
                let look = if offered.bounced {
                    look.patch(theme.style("notice.error"))
                } else {
                    dim
                };
                ink.right(&Clean::line(&format!("{mark} ")), look);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Address;
    use crate::tui::widget::ink::tests::shown;

    fn person(name: &str, addr: &str, written_to: bool) -> Offered {
        Offered {
            addresses: vec![Address::new(name, addr)],
            group: None,
            source: if written_to {
                Source::Written
            } else {
                Source::Seen
            },
            bounced: false,
        }
    }

    #[test]
    fn a_whole_address_is_not_replaced_unasked() {
        let people = || vec![person("", "ada@example.org.uk", true)];
        let mut list = People::new("ada@example.org", people()).unwrap();
        assert_eq!(list.taken(), None);
        list.turn(1);
        assert_eq!(list.taken().as_deref(), Some("ada@example.org.uk"));
        let list = People::new("ada@exam", people()).unwrap();
        assert!(list.taken().is_some());
    }

    #[test]
    fn hostile_people_are_made_harmless_or_left_out() {
        let list = People::new(
            "x",
            vec![
                person(
                    "Evil\r\nBcc: y, <z@x.example>\u{202e}",
                    "ok@x.example",
                    false,
                ),
                person("", "a@x.example,b@x.example", true),
                person("", "a\u{200b}@x.example", true),
            ],
        )
        .unwrap();
        assert_eq!(list.found.len(), 1);
        assert_eq!(
            list.taken().as_deref(),
            Some("\"Evil Bcc: y, <z@x.example>\" <ok@x.example>")
        );
        assert!(People::new("x", vec![]).is_none());
    }

    #[test]
    fn those_only_seen_are_marked() {
        let people = vec![
            person("Ada", "ada@example.org", true),
            person("Eve", "eve@example.net", false),
        ];
        let list = People::new("e", people).unwrap();
        let drawn = shown(50, 6, |buf, area| {
            list.draw(buf, area, 6, 1, &Theme::default());
            None
        });
        assert_eq!(
            drawn,
            "\n\n       Ada <ada@example.org>\n       Eve <eve@example.net>   only seen\n\n\n"
        );
    }
}
