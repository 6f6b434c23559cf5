//! `[open]`: the programs that show attachments, by media type.

use crate::config::problem::Problems;
use crate::config::section::Section;
use crate::config::sending::argv;
use std::ops::Range;
use std::path::Path;
use toml::de::DeTable;

/// Reads the table: type (`application/pdf`, `image/*`, or `*` for all others) and argument
/// vector; `{}` stands for the file's path.
pub(super) fn open(
    table: &DeTable<'_>,
    span: Range<usize>,
    base: &Path,
    problems: &mut Problems<'_>,
) -> Vec<(String, Vec<String>)> {
    let section = Section::of_any(table, span);
    let mut out = Vec::new();
    for key in table.keys() {
        let name: &str = key.get_ref();
        let two = name.split_once('/');
        let whole = two.is_some_and(|(a, b)| !a.is_empty() && !b.is_empty() && !b.contains('/'));
        if !(whole || name == "*") || name.contains(char::is_whitespace) {
            let message = format!("\"{}\" is no media type", name.escape_debug());
            let hint = "\"application/pdf\", \"image/*\", or \"*\" for all others".to_owned();
            problems.add(&key.span(), message, Some(hint));
            continue;
        }
        if let Some(argv) = argv(&section, name, base, problems) {
            out.push((name.to_lowercase(), argv.value));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::config::load::parse;
    use std::path::Path;

    #[test]
    fn programs_are_argument_vectors_by_type() {
        let text = "[open]\n\"application/PDF\" = [\"zathura\", \"{}\"]\n\"image/*\" = [\"imv\"]\n\
                    pdf = [\"x\"]\n\"text/html\" = []\n\"a/b/c\" = [\"x\"]\n";
        let loaded = parse(text, Path::new("/c"));
        let words = |w: &[&str]| w.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            loaded.config.open,
            [
                ("application/pdf".to_owned(), words(&["zathura", "{}"])),
                ("image/*".to_owned(), words(&["imv"])),
            ]
        );
        let lines: Vec<_> = loaded.problems.iter().map(|p| p.line).collect();
        assert_eq!(lines, [4, 5, 6], "{:?}", loaded.problems);
    }
}
