//! What the names in a Maildir tell (cr.yp.to/proto/maildir.html, Maildir++): flags behind `:2,`,
//! mailboxes below, and the names that we give.
//!
//! Keywords beyond `$Forwarded` (`P`) are the letters `a` to `z`, told by the file
//! `dovecot-keywords` as Dovecot and others write it.

use crate::model::{Flags, System};

/// Letters that keywords may have.
const LETTERS: usize = 26;
/// The longest keyword that is believed.
const LONGEST: usize = 64;

const SYSTEM: [(char, System); 4] = [
    ('D', System::DRAFT),
    ('F', System::FLAGGED),
    ('R', System::ANSWERED),
    ('S', System::SEEN),
];

/// The keyword of a message that was forwarded.
const FORWARDED: &str = "$Forwarded";

/// The keywords of a Maildir, by their letters from `a` on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keywords(Vec<String>);

impl Keywords {
    /// Reads a `dovecot-keywords` file: a number and a keyword a line.
    pub fn parse(text: &str) -> Keywords {
        let mut words = Vec::new();
        for line in text.lines() {
            let Some((number, word)) = line.split_once(' ') else {
                continue;
            };
            let Some(at) = number.parse().ok().filter(|n: &usize| *n < LETTERS) else {
                continue;
            };
            let good = |b: u8| b.is_ascii_graphic() && !b"(){%*\"\\]".contains(&b);
            if word.len() <= LONGEST && !word.is_empty() && word.bytes().all(good) {
                if words.len() <= at {
                    words.resize(at + 1, String::new());
                }
                if let Some(slot) = words.get_mut(at) {
                    *slot = word.to_owned();
                }
            }
        }
        Keywords(words)
    }

    /// The file's text.
    pub fn write(&self) -> String {
        let lines = self.0.iter().enumerate();
        lines.map(|(n, word)| format!("{n} {word}\n")).collect()
    }

    /// The letter of a keyword; a new one gets the next, as long as there are letters.
    fn letter(&mut self, word: &str) -> Option<char> {
        let at = match self.0.iter().position(|w| w == word) {
            Some(at) => at,
            None if self.0.len() < LETTERS => {
                self.0.push(word.to_owned());
                self.0.len() - 1
            }
            None => return None,
        };
        u8::try_from(at).ok().map(|n| char::from(b'a' + n))
    }
}

/// The flags that a file's name tells. What waits in `new` has none.
pub fn flags(name: &str, keywords: &Keywords) -> Flags {
    let mut flags = Flags::default();
    for letter in parts(name).1.chars() {
        if let Some((_, flag)) = SYSTEM.iter().find(|(l, _)| *l == letter) {
            flags.system = flags.system | *flag;
        } else if letter == 'P' {
            flags.keywords.insert(FORWARDED.to_owned());
        } else if letter.is_ascii_lowercase() {
            let at = usize::from(letter as u8 - b'a');
            let word = keywords.0.get(at).filter(|w| !w.is_empty());
            flags.keywords.extend(word.cloned());
        }
    }
    flags
}

/// What a message is called whatever its flags are: its name up to `:2,`.
pub fn stem(name: &str) -> &str {
    parts(name).0
}

/// Whether a name says that its message is to be removed (`T`).
pub fn is_deleted(name: &str) -> bool {
    parts(name).1.contains('T')
}

/// What stands before `:2,` (`;2,` where names can have no colon) and behind it.
fn parts(name: &str) -> (&str, &str) {
    let split = name.rsplit_once(":2,").or_else(|| name.rsplit_once(";2,"));
    split.unwrap_or((name, ""))
}

/// The letters for flags, in order; keywords that have none yet get one. What is left without a
/// letter is told, too.
pub fn letters(flags: &Flags, keywords: &mut Keywords) -> (String, Vec<String>) {
    let mut all = String::new();
    let mut left = Vec::new();
    for (letter, flag) in SYSTEM {
        if flags.system.has(flag) {
            all.push(letter);
        }
    }
    for word in &flags.keywords {
        if word.eq_ignore_ascii_case(FORWARDED) {
            all.push('P');
            continue;
        }
        match keywords.letter(word) {
            Some(letter) => all.push(letter),
            None => left.push(word.clone()),
        }
    }
    let mut letters: Vec<char> = all.chars().collect();
    letters.sort_unstable();
    (letters.into_iter().collect(), left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_tell_flags() {
        let keywords = Keywords::parse("0 $Todo\n2 later\nx y\n99 z\n3 bad(word\n");
        let told = flags("123.M4.host:2,FRSPac", &keywords);
        assert_eq!(
            told.system,
            System::FLAGGED | System::ANSWERED | System::SEEN
        );
        let words: Vec<&str> = told.keywords.iter().map(String::as_str).collect();
        assert_eq!(words, ["$Forwarded", "$Todo", "later"]);
        assert_eq!(flags("123.host", &keywords), Flags::default());
        assert_eq!(stem("123.M4.host:2,FRSPac"), stem("123.M4.host"));
        assert!(is_deleted("1;2,ST") && !is_deleted("T1:2,S") && !is_deleted("T1"));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(bits in 0u8..16, words in prop::collection::btree_set("[a-zA-Z$]{1,8}", 0..20)) {
            let mut given = Flags::default();
            for (n, (_, flag)) in SYSTEM.iter().enumerate() {
                if bits & (1 << n) != 0 {
                    given.system = given.system | *flag;
                }
            }
            given.keywords = words.into_iter().filter(|w| !w.eq_ignore_ascii_case(FORWARDED)).collect();
            let mut keywords = Keywords::default();
            let (letters, left) = letters(&given, &mut keywords);
            prop_assert!(left.is_empty());
            let again = Keywords::parse(&keywords.write());
            prop_assert_eq!(flags(&format!("1.x:2,{letters}"), &again), given);
        }
    }
}
