//! How far something is, for people: a bar, a count, a share.
//!
//! A bar is made of letters that differ without colours, too.

use crate::lang;
use crate::text::size;

/// What a column holds that is filled by so many eighths, from one on.
const EIGHTHS: [&str; 7] = ["▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// A bar of `cols` columns that grows by eighths of one; full only when everything is done, and empty
/// only at the beginning.
pub fn bar(done: u64, total: u64, cols: usize) -> String {
    let exact = u128::from(done) * cols as u128 * 8;
    let eighths = exact.checked_div(u128::from(total)).unwrap_or(0);
    let eighths = usize::try_from(eighths).unwrap_or(cols * 8).min(cols * 8);
    let part = (eighths % 8).checked_sub(1).and_then(|n| EIGHTHS.get(n));
    let filled = "█".repeat(eighths / 8);
    let rest = cols - eighths / 8 - usize::from(part.is_some());
    format!("{filled}{}{}", part.unwrap_or(&""), "░".repeat(rest))
}

/// Hundredths, rounded down, 100 at most; `None` where there is no whole.
pub fn percent(done: u64, total: u64) -> Option<u64> {
    let of = (u128::from(done) * 100).checked_div(u128::from(total))?;
    Some(u64::try_from(of.min(100)).unwrap_or(100))
}

/// A number with its thousands apart.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(lang::now().thousands());
        }
        out.push(c);
    }
    out
}

/// `12,400/50,000`, or what is done where the whole is not known.
pub fn count(done: u64, total: u64) -> String {
    if total == 0 {
        grouped(done)
    } else {
        format!("{}/{}", grouped(done), grouped(total))
    }
}

/// A part of a whole in octets: `3.2 of 15 GB`, `900 MB of 2.2 GB`.
pub fn share(part: u64, whole: u64) -> String {
    let (part, whole) = (size::human(part), size::human(whole));
    match (part.rsplit_once(' '), whole.rsplit_once(' ')) {
        (Some((number, unit)), Some((_, same))) if unit == same => format!("{number} of {whole}"),
        _ => format!("{part} of {whole}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_has_its_columns_and_is_full_only_at_the_end() {
        for (done, total, shown) in [
            (0, 0, "░░░░"),
            (1, 100, "░░░░"),
            (50, 100, "██░░"),
            (56, 100, "██▏░"),
            (99, 100, "███▉"),
            (100, 100, "████"),
            (u64::MAX, 3, "████"),
            (u64::MAX - 1, u64::MAX, "███▉"),
        ] {
            assert_eq!(bar(done, total, 4), shown, "{done} {total}");
        }
        assert_eq!(bar(1, 2, 0), "");
        assert_eq!((percent(1, 0), percent(199, 200)), (None, Some(99)));
    }

    #[test]
    fn numbers_are_for_people() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(count(12_400, 50_000), "12,400/50,000");
        assert_eq!(count(12_400, 0), "12,400");
        assert_eq!(share(3 << 30, 15 << 30), "3.0 of 15 GB");
        assert_eq!(share(900 << 20, 2 << 30), "900 MB of 2.0 GB");
    }
}
