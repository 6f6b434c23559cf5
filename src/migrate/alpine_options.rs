//! Alpine's options: how they stand in its file, and why some are not taken over.

use crate::migrate::found::{Findings, Kind, Place};
use std::collections::BTreeMap;

/// The options, each with its lines joined, and the line of its name.
pub type Options = BTreeMap<String, (String, u32)>;

/// The options. A line that begins with a space goes on; an empty value is as good as none.
pub fn options(text: &str, whole: &Place, out: &mut Findings) -> Options {
    let mut all = Options::new();
    let mut last: Option<String> = None;
    for (line, number) in text.lines().zip(1u32..) {
        if line.starts_with('#') || line.trim().is_empty() {
            last = None;
        } else if line.starts_with([' ', '\t']) {
            let open = last.as_ref().and_then(|key| all.get_mut(key));
            if let Some((value, _)) = open {
                value.push_str(line.trim());
            }
        } else if let Some((key, value)) = line.split_once('=') {
            let key = key.trim().to_ascii_lowercase();
            all.insert(key.clone(), (value.trim().to_owned(), number));
            last = Some(key);
        } else {
            out.note(
                &whole.at(number),
                "a line",
                Kind::NotUnderstood,
                "it is no option",
            );
        }
    }
    all.retain(|_, (value, _)| !value.is_empty() && value != "\"\"");
    all
}

/// The folders of a list, of which each may stand in quotes and have a nickname before it.
pub fn folders(value: &str) -> Vec<String> {
    let (mut all, mut one, mut quoted, mut deep) = (Vec::new(), String::new(), false, false);
    for c in value.chars() {
        match c {
            '"' => quoted = !quoted,
            '{' => deep = true,
            '}' => deep = false,
            ',' if !quoted && !deep => {
                all.push(std::mem::take(&mut one));
                continue;
            }
            _ => {}
        }
        one.push(c);
    }
    all.push(one);
    all.retain(|f| !f.trim().is_empty());
    all
}

/// Why an option is not taken over; `None` where it is, or was told of.
pub fn unused(key: &str) -> Option<(Kind, &'static str)> {
    const TAKEN: [&str; 14] = [
        "inbox-path",
        "folder-collections",
        "incoming-folders",
        "smtp-server",
        "sendmail-path",
        "user-id",
        "user-domain",
        "personal-name",
        "customized-hdrs",
        "signature-file",
        "literal-signature",
        "address-book",
        "alt-addresses",
        "patterns-roles",
    ];
    const RULES: [&str; 5] = [
        "patterns-filters2",
        "patterns-filters",
        "patterns-scores2",
        "patterns-indexcolors",
        "patterns-other",
    ];
    const FOLDERS: [&str; 9] = [
        "default-fcc",
        "postponed-folder",
        "default-saved-msg-folder",
        "trash-folder",
        "read-message-folder",
        "form-letter-folder",
        "archived-folders",
        "pruned-folders",
        "incoming-archive-folders",
    ];
    if TAKEN.contains(&key) {
        None
    } else if RULES.contains(&key) {
        Some((Kind::Yours, "rules can do that: docs/rules.md"))
    } else if FOLDERS.contains(&key) {
        let why = "mailboxes and what they are for are asked of the server";
        Some((Kind::Otherwise, why))
    } else if key == "nntp-server" || key.starts_with("news") {
        Some((Kind::NoCounterpart, "there are no newsgroups"))
    } else if key.ends_with("-color") || key.ends_with("-style") || key.contains("color") {
        let why = "colours are themes here: `:theme` shows them (docs/configuration.md)";
        Some((Kind::Otherwise, why))
    } else if key.starts_with("ldap") {
        Some((
            Kind::Yours,
            "a program can ask it for people: [contacts] command",
        ))
    } else if key.starts_with("patterns") {
        Some((Kind::NoCounterpart, "rules can do that: docs/rules.md"))
    } else if key.contains("filter") || key.contains("view") || key == "mailcap-search-path" {
        let why = "HTML, calendars and pictures are shown without other programs";
        Some((Kind::Otherwise, why))
    } else if OTHERS.iter().any(|o| key.starts_with(o)) {
        let why = "it is seen to in another way; `,` lists what can be set";
        Some((Kind::Otherwise, why))
    } else {
        Some((Kind::NotUnderstood, "it is no option that is known"))
    }
}

/// How the other options of Alpine begin.
const OTHERS: [&str; 44] = [
    "feature-list",
    "initial-keystroke-list",
    "default-composer-hdrs",
    "viewer-hdrs",
    "saved-msg-name-rule",
    "fcc-name-rule",
    "sort-key",
    "addrbook-sort-rule",
    "folder-sort-rule",
    "goto-default-rule",
    "incoming-startup-rule",
    "pruning-rule",
    "folder-reopen-rule",
    "thread",
    "current-indexline-style",
    "titlebar",
    "character-set",
    "display-character-set",
    "keyboard-character-set",
    "posting-character-set",
    "editor",
    "speller",
    "composer-wrap-column",
    "reply-",
    "quote",
    "empty-header-message",
    "use-only-domain-name",
    "bugs-",
    "printer",
    "personal-print",
    "standard-printer",
    "last-",
    "scroll-margin",
    "status-",
    "remote-",
    "tcp-",
    "rsh-",
    "passfile",
    "ssh-",
    "index-format",
    "keyword",
    "mail-check",
    "maildrop",
    "download-command",
];
