//! One question to the name system and what comes back (RFC 1035 §4), as far as mail needs it:
//! which servers a domain names, for its mail and for mail programs, which addresses a name has, and
//! what a domain says in text.
//!
//! An answer comes from anybody who can send a packet: whatever doesn't answer exactly what was
//! asked is none, nothing in it panics, and a chain of compressed names ends.

use std::net::{Ipv4Addr, Ipv6Addr};

/// What is asked for (RFC 1035 §3.2.2, RFC 3596 §2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An IPv4 address.
    A,
    /// The servers that take a domain's mail.
    Mx,
    /// What a domain says in text.
    Txt,
    /// An IPv6 address.
    Aaaa,
    /// The servers of a service (RFC 2782).
    Srv,
}

impl Kind {
    pub(super) fn code(self) -> u16 {
        match self {
            Kind::A => 1,
            Kind::Mx => 15,
            Kind::Txt => 16,
            Kind::Aaaa => 28,
            Kind::Srv => 33,
        }
    }
}

/// What a name server said (RFC 1035 §4.1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// The records of that kind: of an MX the server's name in lower case (empty for the root,
    /// RFC 7505 §3), of an SRV its four fields as they stand in a zone file, of a text all its pieces
    /// as one (RFC 7208 §3.3), of an address the address.
    Records(Vec<String>),
    /// There is no such name.
    NoName,
    /// The answer didn't fit: to be asked again over TCP.
    TooLong,
    /// It can't or won't say.
    Nothing,
}

const CLASS_IN: u16 = 1;
const HEADER: usize = 12;
/// Records looked at in one answer.
const RECORDS: usize = 256;
/// The longest name (RFC 1035 §2.3.4), and so many times it may go on elsewhere.
const LONGEST: usize = 253;
const JUMPS: usize = 32;

/// The packet that asks; `None` for what is no name. `name` is ASCII.
pub(super) fn question(id: u16, name: &str, kind: Kind) -> Option<Vec<u8>> {
    let name = name.trim_end_matches('.');
    if name.is_empty() || name.len() > LONGEST || !name.is_ascii() {
        return None;
    }
    let mut out = Vec::new();
    out.extend(id.to_be_bytes());
    // A plain question, answered by whoever can find out; one question follows.
    out.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.split('.') {
        let length = u8::try_from(label.len())
            .ok()
            .filter(|n| (1..64).contains(n))?;
        out.push(length);
        out.extend(label.bytes());
    }
    out.push(0);
    out.extend(kind.code().to_be_bytes());
    out.extend(CLASS_IN.to_be_bytes());
    Some(out)
}

/// Reads the answer to that question; `None` for anything else.
pub(super) fn answer(packet: &[u8], id: u16, asked: &str, kind: Kind) -> Option<Said> {
    let word = |at: usize| -> Option<u16> {
        let bytes = packet.get(at..)?.first_chunk::<2>()?;
        Some(u16::from_be_bytes(*bytes))
    };
    let flags = word(2)?;
    if word(0)? != id || flags & 0xf800 != 0x8000 || word(4)? != 1 {
        return None;
    }
    let (name, mut at) = read_name(packet, HEADER)?;
    let same = name.eq_ignore_ascii_case(asked.trim_end_matches('.'));
    if !same || word(at)? != kind.code() || word(at + 2)? != CLASS_IN {
        return None;
    }
    at += 4;
    if flags & 0x0200 != 0 {
        return Some(Said::TooLong);
    }
    match flags & 0xf {
        0 => {}
        3 => return Some(Said::NoName),
        _ => return Some(Said::Nothing),
    }
    let mut records = Vec::new();
    for _ in 0..usize::from(word(6)?).min(RECORDS) {
        let (_, after) = read_name(packet, at)?;
        let (found, class) = (word(after)?, word(after + 2)?);
        let length = usize::from(word(after + 8)?);
        let data = after + 10;
        packet.get(data..data + length)?;
        // Aliases on the way have been followed by whoever answers.
        if found == kind.code() && class == CLASS_IN {
            records.push(match kind {
                Kind::Mx => read_name(packet, data + 2)?.0.to_ascii_lowercase(),
                Kind::Srv => {
                    let (first, weight, port) = (word(data)?, word(data + 2)?, word(data + 4)?);
                    let name = read_name(packet, data + 6)?.0.to_ascii_lowercase();
                    format!("{first} {weight} {port} {name}")
                }
                Kind::Txt => read_text(packet.get(data..data + length)?)?,
                Kind::A | Kind::Aaaa => read_address(packet.get(data..data + length)?)?,
            });
        }
        at = data + length;
    }
    Some(Said::Records(records))
}

/// The pieces of a text, each after its length (RFC 1035 §3.3.14), as one. Octets beyond ASCII are
/// taken for Latin-1: nothing that is looked for has any.
fn read_text(mut data: &[u8]) -> Option<String> {
    let mut text = String::new();
    while let Some((length, rest)) = data.split_first() {
        let (piece, rest) = rest.split_at_checked(usize::from(*length))?;
        text.extend(piece.iter().map(|b| char::from(*b)));
        data = rest;
    }
    Some(text)
}

/// An address as it is written.
fn read_address(data: &[u8]) -> Option<String> {
    let four = || <[u8; 4]>::try_from(data).map(|ip| Ipv4Addr::from(ip).to_string());
    let six = |_| <[u8; 16]>::try_from(data).map(|ip| Ipv6Addr::from(ip).to_string());
    four().or_else(six).ok()
}

/// A name and where it ends; labels are taken as they are.
fn read_name(packet: &[u8], start: usize) -> Option<(String, usize)> {
    let mut name = String::new();
    let mut at = start;
    let mut end = None;
    let mut jumps = 0;
    loop {
        let length = usize::from(*packet.get(at)?);
        match length >> 6 {
            0 if length == 0 => return Some((name, end.unwrap_or(at + 1))),
            0 => {
                let label = packet.get(at + 1..at + 1 + length)?;
                if !name.is_empty() {
                    name.push('.');
                }
                name.extend(label.iter().map(|b| char::from(*b)));
                if name.len() > 4 * LONGEST {
                    return None;
                }
                at += 1 + length;
            }
            3 => {
                jumps += 1;
                if jumps > JUMPS {
                    return None;
                }
                end = end.or(Some(at + 2));
                at = (length & 0x3f) << 8 | usize::from(*packet.get(at + 1)?);
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An answer as a name server writes it: to each record its kind and data.
    pub(in crate::net) fn reply(
        question: &[u8],
        flags: u16,
        records: &[(u16, Vec<u8>)],
    ) -> Vec<u8> {
        let mut out = question.to_vec();
        out[2..4].copy_from_slice(&flags.to_be_bytes());
        out[6..8].copy_from_slice(&u16::try_from(records.len()).unwrap().to_be_bytes());
        for (kind, data) in records {
            out.extend([0xc0, 12]);
            out.extend(kind.to_be_bytes());
            out.extend([0, 1, 0, 0, 0, 60]);
            out.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
            out.extend(data);
        }
        out
    }

    /// An MX record's data.
    pub(in crate::net) fn mx(name: &str) -> Vec<u8> {
        let mut data = vec![0, 10];
        for label in name.split('.').filter(|l| !l.is_empty()) {
            data.push(u8::try_from(label.len()).unwrap());
            data.extend(label.bytes());
        }
        data.push(0);
        data
    }

    /// An SRV record's data.
    pub(in crate::net) fn srv(first: u16, weight: u16, port: u16, name: &str) -> Vec<u8> {
        let mut data = Vec::new();
        for field in [first, weight, port] {
            data.extend(field.to_be_bytes());
        }
        data.extend(&mx(name)[2..]);
        data
    }

    /// A TXT record's data, in pieces of at most 255 octets.
    pub(in crate::net) fn txt(text: &str) -> Vec<u8> {
        let mut data = Vec::new();
        for piece in text.as_bytes().chunks(255) {
            data.push(u8::try_from(piece.len()).unwrap());
            data.extend(piece);
        }
        data
    }

    #[test]
    fn rfc2782_a_service_names_host_and_port() {
        let asked = question(7, "_imaps._tcp.x.example", Kind::Srv).unwrap();
        let records = [
            (33, srv(0, 5, 993, "Mail.x.example")),
            (33, srv(1, 0, 0, "")),
        ];
        let packet = reply(&asked, 0x8180, &records);
        let read = |packet: &[u8]| answer(packet, 7, "_imaps._tcp.x.example", Kind::Srv);
        let wanted = ["0 5 993 mail.x.example", "1 0 0 "]
            .map(str::to_owned)
            .to_vec();
        assert_eq!(read(&packet), Some(Said::Records(wanted)));
        assert_eq!(read(&reply(&asked, 0x8180, &[(33, vec![0, 0, 0])])), None);
    }

    #[test]
    fn texts_and_addresses_are_read_whole_or_not_at_all() {
        let read = |kind: Kind, data: Vec<u8>| {
            let asked = question(7, "x.example", kind).unwrap();
            let packet = reply(&asked, 0x8180, &[(kind.code(), data)]);
            answer(&packet, 7, "x.example", kind)
        };
        let one = |text: &str| Some(Said::Records(vec![text.to_owned()]));
        let long = format!("v=DKIM1; p={}", "A".repeat(400));
        assert_eq!(read(Kind::Txt, txt(&long)), one(&long));
        assert_eq!(read(Kind::Txt, vec![]), one(""));
        assert_eq!(read(Kind::Txt, vec![5, b'a']), None);
        assert_eq!(read(Kind::A, vec![192, 0, 2, 1]), one("192.0.2.1"));
        let mut six = vec![0; 16];
        six[15] = 1;
        assert_eq!(read(Kind::Aaaa, six), one("::1"));
        assert_eq!(read(Kind::A, vec![1, 2, 3]), None);
    }

    #[test]
    fn answers_are_read_and_only_answers() {
        let asked = question(7, "X.example.", Kind::Mx).unwrap();
        let read = |packet: &[u8]| answer(packet, 7, "x.example", Kind::Mx);
        let two = reply(
            &asked,
            0x8180,
            &[
                (5, vec![0]),
                (15, mx("A.x.example")),
                (15, vec![0, 1, 0xc0, 12]),
            ],
        );
        let names = ["a.x.example", "x.example"].map(str::to_owned).to_vec();
        assert_eq!(read(&two), Some(Said::Records(names)));
        assert_eq!(
            read(&reply(&asked, 0x8180, &[(15, mx(""))])),
            Some(Said::Records(vec![String::new()]))
        );
        assert_eq!(
            read(&reply(&asked, 0x8180, &[])),
            Some(Said::Records(vec![]))
        );
        assert_eq!(read(&reply(&asked, 0x8183, &[])), Some(Said::NoName));
        assert_eq!(read(&reply(&asked, 0x8182, &[])), Some(Said::Nothing));
        assert_eq!(read(&reply(&asked, 0x8380, &[])), Some(Said::TooLong));
        // Somebody else's, a question, another kind, another name, cut, a name that goes in circles.
        assert_eq!(answer(&two, 8, "x.example", Kind::Mx), None);
        assert_eq!(answer(&two, 7, "y.example", Kind::Mx), None);
        assert_eq!(answer(&two, 7, "x.example", Kind::A), None);
        assert_eq!(read(&asked), None);
        assert_eq!(read(&two[..two.len() - 1]), None);
        let circle = reply(
            &asked,
            0x8180,
            &[(
                15,
                vec![0, 1, 0xc0, u8::try_from(asked.len() + 14).unwrap()],
            )],
        );
        assert_eq!(read(&circle), None);
        for no_name in [
            "",
            ".",
            "a..b",
            &"x".repeat(64),
            &"a.".repeat(200),
            "é.example",
        ] {
            assert_eq!(question(1, no_name, Kind::A), None, "{no_name}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(at in 0usize..60, bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let asked = question(7, "x.example", Kind::Mx).unwrap();
            let mut packet = reply(&asked, 0x8180, &[(15, mx("a.x.example")), (15, mx("b.example"))]);
            for (place, byte) in packet.iter_mut().skip(at).zip(&bytes) {
                *place = *byte;
            }
            answer(&packet, 7, "x.example", Kind::Mx);
            answer(&packet, 7, "x.example", Kind::Srv);
            answer(&bytes, 7, "x.example", Kind::Mx);
        }
    }
}
