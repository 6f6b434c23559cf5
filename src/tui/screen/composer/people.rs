//! Completing an address: what is typed of it, who it could be, and what is put in its place.

use crate::model::Address;
use crate::model::view::Person;
use crate::text::{Clean, width};
use crate::tui::theme::Theme;
use crate::tui::widget::ink::{Ink, fill};
use crate::tui::widget::list::List;
use crate::tui::widget::popup;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// People listed at once.
const LISTED: u16 = 6;

/// Splits what stands before the cursor: the addresses that are finished (with what divides them),
/// and what is typed of the next.
pub fn split(before: &str) -> (&str, &str) {
    let mut quoted = false;
    let mut escaped = false;
    let mut from = 0;
    for (at, c) in before.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' | ';' if !quoted => from = at + 1,
            _ => {}
        }
    }
    let (done, typed) = before.split_at_checked(from).unwrap_or(("", before));
    (done, typed.trim_start())
}

/// Whether what is typed is an address already, which must not be replaced unasked.
fn is_whole(typed: &str) -> bool {
    let domain = typed.trim().trim_end_matches('>').rsplit_once('@');
    domain.is_some_and(|(_, d)| d.contains('.') && !d.ends_with('.'))
}

/// The list of who it could be.
#[derive(Clone, Debug)]
pub struct People {
    found: Vec<(Address, bool)>,
    list: List,
    /// Whether Enter takes the selected one.
    chosen: bool,
}

impl People {
    /// A list of these for what is typed; `None` if nobody fits.
    pub fn new(typed: &str, people: Vec<Person>) -> Option<People> {
        let found: Vec<_> = people.into_iter().filter_map(fit).collect();
        (!found.is_empty()).then(|| People {
            list: List::new(found.len()),
            found,
            chosen: !is_whole(typed),
        })
    }

    /// Moves the selection.
    pub fn turn(&mut self, by: isize) {
        if std::mem::replace(&mut self.chosen, true) {
            self.list.turn(by);
        } else if by < 0 {
            self.list.select(usize::MAX);
        }
    }

    /// The selected one as it is typed, if one is selected.
    pub fn taken(&self) -> Option<String> {
        let (address, _) = self.found.get(self.list.cursor())?;
        self.chosen.then(|| address.to_string())
    }

    /// Draws the list below (else above) the field that begins at this cell.
    pub fn draw(&self, buf: &mut Buffer, screen: Rect, x: u16, y: u16, theme: &Theme) {
        let rows = u16::try_from(self.found.len())
            .unwrap_or(LISTED)
            .min(LISTED);
        let widest = self.found.iter().map(|(a, seen)| {
            width::width(&a.to_string()) + 2 + if *seen { SEEN.len() + 2 } else { 0 }
        });
        let columns = u16::try_from(widest.max().unwrap_or(0)).unwrap_or(u16::MAX);
        let area = popup::beside(screen, x, y, columns.max(24), rows);
        let base = theme.style("popup.text");
        fill(buf, area, base);
        for (row, n) in self.list.seen(usize::from(area.height)).enumerate() {
            let (Some((address, seen)), Some(mut ink)) =
                (self.found.get(n), Ink::row(buf, area, row))
            else {
                continue;
            };
            let mut look = base;
            if self.chosen && n == self.list.cursor() {
                look = base.patch(theme.style("popup.selected"));
                ink.tint(look);
            }
            let dim = look.patch(theme.style("compose.person.seen"));
            let who = Clean::line(&address.to_string());
            ink.skip(1).put(&who, if *seen { dim } else { look });
            if *seen {
                ink.right(&Clean::lit(SEEN), dim);
            }
        }
    }
}

/// Beside those who were never written to: a name that somebody chose for themselves proves
/// nothing.
const SEEN: &str = "only seen ";

/// An address that may be put into the field: nothing in it may divide, hide or reorder.
fn fit(person: Person) -> Option<(Address, bool)> {
    let addr = person.address.addr.trim();
    let odd = |c: char| c.is_whitespace() || c.is_control() || ",;<>\"()".contains(c);
    if addr.is_empty() || addr.contains(odd) || Clean::line(addr).as_str() != addr {
        return None;
    }
    let name = Clean::line(person.address.name.trim()).to_string();
    Some((Address::new(name, addr), !person.written_to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::widget::ink::tests::shown;

    fn person(name: &str, addr: &str, written_to: bool) -> Person {
        Person {
            address: Address::new(name, addr),
            written_to,
            last: 0,
        }
    }

    #[test]
    fn the_last_address_is_what_is_typed() {
        for (before, done, typed) in [
            ("", "", ""),
            ("ad", "", "ad"),
            ("a@x.example, b", "a@x.example,", "b"),
            (
                "\"Doe, J\" <j@x.example>; \"Do",
                "\"Doe, J\" <j@x.example>;",
                "\"Do",
            ),
            ("\"a\\\", b", "", "\"a\\\", b"),
            ("é,日", "é,", "日"),
        ] {
            assert_eq!(split(before), (done, typed), "{before}");
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
