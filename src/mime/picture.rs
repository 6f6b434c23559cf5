//! Pictures in messages to pixels, within bounds.
//!
//! A picture of a few kilobytes may claim more pixels than there is memory for, so its size is
//! asked before anything is decoded. Decoding takes its time: do it on a thread that may be given
//! up. What comes out is ours: a sender's octets never reach the terminal's own decoders.

use image::{DynamicImage, ImageDecoder, ImageReader, Limits, RgbaImage};
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
    use image::{ImageFormat, Rgba};
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
            if let Ok((picture, _)) = decode(&bytes, 4, 4) {
                prop_assert!(picture.width() <= 4 && picture.height() <= 4);
            }
        }
    }
}
