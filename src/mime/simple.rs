//! Addresses as nearly everybody writes them: `Ada Adler <ada@x.example>, "B, C" <b@y.example>`.
//!
//! A first sync reads some hundred thousand of them, and the whole grammar (RFC 5322 §3.4) costs
//! several times what these need. Whatever is not certainly of this kind is left to the grammar, so
//! both always say the same; a property test in `field` holds them to it.

/// One entry of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// Display name (empty if there is none) and address, as they stand.
    Plain(&'a str, &'a str),
    /// A name with encoded-words (RFC 2047), the address after it, and the whole entry: if the name
    /// is not just one word, this entry alone is for the grammar.
    Encoded(&'a str, &'a str, &'a [u8]),
}

/// Tells the entries of a list; `None` if any of it needs the whole grammar, and what was told before
/// counts for nothing.
pub fn items<'a>(value: &'a [u8], tell: &mut dyn FnMut(Item<'a>)) -> Option<()> {
    let mut rest = std::str::from_utf8(value).ok()?.trim_ascii();
    loop {
        let (item, after) = one(rest)?;
        tell(item);
        let after = after.trim_ascii_start();
        if after.is_empty() {
            return Some(());
        }
        rest = after.strip_prefix(',')?.trim_ascii_start();
    }
}

/// What stands before the first `octet`, which is ASCII, and behind it.
fn cut(text: &str, octet: u8) -> Option<(&str, &str)> {
    let at = memchr::memchr(octet, text.as_bytes())?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// The entry that `text` begins with, and what follows it.
fn one(text: &str) -> Option<(Item<'_>, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let (name, after) = cut(quoted, b'"')?;
        let name_is_plain = name.bytes().all(|b| is(PHRASE, b) || b == b',');
        let (addr, after) = in_brackets(after.strip_prefix(' ')?)?;
        return (name_is_plain && is_trimmed(name)).then_some((Item::Plain(name, addr), after));
    }
    let end = memchr::memchr2(b'<', b',', text.as_bytes()).unwrap_or(text.len());
    let (before, from) = text.split_at_checked(end)?;
    if !from.starts_with('<') {
        let addr = before.trim_ascii_end();
        return is_address(addr).then_some((Item::Plain("", addr), from));
    }
    let (addr, after) = in_brackets(from)?;
    let Some(name) = before.strip_suffix(' ') else {
        return before.is_empty().then_some((Item::Plain("", addr), after));
    };
    if name.contains("=?") {
        let entry = text.get(..text.len() - after.len())?;
        let is_quiet = |b: u8| is(PHRASE, b) || b"=?\r\n\t".contains(&b);
        return name
            .bytes()
            .all(is_quiet)
            .then_some((Item::Encoded(name, addr, entry.as_bytes()), after));
    }
    let name_is_plain = name.bytes().all(|b| is(PHRASE, b)) && is_trimmed(name);
    name_is_plain.then_some((Item::Plain(name, addr), after))
}

/// The address in the brackets that `text` begins with, and what follows them.
fn in_brackets(text: &str) -> Option<(&str, &str)> {
    let (addr, after) = cut(text.strip_prefix('<')?, b'>')?;
    is_address(addr).then_some((addr, after))
}

/// What may stand in a name without meaning anything, and in an address.
const PHRASE: u8 = 1;
const ADDRESS: u8 = 2;

/// What each octet may stand in: looked up, because every octet of every address is asked.
#[allow(
    clippy::indexing_slicing,
    reason = "while compiling there is no other way, and a panic is an error there"
)]
const KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut octet = 0;
    while octet < kinds.len() {
        let b = octet as u8;
        if b.is_ascii_alphanumeric() {
            kinds[octet] = PHRASE | ADDRESS;
        }
        octet += 1;
    }
    let (phrase, address) = (b" -_'.+&/!#", b"-_.+=");
    let mut at = 0;
    while at < phrase.len() {
        kinds[phrase[at] as usize] |= PHRASE;
        at += 1;
    }
    at = 0;
    while at < address.len() {
        kinds[address[at] as usize] |= ADDRESS;
        at += 1;
    }
    kinds
};

fn is(kind: u8, octet: u8) -> bool {
    KINDS
        .get(usize::from(octet))
        .is_some_and(|kinds| kinds & kind != 0)
}

/// A name whose blanks the grammar would keep as they are.
fn is_trimmed(name: &str) -> bool {
    !name.is_empty() && !name.starts_with(' ') && !name.ends_with(' ') && !name.contains("  ")
}

fn is_address(addr: &str) -> bool {
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| is(ADDRESS, b));
    cut(addr, b'@').is_some_and(|(local, domain)| plain(local) && plain(domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(value: &[u8]) -> Option<Vec<Item<'_>>> {
        let mut told = Vec::new();
        super::items(value, &mut |item| told.push(item)).map(|()| told)
    }

    #[test]
    fn what_is_common_is_read_and_the_rest_is_left() {
        assert_eq!(
            items(b" Ada A <a@x.example>,\r\n \"B, C\" <b@y.example>, c@z.example\r\n"),
            Some(vec![
                Item::Plain("Ada A", "a@x.example"),
                Item::Plain("B, C", "b@y.example"),
                Item::Plain("", "c@z.example"),
            ])
        );
        assert_eq!(
            items(b"=?utf-8?q?=C3=A9?= B <a@x.example>, <b@x.example>"),
            Some(vec![
                Item::Encoded(
                    "=?utf-8?q?=C3=A9?= B",
                    "a@x.example",
                    b"=?utf-8?q?=C3=A9?= B <a@x.example>"
                ),
                Item::Plain("", "b@x.example"),
            ])
        );
        for other in [
            "",
            "a@x.example,",
            "g: a@x.example;",
            "a@x.example (Ada)",
            "\"A \\\" B\" <a@x.example>",
            "Ada <@x.example>",
            "undisclosed",
            "A <a@x.example> b",
        ] {
            assert_eq!(items(other.as_bytes()), None, "{other}");
        }
    }
}
