//! Drawing the index: a line or two for each message or thread, in the columns that the user chose,
//! as far as there is room for them.

use crate::config::{Dates, Field, ListLook};
use crate::lang::tr;
use crate::mime::lookalike::shown_addr;
use crate::mime::trust::{self, Level};
use crate::model::view::IndexRow;
use crate::model::{Address, MailboxId, System, mark};
use crate::text::{Clean, when, width};
use crate::tui::found::Found;
use crate::tui::linear;
use crate::tui::screen::columns::{self, Cell, INDENT};
use crate::tui::screen::index::{Index, Kind, Line};
use crate::tui::screen::paint::begin;
use crate::tui::screen::tags::Tags;
use crate::tui::signs::Signs;
use crate::tui::theme::Theme;
use crate::tui::widget::ink::{Ink, fill};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

mod spoken;

use spoken::spoken;

/// What the index needs to know of its surroundings.
pub struct Setting<'a> {
    /// Colours.
    pub theme: &'a Theme,
    /// Seconds since 1970.
    pub now: i64,
    /// Whether keys go here.
    pub focused: bool,
    /// Whether who it went to says more than who it came from (Sent, Drafts).
    pub outgoing: bool,
    /// Tells the user's own addresses, where mail of and to the user stands mixed (a search): who
    /// such a message went to says more.
    pub own: Option<&'a dyn Fn(&Address) -> bool>,
    /// What the list was searched for.
    pub found: Option<&'a Found>,
    /// What is shown of a message.
    pub list: &'a ListLook,
    /// The signs that the terminal has.
    pub signs: Signs,
    /// Whose a mailbox is, and what it is called.
    pub place: &'a dyn Fn(MailboxId) -> (Clean, Clean),
}

/// Beside a subject with less room than this tags have what it leaves.
const TAGGED: usize = 24;
/// One with less room than this stands alone.
const NARROW: usize = 10;

/// Draws the lines; the index has been told how many there is room for.
pub fn draw(index: &Index, buf: &mut Buffer, area: Rect, set: &Setting) {
    fill(buf, area, set.theme.style("index.text"));
    // In linear mode a line says all of it.
    let linear = set.theme.is_linear();
    let tall = match linear {
        true => 1,
        false => set.list.density.lines(),
    };
    let cells = columns::widths(set.list, usize::from(area.width));
    let shown = index.lines().iter().enumerate().skip(index.top());
    let fits = usize::from(area.height).div_ceil(tall.max(1));
    for (at, (n, line)) in shown.take(fits).enumerate() {
        let selected = n == index.cursor();
        let marked = index.is_marked(line);
        let base = base_style(line, selected, marked, set);
        let excerpt = index.excerpt(line.row.message);
        if linear && let Some(mut row) = begin(buf, area, at, base) {
            let text = spoken(line, marked, excerpt, row.left(), set);
            row.put(&text, linear::theirs(base, true));
            continue;
        }
        for below in 0..cells.len() {
            if let Some(mut row) = begin(buf, area, at * tall + below, base) {
                row.skip(if below > 0 { INDENT } else { 0 });
                draw_line(
                    &mut row,
                    line,
                    (&cells, below),
                    (marked, excerpt),
                    base,
                    set,
                );
            }
        }
    }
}

fn base_style(line: &Line, selected: bool, marked: bool, set: &Setting) -> Style {
    let theme = set.theme;
    let mut style = theme.style(if line.row.unread > 0 {
        "index.unread"
    } else {
        "index.text"
    });
    if marked {
        style = style.patch(theme.style("index.marked"));
    }
    if selected {
        style = style.patch(theme.style(if set.focused {
            "index.selected"
        } else {
            "index.selected.unfocused"
        }));
    }
    style
}

fn draw_line(
    row: &mut Ink,
    line: &Line,
    (all, below): (&[Vec<Cell>], usize),
    (marked, excerpt): (bool, Option<&str>),
    base: Style,
    set: &Setting,
) {
    let it = &line.row;
    let over = |name: &'static str| base.patch(set.theme.style(name));
    for cell in all.get(below).into_iter().flatten() {
        row.skip(cell.gap);
        let cols = cell.cols.min(row.left());
        match cell.field {
            Field::Flags => signs(row, it, (cols, marked), base, set),
            Field::From => from(row, it, cols, base, set),
            Field::To => {
                row.column(&people(it, true), cols, over("index.people"));
            }
            Field::Subject => subject(row, line, all, (cols, excerpt), base, set),
            Field::Attachment => {
                let clip = it.attachments == Some(true);
                let sign = if clip { set.signs.of("+") } else { " " };
                row.lit(sign, over("index.attachment"));
                row.skip(cols.saturating_sub(1));
            }
            Field::Count => {
                let count = match it.count {
                    0 | 1 => Clean::default(),
                    n => right(&n.to_string(), cols),
                };
                row.column(&count, cols, over("index.count"));
            }
            Field::Tags => {
                let tags = Tags::of(&it.flags, cols, Some(set.now));
                if let Some(tags) = &tags {
                    tags.draw(row, base, set.theme);
                }
                row.skip(cols.saturating_sub(tags.map_or(0, |t| t.width())));
            }
            Field::Mailbox | Field::Account => {
                let (account, mailbox) = (set.place)(it.mailbox);
                let text = match cell.field {
                    Field::Account => account,
                    _ => mailbox,
                };
                row.column(&text, cols, over("index.people"));
            }
            Field::Date => {
                let date = date(it.date, set.now, cols, set.list.dates);
                row.column(&date, cols, over("index.date"));
            }
        }
    }
}

/// What is known of a message at a glance, each in its own column: selected, unread, starred, and
/// what became of it.
fn signs(row: &mut Ink, it: &IndexRow, (cols, marked): (usize, bool), base: Style, set: &Setting) {
    let over = |name: &'static str| base.patch(set.theme.style(name));
    let star = it.flags.system.has(System::FLAGGED);
    let all = [
        (marked, "✓", "index.mark"),
        (it.unread > 0, "●", "index.unread.mark"),
        (star, "★", "index.star"),
        (true, answered(it), "index.answered"),
    ];
    for (there, sign, style) in all.into_iter().take(cols) {
        row.lit(if there { set.signs.of(sign) } else { " " }, over(style));
    }
    row.skip(cols.saturating_sub(all.len()));
}

fn from(row: &mut Ink, it: &IndexRow, cols: usize, base: Style, set: &Setting) {
    let over = |name: &'static str| base.patch(set.theme.style(name));
    let mark = if set.outgoing {
        Level::Fine
    } else {
        trust::of_names(&it.from)
    };
    let cols = match mark {
        Level::Fine => cols,
        level => {
            row.lit(set.signs.of(level.glyph()), over("notice.warning"))
                .skip(1);
            cols.saturating_sub(2)
        }
    };
    let in_people = |text: &str| set.found.map_or_else(Vec::new, |f| f.in_people(text));
    let looks = (over("index.people"), set.theme.style("popup.match"));
    row.spotted(&who(it, set), cols, &in_people, looks);
}

fn answered(row: &IndexRow) -> &'static str {
    if mark::is_muted(&row.flags) {
        "⊘"
    } else if row.flags.system.has(System::DRAFT) {
        "✎"
    } else if row.flags.system.has(System::ANSWERED) {
        "↩"
    } else if row.flags.keywords.contains("$Forwarded") {
        "→"
    } else {
        " "
    }
}

fn subject(
    row: &mut Ink,
    line: &Line,
    all: &[Vec<Cell>],
    (cols, excerpt): (usize, Option<&str>),
    base: Style,
    set: &Setting,
) {
    let it = &line.row;
    let over = |name: &'static str| base.patch(set.theme.style(name));
    let end = row.left().saturating_sub(cols);
    match line.kind {
        Kind::Folded | Kind::Unfolded => {
            let sign = match line.kind {
                Kind::Folded => set.signs.of("▸"),
                _ => set.signs.of("▾"),
            };
            row.lit(sign, over("index.count"));
            let count = match columns::has(all, Field::Count) {
                true => Clean::lit(" "),
                false => Clean::line(&format!("{} ", it.count)),
            };
            row.put(&count, over("index.count"));
        }
        Kind::Child => {
            row.put(&line.guide, over("index.tree"));
        }
        Kind::Single => {}
    }
    let title = if it.subject.trim().is_empty() {
        Clean::lit(tr!("(no subject)"))
    } else {
        Clean::line(&it.subject)
    };
    let room = row.left().saturating_sub(end);
    let own = columns::has(all, Field::Tags);
    // Where there is little room the subject comes first, and at least it is told that there are some.
    let told = match room {
        0..NARROW => 0,
        NARROW..TAGGED => {
            let left = room.saturating_sub(width::width(title.as_str()) + 1);
            left.max(1)
        }
        _ => room / 3,
    };
    let now = (room >= TAGGED).then_some(set.now);
    let tags = Tags::of(&it.flags, told, now);
    let tags = tags.filter(|_| !own);
    let keep = tags.as_ref().map_or(0, |t| t.width() + 1);
    let used = width::width(title.as_str()).min(room.saturating_sub(keep));
    let mark = set.theme.style("popup.match");
    let in_subject = |text: &str| set.found.map_or_else(Vec::new, |f| f.in_subject(text));
    row.spotted(&title, used, &in_subject, (over("index.subject"), mark));
    if let Some(tags) = tags {
        tags.draw(row.skip(1), base, set.theme);
    }
    let rest = row.left().saturating_sub(end);
    let snippet = excerpt.or(it.snippet.as_deref());
    let snippet = snippet.filter(|s| !s.trim().is_empty());
    match snippet.filter(|_| rest > 8) {
        Some(text) => {
            row.lit("  ", base);
            let in_text = |text: &str| set.found.map_or_else(Vec::new, |f| f.in_text(text));
            let looks = (over("index.snippet"), mark);
            row.spotted(&Clean::line(text), rest - 2, &in_text, looks);
        }
        None => {
            row.skip(rest);
        }
    }
}

fn who(row: &IndexRow, set: &Setting) -> Clean {
    let own = set.own.filter(|_| !set.outgoing && !row.to.is_empty());
    match own {
        Some(own) if row.from.iter().any(own) => {
            Clean::line(&tr!("To {people}", people = people(row, true)))
        }
        _ => people(row, set.outgoing),
    }
}

/// Who it is from, or to whom it went.
pub fn people(row: &IndexRow, outgoing: bool) -> Clean {
    let list: &[Address] = if outgoing && !row.to.is_empty() {
        &row.to
    } else {
        &row.from
    };
    let name = |a: &Address| match a.display() == a.addr {
        true => shown_addr(&a.addr).into_owned(),
        false => a.name.clone(),
    };
    let names: Vec<String> = list.iter().take(3).map(name).collect();
    if names.is_empty() {
        Clean::lit(tr!("(nobody)"))
    } else {
        Clean::line(&names.join(", "))
    }
}

/// The date in the columns there are; a narrow list tells an old message's year.
fn date(date: i64, now: i64, cols: usize, how: Dates) -> Clean {
    let text = match how {
        Dates::Short => when::short(date, now),
        Dates::Relative => when::ago(date, now),
        Dates::Iso => when::iso(date, now),
    };
    if width::width(&text) <= cols {
        return right(&text, cols);
    }
    let year = |time| when::year_and_month(time).0;
    let short: String = match how {
        Dates::Iso => text.chars().skip(5).collect(),
        // Day and month as some languages write them are too long: in figures.
        _ if year(date) == year(now) => when::iso(date, now).chars().skip(5).collect(),
        _ => text.chars().take(4).collect(),
    };
    right(&short, cols)
}

/// At the right end of so many columns.
fn right(text: &str, cols: usize) -> Clean {
    let pad = cols.saturating_sub(width::width(text));
    Clean::line(&format!("{}{text}", " ".repeat(pad)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Column, Density, Width};
    use crate::model::ThreadId;
    use crate::model::view::{Order, Page, Scope, Sort};
    use crate::tui::overlay::Overlay;
    use crate::tui::question::tests::row;
    use crate::tui::question::{Listing, Question};
    use crate::tui::widget::ink::tests::shown;
    use std::time::Instant;

    const NOW: i64 = 1_700_000_000;

    /// A conversation of three, unfolded, and a single message.
    fn index(other: IndexRow) -> Index {
        let now = Instant::now();
        let mut index = Index::new(Listing::Search(String::new(), Order::Best));
        index.show(
            Listing::Scope {
                scope: Scope::UnifiedInbox,
                threaded: true,
                sort: Sort::default(),
            },
            now,
        );
        let made = |n: i64, depth: u16, count: u32| {
            let mut made = row(n, NOW - 3_000 * n);
            (made.depth, made.count) = (depth, count);
            (made.thread, made.subject) = (ThreadId(1), format!("Lunch {n}"));
            made
        };
        let mut overlay = Overlay::default();
        let rows = vec![made(1, 0, 3), other];
        index.window(2, Page::Newest, rows, false, &mut overlay, now);
        let asked = index.fold(&overlay);
        let Some(Question::Thread { serial, thread, .. }) = asked.first() else {
            panic!("a thread is asked for");
        };
        let children = vec![made(3, 0, 1), made(2, 1, 1), made(1, 1, 1)];
        index.thread(*serial, *thread, children, &overlay);
        index
    }

    #[test]
    fn a_day_that_is_too_long_in_words_is_told_in_figures() {
        use crate::lang::{Lang, during};
        let (then, short) = (NOW - 30 * 86_400, Dates::Short);
        let told = |lang| during(lang, || date(then, NOW, 6, short).to_string());
        let figures = format!(" {}", &when::iso(then, NOW)[5..]);
        assert_eq!(told(Lang::English), when::short(then, NOW));
        assert_eq!(told(Lang::German), figures);
        assert_eq!(told(Lang::Japanese), figures);
        let year = date(NOW - 800 * 86_400, NOW, 6, short);
        assert_eq!(year.as_str(), "  2021");
    }

    fn drawn(list: &ListLook, signs: Signs, cols: u16) -> String {
        let mut other = row(9, NOW - 90_000);
        other.subject = "Minutes".to_owned();
        drawn_with(other, list, signs, cols)
    }

    fn drawn_with(other: IndexRow, list: &ListLook, signs: Signs, cols: u16) -> String {
        let theme = Theme::default();
        let place = |_| (Clean::lit("work"), Clean::lit("Lists/rust"));
        let set = Setting {
            theme: &theme,
            now: NOW,
            focused: true,
            outgoing: false,
            own: None,
            found: None,
            list,
            signs,
            place: &place,
        };
        let index = index(other);
        shown(cols, 10, |buf, area| {
            draw(&index, buf, area, &set);
            signs.finish(buf);
            None
        })
    }

    #[test]
    fn columns_and_guides_as_the_user_wants_them() {
        let usual = ListLook::default();
        insta::assert_snapshot!("index_usual", drawn(&usual, Signs::Unicode, 70));
        insta::assert_snapshot!("index_ascii", drawn(&usual, Signs::Ascii, 70));
        let own = ListLook {
            columns: vec![
                Column::usual(Field::Flags),
                Column::usual(Field::Date),
                Column::usual(Field::Count),
                Column {
                    field: Field::From,
                    width: Width::Exactly(12),
                },
                Column::usual(Field::Subject),
                Column::usual(Field::Mailbox),
                Column::usual(Field::Account),
            ],
            density: Density::Compact,
            dates: Dates::Relative,
        };
        insta::assert_snapshot!("index_own_columns", drawn(&own, Signs::Unicode, 90));
        let two = ListLook {
            density: Density::Comfortable,
            ..ListLook::default()
        };
        insta::assert_snapshot!("index_comfortable", drawn(&two, Signs::Unicode, 50));
    }

    #[test]
    fn signs_stand_in_as_many_columns_as_are_wanted() {
        let column = |width| {
            let flags = Column {
                field: Field::Flags,
                width: Width::Exactly(width),
            };
            let columns = vec![flags, Column::usual(Field::Subject)];
            let list = ListLook {
                columns,
                ..ListLook::default()
            };
            let drawn = drawn(&list, Signs::Unicode, 40);
            let line = drawn.lines().find(|l| l.contains("Minutes"));
            let line = line.unwrap_or_default().to_owned();
            let before = line.split("Minutes").next().unwrap_or_default();
            width::width(before)
        };
        assert_eq!([2, 4, 10].map(column), [2, 4, 10]);
    }

    #[test]
    fn a_column_for_which_there_is_no_room_is_told_beside_the_subject() {
        let mut list = ListLook::default();
        list.columns.push(Column::usual(Field::Count));
        list.columns.push(Column::usual(Field::Tags));
        let wide = drawn(&list, Signs::Unicode, 120);
        assert!(wide.contains("▾ Lunch 1") && wide.contains(" 3 "), "{wide}");
        let narrow = drawn(&list, Signs::Unicode, 36);
        assert!(narrow.contains("▾3 Lunch 1"), "{narrow}");
        let mut put_off = row(9, NOW - 90_000);
        put_off.subject = "Minutes".to_owned();
        let until = mark::timed(mark::SNOOZED, NOW + 90_000).unwrap();
        put_off.flags.keywords.extend([until, "urgent".to_owned()]);
        list.columns = vec![
            Column::usual(Field::Flags),
            Column::usual(Field::Subject),
            Column {
                field: Field::Tags,
                width: Width::Exactly(40),
            },
        ];
        let drawn = |cols| drawn_with(put_off.clone(), &list, Signs::Unicode, cols);
        // In the column of its own, and beside the subject where there is no room for that.
        assert!(drawn(80).contains("  until "), "{}", drawn(80));
        assert!(drawn(52).contains("Minutes until "), "{}", drawn(52));
    }
}
