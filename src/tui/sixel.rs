//! Pixels as sixels (DEC STD 070, chapter 9.3): bands of six rows, each colour of a band in turn.

use color_quant::NeuQuant;
use image::RgbaImage;
use std::collections::BTreeMap;
use std::io::Write as _;

/// Colours of the palette; more than most terminals take is of no use.
const COLOURS: usize = 255;
/// Every so manyth pixel is looked at for the palette: 1 is best, 30 is fastest.
const SAMPLE: i32 = 10;
/// Pictures with fewer pixels are looked at whole, as the palette's method wants.
const SMALL: usize = 4_096;

/// The whole sequence, for a cursor that stands in the upper left corner.
pub fn sixel(picture: &RgbaImage, under: u8) -> Vec<u8> {
    let (width, height) = picture.dimensions();
    let pixels: Vec<u8> = picture
        .pixels()
        .flat_map(|p| {
            let [r, g, b] = opaque(p.0, under);
            [r, g, b, 255]
        })
        .collect();
    let (colours, indices) = palette(&pixels);
    let mut out = Vec::new();
    let _ = write!(out, "\x1bP0;1;0q\"1;1;{width};{height}");
    for (n, rgb) in colours.iter().enumerate() {
        // In hundredths.
        let [r, g, b] = rgb.map(|c| (u32::from(c) * 100 + 127) / 255);
        let _ = write!(out, "#{n};2;{r};{g};{b}");
    }
    let width = usize::try_from(width).unwrap_or(0).max(1);
    for band in indices.chunks(width * 6) {
        one_band(band, width, &mut out);
        out.push(b'-');
    }
    out.extend_from_slice(b"\x1b\\");
    out
}

/// The colours of pixels of four octets, and which of them each has: its own, where there are few,
/// as in drawings and pictures of a screen.
fn palette(pixels: &[u8]) -> (Vec<[u8; 3]>, Vec<usize>) {
    let colour = |p: &[u8]| [byte(p, 0), byte(p, 1), byte(p, 2)];
    let mut known: BTreeMap<[u8; 3], usize> = BTreeMap::new();
    let mut indices = Vec::with_capacity(pixels.len() / 4);
    for p in pixels.chunks_exact(4) {
        let next = known.len();
        indices.push(*known.entry(colour(p)).or_insert(next));
        if known.len() > COLOURS {
            break;
        }
    }
    if known.len() <= COLOURS {
        let mut colours = vec![[0; 3]; known.len()];
        for (colour, n) in known {
            if let Some(place) = colours.get_mut(n) {
                *place = colour;
            }
        }
        return (colours, indices);
    }
    let sample = if pixels.len() / 4 < SMALL { 1 } else { SAMPLE };
    let net = NeuQuant::new(sample, COLOURS, pixels);
    let mut known: BTreeMap<[u8; 3], usize> = BTreeMap::new();
    let index = |p: &[u8]| *known.entry(colour(p)).or_insert_with(|| net.index_of(p));
    let indices = pixels.chunks_exact(4).map(index).collect();
    let map = net.color_map_rgb();
    (map.chunks_exact(3).map(colour).collect(), indices)
}

/// A pixel over the background.
pub fn opaque([r, g, b, a]: [u8; 4], under: u8) -> [u8; 3] {
    let (a, under) = (u16::from(a), u16::from(under));
    let mix = |c: u8| u8::try_from((u16::from(c) * a + under * (255 - a)) / 255).unwrap_or(c);
    [mix(r), mix(g), mix(b)]
}

/// Six rows: for each colour in them which of the six pixels of a column have it.
fn one_band(band: &[usize], width: usize, out: &mut Vec<u8>) {
    let mut colours: BTreeMap<usize, Vec<u8>> = BTreeMap::new();
    for (row, indices) in band.chunks(width).enumerate() {
        for (x, index) in indices.iter().enumerate() {
            let columns = colours.entry(*index).or_insert_with(|| vec![0; width]);
            if let Some(bits) = columns.get_mut(x) {
                *bits |= 1 << row;
            }
        }
    }
    for (index, columns) in colours {
        let _ = write!(out, "#{index}");
        let mut columns = columns.iter().copied().peekable();
        while let Some(bits) = columns.next() {
            let mut times = 1;
            while columns.next_if_eq(&bits).is_some() {
                times += 1;
            }
            let character = char::from(63 + bits);
            let _ = match times {
                1..=3 => (0..times).try_for_each(|_| write!(out, "{character}")),
                _ => write!(out, "!{times}{character}"),
            };
        }
        out.push(b'$');
    }
}

fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgba;

    /// A picture's size, and the colours of its pixels.
    type Drawn = ((usize, usize), BTreeMap<(usize, usize), [usize; 3]>);

    /// Draws sixels as a terminal would (DEC STD 070, chapter 9.3): the size that is told, and the
    /// colour of each pixel, in hundredths. Anything but what we mean to write is a panic.
    fn drawn(octets: &[u8]) -> Drawn {
        let text = std::str::from_utf8(octets).unwrap();
        // A device control string: aspect of 1 to 1 by the raster attributes, what is not drawn
        // stays as it is.
        let data = text.strip_prefix("\x1bP0;1;0q").unwrap();
        let data = data.strip_suffix("\x1b\\").unwrap();
        let mut chars = data.chars().peekable();
        let (mut x, mut y, mut colour, mut size) = (0, 0, None, None);
        let mut palette: BTreeMap<usize, [usize; 3]> = BTreeMap::new();
        let mut pixels = BTreeMap::new();
        while let Some(c) = chars.next() {
            let mut numbers = Vec::new();
            if matches!(c, '"' | '#' | '!') {
                let is_number = |c: &char| c.is_ascii_digit() || *c == ';';
                let all: String = std::iter::from_fn(|| chars.next_if(is_number)).collect();
                numbers.extend(all.split(';').map(|n| n.parse::<usize>().unwrap()));
            }
            let (sixel, times) = match (c, numbers.as_slice()) {
                ('"', &[1, 1, wide, high]) if pixels.is_empty() => {
                    size = Some((wide, high));
                    continue;
                }
                ('#', &[n, 2, r, g, b]) => {
                    assert!(n < 256 && r.max(g).max(b) <= 100);
                    palette.insert(n, [r, g, b]);
                    continue;
                }
                ('#', &[n]) => {
                    colour = Some(palette[&n]);
                    continue;
                }
                ('$', []) => {
                    x = 0;
                    continue;
                }
                ('-', []) => {
                    (x, y) = (0, y + 6);
                    continue;
                }
                ('!', &[times]) => (chars.next().unwrap(), times),
                (c, []) => (c, 1),
                other => panic!("{other:?}"),
            };
            assert!(('?'..='~').contains(&sixel), "{sixel:?}");
            for _ in 0..times {
                for bit in (0..6).filter(|bit| (sixel as u32 - 63) >> bit & 1 == 1) {
                    assert_eq!(
                        pixels.insert((x, y + bit), colour.unwrap()),
                        None,
                        "drawn twice"
                    );
                }
                x += 1;
            }
        }
        (size.unwrap(), pixels)
    }

    /// How far the pixels of a picture are from those that are drawn of it, at most.
    fn far(picture: &RgbaImage) -> u32 {
        let (size, pixels) = drawn(&sixel(picture, 0));
        let (wide, high) = picture.dimensions();
        assert_eq!(size, (wide as usize, high as usize));
        assert_eq!(pixels.len(), size.0 * size.1, "each once, and none beside");
        let mut most = 0;
        for (x, y, pixel) in picture.enumerate_pixels() {
            let [r, g, b] = pixels[&(x as usize, y as usize)];
            let rgb = [r, g, b].map(|c| (c * 255 + 50) / 100);
            for (own, got) in pixel.0.iter().zip(rgb) {
                most = most.max(u32::from(*own).abs_diff(got as u32));
            }
        }
        most
    }

    #[test]
    fn every_pixel_is_drawn_once_in_its_colour() {
        // As a drawing: as many colours as there can be, each its own, to the hundredth.
        let mut n = 0u32;
        let few = RgbaImage::from_fn(101, 47, |_, _| {
            n = n.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let c = ((n >> 20) % 255) as u8;
            Rgba([c, 255 - c, c.wrapping_mul(7), 255])
        });
        assert!(far(&few) <= 2, "{}", far(&few));
        // As a photograph: near.
        let many = RgbaImage::from_fn(90, 80, |x, y| {
            Rgba([x as u8 * 2, y as u8 * 3, (x + y) as u8, 255])
        });
        assert!(far(&many) <= 40, "{}", far(&many));
        // Long runs, one pixel, and heights that are no bands.
        for (wide, high) in [(300, 1), (1, 1), (2, 6), (3, 7), (13, 15)] {
            let mut plain = RgbaImage::from_pixel(wide, high, Rgba([255, 0, 0, 255]));
            plain.put_pixel(wide - 1, high - 1, Rgba([0, 0, 255, 255]));
            assert!(far(&plain) <= 1, "{wide}x{high}");
        }
    }
}
