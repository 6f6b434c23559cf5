//! Media types by file name, for what is attached (RFC 2046; names from the IANA registry), and file
//! names for those that bring none.

/// Extensions with the type that their files have.
const TYPES: [(&str, &str); 40] = [
    ("avif", "image/avif"),
    ("bmp", "image/bmp"),
    ("bz2", "application/x-bzip2"),
    ("csv", "text/csv"),
    ("diff", "text/x-diff"),
    ("doc", "application/msword"),
    (
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    ("eml", "message/rfc822"),
    ("epub", "application/epub+zip"),
    ("flac", "audio/flac"),
    ("gif", "image/gif"),
    ("gz", "application/gzip"),
    ("htm", "text/html"),
    ("html", "text/html"),
    ("ics", "text/calendar"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("json", "application/json"),
    ("m4a", "audio/mp4"),
    ("md", "text/markdown"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("odp", "application/vnd.oasis.opendocument.presentation"),
    ("ods", "application/vnd.oasis.opendocument.spreadsheet"),
    ("odt", "application/vnd.oasis.opendocument.text"),
    ("ogg", "audio/ogg"),
    ("patch", "text/x-diff"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    (
        "pptx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
    ("svg", "image/svg+xml"),
    ("tar", "application/x-tar"),
    ("txt", "text/plain"),
    ("vcf", "text/vcard"),
    ("wav", "audio/x-wav"),
    ("webm", "video/webm"),
    ("webp", "image/webp"),
    (
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    ("xml", "application/xml"),
    ("zip", "application/zip"),
];

/// The media type of a file by its name; `application/octet-stream` where the name says nothing.
pub fn type_of(name: &str) -> &'static str {
    let extension = name
        .rsplit_once('.')
        .map_or(String::new(), |(_, e)| e.to_ascii_lowercase());
    TYPES
        .iter()
        .find(|(e, _)| *e == extension)
        .map_or("application/octet-stream", |(_, t)| t)
}

/// The extension of files of a media type; where they have several, the last of the table.
pub fn ending_of(media_type: &str) -> Option<&'static str> {
    const OTHERS: [(&str, &str); 4] = [
        ("asc", "application/pgp-signature"),
        ("eml", "message/global"),
        ("patch", "text/x-patch"),
        ("txt", "text/rfc822-headers"),
    ];
    let mut known = TYPES.iter().chain(&OTHERS).rev();
    known.find(|(_, t)| *t == media_type).map(|(e, _)| *e)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_types() {
        assert_eq!(type_of("a.b.PDF"), "application/pdf");
        assert_eq!(type_of("pdf"), "application/octet-stream");
        for (media, ending) in [
            ("text/html", Some("html")),
            ("image/jpeg", Some("jpg")),
            ("message/global", Some("eml")),
            ("application/x-thing", None),
        ] {
            assert_eq!(ending_of(media), ending, "{media}");
        }
        assert!(
            TYPES.windows(2).all(|w| w[0].0 < w[1].0),
            "sorted, each once"
        );
    }
}
