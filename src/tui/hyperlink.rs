//! Links that the terminal itself opens (OSC 8): what of the screen is one, and what is written.
//!
//! Cells have no room for an address, so a link's cells are written once more when they or their
//! address changed, between a sequence that names where it leads and one that ends it. Terminals
//! that are not known to have links get none. Only addresses that may be opened from here come so
//! far: http, https and mailto in printable ASCII, at most as long as terminals take.

use crate::config::Hyperlinks;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr as _;

/// Ends a link.
pub const END: &str = "\x1b]8;;\x1b\\";
/// The longest address that terminals take.
const LONGEST: usize = 2083;
/// tmux hands links on from this version on.
const TMUX: (u32, u32) = (3, 4);

/// A link of what is on the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linked {
    /// Where its text stands: one row.
    pub area: Rect,
    /// Its text, as it is drawn from the left.
    pub text: String,
    /// Where it leads.
    pub url: String,
}

/// A link as it stands on the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Where.
    area: Rect,
    /// What begins it.
    pub begin: String,
    /// Its cells.
    pub cells: Vec<(u16, u16, Cell)>,
}

impl Linked {
    /// It on this frame; `None` if something else stands there, or it may be no link.
    pub fn standing(&self, frame: &Buffer) -> Option<Standing> {
        let cells = cells(frame, self.area);
        let text: String = cells.iter().map(|(_, _, cell)| cell.symbol()).collect();
        let seen = !text.is_empty() && self.text.starts_with(&text);
        Some(Standing {
            area: self.area,
            begin: begin(&self.url).filter(|_| seen)?,
            cells,
        })
    }
}

impl Standing {
    /// What stands in its place on this frame.
    pub fn now(&self, frame: &Buffer) -> Vec<(u16, u16, Cell)> {
        cells(frame, self.area)
    }
}

/// Whether links are written: as the user wants, or where the environment (by this look-up) names
/// a terminal that is known to have them.
pub fn wanted(wanted: Hyperlinks, var: impl Fn(&str) -> Option<String>) -> bool {
    let var = |name: &str| var(name).unwrap_or_default();
    match wanted {
        Hyperlinks::On => return true,
        Hyperlinks::Off => return false,
        Hyperlinks::Auto => {}
    }
    let (term, program) = (var("TERM"), var("TERM_PROGRAM"));
    if program == "tmux" {
        // It knows what the terminal around it can do.
        return version(&var("TERM_PROGRAM_VERSION")).is_some_and(|v| v >= TMUX);
    }
    let inside = ["TMUX", "STY", "ZELLIJ"].iter().any(|v| !var(v).is_empty());
    if inside || term.starts_with("tmux") || term.starts_with("screen") {
        return false;
    }
    let terms = [
        "xterm-kitty",
        "xterm-ghostty",
        "foot",
        "alacritty",
        "wezterm",
        "contour",
    ];
    let programs = ["iTerm.app", "WezTerm", "ghostty", "vscode"];
    let named = ["WT_SESSION", "KONSOLE_VERSION", "KITTY_WINDOW_ID"];
    // VTE, that is GNOME's terminals and others, has them from 0.50 on.
    let vte = var("VTE_VERSION").parse::<u32>().is_ok_and(|n| n >= 5000);
    terms.iter().any(|t| term.starts_with(t))
        || programs.contains(&program.as_str())
        || named.iter().any(|v| !var(v).is_empty())
        || vte
}

/// The first two numbers of a version, as of `3.5a` and `next-3.6`.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|n| !n.is_empty());
    let mut next = || numbers.next()?.parse().ok();
    Some((next()?, next()?))
}

/// The sequence that begins a link; `None` if it may not be one. All pieces that lead to one place
/// have one name, so that the terminal shows them as one.
fn begin(url: &str) -> Option<String> {
    let kinds = ["https://", "http://", "mailto:"];
    let plain = url.bytes().all(|b| (0x21..0x7f).contains(&b));
    let known = kinds.iter().any(|kind| url.starts_with(kind));
    // Some terminals take a semicolon for the end of what stands before the address.
    let url = url.replace(';', "%3B");
    let number = url.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, b| {
        (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
    });
    let good = plain && known && url.len() <= LONGEST;
    good.then(|| format!("\x1b]8;id={number:016x};{url}\x1b\\"))
}

/// The cells of a part of a frame as they are written: what stands behind a wide one is part of it.
fn cells(frame: &Buffer, area: Rect) -> Vec<(u16, u16, Cell)> {
    let area = area.intersection(frame.area);
    let mut out = Vec::new();
    for y in area.top()..area.bottom() {
        let mut x = area.left();
        while x < area.right() {
            let Some(cell) = frame.cell((x, y)) else {
                break;
            };
            out.push((x, y, cell.clone()));
            x = x.saturating_add(u16::try_from(cell.symbol().width().max(1)).unwrap_or(1));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::link::openable;
    use proptest::prelude::*;
    use ratatui::style::Style;

    #[test]
    fn s17_only_plain_addresses_of_three_kinds_are_links() {
        let link = begin("https://x.example/a;b?c=d").unwrap();
        assert!(link.starts_with("\x1b]8;id="), "{link:?}");
        assert!(
            link.ends_with(";https://x.example/a%3Bb?c=d\x1b\\"),
            "{link:?}"
        );
        assert_eq!(begin("mailto:a@x.example"), begin("mailto:a@x.example"));
        assert_ne!(begin("mailto:a@x.example"), begin("mailto:b@x.example"));
        let long = format!("https://x.example/{}", "a".repeat(3_000));
        // Every one of these becomes three octets.
        let swollen = format!("https://x.example/{}", ";".repeat(1_000));
        for bad in [
            "javascript:alert(1)",
            "file:///etc/passwd",
            "data:text/html,x",
            "https://x.example/ b",
            "https://x.example/\x1b\\",
            "https://x.example/\u{9c}",
            "https://x.example/\x07",
            "https://x.example/\u{e9}",
            "x-https://x",
            "",
            &long,
            &swollen,
        ] {
            assert_eq!(begin(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn s17_nothing_in_an_address_ends_the_sequence(raw in "(https?://|mailto:|javascript:|)(\\PC|\u{1b}|\u{9c}|\u{7}|;|\\\\|\u{202e}|\n|%|@|x\\.example){0,60}") {
            for url in [Some(raw.clone()), openable(&raw)].into_iter().flatten() {
                let Some(link) = begin(&url) else { continue };
                let inner = link.strip_prefix("\x1b]8;id=").and_then(|l| l.strip_suffix("\x1b\\"));
                let (id, address) = inner.unwrap().split_once(';').unwrap();
                prop_assert!(id.len() == 16 && id.bytes().all(|b| b.is_ascii_hexdigit()));
                prop_assert!(address.bytes().all(|b| (0x21..0x7f).contains(&b) && b != b';'), "{address:?}");
                prop_assert!(address.len() <= LONGEST);
            }
        }
    }

    #[test]
    fn links_are_written_where_the_terminal_is_known_to_have_them() {
        let auto = |vars: &[(&str, &str)]| {
            wanted(Hyperlinks::Auto, |name| {
                let found = vars.iter().find(|(n, _)| *n == name);
                found.map(|(_, v)| (*v).to_owned())
            })
        };
        let tmux = |version| {
            auto(&[
                ("TERM", "tmux-256color"),
                ("TMUX", "/tmp/x"),
                ("TERM_PROGRAM", "tmux"),
                ("TERM_PROGRAM_VERSION", version),
            ])
        };
        assert!(auto(&[("TERM", "xterm-kitty")]));
        assert!(auto(&[("TERM", "xterm-256color"), ("VTE_VERSION", "7600")]));
        assert!(!auto(&[
            ("TERM", "xterm-256color"),
            ("VTE_VERSION", "4600")
        ]));
        assert!(!auto(&[("TERM", "xterm-256color")]));
        assert!(!auto(&[("TERM", "xterm-kitty"), ("TMUX", "/tmp/x")]));
        assert!(tmux("3.4") && tmux("3.5a") && tmux("next-3.6") && tmux("4.0"));
        assert!(!tmux("3.3a") && !tmux("2.9") && !tmux("") && !tmux("odd"));
        assert!(wanted(Hyperlinks::On, |_| None) && !wanted(Hyperlinks::Off, |_| None));
    }

    #[test]
    fn a_link_stands_only_where_its_text_does() {
        let mut frame = Buffer::empty(Rect::new(0, 0, 8, 1));
        frame.set_string(0, 0, "a日b[1]", Style::default());
        let link = |text: &'static str, columns: u16| Linked {
            area: Rect::new(0, 0, columns, 1),
            text: text.to_owned(),
            url: "https://x.example/".to_owned(),
        };
        // What stands behind a wide cell is not written.
        let standing = link("a日b[1]", 7).standing(&frame).unwrap();
        let shown: Vec<_> = standing.cells.iter().map(|(x, ..)| *x).collect();
        assert_eq!(shown, [0, 1, 3, 4, 5, 6]);
        // Cut by the edge; covered; nowhere.
        assert!(link("a日b[1] and more", 7).standing(&frame).is_some());
        assert_eq!(link("good.example", 7).standing(&frame), None);
        assert_eq!(link("", 0).standing(&frame), None);
        let bad = Linked {
            url: "javascript:x".to_owned(),
            ..link("a日b[1]", 7)
        };
        assert_eq!(bad.standing(&frame), None);
    }
}
