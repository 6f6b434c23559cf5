//! Files of sections and `key = value` lines, as aerc and Mozilla's `profiles.ini` are.

/// A line that says something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'t> {
    /// The section's name; empty before the first.
    pub section: &'t str,
    /// The key, trimmed; the whole line where there is no `=`.
    pub key: &'t str,
    /// The value, trimmed; `None` where there is no `=`.
    pub value: Option<&'t str>,
    /// The line, from 1.
    pub line: u32,
}

/// The entries and, with an empty key, the sections themselves. Comments are whole lines that begin
/// with `#` or `;`.
pub fn entries(text: &str) -> Vec<Entry<'_>> {
    let (mut section, mut all) = ("", Vec::new());
    for (line, n) in text.lines().zip(1u32..) {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            section = name.trim();
            all.push(Entry {
                section,
                key: "",
                value: None,
                line: n,
            });
            continue;
        }
        // A key may be the sign itself: `= = :next`.
        let from = line.chars().next().map_or(0, char::len_utf8);
        let at = line
            .get(from..)
            .and_then(|rest| rest.find('='))
            .map(|at| at + from);
        let (key, value) = match at.and_then(|at| line.split_at_checked(at)) {
            Some((key, value)) => (key.trim(), value.get(1..).map(str::trim)),
            None => (line, None),
        };
        all.push(Entry {
            section,
            key,
            value,
            line: n,
        });
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_are_told_apart() {
        let read = entries("a=1\n# no\n[ b ]\nc = d = e\n= = f\ng\n");
        let read: Vec<_> = read
            .iter()
            .map(|e| (e.section, e.key, e.value, e.line))
            .collect();
        let expected = [
            ("", "a", Some("1"), 1),
            ("b", "", None, 3),
            ("b", "c", Some("d = e"), 4),
            ("b", "=", Some("f"), 5),
            ("b", "g", None, 6),
        ];
        assert_eq!(read, expected);
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in any::<String>()) {
            let _ = entries(&text);
        }
    }
}
