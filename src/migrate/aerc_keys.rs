//! aerc's `binds.conf`: keys that give commands of its command line.

use crate::migrate::found::{Binding, Findings, Kind, Place};
use crate::migrate::ini;
use crate::migrate::keys::{self, Counterpart};

/// Commands of aerc without their arguments.
const COMMANDS: [Counterpart; 62] = [
    ("next", "down", "next-message"),
    ("next-message", "down", "next-message"),
    ("prev", "up", "previous-message"),
    ("prev-message", "up", "previous-message"),
    ("next 50%", "half-page-down", ""),
    ("prev 50%", "half-page-up", ""),
    ("next 100%", "page-down", ""),
    ("prev 100%", "page-up", ""),
    ("select 0", "first", ""),
    ("select -1", "last", ""),
    ("next-folder", "next-pane", ""),
    ("view", "open", ""),
    ("view-message", "open", ""),
    ("close", "back", "back"),
    ("quit", "quit", "quit"),
    ("exit", "quit", "quit"),
    ("compose", "compose", "compose"),
    ("reply", "reply", "reply"),
    ("reply -q", "reply", "reply"),
    ("reply -a", "reply-all", "reply-all"),
    ("reply -aq", "reply-all", "reply-all"),
    ("forward", "forward", "forward"),
    ("forward -a", "forward-attached", "forward-attached"),
    ("forward -A", "forward", "forward"),
    ("bounce", "redirect", "redirect"),
    ("recall", "edit-as-new", "edit-as-new"),
    ("archive flat", "archive", "archive"),
    ("archive year", "archive", "archive"),
    ("archive month", "archive", "archive"),
    ("delete", "trash", "trash"),
    ("delete-message", "trash", "trash"),
    ("read -t", "toggle-read", "toggle-read"),
    ("flag -t", "star", "star"),
    ("flag", "star", "star"),
    ("mark", "select", ""),
    ("mark -t", "select", ""),
    ("mark -v", "select", ""),
    ("mark -T", "select-thread", ""),
    ("mark -a", "select-all", ""),
    ("unmark -a", "unselect", ""),
    ("move", "move", "move"),
    ("mv", "move", "move"),
    ("copy", "copy-to", "copy-to"),
    ("cp", "copy-to", "copy-to"),
    ("cf", "go-mailbox", "go-mailbox"),
    ("change-folder", "go-mailbox", "go-mailbox"),
    ("search", "search", "find"),
    ("filter", "search", ""),
    ("modify-labels", "tag", "tag"),
    ("tag", "tag", "tag"),
    ("toggle-threads", "toggle-threads", ""),
    ("fold", "fold", "fold"),
    ("fold -t", "fold", "fold"),
    ("fold -a", "fold-all", "fold-all"),
    ("toggle-headers", "", "headers"),
    ("save", "save-attachments", "save-attachments"),
    ("open", "attachments", "attachments"),
    ("open-link", "", "links"),
    ("pipe", "pipe", "pipe"),
    ("check-mail", "check-mail", "check-mail"),
    ("help keys", "help", "help"),
    ("unsubscribe", "", "unsubscribe"),
];

/// Commands of ours that take what stands behind aerc's.
const WITH_WORDS: [&str; 5] = ["go-mailbox", "move", "copy-to", "search", "find"];

/// Every screen and command that a command may become, for a test.
#[cfg(test)]
pub fn targets() -> Vec<(&'static str, String)> {
    keys::targets(&COMMANDS, command)
}

/// Reads the bindings.
pub fn read(text: &str, whole: &Place, out: &mut Findings) {
    for entry in ini::entries(text).iter().filter(|e| !e.key.is_empty()) {
        let place = whole.at(entry.line);
        let what = match entry.section {
            "" => entry.key.to_owned(),
            section => format!("[{section}] {}", entry.key),
        };
        let screen = match entry.section {
            "messages" => Some("index"),
            "view" => Some("reader"),
            "" => Some("global"),
            _ => None,
        };
        if entry.key.starts_with('$') {
            let why = "keys hold on a screen, and then everywhere";
            out.note(&place, &what, Kind::Otherwise, why);
            continue;
        }
        let Some(screen) = screen else {
            // What aerc installs has many of these; they are another screen's.
            let why = "that screen has other keys here";
            out.note(&place, &what, Kind::NoCounterpart, why);
            continue;
        };
        let commands = commands(screen, entry.value.unwrap_or_default());
        match commands.zip(keys::keys(entry.key)) {
            Some((commands, key)) => out.keys.push(Binding {
                screen,
                key,
                commands,
                place,
            }),
            None => {
                let why = "nothing here does the same at a key of that name";
                out.note(&place, &what, Kind::NoCounterpart, why);
            }
        }
    }
}

/// The commands of `:one<Enter>:two<Enter>`. `None` if one of them is not known.
fn commands(screen: &str, typed: &str) -> Option<Vec<String>> {
    let mut all: Vec<String> = Vec::new();
    let mut rest = typed.trim();
    if rest == "<noop>" {
        return Some(vec!["none".to_owned()]);
    }
    while !rest.is_empty() {
        let after = rest.strip_prefix(':')?;
        let mut end = after.len();
        for enter in ["<Enter>", "<enter>", "<CR>", "<cr>"] {
            end = end.min(after.find(enter).unwrap_or(end));
        }
        let (line, left) = after.split_at_checked(end)?;
        rest = left.split_once('>').map_or("", |(_, r)| r).trim();
        all.push(command(screen, line)?);
    }
    (!all.is_empty() && all.len() <= 8).then_some(all)
}

fn command(screen: &str, line: &str) -> Option<String> {
    let line = line.replace("<space>", " ").replace("<Space>", " ");
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some(found) = COMMANDS.iter().find(|(name, ..)| *name == line) {
        return keys::on(screen, found).map(str::to_owned);
    }
    let (name, words) = line.split_once(' ')?;
    let ours = keys::on(screen, COMMANDS.iter().find(|(n, ..)| *n == name)?)?;
    // Options and quotes of its own, and aerc's language for searches, mean nothing here.
    let plain = !words.contains(|c: char| c.is_control() || "-\"';{}~".contains(c));
    let takes = WITH_WORDS.contains(&ours) && plain;
    takes.then(|| format!("{ours} {words}"))
}
