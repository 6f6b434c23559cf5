//! A QR code in half blocks: two modules a cell, so that it is as wide as it is high.
//!
//! What is light is drawn, what is dark is left out, with the quiet zone that cameras need: right as
//! it is on a dark ground. Whoever knows the colours shows it in black on white by drawing the blocks
//! in white on black.

use qrcodegen::{QrCode, QrCodeEcc};

/// Modules around it that stay light. The standard asks for four, and cameras do with two.
const QUIET: i32 = 2;

/// The lines of the code for a text; `None` if it is too long for one.
pub fn half_blocks(text: &str) -> Option<Vec<String>> {
    let code = QrCode::encode_text(text, QrCodeEcc::Low).ok()?;
    let side = code.size() + 2 * QUIET;
    let light = |x: i32, y: i32| y < side && !code.get_module(x - QUIET, y - QUIET);
    let line = |y: i32| -> String {
        let cells = (0..side).map(|x| match (light(x, y), light(x, y + 1)) {
            (true, true) => '█',
            (true, false) => '▀',
            (false, true) => '▄',
            (false, false) => ' ',
        });
        cells.collect()
    };
    Some((0..side).step_by(2).map(line).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_square_and_has_its_corners() {
        let lines = half_blocks("https://id.example/device?user_code=WDJB-MJHT").unwrap();
        let wide = lines[0].chars().count();
        assert!(lines.iter().all(|l| l.chars().count() == wide));
        assert_eq!(lines.len(), wide.div_ceil(2));
        assert!(wide < 40, "{wide}");
        // The quiet zone, then the finder's edge, seven dark modules.
        assert!(lines[0].chars().all(|c| c == '█'));
        assert!(lines[1].starts_with("██ ▄▄▄▄▄ █"), "{:?}", lines[1]);
        assert_eq!(half_blocks(&"x".repeat(4000)), None);
    }
}
