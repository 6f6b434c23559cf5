//! Which mailboxes mbsync's channels leave out. Their patterns are read in their order and the last
//! that names a mailbox counts, for each channel by itself; ours only say what is left out. So a `!`
//! pattern is taken only where no later word and no other channel reaches into it.

use crate::migrate::found::{Findings, Kind, Place};

/// Words of all channels that are looked at.
const WORDS: usize = 200;
/// The longest pattern, in letters.
const LONGEST: usize = 100;

/// A channel: what it joins and which mailboxes.
#[derive(Clone, Debug, Default)]
pub struct Channel {
    /// The stores, each with what stands behind it: one mailbox, or what mailboxes begin with.
    pub stores: Vec<(String, String)>,
    /// The words of its patterns.
    pub words: Vec<(String, Place)>,
    /// Where it begins.
    pub place: Place,
}

/// A word of a channel as seen from the account: whether it takes mailboxes in, and which.
struct Seen<'c> {
    takes: bool,
    pattern: String,
    place: &'c Place,
}

/// What the account that has these stores (with what their mailboxes begin with) leaves out.
pub fn left_out(channels: &[Channel], stores: &[(&str, &str)], out: &mut Findings) -> Vec<String> {
    let mut left = WORDS;
    let mut all: Vec<Vec<Seen<'_>>> = Vec::new();
    for channel in channels {
        for (name, behind) in &channel.stores {
            if let Some((_, path)) = stores.iter().find(|(store, _)| store == name) {
                let seen = seen(channel, &format!("{path}{behind}"), &mut left, out);
                // What was not looked at may reach anything.
                let Some(seen) = seen else { return Vec::new() };
                all.push(seen);
            }
        }
    }
    let mut patterns: Vec<String> = Vec::new();
    for word in all.iter().flatten().filter(|w| !w.takes) {
        if all.iter().any(|channel| reaches(channel, &word.pattern)) {
            let why = "a later pattern or another channel takes mailboxes in that it names; here \
                what stands in exclude is left out whole: name the others there";
            out.note(word.place, &format!("!{}", word.pattern), Kind::Yours, why);
        } else if word.pattern.contains('%') {
            let why = "% stands for one level of mailboxes; here * stands for all below it: name \
                them in exclude";
            out.note(word.place, &format!("!{}", word.pattern), Kind::Yours, why);
        } else if !patterns.contains(&word.pattern) {
            patterns.push(word.pattern.clone());
        }
    }
    patterns
}

/// The words of a channel. `None`, which is noted: there are too many, or one is too long.
fn seen<'c>(
    channel: &'c Channel,
    begins: &str,
    left: &mut usize,
    out: &mut Findings,
) -> Option<Vec<Seen<'c>>> {
    if channel.words.is_empty() {
        // One mailbox.
        return Some(vec![Seen {
            takes: true,
            pattern: begins.to_owned(),
            place: &channel.place,
        }]);
    }
    let mut words = Vec::new();
    for (word, place) in &channel.words {
        let (takes, pattern) = match word.strip_prefix('!') {
            Some(pattern) => (false, pattern),
            None => (true, word.as_str()),
        };
        *left = left.saturating_sub(1);
        let pattern = format!("{begins}{pattern}");
        if *left == 0 || pattern.chars().count() > LONGEST {
            let why = "there are too many patterns, or too long ones; nothing is left out: name in \
                exclude what shall be";
            out.note(place, "Patterns", Kind::Yours, why);
            return None;
        }
        words.push(Seen {
            takes,
            pattern,
            place,
        });
    }
    Some(words)
}

/// Whether a channel takes in a mailbox that this names.
fn reaches(channel: &[Seen<'_>], pattern: &str) -> bool {
    channel
        .iter()
        .fold(false, |reached, word| match word.takes {
            true => reached || meet(&word.pattern, pattern),
            false => reached && !covers(&word.pattern, pattern),
        })
}

/// Whether all that `inner` names is named by `outer`, as far as letters tell.
fn covers(outer: &str, inner: &str) -> bool {
    // A wildcard of the inner one is a letter that only a wildcard as wide takes.
    compare(outer, inner, &|wild, letter| match letter {
        '*' => wild == '*',
        '/' => wild == '*',
        _ => true,
    })
}

/// Whether both can name the same mailbox.
fn meet(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (letters(one), letters(other));
    let wild = |c: Option<&char>| matches!(c, Some('*' | '%'));
    // For each place in `other`: whether what follows in both can be the same. % is taken as *,
    // which says yes too often, and leaves less out.
    let mut after = vec![false; other.len() + 1];
    for i in (0..=one.len()).rev() {
        let mut row = vec![false; other.len() + 1];
        for j in (0..=other.len()).rev() {
            let (a, b) = (one.get(i), other.get(j));
            let below = after.get(j).copied().unwrap_or(false);
            let right = row.get(j + 1).copied().unwrap_or(false);
            let both = after.get(j + 1).copied().unwrap_or(false);
            let same = match (a, b) {
                (None, None) => true,
                _ if wild(a) || wild(b) => {
                    (a.is_some() && below && (wild(a) || b.is_none() || wild(b)))
                        || (b.is_some() && right)
                }
                (Some(a), Some(b)) => a == b && both,
                _ => false,
            };
            if let Some(cell) = row.get_mut(j) {
                *cell = same;
            }
        }
        after = row;
    }
    after.first().copied().unwrap_or(false)
}

/// Whether `pattern` names `text`; `takes`: whether a wildcard takes a letter.
fn compare(pattern: &str, text: &str, takes: &dyn Fn(char, char) -> bool) -> bool {
    let text = letters(text);
    let mut here: Vec<bool> = (0..=text.len()).map(|n| n == 0).collect();
    for p in letters(pattern) {
        let mut next = vec![false; text.len() + 1];
        for n in 0..=text.len() {
            let at = |row: &[bool], n: usize| row.get(n).copied().unwrap_or(false);
            let before = n.checked_sub(1);
            let letter = before.and_then(|b| text.get(b)).copied();
            let is = match (p, letter) {
                ('*' | '%', Some(letter)) => {
                    at(&here, n) || (takes(p, letter) && before.is_some_and(|b| at(&next, b)))
                }
                ('*' | '%', None) => at(&here, n),
                (p, Some(letter)) => p == letter && before.is_some_and(|b| at(&here, b)),
                (_, None) => false,
            };
            if let Some(cell) = next.get_mut(n) {
                *cell = is;
            }
        }
        here = next;
    }
    here.last().copied().unwrap_or(false)
}

fn letters(pattern: &str) -> Vec<char> {
    pattern.to_lowercase().chars().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(stores: &str, words: &str) -> Channel {
        let (name, behind) = stores.split_once(':').unwrap();
        let words = words.split_whitespace();
        Channel {
            stores: vec![(name.to_owned(), behind.to_owned())],
            words: words.map(|w| (w.to_owned(), Place::default())).collect(),
            place: Place::default(),
        }
    }

    fn of(channels: &[Channel]) -> (String, usize) {
        let mut out = Findings::default();
        let left = left_out(channels, &[("s", "")], &mut out);
        (left.join(" "), out.notes.len())
    }

    #[test]
    fn what_a_later_word_takes_in_is_not_left_out() {
        for (words, left, notes) in [
            ("* !Spam !Old/*", "Spam Old/*", 0),
            ("* ![Gmail]* [Gmail]/Sent", "", 1),
            ("* ![Gmail]* Sent", "[Gmail]*", 0),
            ("* !a* ab !ab", "ab", 1),
            ("* !a* *b", "", 1),
            ("* !Lists/%", "", 1),
            ("INBOX !Spam", "Spam", 0),
            ("!Spam *", "", 1),
        ] {
            let all = [channel("s:", words)];
            assert_eq!(of(&all), (left.to_owned(), notes), "{words}");
        }
    }

    #[test]
    fn another_channel_and_what_mailboxes_begin_with_count() {
        let all = [
            channel("s:", "* !Old/* !Spam"),
            channel("s:Old/", "2020 2021"),
        ];
        assert_eq!(of(&all), ("Spam".to_owned(), 1));
        let all = [channel("s:", "* !Sent !Spam"), channel("s:Sent", "")];
        assert_eq!(of(&all), ("Spam".to_owned(), 1));
        assert_eq!(of(&[channel("s:Old/", "* !x")]), ("Old/x".to_owned(), 0));
        assert_eq!(of(&[channel("other:", "* !x")]), (String::new(), 0));
        let many = "!a ".repeat(WORDS + 1);
        assert_eq!(of(&[channel("s:", &many)]), (String::new(), 1));
    }

    #[test]
    fn patterns_meet_and_cover() {
        for (one, other, met, covered) in [
            ("*", "a", true, true),
            ("a*", "*b", true, false),
            ("a*", "b*", false, false),
            ("a*", "ab*", true, true),
            ("ab*", "a*", true, false),
            ("a%", "a*", true, false),
            ("a%", "ab", true, true),
            ("a%", "a/b", true, false),
            ("", "", true, true),
            ("", "*", true, false),
            ("A", "a", true, true),
        ] {
            assert_eq!(meet(one, other), met, "{one} {other}");
            assert_eq!(meet(other, one), met, "{other} {one}");
            assert_eq!(covers(one, other), covered, "{one} {other}");
        }
    }
}
