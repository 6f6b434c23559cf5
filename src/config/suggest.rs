//! "Did you mean": the known word nearest to one that isn't known.

/// Words that other programs use for what we call differently.
const ALIASES: [(&str, &str); 22] = [
    ("accounts", "account"),
    ("address", "email"),
    ("body", "bodies"),
    ("budget", "daily-budget"),
    ("encryption", "security"),
    ("from", "email"),
    ("hostname", "host"),
    ("ignore", "exclude"),
    ("incoming", "imap"),
    ("login", "user"),
    ("max-connections", "connections"),
    ("outgoing", "smtp"),
    ("pass", "password"),
    ("passwd", "password"),
    ("password-cmd", "password-command"),
    ("realname", "full-name"),
    ("server", "host"),
    ("ssl", "security"),
    ("tls", "security"),
    ("ui-theme", "theme"),
    ("username", "user"),
    ("without", "without-extensions"),
];

/// The word of `known` that `word` was probably meant to be.
pub(super) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word = word.to_lowercase().replace('_', "-");
    let alias = ALIASES
        .iter()
        .find(|(alias, _)| *alias == word)
        .map(|(_, meant)| *meant);
    if let Some(found) = known.iter().find(|k| Some(**k) == alias) {
        return Some(found);
    }
    let near = known.iter().map(|k| (distance(&word, k), *k)).min()?;
    (near.0 <= 1 + word.chars().count() / 4).then_some(near.1)
}

/// Insertions, deletions, replacements and exchanges of neighbours that make `b` of `a`.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    let mut last: Option<char> = None;
    for (i, ca) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, &cb) in b.iter().enumerate() {
            let at = |r: &[usize], n: usize| r.get(n).copied().unwrap_or(usize::MAX / 2);
            let mut best = (at(&row, j) + usize::from(ca != cb))
                .min(at(&row, j + 1) + 1)
                .min(at(&next, j) + 1);
            let exchanged = j > 0 && last == Some(cb) && b.get(j - 1) == Some(&ca);
            if exchanged {
                best = best.min(at(&before, j - 1) + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
        last = Some(ca);
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (a, b, d) in [
            ("", "abc", 3),
            ("abc", "abc", 0),
            ("acb", "abc", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(a, b), d, "{a} {b}");
        }
    }

    #[test]
    fn the_nearest_word_if_it_is_near() {
        let known = ["full-name", "user", "password", "email", "imap"];
        assert_eq!(nearest("full_name", &known), Some("full-name"));
        assert_eq!(nearest("emial", &known), Some("email"));
        assert_eq!(nearest("username", &known), Some("user"));
        assert_eq!(nearest("colour", &known), None);
    }
}
