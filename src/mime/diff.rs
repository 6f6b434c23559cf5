//! Patches: where in a text one stands (as `git format-patch` writes it into a mail's body), and
//! its lines by what they do.
//!
//! A patch is only taken for one where a hunk's head stands below the two file names; its lines are
//! counted as the head says, so that a signature below is not taken for a line that goes.

use super::styled::{Line, Mark, Run, lay_out};
use crate::text::Clean;

/// Tells the lines of a patch apart, one after the other.
#[derive(Default)]
struct Reader {
    /// Lines that the hunk still has of the old file, and of the new.
    left: (usize, usize),
}

impl Reader {
    /// What the next line is; `None` if it is nothing of a patch.
    fn next(&mut self, line: &str) -> Option<Mark> {
        let (old, new) = self.left;
        if old > 0 || new > 0 {
            let (mark, took) = match line.as_bytes().first() {
                Some(b'+') if new > 0 => (Mark::Added, (0, 1)),
                Some(b'-') if old > 0 => (Mark::Removed, (1, 0)),
                // A blank line may have lost its blank on the way.
                Some(b' ') | None => (Mark::Plain, (1, 1)),
                Some(b'\\') => (Mark::Dim, (0, 0)),
                _ => {
                    self.left = (0, 0);
                    return self.next(line);
                }
            };
            self.left = (old.saturating_sub(took.0), new.saturating_sub(took.1));
            return Some(mark);
        }
        if let Some(left) = hunk(line) {
            self.left = left;
            return Some(Mark::Hunk);
        }
        const HEADS: [&str; 15] = [
            "diff ",
            "index ",
            "--- ",
            "+++ ",
            "new file mode",
            "deleted file mode",
            "old mode",
            "new mode",
            "similarity index",
            "dissimilarity index",
            "rename from",
            "rename to",
            "copy from",
            "copy to",
            "Binary files ",
        ];
        if HEADS.iter().any(|h| line.starts_with(h)) {
            return Some(Mark::Strong);
        }
        line.starts_with('\\').then_some(Mark::Dim)
    }
}

/// The lines of the old and of the new file that a hunk's head counts.
fn hunk(line: &str) -> Option<(usize, usize)> {
    let (ranges, _) = line.strip_prefix("@@ -")?.split_once(" @@")?;
    let (old, new) = ranges.split_once(" +")?;
    let count = |range: &str| match range.split_once(',') {
        Some((from, count)) => from.parse::<u32>().and(count.parse::<u32>()).ok(),
        None => range.parse::<u32>().ok().map(|_| 1),
    };
    Some((
        usize::try_from(count(old)?).ok()?,
        usize::try_from(count(new)?).ok()?,
    ))
}

/// Where a patch begins and ends in a text, in octets; `None` if there is none.
pub fn find(text: &str) -> Option<(usize, usize)> {
    if !text.contains("\n@@ -") {
        return None;
    }
    let mut at = 0;
    let mut begin: Option<usize> = None;
    let mut names = [""; 2];
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end_matches(['\n', '\r']);
        let named = bare.starts_with("diff -");
        let bare_names = bare.starts_with("--- ") && begin.is_none_or(|b| too_far(text, b, at));
        if named || bare_names {
            begin = Some(at);
        } else if hunk(bare).is_some()
            && names[0].starts_with("--- ")
            && names[1].starts_with("+++ ")
        {
            let from = begin?;
            return Some((from, end(text, from)));
        }
        names = [names[1], bare];
        at += line.len();
    }
    None
}

/// Whether what stands between a `diff` line and a `---` line is more than a patch has there.
fn too_far(text: &str, from: usize, to: usize) -> bool {
    text.get(from..to).is_none_or(|t| t.lines().count() > 10)
}

/// Where the patch that begins at `from` ends.
fn end(text: &str, from: usize) -> usize {
    let mut reader = Reader::default();
    let (mut at, mut last) = (from, from);
    for line in text.get(from..).unwrap_or_default().split_inclusive('\n') {
        let bare = line.trim_end_matches(['\n', '\r']);
        let inside = reader.left != (0, 0);
        let signature = bare == "-- " || bare == "--";
        match reader.next(bare) {
            Some(_) if inside || !signature => last = at + line.len(),
            None if bare.trim().is_empty() => {}
            _ => return last,
        }
        at += line.len();
    }
    last
}

/// Lays a patch out; lines that are none of a patch's are plain.
pub fn lines(text: &str, width: usize) -> Vec<Line> {
    let mut reader = Reader::default();
    let mut out = Vec::new();
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        let line = line.trim_end_matches('\r');
        let mark = reader.next(line).unwrap_or(Mark::Plain);
        for piece in Clean::block(line).as_str().split('\n') {
            out.extend(lay_out(vec![Run::new(piece.trim_end(), mark)], 0, width));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::width;
    use proptest::prelude::*;

    const MAIL: &str = "Why.\n---\n a.txt | 2 +-\n\ndiff --git a/a.txt b/a.txt\nindex 1..2 100644\n--- a/a.txt\n+++ b/a.txt\n@@ -1,3 +1,3 @@ fn x\n one\n--- old\n+++ new\n\n-- \n2.47\n";

    #[test]
    fn a_patch_is_found_and_its_lines_are_told_apart() {
        let (from, to) = find(MAIL).unwrap();
        assert_eq!(&MAIL[..from], "Why.\n---\n a.txt | 2 +-\n\n");
        assert_eq!(&MAIL[to..], "-- \n2.47\n");
        let marks: Vec<Mark> = lines(&MAIL[from..to], 60)
            .iter()
            .map(|l| l.spans.first().map_or(Mark::Plain, |s| s.style))
            .collect();
        use Mark::{Added, Hunk, Plain, Removed, Strong};
        assert_eq!(
            marks,
            [
                Strong, Strong, Strong, Strong, Hunk, Plain, Removed, Added, Plain
            ]
        );
    }

    #[test]
    fn other_texts_are_none() {
        for none in [
            "",
            "- a\n+ b\n",
            "--- x\n+++ y\n",
            "Hello\n@@ -1 +1 @@\n-x\n",
            "> --- a\n> +++ b\n> @@ -1 +1 @@\n",
        ] {
            assert_eq!(find(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "(diff --git a b|--- a|\\+\\+\\+ b|@@ -1,2 \\+1,9 @@|@@ -1 \\+1 @@|-- |\n|\n|\n|[-+ ]x|\t|é){0,40}") {
            if let Some((from, to)) = find(&text) {
                prop_assert!(from < to && text.get(from..to).is_some());
            }
            for line in lines(&text, 20) {
                prop_assert!(width::width(&line.text()) <= 20);
            }
        }
    }
}
