//! The one-time code of a letter: the digits or letters that somebody waits for at a sign-in.
//!
//! A number is one only near a word that says so (code, PIN, コード), or alone on a line below
//! such a word; prices, phones, dates, years and the numbers of orders are not. What is looked at
//! is bounded, and each character is looked at a fixed number of times.

use crate::text::Clean;
use std::ops::Range;

/// Lines that are looked at.
const MAX_LINES: usize = 400;
/// Characters of a line that are looked at.
const MAX_LINE: usize = 400;
/// Codes that are given.
const MOST: usize = 5;
/// Characters between a word and its code.
const NEAR: usize = 40;
/// A line with nothing but a code has the word for it in so many lines before it, or in half as
/// many after it.
const ABOVE: usize = 4;

/// Words for a code by themselves.
const WORDS: &[&str] = &[
    "code",
    "otp",
    "pin",
    "tan",
    "mtan",
    "passcode",
    "pincode",
    "código",
    "codigo",
    "codice",
    "kod",
    "kode",
    "kód",
    "koodi",
    "код",
    "κωδικός",
    "sicherheitscode",
    "bestätigungscode",
    "verifizierungscode",
    "zugangscode",
    "aktivierungscode",
    "anmeldecode",
    "freigabecode",
    "prüfcode",
    "säkerhetskod",
    "engångskod",
    "engangskode",
    "verificatiecode",
    "beveiligingscode",
    "toegangscode",
    "vahvistuskoodi",
];
/// The same in scripts without blanks between words.
const SIGNS: &[&str] = &[
    "コード",
    "認証番号",
    "確認番号",
    "暗証番号",
    "验证码",
    "校验码",
    "驗證碼",
    "인증번호",
    "코드",
];
/// Before a word for a code they make it something else.
const OTHER_CODES: &[&str] = &[
    "zip", "postal", "postale", "post", "area", "error", "status", "source", "promo", "discount",
    "coupon", "voucher", "gift", "country", "qr", "bar", "dress", "exit", "response", "sort",
    "swift", "booking", "tracking", "order", "product", "no", "open", "of",
];
/// After it, too.
const NO_CODE: &[&str] = &[
    "review", "reviews", "base", "of", "freeze", "block", "blocks", "editor", "style",
];
/// What stands between a word and its code, where that is nothing that a number is usual for.
const LINKS: &[&str] = &[
    "is",
    "ist",
    "lautet",
    "es",
    "est",
    "è",
    "e",
    "är",
    "er",
    "on",
    "your",
    "ihr",
    "dein",
    "su",
    "votre",
    "は",
    "to",
    "for",
    "the",
    "sign",
    "in",
    "login",
    "verification",
    "security",
    "confirmation",
    "access",
    "one",
    "time",
    "temporary",
];
/// Just before a number: it counts or names something else.
const NAMES: &[&str] = &[
    "order",
    "invoice",
    "ticket",
    "case",
    "number",
    "nummer",
    "nr",
    "no",
    "ref",
    "reference",
    "bestellung",
    "rechnung",
    "tel",
    "phone",
    "telefon",
    "fax",
    "call",
    "since",
    "year",
    "until",
    "ending",
    "über",
    "about",
    "approximately",
    "at",
    "eur",
    "usd",
    "gbp",
    "chf",
    "page",
    "line",
];
/// Just after it: it counts something.
const UNITS: &[&str] = &[
    "eur",
    "euro",
    "euros",
    "usd",
    "dollars",
    "gbp",
    "chf",
    "jpy",
    "kr",
    "lines",
    "files",
    "users",
    "people",
    "minutes",
    "min",
    "hours",
    "days",
    "seconds",
    "km",
    "kg",
    "kb",
    "mb",
    "gb",
    "points",
    "items",
    "times",
    "characters",
    "bytes",
    "pages",
    "円",
    "年",
    "月",
    "日",
    "分",
    "人",
    "件",
    "원",
];

/// A word with where it stands, counted in characters.
#[derive(Clone, Debug)]
struct Word {
    text: String,
    at: Range<usize>,
}

/// What may be a code.
#[derive(Clone, Debug)]
struct Candidate {
    text: String,
    at: Range<usize>,
    /// Whether it is one only where nothing but a link stands between.
    doubtful: bool,
}

/// The one-time codes in lines of text, the likeliest first; at most five.
pub fn find<'a>(lines: impl IntoIterator<Item = &'a str>) -> Vec<Clean> {
    let lines: Vec<Vec<char>> = lines
        .into_iter()
        .take(MAX_LINES)
        .map(|l| l.chars().take(MAX_LINE).map(plain).collect())
        .collect();
    let mut found = alone(&lines);
    for paragraph in lines.split(|l| is_blank(l)) {
        let text: Vec<char> = paragraph.join(&' ');
        found.extend(inside(&text));
    }
    found.sort_by_key(|(gap, _)| *gap);
    let mut out: Vec<Clean> = Vec::new();
    for (_, code) in found {
        let code = Clean::line(&code);
        if !out.contains(&code) && out.len() < MOST {
            out.push(code);
        }
    }
    out
}

/// Wide digits and letters are those of ASCII, odd blanks are blanks.
fn plain(c: char) -> char {
    match u32::from(c) {
        n @ 0xff01..=0xff5e => char::from_u32(n - 0xfee0).unwrap_or(c),
        0xa0 | 0x2007 | 0x2009 | 0x202f | 0x3000 => ' ',
        0x2010..=0x2013 => '-',
        _ => c,
    }
}

fn is_blank(line: &[char]) -> bool {
    line.iter().all(|c| c.is_whitespace())
}

/// Whether a character is a word by itself.
fn is_sign(c: char) -> bool {
    u32::from(c) >= 0x2e80
}

fn words(text: &[char]) -> Vec<Word> {
    let mut out: Vec<Word> = Vec::new();
    let mut joins = false;
    for (n, c) in text.iter().enumerate() {
        if !c.is_alphanumeric() {
            joins = false;
            continue;
        }
        match out.last_mut().filter(|_| joins && !is_sign(*c)) {
            Some(word) => {
                word.text.push(*c);
                word.at.end = n + 1;
            }
            None => out.push(Word {
                text: c.to_string(),
                at: n..n + 1,
            }),
        }
        joins = !is_sign(*c);
    }
    out
}

fn has(list: &[&str], word: Option<&Word>) -> bool {
    word.is_some_and(|w| list.contains(&w.text.to_lowercase().as_str()))
}

/// Where words for a code stand.
fn named(text: &[char], words: &[Word]) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    for (n, word) in words.iter().enumerate() {
        let before = n.checked_sub(1).and_then(|n| words.get(n));
        let lower = word.text.to_lowercase();
        let password = lower == "password" && has(&["time", "temporary", "onetime"], before);
        let once = lower.strip_prefix("einmal");
        let once =
            once.is_some_and(|w| ["code", "kennwort", "passwort", "pin", "tan"].contains(&w));
        let good = WORDS.contains(&lower.as_str()) || once || password;
        if good && !has(OTHER_CODES, before) && !has(NO_CODE, words.get(n + 1)) {
            out.push(word.at.clone());
        }
    }
    for sign in SIGNS {
        let sign: Vec<char> = sign.chars().collect();
        for (n, part) in text.windows(sign.len()).enumerate() {
            let before: String = text.iter().take(n).skip(n.saturating_sub(4)).collect();
            let other = ["QR", "バー", "商品", "クーポン", "郵便", "割引", "エラー"];
            if part == sign.as_slice() && !other.iter().any(|o| before.ends_with(o)) {
                out.push(n..n + sign.len());
            }
        }
    }
    out.sort_by_key(|r| r.start);
    out
}

fn digits(word: &Word) -> bool {
    word.text.bytes().all(|b| b.is_ascii_digit())
}

/// Capitals and digits.
fn mixed(word: &Word) -> bool {
    let capital = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    word.text.bytes().all(capital)
}

/// Whether these words stand behind each other with one sign between them, and are as long.
fn even(text: &[char], chain: &[Word], between: &[char]) -> bool {
    let long = chain.first().map_or(0, |w| w.text.len());
    chain.iter().all(|w| w.text.len() == long)
        && chain.windows(2).all(|pair| match pair {
            [a, b] => {
                b.at.start == a.at.end + 1
                    && text.get(a.at.end).is_some_and(|c| between.contains(c))
            }
            _ => false,
        })
}

/// What may be a code, each at most once.
fn candidates(text: &[char], words: &[Word]) -> Vec<Candidate> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(first) = words.get(at) {
        let same: fn(&Word) -> bool = match (digits(first), mixed(first)) {
            (true, _) => digits,
            (_, true) => mixed,
            _ => {
                at += 1;
                continue;
            }
        };
        // All that hangs together with it: what a date, a phone or a price is made of.
        let rest = words.get(at..).unwrap_or_default();
        let linked = |pair: &[Word]| match pair {
            [a, b] => {
                let joins = text.get(a.at.end).is_some_and(|c| match c {
                    '-' => true,
                    ' ' | '.' | ',' | '/' | ':' | '\'' => digits(a) && digits(b),
                    _ => false,
                });
                b.at.start == a.at.end + 1 && joins && (same(b) || mixed(b))
            }
            _ => false,
        };
        let count = 1 + rest.windows(2).take_while(|pair| linked(pair)).count();
        let chain = rest.get(..count).unwrap_or_default();
        at += count;
        out.extend(candidate(text, words, chain, at - count, at));
    }
    out
}

fn candidate(
    text: &[char],
    words: &[Word],
    chain: &[Word],
    from: usize,
    to: usize,
) -> Option<Candidate> {
    let (first, last) = (chain.first()?, chain.last()?);
    let (first, chain) = match chain {
        // A letter of the sender's before the number: G-482913.
        [letter, number] if letter.text.len() == 1 && digits(number) && !digits(letter) => {
            (number, std::slice::from_ref(number))
        }
        chain => (first, chain),
    };
    let whole = first.at.start..last.at.end;
    let before = whole.start.checked_sub(1).and_then(|n| text.get(n));
    let after = text.get(whole.end);
    let odd = before.is_some_and(|c| "+#$€£¥₹./,@&_%~^".contains(*c))
        || after.is_some_and(|c| "%€£$¥₹°/@_".contains(*c) || c.is_alphanumeric() && !is_sign(*c));
    let word_before = from.checked_sub(1).and_then(|n| words.get(n));
    if odd || has(NAMES, word_before) || has(UNITS, words.get(to)) {
        return None;
    }
    let joined: String = chain.iter().map(|w| w.text.as_str()).collect();
    let number = chain.iter().all(digits);
    let length = joined.len();
    let good = match (number, chain.len()) {
        (true, 1) => (4..=8).contains(&length),
        (true, _) => (6..=8).contains(&length) && even(text, chain, &[' ', '-']),
        (false, 1) => (5..=10).contains(&length) && joined.bytes().any(|b| b.is_ascii_digit()),
        (false, n) => {
            (2..=4).contains(&n)
                && (6..=16).contains(&length)
                && even(text, chain, &['-'])
                && joined.bytes().any(|b| b.is_ascii_digit())
        }
    };
    let text = match number {
        true => joined,
        false => text.get(whole.clone())?.iter().collect(),
    };
    good.then_some(Candidate {
        doubtful: !number || length == 4,
        text,
        at: whole,
    })
}

/// Codes in a sentence with a word for them, with the distance.
fn inside(text: &[char]) -> Vec<(usize, String)> {
    let words = words(text);
    let names = named(text, &words);
    if names.is_empty() {
        return Vec::new();
    }
    let gap = |c: &Candidate| {
        // The nearest word on either side.
        let next = names.partition_point(|n| n.start < c.at.start);
        let before = next.checked_sub(1).and_then(|n| names.get(n));
        let before = before.filter(|n| n.end <= c.at.start);
        let gaps = [
            before.map(|n| n.end..c.at.start),
            names
                .get(next)
                .filter(|n| n.start >= c.at.end)
                .map(|n| c.at.end..n.start),
        ];
        let fits = |gap: &Range<usize>| {
            let between = text.get(gap.clone()).unwrap_or_default();
            gap.len() <= NEAR && !ends(between) && (!c.doubtful || links(&words, gap))
        };
        gaps.into_iter()
            .flatten()
            .filter(fits)
            .map(|g| g.len())
            .min()
    };
    candidates(text, &words)
        .into_iter()
        .filter_map(|c| Some((gap(&c)?, c.text)))
        .collect()
}

/// Whether a sentence ends in this.
fn ends(text: &[char]) -> bool {
    let mut text = text.iter().peekable();
    while let Some(c) = text.next() {
        let next_blank = text.peek().is_none_or(|c| c.is_whitespace());
        if matches!(c, '。' | '！' | '？') || matches!(c, '.' | '!' | '?' | ';') && next_blank {
            return true;
        }
    }
    false
}

/// Whether nothing but links stands in this place.
fn links(words: &[Word], place: &Range<usize>) -> bool {
    let mut between = words
        .iter()
        .filter(|w| w.at.start >= place.start && w.at.end <= place.end);
    between.all(|w| has(LINKS, Some(w)))
}

/// Codes that stand alone on a line near a word for them; the distance is counted as none.
fn alone(lines: &[Vec<char>]) -> Vec<(usize, String)> {
    let full: Vec<&Vec<char>> = lines.iter().filter(|l| !is_blank(l)).collect();
    let said: Vec<bool> = full
        .iter()
        .map(|l| !named(l, &words(l)).is_empty())
        .collect();
    let near = |n: usize| {
        let from = n.saturating_sub(ABOVE);
        let around = said.iter().take(n + 1 + ABOVE / 2).skip(from);
        around.into_iter().any(|said| *said)
    };
    let mut out = Vec::new();
    for (n, line) in full.iter().enumerate() {
        let edge = |c: &char| c.is_whitespace() || "*_`\"'[]()|│>:".contains(*c);
        let from = line.iter().take_while(|c| edge(c)).count();
        let back = line.iter().rev().take_while(|c| edge(c)).count();
        let text = line
            .get(from..line.len() - back.min(line.len() - from))
            .unwrap_or_default();
        if text.is_empty() || text.len() > 24 || !near(n) {
            continue;
        }
        if let Some(code) = spread(text) {
            out.push((0, code));
            continue;
        }
        let one = candidates(text, &words(text)).into_iter().next();
        let whole = one.filter(|c| c.at.start <= 2 && c.at.end == text.len());
        out.extend(whole.map(|c| (0, c.text)));
    }
    out
}

/// A code whose digits stand apart, as in boxes.
fn spread(text: &[char]) -> Option<String> {
    let words = words(text);
    let single = words.iter().all(|w| w.text.len() == 1 && digits(w));
    let blank = text
        .iter()
        .all(|c| c.is_ascii_digit() || matches!(c, ' ' | '|' | '│'));
    let good = single && blank && (4..=8).contains(&words.len());
    good.then(|| words.into_iter().map(|w| w.text).collect())
}

#[cfg(test)]
mod tests;
