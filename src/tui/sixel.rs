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
    let sample = if pixels.len() / 4 < SMALL { 1 } else { SAMPLE };
    let palette = NeuQuant::new(sample, COLOURS, &pixels);
    let mut known: BTreeMap<[u8; 3], usize> = BTreeMap::new();
    let indices: Vec<usize> = pixels
        .chunks_exact(4)
        .map(|p| {
            let colour = [byte(p, 0), byte(p, 1), byte(p, 2)];
            *known.entry(colour).or_insert_with(|| palette.index_of(p))
        })
        .collect();
    let mut out = Vec::new();
    let _ = write!(out, "\x1bP0;1;0q\"1;1;{width};{height}");
    for (n, rgb) in palette.color_map_rgb().chunks_exact(3).enumerate() {
        let part = |at| u32::from(byte(rgb, at)) * 100 / 255;
        let _ = write!(out, "#{n};2;{};{};{}", part(0), part(1), part(2));
    }
    let width = usize::try_from(width).unwrap_or(0).max(1);
    for band in indices.chunks(width * 6) {
        one_band(band, width, &mut out);
        out.push(b'-');
    }
    out.extend_from_slice(b"\x1b\\");
    out
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

    /// Draws sixels as a terminal would: the colour of each pixel.
    fn drawn(octets: &[u8]) -> BTreeMap<(usize, usize), usize> {
        let text = std::str::from_utf8(octets).unwrap();
        let data = text
            .split_once('q')
            .unwrap()
            .1
            .strip_suffix("\x1b\\")
            .unwrap();
        let mut chars = data.chars().peekable();
        let (mut x, mut y, mut colour, mut times) = (0, 0, 0, 1);
        let mut pixels = BTreeMap::new();
        while let Some(c) = chars.next() {
            let mut number = || {
                let mut n = 0;
                while let Some(d) = chars.peek().and_then(|c| c.to_digit(10)) {
                    n = n * 10 + d as usize;
                    chars.next();
                }
                n
            };
            match c {
                '"' => while chars.next_if(|c| c.is_ascii_digit() || *c == ';').is_some() {},
                '#' => {
                    colour = number();
                    while chars.next_if(|c| c.is_ascii_digit() || *c == ';').is_some() {}
                }
                '!' => times = number(),
                '$' => x = 0,
                '-' => (x, y) = (0, y + 6),
                '?'..='~' => {
                    for _ in 0..std::mem::replace(&mut times, 1) {
                        for bit in 0..6 {
                            if (c as u32 - 63) >> bit & 1 == 1 {
                                assert_eq!(pixels.insert((x, y + bit), colour), None);
                            }
                        }
                        x += 1;
                    }
                }
                other => panic!("{other:?}"),
            }
        }
        pixels
    }

    #[test]
    fn every_pixel_is_drawn_once() {
        let mut picture = RgbaImage::from_pixel(13, 15, Rgba([255, 0, 0, 255]));
        for x in 0..13 {
            picture.put_pixel(x, 7, Rgba([0, 0, 255, 255]));
        }
        let pixels = drawn(&sixel(&picture, 0));
        assert_eq!(pixels.len(), 13 * 15);
        assert_ne!(pixels[&(4, 7)], pixels[&(4, 8)]);
        assert_eq!(pixels[&(0, 0)], pixels[&(12, 14)]);
    }
}
