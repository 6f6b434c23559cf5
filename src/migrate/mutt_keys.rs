//! What mutt's functions are called here, and macros that are nothing but functions.

use crate::migrate::keys::{self, Counterpart};

/// Functions of the index, the pager and everywhere.
const FUNCTIONS: [Counterpart; 70] = [
    ("next-entry", "down", "next-message"),
    ("previous-entry", "up", "previous-message"),
    ("next-line", "down", "down"),
    ("previous-line", "up", "up"),
    ("next-page", "page-down", "page-down"),
    ("previous-page", "page-up", "page-up"),
    ("half-down", "half-page-down", "half-page-down"),
    ("half-up", "half-page-up", "half-page-up"),
    ("first-entry", "first", "first"),
    ("last-entry", "last", "last"),
    ("top", "first", "first"),
    ("bottom", "last", "last"),
    ("next-undeleted", "next-message", "next-message"),
    ("previous-undeleted", "previous-message", "previous-message"),
    ("next-new", "next-unread", "next-unread"),
    ("next-unread", "next-unread", "next-unread"),
    ("next-new-then-unread", "next-unread", "next-unread"),
    ("display-message", "open", ""),
    ("select-entry", "open", ""),
    ("exit", "back", "back"),
    ("quit", "quit", "quit"),
    ("mail", "compose", "compose"),
    ("reply", "reply", "reply"),
    ("group-reply", "reply-all", "reply-all"),
    ("group-chat-reply", "reply-all", "reply-all"),
    ("list-reply", "reply-list", "reply-list"),
    ("forward-message", "forward", "forward"),
    ("bounce-message", "redirect", "redirect"),
    ("resend-message", "edit-as-new", "edit-as-new"),
    ("edit", "edit-as-new", "edit-as-new"),
    ("save-message", "move", "move"),
    ("decode-save", "move", "move"),
    ("copy-message", "copy-to", "copy-to"),
    ("delete-message", "trash", "trash"),
    ("purge-message", "trash", "trash"),
    ("undelete-message", "undo", "undo"),
    ("flag-message", "star", "star"),
    ("toggle-new", "toggle-read", "toggle-read"),
    ("tag-entry", "select", ""),
    ("tag-message", "select", ""),
    ("tag-thread", "select-thread", ""),
    ("modify-labels", "tag", "tag"),
    ("modify-tags", "tag", "tag"),
    ("edit-label", "tag", "tag"),
    ("collapse-thread", "fold", "fold"),
    ("collapse-all", "fold-all", "fold-all"),
    ("search", "search", "find"),
    ("limit", "search", ""),
    ("vfolder-from-query", "search", "search"),
    ("change-folder", "go-mailbox", "go-mailbox"),
    ("change-folder-readonly", "go-mailbox", "go-mailbox"),
    ("change-vfolder", "go-mailbox", "go-mailbox"),
    ("imap-fetch-mail", "check-mail", "check-mail"),
    ("check-new", "check-mail", "check-mail"),
    ("sync-mailbox", "check-mail", "check-mail"),
    ("view-attachments", "attachments", "attachments"),
    ("save-entry", "save-attachments", "save-attachments"),
    ("display-toggle-weed", "", "headers"),
    ("toggle-quoted", "", "fold-quotes"),
    ("view-raw-message", "", "raw"),
    ("pipe-message", "pipe", "pipe"),
    ("pipe-entry", "pipe", "pipe"),
    ("shell-escape", "run", "run"),
    ("enter-command", "command-line", "command-line"),
    ("help", "help", "help"),
    ("refresh", "redraw", "redraw"),
    ("recall-message", "go-drafts", "go-drafts"),
    ("link-threads", "merge-threads", ""),
    ("break-thread", "split-thread", "split-thread"),
    ("noop", "none", "none"),
];

/// The screen of a map: a table of `keys.toml`.
pub fn screen(map: &str) -> Option<&'static str> {
    match map {
        "index" => Some("index"),
        "pager" => Some("reader"),
        "generic" => Some("global"),
        _ => None,
    }
}

/// The command that does what a function does on a screen.
pub fn command(screen: &str, function: &str) -> Option<&'static str> {
    let function = function.trim_start_matches('<').trim_end_matches('>');
    let found = FUNCTIONS.iter().find(|(name, ..)| *name == function)?;
    keys::on(screen, found)
}

/// Every screen and command that a function may become, for a test.
#[cfg(test)]
pub fn targets() -> Vec<(&'static str, String)> {
    keys::targets(&FUNCTIONS, |screen, f| {
        command(screen, f).map(str::to_owned)
    })
}

/// The commands of a macro that is nothing but functions, and words for those that ask for some:
/// `<save-message>=Archive<enter>`. `None` for any other.
pub fn of_macro(screen: &str, sequence: &str) -> Option<Vec<String>> {
    let mut all: Vec<String> = Vec::new();
    let mut rest = sequence.trim();
    while !rest.is_empty() {
        let (name, after) = rest.strip_prefix('<')?.split_once('>')?;
        let typed = after.split('<').next().unwrap_or_default();
        rest = after.get(typed.len()..).unwrap_or_default();
        let command = command(screen, name)?;
        if typed.is_empty() {
            all.push(command.to_owned());
            continue;
        }
        // What is typed ends with a key.
        rest = ["<enter>", "<Enter>", "<return>"]
            .iter()
            .find_map(|e| rest.strip_prefix(e))?;
        let mailbox = typed.strip_prefix(['=', '+'])?.trim();
        let takes = ["move", "copy-to", "go-mailbox"].contains(&command);
        let plain = !mailbox.is_empty() && !mailbox.contains(|c: char| c.is_control() || c == ';');
        if !takes || !plain {
            return None;
        }
        all.push(format!("{command} {mailbox}"));
        // mutt asks once more before it moves.
        rest = rest.strip_prefix("y").unwrap_or(rest);
    }
    // Two functions of theirs are one of ours; what is typed twice is done twice.
    all.dedup_by(|a, b| a == b && a == "check-mail");
    (!all.is_empty() && all.len() <= 8).then_some(all)
}

/// The files that a macro sources, as they are written: how one goes from account to account in
/// mutt.
pub fn sources(sequence: &str) -> Vec<String> {
    let mut all = Vec::new();
    for part in sequence.split("<enter-command>").skip(1) {
        let typed = part.split('<').next().unwrap_or_default().trim();
        let file = typed.strip_prefix("source ").map(str::trim);
        all.extend(file.filter(|f| !f.contains(['`', ';'])).map(str::to_owned));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macros_of_functions_are_understood() {
        let read = |text| of_macro("index", text).unwrap_or_default();
        assert_eq!(read("<save-message>=Archive<enter>"), ["move Archive"]);
        assert_eq!(read("<delete-message><next-entry>"), ["trash", "down"]);
        assert_eq!(
            read("<change-folder>+Lists/rust<return>"),
            ["go-mailbox Lists/rust"]
        );
        let twice = read("<tag-entry><next-entry><next-entry><sync-mailbox><imap-fetch-mail>");
        assert_eq!(twice, ["select", "down", "down", "check-mail"]);
        assert!(read("<pipe-message>rm<enter>").is_empty());
        assert!(read("dd").is_empty());
        let switch = "<sync-mailbox><enter-command>source ~/.mutt/b<enter><change-folder>!<enter>";
        assert_eq!(sources(switch), ["~/.mutt/b"]);
    }
}
