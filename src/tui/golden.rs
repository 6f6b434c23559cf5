//! What a screen looks like, as text that is compared with what it looked like before: what is
//! written, once for each size, and how, once for each theme. Only for tests.
//!
//! The text must be the same in every theme, so that nothing is said by colour alone that is written
//! in another.

use crate::text::width;
use crate::tui::theme::{Colours, Surroundings};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Position;
use ratatui::style::Modifier;

/// The sizes: the smallest, the usual, a large one.
pub const SIZES: [(u16, u16); 3] = [(40, 12), (80, 24), (200, 50)];

/// A way to look at a screen: its name, and what is known of the terminal; the theme follows that.
pub const LOOKS: [(&str, Surroundings); 3] = [
    ("dark", around(Colours::All, false)),
    ("light", around(Colours::All, true)),
    ("NO_COLOR", around(Colours::None, false)),
];

const fn around(colours: Colours, light: bool) -> Surroundings {
    Surroundings {
        colours,
        light,
        linear: false,
        bars: true,
    }
}

/// The rows, blanks at their ends cut.
pub fn text(buf: &Buffer) -> String {
    let mut out = String::new();
    for y in buf.area.y..buf.area.bottom() {
        let mut line = String::new();
        let mut x = buf.area.x;
        while x < buf.area.right() {
            let symbol = buf.cell((x, y)).map_or(" ", Cell::symbol);
            line.push_str(symbol);
            x += u16::try_from(width::width(symbol).max(1)).unwrap();
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// Which cells look other than plain without colours, rows before columns: `3-4: 0-12 bold`.
pub fn modifiers(buf: &Buffer) -> String {
    let mut rows = Vec::new();
    for y in buf.area.y..buf.area.bottom() {
        let of = |x| buf.cell((x, y)).map_or(Modifier::empty(), |c| c.modifier);
        let (mut runs, mut x) = (Vec::new(), buf.area.x);
        while x < buf.area.right() {
            let (from, look) = (x, of(x));
            while x < buf.area.right() && of(x) == look {
                x += 1;
            }
            if !look.is_empty() {
                let names: Vec<String> = look.iter_names().map(|(n, _)| n.to_lowercase()).collect();
                runs.push(format!("{from}-{} {}", x - 1, names.join("+")));
            }
        }
        rows.push((y, runs.join(", ")));
    }
    let mut out = String::new();
    for same in rows.chunk_by(|a, b| a.1 == b.1) {
        if let [(first, look), ..] = same
            && let Some((last, _)) = same.last().filter(|_| !look.is_empty())
        {
            out.push_str(&format!("{first}-{last}: {look}\n"));
        }
    }
    out
}

/// A number for how every cell looks (FNV-1a).
pub fn digest(buf: &Buffer) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for cell in &buf.content {
        for byte in format!("{:?}{:?}{:?};", cell.fg, cell.bg, cell.modifier).bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    format!("{hash:016x}")
}

/// A screen at every size in every look.
pub fn golden(draw: impl Fn((u16, u16), Surroundings) -> (Buffer, Option<Position>)) -> String {
    let mut out = String::new();
    for size in SIZES {
        let drawn = LOOKS.map(|(name, around)| {
            let (buf, cursor) = draw(size, around);
            (name, buf, cursor)
        });
        let [(_, first, cursor), ..] = &drawn;
        let said = text(first);
        for (name, buf, at) in &drawn {
            assert_eq!(
                (text(buf), at),
                (said.clone(), cursor),
                "{name} says something else"
            );
        }
        let cursor = cursor.map_or("none".to_owned(), |at| format!("{},{}", at.x, at.y));
        out.push_str(&format!(
            "== {}x{}, cursor {cursor}\n{said}",
            size.0, size.1
        ));
        for (name, buf, _) in &drawn {
            match *name {
                "NO_COLOR" => out.push_str(&format!("-- {name}\n{}", modifiers(buf))),
                _ => out.push_str(&format!("-- {name} {}\n", digest(buf))),
            }
        }
    }
    out
}
