//! Pictures in messages to pixels, within bounds.
//!
//! A picture of a few kilobytes may claim more pixels than there is memory for, so its size is
//! asked before anything is decoded. Decoding takes its time: do it on a thread that may be given
//! up. What comes out is ours: a sender's octets never reach the terminal's own decoders.

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbaImage};
use std::io::Cursor;

/// The largest file that is decoded, in octets.
pub const MOST_OCTETS: usize = 64 << 20;
/// The most pixels.
const MOST_PIXELS: u64 = 64_000_000;
/// The most along one side.
const LONGEST: u32 = 30_000;
/// What decoding may take of memory, in octets.
const MEMORY: u64 = 384 << 20;

/// Why there is no picture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undecoded {
    /// Not a kind that is known here.
    #[error("this is no picture that can be shown here (PNG, JPEG, GIF, WebP, BMP)")]
    Unknown,
    /// Too many octets, pixels or memory.
    #[error("this picture is too large to be shown here")]
    TooLarge,
    /// Broken.
    #[error("this picture is damaged")]
    Damaged,
}

/// Whether the first octets are those of a picture that can be shown.
pub fn is_picture(bytes: &[u8]) -> bool {
    use image::ImageFormat::{Bmp, Gif, Jpeg, Png, WebP};
    let format = image::guess_format(bytes);
    format.is_ok_and(|f| matches!(f, Bmp | Gif | Jpeg | Png | WebP))
}

/// The width and height of a picture, as it claims; nothing is decoded.
pub fn size(bytes: &[u8]) -> Option<(u32, u32)> {
    if bytes.len() > MOST_OCTETS || !is_picture(bytes) {
        return None;
    }
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    reader.ok()?.into_dimensions().ok()
}

/// The pixels of a picture, upright, made smaller where it has more than `columns` times `rows`;
/// of one that moves the first. With its own width and height.
///
/// # Errors
/// See [`Undecoded`].
pub fn decode(bytes: &[u8], columns: u32, rows: u32) -> Result<(RgbaImage, (u32, u32)), Undecoded> {
    if bytes.len() > MOST_OCTETS {
        return Err(Undecoded::TooLarge);
    }
    if !is_picture(bytes) {
        return Err(Undecoded::Unknown);
    }
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|_| Undecoded::Damaged)?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST);
    limits.max_image_height = Some(LONGEST);
    limits.max_alloc = Some(MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(why)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS || decoder.total_bytes() > MEMORY {
        return Err(Undecoded::TooLarge);
    }
    if width == 0 || height == 0 {
        return Err(Undecoded::Damaged);
    }
    let turned = decoder.orientation().ok();
    let mut picture = DynamicImage::from_decoder(decoder).map_err(why)?;
    if let Some(turned) = turned {
        picture.apply_orientation(turned);
    }
    let size = (picture.width(), picture.height());
    if size.0 > columns || size.1 > rows {
        picture = picture.thumbnail(columns.max(1), rows.max(1));
    }
    Ok((picture.into_rgba8(), size))
}

/// Whether a picture moves: more than one of it (GIF89a), frames (APNG, WebP). Of a damaged one it
/// may say anything.
pub fn moves(bytes: &[u8]) -> bool {
    match image::guess_format(bytes) {
        Ok(ImageFormat::Gif) => gif_images(bytes).is_some_and(|n| n > 1),
        // What says how many frames there are stands before the first of them.
        Ok(ImageFormat::Png) => {
            let mut rest = bytes.get(8..).unwrap_or_default();
            while let Some((head, body)) = rest.split_first_chunk::<8>() {
                let [a, b, c, d, kind @ ..] = *head;
                if matches!(&kind, b"acTL" | b"IDAT") {
                    return &kind == b"acTL";
                }
                let length = usize::try_from(u32::from_be_bytes([a, b, c, d]));
                let after = length.ok().and_then(|n| body.get(n.checked_add(4)?..));
                rest = after.unwrap_or_default();
            }
            false
        }
        Ok(ImageFormat::WebP) => {
            bytes.get(12..16) == Some(b"VP8X") && bytes.get(20).is_some_and(|b| b & 2 != 0)
        }
        _ => false,
    }
}

/// How many images are in a GIF, counted up to two.
fn gif_images(bytes: &[u8]) -> Option<usize> {
    let table = |packed: u8| match packed & 0x80 {
        0 => 0,
        _ => 3usize << ((packed & 7) + 1),
    };
    let mut at = 13 + table(*bytes.get(10)?);
    let mut images = 0;
    while images < 2 {
        at = match *bytes.get(at)? {
            0x21 => at + 2,
            0x2c => {
                images += 1;
                at + 11 + table(*bytes.get(at + 9)?)
            }
            _ => break,
        };
        // Blocks, each with its length, up to an empty one. Where the file is cut, that is its end.
        while let Some(length) = bytes.get(at).filter(|n| **n > 0) {
            at += 1 + usize::from(*length);
        }
        at += 1;
        if at >= bytes.len() {
            break;
        }
    }
    Some(images)
}

fn why(e: image::ImageError) -> Undecoded {
    match e {
        image::ImageError::Limits(_) => Undecoded::TooLarge,
        image::ImageError::Unsupported(_) => Undecoded::Unknown,
        _ => Undecoded::Damaged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::codecs::gif::GifEncoder;
    use image::{Frame, Rgba};
    use proptest::prelude::*;

    fn encoded(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let picture = RgbaImage::from_pixel(width, height, Rgba([200, 10, 10, 255]));
        let picture = DynamicImage::ImageRgba8(picture).to_rgb8();
        let mut out = Cursor::new(Vec::new());
        picture.write_to(&mut out, format).unwrap();
        out.into_inner()
    }

    #[test]
    fn pictures_are_made_smaller_and_keep_their_shape() {
        for format in [ImageFormat::Png, ImageFormat::Bmp, ImageFormat::Jpeg] {
            let (picture, size) = decode(&encoded(400, 100, format), 40, 40).unwrap();
            assert_eq!(
                (picture.dimensions(), size),
                ((40, 10), (400, 100)),
                "{format:?}"
            );
            let [red, green, ..] = picture.get_pixel(5, 5).0;
            assert!(red > 150 && green < 60);
        }
        let (small, _) = decode(&encoded(3, 2, ImageFormat::Png), 40, 40).unwrap();
        assert_eq!(small.dimensions(), (3, 2), "nothing is made larger");
    }

    #[test]
    fn s42_a_bomb_is_not_decoded() {
        // A PNG of 60000 by 60000 pixels in a few octets.
        let mut bomb = encoded(1, 1, ImageFormat::Png);
        bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
        assert!(decode(&bomb, 10, 10).is_err());
        let mut crc = flate2::Crc::new();
        crc.update(&bomb[12..29]);
        let sum = crc.sum().to_be_bytes();
        bomb[29..33].copy_from_slice(&sum);
        assert_eq!(decode(&bomb, 10, 10).unwrap_err(), Undecoded::TooLarge);
        bomb[16..24].copy_from_slice(&[0, 0, 0x27, 0x10, 0, 0, 0x27, 0x10]);
        let mut crc = flate2::Crc::new();
        crc.update(&bomb[12..29]);
        let sum = crc.sum().to_be_bytes();
        bomb[29..33].copy_from_slice(&sum);
        assert_eq!(decode(&bomb, 10, 10).unwrap_err(), Undecoded::TooLarge);
        assert_eq!(decode(b"hello", 9, 9).unwrap_err(), Undecoded::Unknown);
        assert_eq!(decode(b"GIF89a", 9, 9).unwrap_err(), Undecoded::Damaged);
        assert!(is_picture(b"\x89PNG\r\n\x1a\n") && !is_picture(b"<svg>"));
    }

    #[test]
    fn what_moves_is_known() {
        let gif = |frames: usize| {
            let mut out = Vec::new();
            let mut encoder = GifEncoder::new(&mut out);
            for _ in 0..frames {
                let frame = Frame::new(RgbaImage::from_pixel(9, 7, Rgba([1, 2, 3, 255])));
                encoder.encode_frame(frame).unwrap();
            }
            drop(encoder);
            out
        };
        assert_eq!([1, 2, 3].map(|n| moves(&gif(n))), [false, true, true]);
        assert!(!moves(&gif(2)[..60]) && !moves(b"GIF89a"));
        let png = encoded(3, 3, ImageFormat::Png);
        assert!(!moves(&png) && !moves(b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffabcd"));
        let mut moving = png[..33].to_vec();
        moving.extend_from_slice(b"\0\0\0\x08acTL\0\0\0\x02\0\0\0\0crc!");
        moving.extend_from_slice(&png[33..]);
        assert!(moves(&moving));
        let webp = |flags: u8| {
            [
                b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0".as_slice(),
                &[flags, 0, 0, 0],
            ]
            .concat()
        };
        assert!(moves(&webp(2)) && !moves(&webp(16)));
        assert!(!moves(&encoded(9, 7, ImageFormat::Jpeg)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn nothing_makes_it_panic(
            mut bytes in prop_oneof![
                Just(encoded(9, 7, ImageFormat::Png)),
                Just(encoded(9, 7, ImageFormat::Gif)),
                Just(encoded(9, 7, ImageFormat::Jpeg)),
                Just(encoded(9, 7, ImageFormat::WebP)),
                Just(encoded(9, 7, ImageFormat::Bmp)),
            ],
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        ) {
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            moves(&bytes);
            if let Ok((picture, _)) = decode(&bytes, 4, 4) {
                prop_assert!(picture.width() <= 4 && picture.height() <= 4);
            }
        }
    }
}
