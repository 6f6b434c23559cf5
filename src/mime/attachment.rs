//! Attachments: their bytes, and names that are safe to give to a file.

use super::body;
use super::media::ending_of;
use super::tree::Tree;

/// The longest file name that is given, in octets: room for ` (12)` below the 255 of most systems.
const MAX_NAME: usize = 200;
/// The longest extension that is kept when a name is cut, in octets with its dot.
const MAX_EXTENSION: usize = 20;
/// Messages inside messages that are opened.
const DEEPEST: usize = 16;

/// A part taken out of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extracted {
    /// A name that is safe to create a file with; never a path.
    pub name: String,
    /// Media type, lower case.
    pub media_type: String,
    /// The charset that was declared, for texts.
    pub charset: Option<String>,
    /// Its name as received: untrusted text, and what is judged before it is opened.
    pub received: String,
    /// Decoded content.
    pub bytes: Vec<u8>,
}

/// The part that `AttachmentRow::part` names; `None` if there is none such.
pub fn extract(raw: &[u8], part: u32) -> Option<Extracted> {
    let tree = Tree::read(raw);
    let row = body::attachments(&tree)
        .into_iter()
        .find(|a| a.part == part);
    let found = tree.part(part).filter(|p| !p.is_open())?;
    let name = row.map(|r| r.name).unwrap_or_default();
    let media_type = found.media_type();
    Some(Extracted {
        name: file_name(&name, &media_type),
        media_type,
        charset: found.media.param("charset").map(str::to_owned),
        received: name,
        bytes: found.bytes().into_owned(),
    })
}

/// A part of a message inside a message: each number but the last names a message, by its part.
pub fn extract_within(raw: &[u8], path: &[u32]) -> Option<Extracted> {
    let (last, outer) = path.split_last()?;
    if outer.len() > DEEPEST {
        return None;
    }
    let mut inside: Option<Vec<u8>> = None;
    for part in outer {
        let message = extract(inside.as_deref().unwrap_or(raw), *part)?;
        inside = Some(message.bytes);
    }
    extract(inside.as_deref().unwrap_or(raw), *last)
}

/// A name that is safe to create a file with, for a part of this name and type: `attachment` and
/// what its type is called where the part brings no name.
pub fn file_name(name: &str, media_type: &str) -> String {
    match name.trim() {
        "" => format!("attachment.{}", ending_of(media_type).unwrap_or("bin")),
        name => safe_name(name),
    }
}

/// A name that is safe to create a file with in a directory of ours, on any system: the last part
/// of what looks like a path, without characters that a terminal, a shell or a file system takes
/// for something else, no dot or dash or blank first, no dot or blank last, none of the device
/// names of Windows, at most 200 octets with its extension kept. Never empty.
pub fn safe_name(name: &str) -> String {
    let cleaned = crate::text::Clean::line(name);
    let base = cleaned
        .as_str()
        .rsplit(['/', '\\'])
        .find(|part| !part.trim_matches(['.', ' ']).is_empty())
        .unwrap_or_default();
    // The pictures of control characters stand for what was meant to do harm.
    let kept: String = base
        .chars()
        .map(|c| match c {
            '\u{2400}'..='\u{2421}' | '\u{fffd}' => '_',
            '<' | '>' | ':' | '"' | '|' | '?' | '*' | '`' | '$' | '%' | ';' | '&' | '\'' => '_',
            c if c.is_whitespace() => ' ',
            c => c,
        })
        .collect();
    let kept = kept
        .trim_start_matches(['.', '-', '~', ' '])
        .trim_end_matches(['.', ' ']);
    let (stem, extension) = match kept.rfind('.').map(|dot| kept.split_at(dot)) {
        Some((stem, extension)) if !stem.is_empty() && extension.len() <= MAX_EXTENSION => {
            (stem, extension)
        }
        _ => (kept, ""),
    };
    let (stem, _) = stem.split_at(stem.floor_char_boundary(MAX_NAME - extension.len()));
    let stem = stem.trim_end_matches(['.', ' ']);
    match (stem, is_reserved(stem)) {
        ("", _) => format!(
            "attachment{}",
            if extension.is_empty() {
                ".bin"
            } else {
                extension
            }
        ),
        (stem, true) => format!("_{stem}{extension}"),
        (stem, false) => format!("{stem}{extension}"),
    }
}

/// Names that Windows takes for devices, whatever comes after their first dot.
fn is_reserved(stem: &str) -> bool {
    let first = stem
        .split('.')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let numbered = |prefix: &str| {
        first
            .strip_prefix(prefix)
            .is_some_and(|n| matches!(n.as_bytes(), [b'0'..=b'9']))
    };
    matches!(
        first.as_str(),
        "con" | "prn" | "aux" | "nul" | "conin$" | "conout$"
    ) || numbered("com")
        || numbered("lpt")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn s32_names_never_lead_elsewhere() {
        let long = format!("{}.pdf", "x".repeat(5_000));
        let cases = [
            ("../../.ssh/authorized_keys", "authorized_keys"),
            ("/etc/x", "x"),
            ("..\\..\\a.txt", "a.txt"),
            ("~/.x", "x"),
            (".bashrc", "bashrc"),
            ("-rf", "rf"),
            ("con", "_con"),
            ("CON.tar.gz", "_CON.tar.gz"),
            ("lpt1.txt", "_lpt1.txt"),
            ("", "attachment.bin"),
            ("...", "attachment.bin"),
            ("a/", "a"),
            ("a\0b\n.txt", "a_b.txt"),
            ("x. . ", "x"),
            ("invoice\u{202e}fdp.exe", "invoicefdp.exe"),
            ("$(touch x)`;\"%s.txt", "_(touch x)____s.txt"),
            ("résumé.pdf", "résumé.pdf"),
            (".pdf", "pdf"),
            ("invoice.pdf.exe", "invoice.pdf.exe"),
            ("invoice.pdf              .exe", "invoice.pdf.exe"),
            ("..\\..//..\\x", "x"),
            ("C:\\Windows\\x.dll", "x.dll"),
            ("\\\\server\\share\\x", "x"),
            ("file:///etc/passwd", "passwd"),
            ("a/../../b/..", "b"),
            ("com9", "_com9"),
            ("nul.", "_nul"),
            ("aux .txt", "_aux.txt"),
            ("CONIN$", "CONIN_"),
            ("x.txt::$DATA", "x.txt___DATA"),
            ("a\u{2044}b\u{2215}c", "a\u{2044}b\u{2215}c"),
            ("\u{feff}.profile", "profile"),
            ("\u{2066}x\u{2069}.txt", "x.txt"),
            ("a\u{1b}]0;t\u{7}.txt", "a_]0_t_.txt"),
            ("%2e%2e%2fx", "_2e_2e_2fx"),
            ("\u{202e}\u{202d}", "attachment.bin"),
        ];
        for (name, want) in cases {
            assert_eq!(safe_name(name), want, "{name:?}");
        }
        let cut = safe_name(&long);
        assert!(cut.len() <= MAX_NAME && cut.ends_with("x.pdf"));
    }

    #[test]
    fn parts_come_out_decoded() {
        let raw = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhi\n--b\nContent-Type: image/png\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename*=utf-8''..%2Fb%C3%A4r.png\n\naGk=\n--b\nContent-Type: application/pdf\n\nx\n--b--\n";
        let one = extract(raw, 2).unwrap();
        assert_eq!(
            (
                one.name.as_str(),
                one.media_type.as_str(),
                one.bytes.as_slice()
            ),
            ("bär.png", "image/png", &b"hi"[..])
        );
        assert_eq!(extract(raw, 3).unwrap().name, "attachment.pdf");
        assert!(extract(raw, 0).is_none() && extract(raw, 9).is_none());
    }

    #[test]
    fn parts_of_messages_inside_are_found() {
        let inner = "Content-Type: multipart/mixed; boundary=i\n\n--i\n\nhi\n--i\nContent-Type: image/png; name=p.png\n\nPNG\n--i--\n";
        let raw = format!(
            "Content-Type: multipart/mixed; boundary=o\n\n--o\n\nsee\n--o\nContent-Type: message/rfc822\n\n{inner}\n--o--\n"
        );
        let found = extract_within(raw.as_bytes(), &[2, 2]).unwrap();
        assert_eq!(
            (found.name.as_str(), found.bytes.as_slice()),
            ("p.png", &b"PNG"[..])
        );
        for none in [&[][..], &[2, 9], &[9, 2], &[2; 40]] {
            assert!(extract_within(raw.as_bytes(), none).is_none(), "{none:?}");
        }
    }

    proptest! {
        #[test]
        fn any_name_is_a_good_one(name in "(\\PC|/|\\\\|\\.|-| |\n|\0|~|con|\u{202e}){0,300}") {
            let safe = safe_name(&name);
            prop_assert!(!safe.is_empty() && safe.len() <= MAX_NAME + 1);
            prop_assert!(!safe.contains(['/', '\\', '\0', '\n']));
            prop_assert!(!safe.starts_with(['.', '-', ' ']));
            prop_assert!(!safe.ends_with(['.', ' ']));
            prop_assert!(!safe.chars().any(char::is_control));
            prop_assert!(!is_reserved(&safe), "{}", safe);
        }
    }
}
