//! Octets to text: declared character sets, and a guess where none was declared or it lied.
//!
//! UTF-8 that is valid is believed whatever the label says. Labels go through encoding_rs (the
//! WHATWG's names), then through our own and mail-parser's decoders (UTF-7 of RFC 2152 and other
//! rare ones, and only when labelled so). What is left is guessed (RFC 7103 §7): ISO-2022-JP by its
//! escapes; little text by a few plain rules; more by chardetng, which knows how often letters stand
//! side by side. A label is only overruled where the octets can't be what it says, or hardly. Never
//! panics, never gives raw octets.

use super::seven;
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{
    Encoding, GB18030, ISO_2022_JP, KOI8_R, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1251,
    WINDOWS_1252,
};
use mail_parser::decoders::charsets::map::charset_decoder;

/// Octets that a guess is made from.
const SAMPLE: usize = 16 << 10;
/// Octets beyond ASCII of which chardetng is sure enough: among Latin letters, and otherwise.
const SURE: (usize, usize) = (8, 12);
/// Characters of more than one octet that make UTF-8 certain, whatever was declared.
const CERTAIN: usize = 3;

/// The text of `bytes`, with the charset that was declared for them.
pub fn decode(bytes: &[u8], label: Option<&str>) -> String {
    let label = label.unwrap_or_default().trim().trim_matches(['"', '\'']);
    let Some(label) = usual(label) else {
        return guess(bytes);
    };
    match Encoding::for_label_no_replacement(label.as_bytes()) {
        Some(encoding) if encoding == UTF_8 => utf8_or_guess(bytes),
        Some(encoding) if !can_be(encoding, bytes) => guess(bytes),
        Some(encoding) if encoding == ISO_2022_JP => japanese(bytes).0,
        // Of these UTF-8 could be anything.
        Some(encoding) if !encoding.is_ascii_compatible() => encoding.decode(bytes).0.into_owned(),
        Some(_) if is_certainly_utf8(bytes) => lossy(bytes),
        Some(encoding) if encoding.is_single_byte() && is_multibyte_utf8(bytes) => lossy(bytes),
        Some(encoding) => declared(encoding, bytes),
        None if label == "iso-2022-kr" => seven::korean(bytes),
        None if label == "hz-gb-2312" => seven::hz(bytes),
        None if label == "utf-7" => seven::utf7(bytes),
        None => match charset_decoder(label.as_bytes()) {
            Some(decoder) if bytes.len() < 8 << 20 => decoder(bytes),
            _ => guess(bytes),
        },
    }
}

/// Whether octets can be what the label of a set says that is no extension of ASCII: UTF-16 begins
/// with its mark, or has a NUL somewhere (in a line end, if nowhere else), or at least is made of
/// pairs and nothing that others write, as are a few words in an encoded-word; ISO-2022-JP has seven
/// bits.
fn can_be(encoding: &'static Encoding, bytes: &[u8]) -> bool {
    if encoding == UTF_16LE || encoding == UTF_16BE {
        let marked = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
        let paired = bytes.len().is_multiple_of(2) && std::str::from_utf8(bytes).is_err();
        return marked || paired || bytes.contains(&0);
    }
    encoding != ISO_2022_JP || bytes.is_ascii() || looks_like_iso_2022_jp(bytes)
}

/// The label in the spelling that others know; `None` if it says nothing.
fn usual(label: &str) -> Option<String> {
    const SAME: [(&str, &str); 21] = [
        ("8859-1", "iso-8859-1"),
        ("ansi", ""),
        ("ascii", ""),
        ("cp50220", "iso-2022-jp"),
        ("cp50221", "iso-2022-jp"),
        ("cp51932", "euc-jp"),
        ("cp932", "shift_jis"),
        ("cp936", "gbk"),
        ("cp949", "euc-kr"),
        ("cp950", "big5"),
        ("csiso2022kr", "iso-2022-kr"),
        ("default", ""),
        ("gb18030-2022", "gb18030"),
        ("hz", "hz-gb-2312"),
        ("hzgb2312", "hz-gb-2312"),
        ("latin-1", "iso-8859-1"),
        ("unicode-1-1-utf-7", "utf-7"),
        ("unknown-8bit", ""),
        ("us-ascii", ""),
        ("utf8mb4", "utf-8"),
        ("x-unicode-2-0-utf-7", "utf-7"),
    ];
    let label: String = label
        .chars()
        .take(60)
        .collect::<String>()
        .to_ascii_lowercase();
    if let Some((_, same)) = SAME.iter().find(|(name, _)| *name == label) {
        return (!same.is_empty()).then(|| (*same).to_owned());
    }
    if Encoding::for_label_no_replacement(label.as_bytes()).is_some() {
        return Some(label);
    }
    let windows = ["win-", "cp-", "win", "windows"];
    let number = windows.iter().find_map(|w| label.strip_prefix(w));
    let number = number.filter(|n| n.len() == 4 && n.starts_with("125"));
    let other = match number {
        Some(number) => format!("windows-{number}"),
        None => label.replace('_', "-"),
    };
    let known = Encoding::for_label_no_replacement(other.as_bytes()).is_some();
    (!label.is_empty()).then_some(if known { other } else { label })
}

/// As declared, unless that can't be, or hardly, and something else fits without a flaw.
fn declared(encoding: &'static Encoding, bytes: &[u8]) -> String {
    let (text, _, bad) = encoding.decode(bytes);
    // Programs that know no better call everything Latin-1; but that has few accents.
    let doubtful = encoding == WINDOWS_1252 && is_dense(bytes);
    if bad || doubtful {
        let other = eight_bit(bytes);
        let (better, _, flawed) = other.decode(bytes);
        if !flawed && other != WINDOWS_1252 {
            return better.into_owned();
        }
    }
    text.into_owned()
}

/// The text of `bytes` of which nothing is known.
pub fn guess(bytes: &[u8]) -> String {
    if looks_like_iso_2022_jp(bytes) {
        let (text, bad) = japanese(bytes);
        if !bad {
            return text;
        }
    }
    if is_nearly_utf8(bytes) {
        return lossy(bytes);
    }
    eight_bit(bytes).decode(bytes).0.into_owned()
}

/// ISO-2022-JP, and whether something in it is none. Where encoded-words were put together, one set is
/// chosen right behind another that nothing was written in, which the web takes for a trick (WHATWG
/// Encoding, 12.2.1) and mail is full of.
fn japanese(bytes: &[u8]) -> (String, bool) {
    let escape = |rest: &[u8]| match rest {
        [0x1b, b'(', b'B' | b'J' | b'I' | b'H', ..] | [0x1b, b'$', b'@' | b'B', ..] => 3,
        _ => 0,
    };
    let mut kept = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = memchr::memchr(0x1b, rest) {
        let (before, from) = rest.split_at(at);
        kept.extend_from_slice(before);
        let length = escape(from).max(1);
        let (sequence, after) = from.split_at_checked(length).unwrap_or((from, &[]));
        if escape(after) == 0 {
            kept.extend_from_slice(sequence);
        }
        rest = after;
    }
    kept.extend_from_slice(rest);
    let (text, _, bad) = ISO_2022_JP.decode(&kept);
    (text.into_owned(), bad)
}

/// Whether it is UTF-8, but for a few octets that were damaged on their way.
fn is_nearly_utf8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0usize, 0usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    bad == 0 || good > 2 * bad
}

/// What an HTML page says of itself in its first kilobyte (`<meta charset=…>`). Who could read
/// that in ASCII reads no UTF-16: that means UTF-8 then (WHATWG HTML, 13.2.3.2).
pub fn declared_in_html(bytes: &[u8]) -> Option<String> {
    let head = bytes.get(..bytes.len().min(1024))?.to_ascii_lowercase();
    let head = String::from_utf8_lossy(&head);
    let (_, after) = head.split_once("charset=")?;
    let label: String = after
        .trim_start_matches(['"', '\'', ' '])
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || "-_:.".contains(*c))
        .collect();
    match Encoding::for_label(label.as_bytes()) {
        Some(wide) if wide == UTF_16LE || wide == UTF_16BE => Some("utf-8".to_owned()),
        _ => (!label.is_empty()).then_some(label),
    }
}

fn lossy(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    String::from_utf8_lossy(bytes).into_owned()
}

/// Labelled UTF-8: a few damaged octets stay damaged, text that has no good sequence at all is
/// something else.
fn utf8_or_guess(bytes: &[u8]) -> String {
    if std::str::from_utf8(bytes).is_ok() || has_good_sequence(bytes) {
        lossy(bytes)
    } else {
        guess(bytes)
    }
}

fn has_good_sequence(bytes: &[u8]) -> bool {
    bytes.utf8_chunks().any(|chunk| !chunk.valid().is_ascii())
}

fn is_multibyte_utf8(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| !text.is_ascii())
}

/// Whether no other set would ever give these octets.
fn is_certainly_utf8(bytes: &[u8]) -> bool {
    let long = |text: &str| text.chars().filter(|c| c.len_utf8() > 2).count();
    std::str::from_utf8(bytes).is_ok_and(|text| !text.is_ascii() && long(text) >= CERTAIN)
}

fn looks_like_iso_2022_jp(bytes: &[u8]) -> bool {
    bytes
        .windows(3)
        .any(|w| matches!(w, [0x1b, b'$', b'B' | b'@'] | [0x1b, b'(', b'J' | b'I']))
}

/// Octets beyond ASCII and plain letters at the beginning.
fn count(bytes: &[u8]) -> (usize, usize) {
    let sample = bytes.get(..SAMPLE).unwrap_or(bytes);
    let high = sample.iter().filter(|b| **b >= 0x80).count();
    let letters = sample.iter().filter(|b| b.is_ascii_alphabetic()).count();
    (high, letters)
}

/// Whether most letters are none of ASCII's.
fn is_dense(bytes: &[u8]) -> bool {
    let (high, letters) = count(bytes);
    high >= SURE.1 && high > letters
}

/// Whether little text can hardly be anything but Shift_JIS: at least two letters of two octets, one
/// of which begins where Latin letters have none, and nothing that is out of place. Quotation marks of
/// Windows before plain letters look like that; then no second octet is beyond ASCII.
fn is_shift_jis(bytes: &[u8]) -> bool {
    let (text, _, bad) = SHIFT_JIS.decode(bytes);
    let double =
        |c: &char| matches!(u32::from(*c), 0x3000..=0x30ff | 0x4e00..=0x9fff | 0xff01..=0xff5e);
    let letters = text.chars().filter(double).count();
    !bad && letters >= 2
        && bytes.iter().filter(|b| **b >= 0x80).count() > letters
        && bytes.iter().any(|b| matches!(b, 0x81..=0x9f))
        && text.chars().all(|c| c.is_ascii() || double(&c))
}

/// Which of the sets in use it most likely is.
fn eight_bit(bytes: &[u8]) -> &'static Encoding {
    let sample = bytes.get(..SAMPLE).unwrap_or(bytes);
    let (high, letters) = count(bytes);
    // Text in Latin letters has a few accents among many plain ones.
    let latin = high * 2 < letters;
    let enough = if latin { SURE.0 } else { SURE.1 };
    if high >= enough {
        let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
        // Its tables want to see where a word ends.
        detector.feed(sample, sample.len() == bytes.len());
        return match detector.guess(None, Utf8Detection::Deny) {
            gbk if gbk == encoding_rs::GBK => GB18030,
            other => other,
        };
    }
    if !latin && is_shift_jis(sample) {
        return SHIFT_JIS;
    }
    if latin || high < 4 {
        return WINDOWS_1252;
    }
    let mut runs = 0usize;
    let mut even_runs = 0usize;
    for run in sample.split(|b| *b < 0x80).filter(|run| !run.is_empty()) {
        runs += 1;
        let pairs = run
            .chunks(2)
            .all(|p| matches!(p, [0xa1..=0xf7, 0xa1..=0xfe]));
        even_runs += usize::from(pairs);
    }
    // The sample's end may cut a pair.
    if runs > 0 && even_runs * 20 >= runs * 19 || (runs == 1 && even_runs == 1) {
        return GB18030;
    }
    let count =
        |range: std::ops::RangeInclusive<u8>| sample.iter().filter(|b| range.contains(b)).count();
    // Most letters are small: those lie in 0xC0..=0xDF in KOI8-R, in 0xE0..=0xFF in windows-1251.
    let (lower_koi, lower_win) = (count(0xc0..=0xdf), count(0xe0..=0xff));
    if (lower_koi + lower_win) * 10 < high * 7 {
        WINDOWS_1252
    } else if lower_koi > lower_win {
        KOI8_R
    } else {
        WINDOWS_1251
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn declared_sets_are_believed() {
        assert_eq!(decode(b"\xc4\xe3\xba\xc3", Some("GB18030")), "你好");
        assert_eq!(decode(b"\xf0\xd2\xc9", Some("koi8-r")), "При");
        assert_eq!(decode(b"\x1b$B$3\x1b(B", Some("iso-2022-jp")), "こ");
        // As two encoded-words give it that became one.
        let twice = b"\x1b$B$3\x1b(B\x1b$B$3\x1b(B\x1b(J\x1b(B!";
        assert_eq!(decode(twice, Some("iso-2022-jp")), "ここ!");
        assert_eq!(decode(twice, None), "ここ!");
        assert_eq!(decode(b"a\x1b", Some("iso-2022-jp")), "a\u{fffd}");
        assert_eq!(decode(b"\x93\xfa\x96\x7b", Some("CP932")), "日本");
        assert_eq!(decode(b"\x1b$B$3\x1b(B", Some("cp50221")), "こ");
        assert_eq!(decode(b"caf+AOk-", Some("utf-7")), "café");
        assert_eq!(decode(b"caf+AOk-", None), "caf+AOk-");
        assert_eq!(
            decode(b"1 +- 1 +AD0- 2 +AOk-", Some("utf-7")),
            "1 + 1 = 2 é"
        );
        let korean = b"\x1b$)C\x0e>H3g\x0f, \x0eGO<<?d\x0f.";
        assert_eq!(decode(korean, Some("ISO-2022-KR")), "안녕, 하세요.");
        assert_eq!(decode(b"~{Dc:C~}, a~~b", Some("HZ-GB-2312")), "你好, a~b");
    }

    #[test]
    fn undeclared_sets_are_guessed() {
        assert_eq!(
            decode(b"na\xefve caf\xe9 \x93x\x94", None),
            "naïve café “x”"
        );
        assert_eq!(decode(b"caf\xe9", Some("utf-8")), "café");
        let (names, ..) = SHIFT_JIS.encode("田中 会議.pdf");
        assert_eq!(decode(&names, None), "田中 会議.pdf");
        for latin in [
            "\u{93}\u{e9}\u{94}",
            "\u{c4}\u{d6}\u{dc}",
            "\u{e9}t\u{e9}",
            "\u{92}s \u{93}A\u{94}",
            "\u{92}s \u{93}AB",
        ] {
            let octets: Vec<u8> = latin.chars().map(|c| u8::try_from(c).unwrap()).collect();
            let (read, _) = WINDOWS_1252.decode_without_bom_handling(&octets);
            assert_eq!(decode(&octets, None), read, "{octets:?}");
        }
        assert_eq!(decode("é".as_bytes(), Some("iso-8859-1")), "é");
        assert_eq!(decode("привет".as_bytes(), Some("x-unknown")), "привет");
        let (koi, ..) = KOI8_R.encode("Добрый день, как дела?");
        assert_eq!(decode(&koi, None), "Добрый день, как дела?");
        let (win, ..) = WINDOWS_1251.encode("Добрый день, как дела?");
        assert_eq!(decode(&win, Some("us-ascii")), "Добрый день, как дела?");
        let (gb, ..) = GB18030.encode("你好,明天的会议改到三点");
        assert_eq!(decode(&gb, None), "你好,明天的会议改到三点");
    }

    #[test]
    fn enough_text_is_known_by_its_letters() {
        use encoding_rs::{BIG5, EUC_JP, EUC_KR, SHIFT_JIS, WINDOWS_1250, WINDOWS_1253};
        for (encoding, text) in [
            (BIG5, "明天的會議改到三點,請大家準時參加。謝謝!"),
            (EUC_KR, "내일 회의는 세 시로 옮겼습니다. 모두 와 주세요."),
            (
                SHIFT_JIS,
                "明日の会議は三時に変わりました。よろしくお願いします。",
            ),
            (
                EUC_JP,
                "明日の会議は三時に変わりました。よろしくお願いします。",
            ),
            (GB18030, "明天的会议改到三点,请大家准时参加。谢谢!"),
            (WINDOWS_1253, "Η αυριανή συνάντηση μεταφέρθηκε στις τρεις."),
            (
                WINDOWS_1250,
                "Zítřejší schůzka se přesouvá na třetí hodinu, přijďte prosím včas.",
            ),
            (KOI8_R, "Завтрашняя встреча переносится на три часа."),
            (WINDOWS_1251, "Завтрашняя встреча переносится на три часа."),
        ] {
            let (bytes, ..) = encoding.encode(text);
            assert_eq!(decode(&bytes, None), text, "{}", encoding.name());
            assert_eq!(decode(&bytes, Some("unknown-8bit")), text);
            if is_dense(&bytes) {
                assert_eq!(decode(&bytes, Some("iso-8859-1")), text);
            }
        }
    }

    #[test]
    fn labels_are_believed_in_many_spellings() {
        for label in ["cp1251", "CP-1251", "win-1251", "windows_1251", "x-cp1251"] {
            assert_eq!(decode(b"\xcf\xf0\xe8", Some(label)), "При", "{label}");
        }
        assert_eq!(decode(b"caf\xe9", Some("ISO8859_1")), "café");
        assert_eq!(decode(b"caf\xe9", Some("x-nobody-knows")), "café");
        assert_eq!(
            decode("žluťoučký kůň".as_bytes(), Some("utf8mb4")),
            "žluťoučký kůň"
        );
        // Few accents are no reason to doubt.
        assert_eq!(
            decode(b"r\xe9sum\xe9 d\xe9j\xe0 vu", Some("iso-8859-1")),
            "résumé déjà vu"
        );
        assert_eq!(decode("日本語".as_bytes(), Some("gb2312")), "日本語");
        assert_eq!(decode(b"h\0i\0", Some("utf-16le")), "hi");
    }

    #[test]
    fn a_damaged_octet_costs_nothing_else() {
        let damaged = b"Gr\xc3\xbc\xc3\x9fe aus Z\xc3\xbcrich \xff!";
        assert_eq!(decode(damaged, None), "Grüße aus Zürich \u{fffd}!");
        assert_eq!(
            decode(damaged, Some("us-ascii")),
            "Grüße aus Zürich \u{fffd}!"
        );
        // Of little that is good nothing follows.
        assert_eq!(decode(b"\xc3\xa9 \xe9", None), "Ã© é");
    }

    #[test]
    fn labels_that_cannot_be_are_not_believed() {
        for label in ["unicode", "utf-16", "utf-16le", "utf-16be", "iso-2022-jp"] {
            assert_eq!(
                decode("Grüße, 日本".as_bytes(), Some(label)),
                "Grüße, 日本",
                "{label}"
            );
            assert_eq!(decode(b"plain text", Some(label)), "plain text", "{label}");
        }
        assert_eq!(decode(b"caf\xe9", Some("iso-2022-jp")), "café");
        assert_eq!(decode(b"\xff\xfeh\0i\0", Some("utf-16")), "hi");
        assert_eq!(decode(b"\0h\0i", Some("utf-16be")), "hi");
        // Without a mark and a NUL, as in `=?UTF-16BE?B?ZeVnLA==?=`.
        assert_eq!(decode(b"\x65\xe5\x67\x2c", Some("utf-16be")), "日本");
        assert_eq!(decode(b"\xe5\x65\x2c\x67", Some("utf-16le")), "日本");
        assert_eq!(decode(b"caf\xe9s", Some("utf-16le")), "cafés");
        let page = "<meta charset=unicode><p>Grüße";
        assert_eq!(declared_in_html(page.as_bytes()).as_deref(), Some("utf-8"));
    }

    #[test]
    fn a_page_may_name_its_own() {
        let page = b"<html><meta http-equiv=x content=\"text/html; charset=KOI8-R\">";
        assert_eq!(declared_in_html(page).as_deref(), Some("koi8-r"));
        assert_eq!(declared_in_html(b"<p>"), None);
    }

    proptest! {
        #[test]
        fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), label in "[a-z0-9-]{0,12}") {
            decode(&bytes, Some(&label));
            decode(&bytes, None);
        }
    }
}
