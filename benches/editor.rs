//! What a key costs in the composer's editor, from the key to the drawn cells.
//!
//!     cargo bench --bench editor
//!
//! A text of 1 MB as people write it, and one in a single line: a letter is typed in the middle, the
//! cursor goes a page down, a word is taken back; after each the window of 100 by 50 is drawn. The
//! median and the worst of 300 are printed, in microseconds.

#![allow(
    clippy::print_stdout,
    reason = "a program for developers that prints its answer"
)]

use postrider::tui::key::Key;
use postrider::tui::screen::composer::body::Body;
use postrider::tui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::time::Instant;

const OCTETS: usize = 1 << 20;
const TIMES: usize = 300;

fn main() {
    let words = "The quick brown fox jumps over the lazy dog, and größer than that: 日本語. ";
    let line = words.repeat(OCTETS / words.len());
    let paragraphs: Vec<String> = (0..OCTETS / (words.len() * 5))
        .map(|_| words.repeat(5))
        .collect();
    for (what, text) in [
        ("1 MB in paragraphs", paragraphs.join("\n")),
        ("1 MB in one line", line),
    ] {
        for key in ["x", "pagedown", "ctrl-w"] {
            let mut body = Body::new(&text);
            press(&mut body, "ctrl-end");
            for _ in 0..20 {
                press(&mut body, "pageup");
            }
            let mut took: Vec<u128> = (0..TIMES).map(|_| time(&mut body, key)).collect();
            took.sort_unstable();
            let at = |n: usize| took.get(n).copied().unwrap_or_default();
            println!(
                "{what:20} {key:9} median {:6} µs, worst {:6} µs",
                at(TIMES / 2),
                at(TIMES - 1)
            );
        }
    }
}

fn press(body: &mut Body, key: &str) {
    if let Ok(key) = Key::parse(key) {
        body.key(&key.event());
    }
}

fn time(body: &mut Body, key: &str) -> u128 {
    let area = Rect::new(0, 0, 100, 50);
    let mut buffer = Buffer::empty(area);
    let theme = Theme::default();
    let begun = Instant::now();
    press(body, key);
    body.draw(&mut buffer, area, &theme, true);
    begun.elapsed().as_micros()
}
