//! The base of a subject (RFC 5256 §2.1): what is left of it without what answers, forwards and lists
//! put around it, in the languages that clients write.

use crate::text::fold::fold;

/// Prefixes of answers that clients write, in lower case and without their colon.
/// `Ref` is none: it begins many a subject that answers nothing.
pub const REPLY: [&str; 21] = [
    "re", "aw", "antw", "antwort", "sv", "svar", "vs", "odp", "ynt", "r", "rif", "res", "vá",
    "bls", "回复", "答复", "回覆", "απ", "σχετ", "השב", "رد",
];
/// Prefixes of forwarded messages.
pub const FORWARD: [&str; 15] = [
    "fwd",
    "fw",
    "wg",
    "tr",
    "rv",
    "enc",
    "i",
    "vb",
    "doorst",
    "vl",
    "转发",
    "轉寄",
    "πρθ",
    "הועבר",
    "továbbítás",
];
/// No prefix is longer, in octets, its counter included.
const LONGEST: usize = 40;

/// So few columns of letters and digits (two for a character of the scripts that need few) tell no
/// conversation from another: `hi`, `ok`, `fyi`.
const FEWEST: usize = 4;
/// Nor do these, whoever writes them.
const COMMON: [&str; 36] = [
    "hello",
    "hello there",
    "hi there",
    "hallo",
    "hola",
    "bonjour",
    "salut",
    "ciao",
    "good morning",
    "guten morgen",
    "guten tag",
    "test",
    "tests",
    "testing",
    "question",
    "a question",
    "frage",
    "eine frage",
    "help",
    "hilfe",
    "info",
    "information",
    "thanks",
    "thank you",
    "many thanks",
    "danke",
    "vielen dank",
    "merci",
    "gracias",
    "no subject",
    "none",
    "kein betreff",
    "untitled",
    "important",
    "urgent",
    "dringend",
];

/// A subject without what was put around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// What is compared: folded, a space between words.
    pub text: String,
    /// Whether it says that the message answers or forwards another.
    pub answers: bool,
}

impl Base {
    /// Whether it is enough to tell one conversation from another.
    pub fn tells(&self) -> bool {
        let columns = self.text.chars().map(|c| match c {
            '\u{2e80}'.. => 2,
            c if c.is_alphanumeric() => 1,
            _ => 0,
        });
        self.text.contains(char::is_alphabetic)
            && columns.sum::<usize>() >= FEWEST
            && !COMMON.contains(&self.text.as_str())
    }
}

/// The base of a subject. Unlike in RFC 5256 a bracket with a digit in it stays, for it tells one
/// thing from another (`[BUG-12]`), and so does all within brackets if nothing else is there.
pub fn base(subject: &str) -> Base {
    let mut answers = false;
    let mut rest = subject.trim();
    let mut kept = String::new();
    loop {
        if let Some(inner) = wrapped(rest) {
            rest = inner;
            answers = true;
        } else if let Some(after) =
            after_prefix(rest, &REPLY).or_else(|| after_prefix(rest, &FORWARD))
        {
            rest = after;
            answers = true;
        } else if let Some(before) = before_trailer(rest) {
            rest = before;
            answers = true;
        } else if let Some((bracket, after)) = bracket(rest).filter(|(_, after)| !after.is_empty())
        {
            if bracket.contains(|c: char| c.is_ascii_digit()) {
                kept.push_str(bracket);
                kept.push(' ');
            }
            rest = after;
        } else {
            break;
        }
    }
    kept.push_str(rest);
    let folded = fold(&kept);
    let words: Vec<&str> = folded.split_whitespace().collect();
    Base {
        text: words.join(" "),
        answers,
    }
}

/// `[fwd: …]`, without it.
fn wrapped(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    let head = inner.get(..inner.floor_char_boundary(LONGEST))?;
    let (word, _) = head.split_once(':')?;
    let forwards = ["fwd", "fw"]
        .iter()
        .any(|f| word.trim().eq_ignore_ascii_case(f));
    let after = inner.get(word.len() + 1..).filter(|_| forwards)?;
    Some(after.trim())
}

/// What stands behind a prefix of these: `Re: `, `AW[2]: `, `Re²: `, `回复：`.
pub fn after_prefix<'a>(text: &'a str, kinds: &[&str]) -> Option<&'a str> {
    let head = text.get(..text.floor_char_boundary(LONGEST))?;
    let (word, _) = head.split_once([':', '：'])?;
    let lower = word.trim().to_lowercase();
    // Counters of answers.
    let name = lower.trim_end_matches(|c: char| c.is_numeric() || "[]() ^*".contains(c));
    let after = text.get(word.len()..).filter(|_| kinds.contains(&name))?;
    Some(after.trim_start_matches([':', '：']).trim_start())
}

/// What stands before `(fwd)`.
fn before_trailer(text: &str) -> Option<&str> {
    let from = text.len().checked_sub("(fwd)".len())?;
    let (before, trailer) = text.split_at_checked(from)?;
    trailer
        .eq_ignore_ascii_case("(fwd)")
        .then(|| before.trim_end())
}

/// What stands in brackets at the beginning, and what behind it.
fn bracket(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('[')?;
    let end = inner.find(['[', ']'])?;
    let (inside, after) = inner.split_at_checked(end)?;
    Some((inside, after.strip_prefix(']')?.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(subject: &str) -> (String, bool) {
        let base = base(subject);
        (base.text, base.answers)
    }

    #[test]
    fn what_was_put_around_a_subject_is_taken_off() {
        for subject in [
            "Re: Lunch on Friday",
            "RE : lunch  on friday",
            "AW: WG: Re[2]: Lunch on Friday",
            "Re^3: Lunch on Friday (fwd)",
            "Antw: SV: VS: Fwd: Lunch on Friday",
            "[team] Re: [team] Lunch on Friday",
            "Re: [team] [outer] Lunch on Friday",
            "[Fwd: Re: Lunch on Friday]",
            "回复：Lunch on Friday",
            "Re: \"Lunch\" on Friday!",
        ] {
            assert_eq!(
                found(subject),
                ("lunch on friday".to_owned(), true),
                "{subject}"
            );
        }
        for (subject, text) in [
            ("Lunch on Friday", "lunch on friday"),
            ("[team] Lunch on Friday", "lunch on friday"),
            ("Regarding: Lunch", "regarding lunch"),
            ("Ref: 12/77 offer", "ref 12 77 offer"),
            ("[BUG-12] Crash", "bug-12 crash"),
            ("[team]", "team"),
            ("[[a] b", "a b"),
            ("Überfällig", "uberfallig"),
            ("", ""),
        ] {
            assert_eq!(found(subject), (text.to_owned(), false), "{subject}");
        }
        assert_eq!(
            found("Re: [BUG-12] Crash"),
            ("bug-12 crash".to_owned(), true)
        );
        assert_eq!(
            found("[BUG-12] Re: Crash"),
            ("bug-12 crash".to_owned(), true)
        );
        assert_eq!(found("Re: "), (String::new(), true));
    }

    #[test]
    fn what_many_write_tells_nothing() {
        for subject in [
            "Re: Hi",
            "AW: hello",
            "Re: Test",
            "Re: (no subject)",
            "Re:",
            "Re: 12345",
            "Re: 会",
        ] {
            assert!(!base(subject).tells(), "{subject}");
        }
        for subject in ["Re: Lunch", "Re: 会議", "Re: Tests are red", "Re: Q3 plan"] {
            assert!(base(subject).tells(), "{subject}");
        }
    }

    #[test]
    fn a_long_heap_of_prefixes_is_taken_off_in_one_go() {
        let heap = format!(
            "{}{}Lunch{}",
            "Re: ".repeat(20_000),
            "[a] ".repeat(20_000),
            " (fwd)".repeat(20_000)
        );
        assert_eq!(found(&heap), ("lunch".to_owned(), true));
        assert_eq!(found(&"[".repeat(50_000)), (String::new(), false));
    }

    proptest! {
        #[test]
        fn an_answer_has_the_base_of_what_it_answers(
            subject in "(\\[?(Re|AW|fwd|a1|x)[\\]:] ?){0,4}\\PC{0,12}( \\(fwd\\))?",
        ) {
            let of = base(&subject);
            let answer = base(&format!("Re: {subject}"));
            prop_assert_eq!(&answer.text, &of.text);
            prop_assert!(answer.answers);
        }
    }
}
