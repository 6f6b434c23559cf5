//! Pictures as a terminal takes them: kitty's graphics protocol, iTerm2's inline images, sixels,
//! and half blocks, which every terminal has.
//!
//! What the terminal can do is told by its environment; it is asked nothing, because its answer
//! would come among the keys. Where that says nothing, and inside tmux or screen, pictures are
//! half blocks. Only pixels come in, so that nothing a sender wrote is ever part of a sequence.

use crate::config::Images;
use crate::lang::mark;
use crate::tui::sixel::{opaque, sixel};
use crate::tui::theme::{Colours, Surroundings};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder as _, RgbaImage};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::Color;
use std::io::Write as _;
use std::sync::Arc;

/// Base64 octets in one sequence of kitty's (its documentation's limit).
const CHUNK: usize = 4096;
/// Pixels of a cell where the terminal does not say.
const CELL: (u16, u16) = (8, 16);
/// Takes kitty's picture away, and its pixels from the terminal's memory.
pub const SCRUB: &[u8] = b"\x1b_Ga=d,d=I,i=7077,q=2\x1b\\";

/// What is said of a picture that moves.
pub const MOVES: &str = mark!("It moves; this is how it begins.");

/// A way to show pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Not at all.
    None,
    /// Half blocks.
    Cells,
    /// Kitty's graphics protocol.
    Kitty,
    /// Sixels (DEC STD 070).
    Sixel,
    /// iTerm2's inline images.
    Iterm,
}

/// What the terminal can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ability {
    /// How pictures are shown.
    pub way: Way,
    /// What is known besides.
    pub around: Surroundings,
}

impl Ability {
    /// What the user wants, or what the environment says (by this look-up).
    pub fn new(
        wanted: Images,
        around: Surroundings,
        var: impl Fn(&str) -> Option<String>,
    ) -> Ability {
        let way = match wanted {
            _ if around.linear => Way::None,
            Images::Auto => found(|name| var(name).unwrap_or_default()),
            Images::Off => Way::None,
            Images::Blocks => Way::Cells,
            Images::Kitty => Way::Kitty,
            Images::Sixel => Way::Sixel,
            Images::Iterm => Way::Iterm,
        };
        Ability { way, around }
    }

    /// The pixels that a picture can have in this room of cells, and the pixels of a cell.
    pub fn pixels(self, room: (u16, u16), cell: Option<(u16, u16)>) -> ((u32, u32), (u32, u32)) {
        let cell = match self.way {
            Way::Cells | Way::None => (1, 2),
            _ => cell.filter(|c| c.0 > 0 && c.1 > 0).unwrap_or(CELL),
        };
        let cell = (u32::from(cell.0), u32::from(cell.1));
        let all = (u32::from(room.0) * cell.0, u32::from(room.1) * cell.1);
        (all, cell)
    }
}

fn found(var: impl Fn(&str) -> String) -> Way {
    let (term, program) = (var("TERM"), var("TERM_PROGRAM"));
    let inside = ["TMUX", "STY", "ZELLIJ"].iter().any(|v| !var(v).is_empty());
    if inside || term.starts_with("tmux") || term.starts_with("screen") {
        return Way::Cells;
    }
    let kitty = matches!(term.as_str(), "xterm-kitty" | "xterm-ghostty");
    if kitty || program == "ghostty" || !var("KITTY_WINDOW_ID").is_empty() {
        return Way::Kitty;
    }
    let iterm = matches!(program.as_str(), "iTerm.app" | "WezTerm");
    if iterm || var("LC_TERMINAL") == "iTerm2" {
        return Way::Iterm;
    }
    let sixel = ["foot", "mlterm", "yaft"];
    match sixel.iter().any(|t| term.starts_with(t)) {
        true => Way::Sixel,
        false => Way::Cells,
    }
}

/// A picture that can be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its columns.
    pub columns: u16,
    /// Its rows.
    pub rows: u16,
    /// Whether it moves, and this is how it begins.
    pub moves: bool,
    /// The picture itself.
    pub form: Form,
}

/// The form of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// The colours of the upper and lower half of each cell, row by row.
    Cells(Vec<([u8; 3], [u8; 3])>),
    /// What is written to the terminal with the cursor in the upper left corner.
    Octets(Vec<u8>),
}

/// A picture that the terminal draws over cells that are blank.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Which it is: another number, another picture.
    pub number: u64,
    /// Its cells.
    pub area: Rect,
    /// It, in a form that is octets; any other is in the cells.
    pub picture: Arc<Shown>,
}

/// A picture in half blocks, or in blocks as dense as it is bright where there are few colours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inlay {
    /// Its columns.
    pub columns: u16,
    /// Its rows.
    pub rows: u16,
    /// Whether it moves, and this is how it begins.
    pub moves: bool,
    cells: Vec<Cell>,
}

impl Inlay {
    /// A picture on this terminal; `None` if it is no cells.
    pub fn of(shown: &Shown, around: Surroundings) -> Option<Inlay> {
        let Form::Cells(halves) = &shown.form else {
            return None;
        };
        let colour = |[r, g, b]: [u8; 3]| match around.colours {
            Colours::All => Color::Rgb(r, g, b),
            _ => Color::Indexed(indexed([r, g, b])),
        };
        let cell = |(upper, lower): &([u8; 3], [u8; 3])| {
            let mut cell = Cell::new("▀");
            match in_colours(around) {
                true => cell.set_fg(colour(*upper)).set_bg(colour(*lower)),
                false => cell.set_char(shade(*upper, *lower, around.light)),
            };
            cell
        };
        Some(Inlay {
            columns: shown.columns,
            rows: shown.rows,
            moves: shown.moves,
            cells: halves.iter().map(cell).collect(),
        })
    }

    /// Draws one of its rows from the left of an area that is a row.
    pub fn draw(&self, row: u16, buf: &mut Buffer, area: Rect) {
        let columns = usize::from(self.columns);
        let cells = self.cells.iter().skip(usize::from(row) * columns);
        for (x, own) in (area.left()..area.right()).zip(cells.take(columns)) {
            if let Some(cell) = buf.cell_mut((x, area.y)) {
                *cell = own.clone();
            }
        }
    }
}

/// Makes a picture ready. `cell` is the size of a cell in pixels, as [`Ability::pixels`] says.
pub fn ready(picture: &RgbaImage, ability: Ability, cell: (u32, u32)) -> Option<Shown> {
    let (width, height) = picture.dimensions();
    let cells = |pixels: u32, of: u32| u16::try_from(pixels.div_ceil(of.max(1)).max(1)).ok();
    let (columns, rows) = (cells(width, cell.0)?, cells(height, cell.1)?);
    let under = if ability.around.light { 255 } else { 0 };
    let form = match ability.way {
        Way::None => return None,
        Way::Cells => Form::Cells(halves(picture, under)),
        Way::Kitty => Form::Octets(kitty(picture, columns, rows)?),
        Way::Iterm => Form::Octets(iterm(picture, columns, rows)?),
        Way::Sixel => Form::Octets(sixel(picture, under)),
    };
    Some(Shown {
        columns,
        rows,
        moves: false,
        form,
    })
}

fn halves(picture: &RgbaImage, under: u8) -> Vec<([u8; 3], [u8; 3])> {
    let (width, height) = picture.dimensions();
    let at = |x, y| {
        let pixel = picture.get_pixel_checked(x, y);
        pixel.map_or([under; 3], |p| opaque(p.0, under))
    };
    let rows = (0..height).step_by(2);
    rows.flat_map(|y| (0..width).map(move |x| (at(x, y), at(x, y + 1))))
        .collect()
}

fn kitty(picture: &RgbaImage, columns: u16, rows: u16) -> Option<Vec<u8>> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(picture.as_raw()).ok()?;
    let text = BASE64.encode(packed.finish().ok()?);
    let (width, height) = picture.dimensions();
    let mut out = Vec::with_capacity(text.len() + 1024);
    let mut chunks = text.as_bytes().chunks(CHUNK).peekable();
    let mut first = true;
    while let Some(chunk) = chunks.next() {
        let more = u8::from(chunks.peek().is_some());
        let keys = match first {
            true => format!(
                "a=T,f=32,o=z,s={width},v={height},i=7077,p=1,c={columns},r={rows},C=1,q=2,m={more}"
            ),
            false => format!("q=2,m={more}"),
        };
        first = false;
        out.extend_from_slice(format!("\x1b_G{keys};").as_bytes());
        out.extend_from_slice(chunk);
        out.extend_from_slice(b"\x1b\\");
    }
    Some(out)
}

fn iterm(picture: &RgbaImage, columns: u16, rows: u16) -> Option<Vec<u8>> {
    let mut png = Vec::new();
    let (width, height) = picture.dimensions();
    let encoder = PngEncoder::new(&mut png);
    let written = encoder.write_image(picture.as_raw(), width, height, ExtendedColorType::Rgba8);
    written.ok()?;
    let text = BASE64.encode(&png);
    let head = format!(
        "\x1b]1337;File=inline=1;size={};width={columns};height={rows};preserveAspectRatio=1;\
         doNotMoveCursor=1:{text}\x07",
        png.len()
    );
    Some(head.into_bytes())
}

/// The nearest of the 216 colours and 24 greys that terminals with 256 colours have.
pub fn indexed([r, g, b]: [u8; 3]) -> u8 {
    let grey = r.abs_diff(g).max(g.abs_diff(b)) < 8;
    if grey && (8..=240).contains(&g) {
        return 232 + (g - 8) / 10;
    }
    let step = |c: u8| u8::try_from((u16::from(c) * 5 + 127) / 255).unwrap_or(5);
    16 + 36 * step(r) + 6 * step(g) + step(b)
}

/// A character as dense as a colour is bright, for terminals with few colours.
pub fn shade(upper: [u8; 3], lower: [u8; 3], light: bool) -> char {
    let sum: u32 = upper.iter().chain(&lower).map(|c| u32::from(*c)).sum();
    let bright = if light { 255 * 6 - sum } else { sum };
    match bright * 5 / (255 * 6 + 1) {
        0 => ' ',
        1 => '░',
        2 => '▒',
        3 => '▓',
        _ => '█',
    }
}

/// Whether half blocks in colours can be told apart.
pub fn in_colours(around: Surroundings) -> bool {
    matches!(around.colours, Colours::Many | Colours::All)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgba;
    use std::collections::BTreeMap;

    fn ability(way: Images, vars: &[(&str, &str)]) -> Ability {
        let around = Surroundings::read(|_| None);
        Ability::new(way, around, |name| {
            let found = vars.iter().find(|(n, _)| *n == name);
            found.map(|(_, v)| (*v).to_owned())
        })
    }

    #[test]
    fn the_environment_tells_and_the_user_decides() {
        for (vars, way) in [
            (&[("TERM", "xterm-256color")][..], Way::Cells),
            (&[("TERM", "xterm-kitty")], Way::Kitty),
            (&[("TERM", "xterm-kitty"), ("TMUX", "/x")], Way::Cells),
            (&[("TERM", "screen"), ("KITTY_WINDOW_ID", "1")], Way::Cells),
            (&[("TERM_PROGRAM", "iTerm.app")], Way::Iterm),
            (&[("TERM", "foot-extra")], Way::Sixel),
            (&[], Way::Cells),
        ] {
            assert_eq!(ability(Images::Auto, vars).way, way, "{vars:?}");
        }
        assert_eq!(
            ability(Images::Off, &[("TERM", "xterm-kitty")]).way,
            Way::None
        );
        assert_eq!(ability(Images::Sixel, &[]).way, Way::Sixel);
    }

    /// Everything between sequences, which must be nothing, and the sequences' own octets.
    fn only_text(octets: &[u8]) -> bool {
        octets
            .iter()
            .all(|b| matches!(b, 0x1b | 0x07 | 0x20..=0x7e))
    }

    #[test]
    fn every_way_shows_all_pixels_in_its_cells() {
        let mut picture = RgbaImage::from_pixel(100, 60, Rgba([10, 200, 30, 255]));
        picture.put_pixel(0, 0, Rgba([255, 255, 255, 0]));
        for way in [Images::Blocks, Images::Kitty, Images::Sixel, Images::Iterm] {
            let ability = ability(way, &[]);
            let (_, cell) = ability.pixels((80, 24), Some((10, 20)));
            let shown = ready(&picture, ability, cell).unwrap();
            match &shown.form {
                Form::Cells(cells) => {
                    assert_eq!((shown.columns, shown.rows, cells.len()), (100, 30, 3000));
                    assert_eq!(
                        cells[0],
                        ([0, 0, 0], [10, 200, 30]),
                        "what can be seen through"
                    );
                }
                Form::Octets(octets) => {
                    assert_eq!((shown.columns, shown.rows), (10, 3), "{way:?}");
                    assert!(octets.starts_with(b"\x1b") && only_text(octets), "{way:?}");
                }
            }
        }
        assert_eq!(ready(&picture, ability(Images::Off, &[]), (1, 2)), None);
    }

    fn noise() -> RgbaImage {
        let mut picture = RgbaImage::new(200, 100);
        for (n, pixel) in picture.pixels_mut().enumerate() {
            let [a, b, c, d] = (n as u32).wrapping_mul(2_654_435_761).to_le_bytes();
            *pixel = Rgba([a, b, c, d]);
        }
        picture
    }

    /// What a terminal makes of kitty's sequences: the keys of the first and the pixels of all
    /// (<https://sw.kovidgoyal.net/kitty/graphics-protocol/>).
    fn kitty_reads(octets: &[u8]) -> (BTreeMap<String, String>, Vec<u8>) {
        let text = std::str::from_utf8(octets).unwrap();
        let pieces: Vec<&str> = text.split_terminator("\x1b\\").collect();
        let (mut first, mut packed) = (BTreeMap::new(), String::new());
        for (n, piece) in pieces.iter().enumerate() {
            let (keys, data) = piece
                .strip_prefix("\x1b_G")
                .unwrap()
                .split_once(';')
                .unwrap();
            let keys: BTreeMap<String, String> = keys
                .split(',')
                .map(|key| key.split_once('=').unwrap())
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            // Of at most 4096 octets, and all but the last of a multiple of four.
            let last = n + 1 == pieces.len();
            assert!(data.len() <= 4096 && (last || data.len().is_multiple_of(4)));
            assert_eq!(keys["m"], if last { "0" } else { "1" });
            assert_eq!(keys["q"], "2", "the terminal is to answer nothing");
            if n > 0 {
                assert_eq!(keys.len(), 2, "later ones have m, and q, and nothing else");
            } else {
                first = keys;
            }
            packed.push_str(data);
        }
        let packed = BASE64.decode(packed).unwrap();
        let mut pixels = Vec::new();
        let mut unpacked = flate2::read::ZlibDecoder::new(&packed[..]);
        std::io::Read::read_to_end(&mut unpacked, &mut pixels).unwrap();
        (first, pixels)
    }

    #[test]
    fn kitty_reads_back_the_same_pixels() {
        let picture = noise();
        for picture in [picture.clone(), RgbaImage::new(1, 1)] {
            let (width, height) = picture.dimensions();
            let (keys, pixels) = kitty_reads(&kitty(&picture, 20, 5).unwrap());
            assert_eq!(&pixels, picture.as_raw());
            let (width, height) = (width.to_string(), height.to_string());
            for (key, value) in [
                // Transmit and show; RGBA, packed by zlib; so many pixels in so many cells.
                ("a", "T"),
                ("f", "32"),
                ("o", "z"),
                ("s", &width),
                ("v", &height),
                ("c", "20"),
                ("r", "5"),
                // By a number, so that it can be taken away; the cursor stays.
                ("i", "7077"),
                ("p", "1"),
                ("C", "1"),
            ] {
                assert_eq!(keys[key], value, "{key}");
            }
        }
        assert!(
            kitty(&picture, 20, 5).unwrap().len() > 3 * CHUNK,
            "in several pieces"
        );
        let gone = std::str::from_utf8(SCRUB).unwrap();
        assert!(gone.contains("a=d,d=I,i=7077"), "by the same number");
    }

    #[test]
    fn iterm_reads_back_the_same_pixels() {
        // <https://iterm2.com/documentation-images.html>
        let picture = noise();
        let text = String::from_utf8(iterm(&picture, 20, 5).unwrap()).unwrap();
        let inside = text
            .strip_prefix("\x1b]1337;File=")
            .unwrap()
            .strip_suffix('\x07')
            .unwrap();
        let (keys, file) = inside.split_once(':').unwrap();
        let file = BASE64.decode(file).unwrap();
        let size = format!("size={}", file.len());
        for key in [
            "inline=1",
            &size,
            "width=20",
            "height=5",
            "preserveAspectRatio=1",
        ] {
            assert!(keys.split(';').any(|k| k == key), "{key} in {keys}");
        }
        let read = image::load_from_memory(&file).unwrap().into_rgba8();
        assert_eq!(read, picture);
    }

    #[test]
    fn few_colours_are_enough() {
        assert_eq!((indexed([255, 0, 0]), indexed([0, 0, 0])), (196, 16));
        assert_eq!(
            (indexed([255, 255, 255]), indexed([128, 128, 128])),
            (231, 244)
        );
        assert_eq!(shade([0; 3], [0; 3], false), ' ');
        assert_eq!(shade([255; 3], [255; 3], false), '█');
        assert_eq!(shade([255; 3], [255; 3], true), ' ');
    }
}
