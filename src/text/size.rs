//! Sizes for people.

use crate::lang;

/// Octets in a few characters: `412 B`, `3.4 KB`, `27 MB` (powers of 1,024, as mail clients do).
pub fn human(octets: u64) -> String {
    const UNITS: [&str; 5] = ["KB", "MB", "GB", "TB", "PB"];
    if octets < 1024 {
        return format!("{octets} B");
    }
    let mut size = octets as f64 / 1024.0;
    let mut unit = "KB";
    for next in UNITS.iter().skip(1) {
        if size < 1023.5 {
            break;
        }
        size /= 1024.0;
        unit = next;
    }
    if size < 9.95 {
        let number = format!("{size:.1}").replace('.', &lang::now().decimal().to_string());
        format!("{number} {unit}")
    } else {
        format!("{size:.0} {unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::human;

    #[test]
    fn sizes() {
        let cases = [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KB"),
            (10_240, "10 KB"),
            (1_048_575, "1.0 MB"),
            (u64::MAX, "16384 PB"),
        ];
        for (octets, text) in cases {
            assert_eq!(human(octets), text);
        }
    }
}
