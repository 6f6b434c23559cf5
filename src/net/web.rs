//! A web server where a mail server should be: what a network does that wants to be signed in to
//! first (hotels, trains), and what a wrong port leads to. Pure.

/// Whether these octets, the first that a server said, are a web server's and no mail server's:
/// the status line of HTTP (RFC 9112 §4) or the beginning of a page.
pub(super) fn is_page(first: &[u8]) -> bool {
    let first = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first);
    let first = first.trim_ascii_start();
    ["HTTP/", "<!DOCTYPE", "<html", "<head", "<?xml"]
        .iter()
        .any(|start| {
            let said = first.get(..start.len());
            said.is_some_and(|said| said.eq_ignore_ascii_case(start.as_bytes()))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_told_from_mail() {
        for page in [
            &b"HTTP/1.1 302 Found\r\n"[..],
            b"http/1.0 400",
            b"\r\n<!doctype html>",
            b"\xef\xbb\xbf<HTML>",
            b"<?xml version",
        ] {
            assert!(is_page(page), "{}", page.escape_ascii());
        }
        for mail in [
            &b"* OK IMAP4rev1"[..],
            b"220 HTTP/1.1 mail ready",
            b"",
            b"HTTP",
            b"\x15\x03\x01\x00\x02",
            b"<abc",
        ] {
            assert!(!is_page(mail), "{}", mail.escape_ascii());
        }
    }
}
