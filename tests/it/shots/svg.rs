//! A terminal's screen as an SVG: what a person would see, from the cells that a terminal holds.
//!
//! The same cells give the same bytes. Text stands in the reader's own monospace font, each stretch
//! held to the width of its cells; lines and blocks are drawn, so that they meet whatever the font.
//! There is no script, no link and nothing that is loaded.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use vt100::{Cell, Color, Screen};

/// A cell in pixels, and the size of the letters in it.
const WIDE: usize = 9;
const HIGH: usize = 19;
const LETTER: usize = 15;
/// From the cell's top to the line that letters stand on.
const BASE: usize = 14;
/// Around the screen.
const EDGE: usize = 12;
/// How far strokes across a cell begin from its side, as SVG wants a half.
const HALF: (f32, f32) = (4.5, 9.5);

/// What a terminal shows where a program names no colour.
#[derive(Clone, Copy)]
pub struct Paper {
    /// Behind letters.
    pub back: u32,
    /// Letters.
    pub text: u32,
}

/// The paper of a dark terminal.
pub const DARK: Paper = Paper {
    back: 0x14_181e,
    text: 0xd8_dee6,
};

/// The paper of a light one.
pub const LIGHT: Paper = Paper {
    back: 0xff_ffff,
    text: 0x24_292f,
};

/// The sixteen that a program can name.
const NAMED: [u32; 16] = [
    0x1c2128, 0xd9534f, 0x6fb36a, 0xd0a94a, 0x5b93d6, 0xa77fd6, 0x4fb0ae, 0xb6bec9, 0x6b7684,
    0xf07f84, 0x8fd18a, 0xe8c671, 0x7fb4f5, 0xc3a1f2, 0x6fd0cf, 0xf5f8fb,
];

/// How a cell looks. Ordered, so that classes are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Look {
    text: u32,
    back: u32,
    bold: bool,
    slanted: bool,
    line: bool,
}

fn colour(color: Color, else_: u32) -> u32 {
    match color {
        Color::Default => else_,
        Color::Rgb(r, g, b) => u32::from_be_bytes([0, r, g, b]),
        Color::Idx(n) => match n {
            0..16 => NAMED[usize::from(n)],
            16..232 => {
                let level = |n: u8| if n == 0 { 0 } else { 55 + n * 40 };
                let n = n - 16;
                u32::from_be_bytes([0, level(n / 36), level(n / 6 % 6), level(n % 6)])
            }
            _ => {
                let grey = 8 + (n - 232) * 10;
                u32::from_be_bytes([0, grey, grey, grey])
            }
        },
    }
}

/// A colour two thirds of the way to another.
fn faint(colour: u32, to: u32) -> u32 {
    let [_, r, g, b] = colour.to_be_bytes();
    let [_, x, y, z] = to.to_be_bytes();
    let mix = |a: u8, b: u8| u8::try_from((u16::from(a) * 2 + u16::from(b)) / 3).unwrap();
    u32::from_be_bytes([0, mix(r, x), mix(g, y), mix(b, z)])
}

fn look(cell: &Cell, paper: Paper) -> Look {
    let mut text = colour(cell.fgcolor(), paper.text);
    let mut back = colour(cell.bgcolor(), paper.back);
    if cell.inverse() {
        std::mem::swap(&mut text, &mut back);
    }
    if cell.dim() {
        text = faint(text, back);
    }
    Look {
        text,
        back,
        bold: cell.bold(),
        slanted: cell.italic(),
        line: cell.underline(),
    }
}

/// How a character that is made of lines or blocks is drawn.
enum Drawn {
    /// Strokes and what they are made of, from the middle of the cell.
    Strokes(String, f32),
    /// A filled part: from the left, from the top, wide, high, in eighths of the cell; how opaque.
    Block(f32, f32, f32, f32, f32),
}

fn drawn(text: &str) -> Option<Drawn> {
    let mut chars = text.chars();
    let (Some(c), None) = (chars.next(), chars.next()) else {
        return None;
    };
    let (x, y) = HALF;
    let (w, h) = (WIDE as f32, HIGH as f32);
    let (up, down) = (format!("M{x} {y}V0"), format!("M{x} {y}V{h}"));
    let (left, right) = (format!("M{x} {y}H0"), format!("M{x} {y}H{w}"));
    let all = |parts: &[&String]| parts.iter().map(|p| p.as_str()).collect::<String>();
    let strokes = match c {
        '─' | '━' | '╌' | '┄' => format!("M0 {y}H{w}"),
        '│' | '┃' | '╎' | '┆' => format!("M{x} 0V{h}"),
        '┌' => all(&[&down, &right]),
        '┐' => all(&[&down, &left]),
        '└' => all(&[&up, &right]),
        '┘' => all(&[&up, &left]),
        '├' => all(&[&up, &down, &right]),
        '┤' => all(&[&up, &down, &left]),
        '┬' => all(&[&down, &left, &right]),
        '┴' => all(&[&up, &left, &right]),
        '┼' => all(&[&up, &down, &left, &right]),
        '╭' => format!("M{x} {h}Q{x} {y} {w} {y}"),
        '╮' => format!("M{x} {h}Q{x} {y} 0 {y}"),
        '╰' => format!("M{x} 0Q{x} {y} {w} {y}"),
        '╯' => format!("M{x} 0Q{x} {y} 0 {y}"),
        _ => {
            let nth = |first: char| (c as u32).saturating_sub(first as u32) as f32;
            let block = match c {
                '█' => (0.0, 0.0, 8.0, 8.0, 1.0),
                '▀' => (0.0, 0.0, 8.0, 4.0, 1.0),
                '▔' => (0.0, 0.0, 8.0, 1.0, 1.0),
                '▕' => (7.0, 0.0, 1.0, 8.0, 1.0),
                '▐' => (4.0, 0.0, 4.0, 8.0, 1.0),
                '░' => (0.0, 0.0, 8.0, 8.0, 0.25),
                '▒' => (0.0, 0.0, 8.0, 8.0, 0.5),
                '▓' => (0.0, 0.0, 8.0, 8.0, 0.75),
                '▁'..='▇' => {
                    let high = nth('▁') + 1.0;
                    (0.0, 8.0 - high, 8.0, high, 1.0)
                }
                '▉'..='▏' => (0.0, 0.0, 7.0 - nth('▉'), 8.0, 1.0),
                _ => return None,
            };
            return Some(Drawn::Block(block.0, block.1, block.2, block.3, block.4));
        }
    };
    let thick = if matches!(c, '━' | '┃') { 2.0 } else { 1.0 };
    Some(Drawn::Strokes(strokes, thick))
}

/// Whether it is of a script that is written from the right. The program has put such letters where
/// they are read; each stands by itself, so that nobody turns them round once more.
fn from_right(text: &str) -> bool {
    let right =
        |c| matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}');
    text.contains(right)
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;")
}

/// Cells of one look beside each other, which are written as one text.
struct Stretch {
    look: Look,
    column: usize,
    columns: usize,
    text: String,
}

/// What is collected before it is written.
#[derive(Default)]
struct Picture {
    backs: String,
    texts: String,
    lines: String,
    classes: BTreeMap<(u32, bool, bool, bool), usize>,
}

impl Picture {
    fn class(&mut self, look: Look) -> usize {
        let next = self.classes.len();
        let key = (look.text, look.bold, look.slanted, look.line);
        *self.classes.entry(key).or_insert(next)
    }

    /// Writes a stretch, without the blanks at its ends unless they are underlined.
    fn write(&mut self, row: usize, stretch: Stretch) {
        let (mut text, mut column, mut columns) =
            (stretch.text.as_str(), stretch.column, stretch.columns);
        if !stretch.look.line {
            let trimmed = text.trim_start_matches(' ');
            column += text.len() - trimmed.len();
            columns -= text.len() - trimmed.len();
            text = trimmed.trim_end_matches(' ');
            columns -= trimmed.len() - text.len();
        }
        if text.is_empty() {
            return;
        }
        let class = self.class(stretch.look);
        let (x, y) = (EDGE + column * WIDE, EDGE + row * HIGH + BASE);
        let long = columns * WIDE;
        let _ = writeln!(
            self.texts,
            r#"<text class="c{class}" x="{x}" y="{y}" textLength="{long}">{}</text>"#,
            escaped(text)
        );
    }

    /// Something wide stands in the middle of its two cells, as tall as it is.
    fn write_wide(&mut self, row: usize, column: usize, look: Look, text: &str) {
        let class = self.class(look);
        let (x, y) = (EDGE + (column + 1) * WIDE, EDGE + row * HIGH + BASE);
        let _ = writeln!(
            self.texts,
            r#"<text class="c{class}" x="{x}" y="{y}" text-anchor="middle">{}</text>"#,
            escaped(text)
        );
    }

    fn draw(&mut self, row: usize, column: usize, look: Look, drawn: Drawn) {
        let (x, y) = (EDGE + column * WIDE, EDGE + row * HIGH);
        let text = look.text;
        let _ = match drawn {
            Drawn::Strokes(strokes, thick) => writeln!(
                self.lines,
                r##"<path transform="translate({x} {y})" d="{strokes}" stroke="#{text:06x}" stroke-width="{thick}" fill="none"/>"##
            ),
            Drawn::Block(left, top, wide, high, opaque) => writeln!(
                self.lines,
                r##"<rect x="{}" y="{}" width="{}" height="{}" fill="#{text:06x}" fill-opacity="{opaque}"/>"##,
                x as f32 + left * WIDE as f32 / 8.0,
                y as f32 + top * HIGH as f32 / 8.0,
                wide * WIDE as f32 / 8.0,
                high * HIGH as f32 / 8.0,
            ),
        };
    }

    fn row(&mut self, screen: &Screen, row: usize, columns: usize, paper: Paper) {
        let at = |n: usize| u16::try_from(n).unwrap();
        let mut stretch: Option<Stretch> = None;
        let mut back: Option<(u32, usize)> = None;
        for column in 0..=columns {
            let cell = screen
                .cell(at(row), at(column))
                .filter(|_| column < columns);
            let looks = cell.map(|cell| look(cell, paper));
            // Behind the letters: one rectangle for cells of one colour.
            let here = looks.map(|l| l.back);
            if back.map(|(colour, _)| colour) != here {
                if let Some((colour, from)) = back.filter(|(colour, _)| *colour != paper.back) {
                    let (x, y) = (EDGE + from * WIDE, EDGE + row * HIGH);
                    let wide = (column - from) * WIDE;
                    let _ = writeln!(
                        self.backs,
                        r##"<rect x="{x}" y="{y}" width="{wide}" height="{HIGH}" fill="#{colour:06x}"/>"##
                    );
                }
                back = here.map(|colour| (colour, column));
            }
            let (Some(cell), Some(look)) = (cell, looks) else {
                break;
            };
            if cell.is_wide_continuation() {
                continue;
            }
            let text = if cell.has_contents() {
                cell.contents()
            } else {
                " "
            };
            let alone = from_right(text);
            let by_itself = cell.is_wide() || drawn(text).is_some();
            let goes_on = stretch.as_ref().is_some_and(|s| {
                // Blanks end a stretch, so that a font that is not quite as wide is put right there.
                let blanks = s.text.ends_with("  ") && text != " " && !look.line;
                let alike = s.text.is_ascii() == text.is_ascii() && !alone && !from_right(&s.text);
                s.look == look && alike && !blanks
            });
            if (!goes_on || by_itself)
                && let Some(done) = stretch.take()
            {
                self.write(row, done);
            }
            if cell.is_wide() {
                self.write_wide(row, column, look, text);
            } else if let Some(drawn) = drawn(text) {
                self.draw(row, column, look, drawn);
            } else {
                let stretch = stretch.get_or_insert_with(|| Stretch {
                    look,
                    column,
                    columns: 0,
                    text: String::new(),
                });
                stretch.columns += 1;
                stretch.text.push_str(text);
            }
        }
        if let Some(done) = stretch.take() {
            self.write(row, done);
        }
    }
}

/// The screen as an SVG, with these words for those who can't see it.
pub fn picture(screen: &Screen, paper: Paper, title: &str) -> String {
    let (rows, columns) = screen.size();
    let (rows, columns) = (usize::from(rows.get()), usize::from(columns.get()));
    let (wide, high) = (columns * WIDE + 2 * EDGE, rows * HIGH + 2 * EDGE);
    let mut picture = Picture::default();
    for row in 0..rows {
        picture.row(screen, row, columns, paper);
    }
    // The edge is of the colour that the program's own screen has at its corner.
    let corner = screen
        .cell(0, 0)
        .map_or(paper.back, |c| look(c, paper).back);
    let mut out = String::new();
    let title = escaped(title);
    let _ = writeln!(
        out,
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}" role="img">
<title>{title}</title>
<style>text{{font:{LETTER}px monospace;white-space:pre}}"#
    );
    for ((text, bold, slanted, line), class) in &picture.classes {
        let _ = write!(out, ".c{class}{{fill:#{text:06x}");
        for (is, words) in [
            (*bold, ";font-weight:bold"),
            (*slanted, ";font-style:italic"),
            (*line, ";text-decoration:underline"),
        ] {
            out.push_str(if is { words } else { "" });
        }
        out.push_str("}\n");
    }
    let _ = writeln!(
        out,
        r##"</style>
<rect width="{wide}" height="{high}" rx="8" fill="#{corner:06x}"/>"##
    );
    for part in [&picture.backs, &picture.lines, &picture.texts] {
        out.push_str(part);
    }
    if !screen.hide_cursor() {
        let (row, column) = screen.cursor_position();
        let (x, y) = (
            EDGE + usize::from(column) * WIDE,
            EDGE + usize::from(row) * HIGH,
        );
        let _ = writeln!(
            out,
            r##"<rect x="{x}" y="{y}" width="2" height="{HIGH}" fill="#{:06x}"/>"##,
            paper.text
        );
    }
    out.push_str("</svg>\n");
    out
}

#[test]
fn cells_stand_where_the_terminal_has_them() {
    let mut parser = vt100::Parser::new(4.try_into().unwrap(), 20.try_into().unwrap(), 0);
    parser.process(
        "\x1b[?25l\x1b[1;38;2;1;2;3ma<b\x1b[0m  字x\r\n│\x1b[48;5;196m \x1b[0m".as_bytes(),
    );
    let svg = picture(parser.screen(), DARK, "a & b");
    for part in [
        "<title>a &amp; b</title>",
        ">a&lt;b</text>",
        "fill:#010203;font-weight:bold",
        // Two blanks later, in the middle of its two cells, and the next after both.
        r#"x="66" y="26" text-anchor="middle">字<"#,
        r#"x="75" y="26" textLength="9">x<"#,
        r##"<rect x="21" y="31" width="9" height="19" fill="#ff0000"/>"##,
        r#"d="M4.5 0V19""#,
    ] {
        assert!(svg.contains(part), "{part}\n{svg}");
    }
    assert_eq!(svg, picture(parser.screen(), DARK, "a & b"));
    parser.process("\r\nאב".as_bytes());
    let svg = picture(parser.screen(), DARK, "");
    assert!(
        svg.contains(">א</text>") && svg.contains(">ב</text>"),
        "{svg}"
    );
    assert!(!svg.contains('\u{1b}'));
}

#[test]
fn colours_are_those_of_terminals() {
    assert_eq!(colour(Color::Idx(16), 7), 0);
    assert_eq!(colour(Color::Idx(231), 7), 0xff_ffff);
    assert_eq!(colour(Color::Idx(110), 7), 0x87_afd7);
    assert_eq!(colour(Color::Idx(255), 7), 0xee_eeee);
    assert_eq!(colour(Color::Default, 7), 7);
    assert_eq!(faint(0xff_ffff, 0), 0xaa_aaaa);
}
