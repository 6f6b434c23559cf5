//! Whether opening a file could run something, judged by its name, its type and its first octets.
//!
//! Nobody is asked about a picture, everybody about a program: what a sender calls a file says
//! nothing, so any one of the three signs is enough. Whoever sees nothing here may still be wrong,
//! for programs that show files have faults of their own.

use crate::lang::{tr, trc};
use crate::text::clean::is_forbidden;

/// Extensions that some system runs, or that a program takes for its own orders.
const RUN: &[&str] = &[
    "action",
    "app",
    "appimage",
    "apk",
    "applescript",
    "appx",
    "bash",
    "bat",
    "bin",
    "chm",
    "class",
    "cmd",
    "com",
    "command",
    "cpl",
    "csh",
    "deb",
    "desktop",
    "dll",
    "dmg",
    "elf",
    "exe",
    "fish",
    "flatpak",
    "flatpakref",
    "gadget",
    "hta",
    "inf",
    "ipa",
    "iso",
    "img",
    "jar",
    "jnlp",
    "js",
    "jse",
    "kdelnk",
    "ksh",
    "lnk",
    "lua",
    "mobileconfig",
    "msc",
    "msi",
    "msix",
    "msp",
    "mst",
    "osx",
    "out",
    "pif",
    "pkg",
    "pl",
    "ps1",
    "psd1",
    "psm1",
    "py",
    "pyc",
    "pyz",
    "pyw",
    "rb",
    "reg",
    "rpm",
    "run",
    "scf",
    "scpt",
    "scr",
    "settingcontent-ms",
    "sh",
    "shb",
    "so",
    "snap",
    "sys",
    "tcl",
    "url",
    "vb",
    "vbe",
    "vbs",
    "vhd",
    "vhdx",
    "webloc",
    "workflow",
    "ws",
    "wsc",
    "wsf",
    "wsh",
    "xbap",
    "xpi",
    "zsh",
];
/// Documents that carry programs.
const MACROS: &[&str] = &[
    "docm", "dotm", "iqy", "one", "ppam", "ppsm", "potm", "pptm", "rtf", "sldm", "slk", "xla",
    "xlam", "xll", "xlm", "xlsb", "xlsm", "xltm",
];
/// Old forms of documents, in which programs can't be told from the outside.
const OLD: &[&str] = &["doc", "dot", "pot", "pps", "ppt", "xls", "xlt"];
/// Pages, which run scripts in a browser that takes them for the user's own files.
const PAGES: &[&str] = &[
    "htm", "html", "mht", "mhtml", "shtml", "svg", "svgz", "xht", "xhtml",
];
/// Types that are run.
const TYPES: &[&str] = &[
    "application/hta",
    "application/java-archive",
    "application/javascript",
    "application/vnd.appimage",
    "application/vnd.debian.binary-package",
    "application/vnd.microsoft.portable-executable",
    "application/x-csh",
    "application/x-desktop",
    "application/x-dosexec",
    "application/x-elf",
    "application/x-executable",
    "application/x-iso9660-image",
    "application/x-java-archive",
    "application/x-java-jnlp-file",
    "application/x-mach-binary",
    "application/x-ms-dos-executable",
    "application/x-ms-installer",
    "application/x-ms-shortcut",
    "application/x-msdos-program",
    "application/x-msdownload",
    "application/x-msi",
    "application/x-perl",
    "application/x-pie-executable",
    "application/x-powershell",
    "application/x-python-code",
    "application/x-rpm",
    "application/x-ruby",
    "application/x-sh",
    "application/x-shellscript",
    "application/x-sharedlib",
    "text/javascript",
    "text/vbscript",
    "text/x-perl",
    "text/x-python",
    "text/x-ruby",
    "text/x-sh",
    "text/x-shellscript",
];
/// Endings that look like a document's; before another ending they hide it.
const HARMLESS: &[&str] = &[
    "avi", "csv", "doc", "docx", "gif", "jpeg", "jpg", "mov", "mp3", "mp4", "odt", "pdf", "png",
    "ppt", "pptx", "rtf", "txt", "xls", "xlsx", "zip",
];

/// Why a plain question has to be asked before a file is opened; `None`: nothing speaks against
/// it. `name` is as received, `media_type` lower case, `bytes` the content (its beginning does).
pub fn danger(name: &str, media_type: &str, bytes: &[u8]) -> Option<String> {
    // What a file system or a terminal drops must not hide an ending.
    let name: String = name
        .chars()
        .filter(|c| !is_forbidden(*c) && !matches!(c, '\u{200d}' | '\u{fe0f}'))
        .flat_map(char::to_lowercase)
        .collect();
    let name = name.trim_end_matches(|c: char| c == '.' || c.is_whitespace());
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let mut endings = name.rsplit('.').map(str::trim);
    let last = match name.contains('.') {
        true => endings.next().unwrap_or_default(),
        false => "",
    };
    let before = endings.next().unwrap_or_default();
    if let Some(what) = of_content(bytes) {
        return Some(tr!("It is {what}, whatever it is called.", what));
    }
    if RUN.contains(&last) {
        return Some(match HARMLESS.contains(&before) {
            true => tr!(
                "Its name ends in .{last}, hidden behind .{before}: it is a program, not a document.",
                last,
                before
            ),
            false => tr!(
                "Its name ends in .{last}: it may be run as a program.",
                last
            ),
        });
    }
    let media = media_type.split(';').next().unwrap_or_default().trim();
    if TYPES.contains(&media) {
        return Some(tr!(
            "Its type is {media}: it may be run as a program.",
            media
        ));
    }
    if MACROS.contains(&last) || media.contains("macroenabled") || has_macros(bytes) {
        return Some(tr!("It is a document that can carry programs (macros).").to_owned());
    }
    if OLD.contains(&last) || bytes.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return Some(
            tr!("It is a document in an old form, which can carry programs (macros).").to_owned(),
        );
    }
    if PAGES.contains(&last) || matches!(media, "text/html" | "image/svg+xml") {
        return Some(
            tr!(
                "It is a web page: in a browser it may run scripts and load things from elsewhere."
            )
            .to_owned(),
        );
    }
    None
}

/// What the first octets say that a system would run.
fn of_content(bytes: &[u8]) -> Option<&'static str> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let begins = |magic: &[u8]| bytes.starts_with(magic);
    if begins(b"\x7fELF") {
        return Some(trc!("file", "a program (ELF)"));
    }
    // Two letters alone begin many a text.
    if begins(b"MZ") && bytes.iter().take(64).any(|b| *b < 9) {
        return Some(trc!("file", "a program for Windows"));
    }
    if begins(b"\xcf\xfa\xed\xfe") || begins(b"\xce\xfa\xed\xfe") || begins(b"\xfe\xed\xfa\xcf") {
        return Some(trc!("file", "a program for macOS"));
    }
    if begins(b"\xca\xfe\xba\xbe") {
        return Some(trc!("file", "a program for Java or macOS"));
    }
    if begins(b"L\0\0\0\x01\x14\x02\0") {
        return Some(trc!("file", "a shortcut that can run anything"));
    }
    if text.starts_with(b"#!") {
        return Some(trc!("file", "a script"));
    }
    let head = text.get(..text.len().min(4096)).unwrap_or_default();
    let mut lines = head.split(|b| *b == b'\n').map(<[u8]>::trim_ascii);
    if lines.any(|line| line == b"[Desktop Entry]") {
        return Some(trc!("file", "a starter that can run anything"));
    }
    if begins(b"PK") && memchr::memmem::find(bytes, b"META-INF/MANIFEST.MF").is_some() {
        return Some(trc!("file", "a program for Java"));
    }
    None
}

/// Whether an office document of the newer kind (a zip archive) names a project of macros.
fn has_macros(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK") && memchr::memmem::find(bytes, b"vbaProject.bin").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn s34_whatever_could_run_is_asked_about() {
        let named = [
            "a.exe",
            "A.EXE",
            "a.exe.",
            "a.exe ",
            "a.exe. .",
            "invoice.pdf.exe",
            "a.desktop",
            "a.jar",
            "a.sh",
            "a.docm",
            "a.XLSM",
            "a.doc",
            "a.html",
            "a.svg",
            "x/../a.exe",
            "a.pdf\\b.exe",
            "invoice\u{202e}fdp.exe",
            "a.e\u{200b}xe",
            "a.pdf .exe",
            "a.settingcontent-ms",
        ];
        for name in named {
            assert!(danger(name, "application/pdf", b"").is_some(), "{name:?}");
        }
        let contents: [&[u8]; 8] = [
            b"\x7fELF\x02\x01",
            b"MZ\x90\0\x03\0\0\0",
            b"#!/bin/sh\n",
            b"\xef\xbb\xbf#!/bin/sh\n",
            b"# x\n[Desktop Entry]\nExec=x",
            b"\xca\xfe\xba\xbe\0",
            b"L\0\0\0\x01\x14\x02\0",
            b"PK\x03\x04........META-INF/MANIFEST.MF",
        ];
        for bytes in contents {
            assert!(
                danger("a.pdf", "application/pdf", bytes).is_some(),
                "{bytes:?}"
            );
        }
        assert!(danger("a.docx", "", b"PK\x03\x04 word/vbaProject.bin").is_some());
        assert!(danger("a", "application/x-sh; charset=x", b"").is_some());
        let hidden = danger("invoice.pdf.exe", "", b"").unwrap();
        assert!(hidden.contains("hidden behind .pdf"), "{hidden}");
    }

    #[test]
    fn documents_and_pictures_are_not() {
        for (name, media, bytes) in [
            ("a.pdf", "application/pdf", &b"%PDF-1.7"[..]),
            ("v1.2.tar.gz", "application/gzip", b"\x1f\x8b\x08"),
            (
                "MZ.txt",
                "text/plain",
                b"MZ is a country code of Mozambique",
            ),
            (
                "a.docx",
                "application/octet-stream",
                b"PK\x03\x04 word/document.xml",
            ),
            ("photo.jpg", "image/jpeg", b"\xff\xd8\xff"),
            ("exe", "text/plain", b""),
            ("", "", b""),
            ("notes about .desktop files", "text/plain", b"desktop"),
        ] {
            assert_eq!(danger(name, media, bytes), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_disguise_before_the_ending_helps(stem in "\\PC{0,40}", tail in "[. \u{200b}\u{202e}]{0,4}") {
            let name = format!("{stem}.exe{tail}");
            prop_assert!(danger(&name, "image/png", b"\x89PNG").is_some(), "{:?}", name);
        }
    }
}
