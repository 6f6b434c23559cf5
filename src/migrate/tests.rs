//! No text is too odd for a reader, and what keys are bound to exists.

use crate::migrate::{Client, Dirs, Findings, Shelf, aerc_keys, mutt_keys};
use proptest::prelude::*;
use std::path::Path;

/// What a client makes of files that all say the same.
fn read(client: Client, text: &[u8]) -> Findings {
    let mut files = |_: &Path, most: usize| {
        let end = text.len().min(most);
        Ok(text[..end].to_vec())
    };
    let mut shelf = Shelf::new(Dirs::under(Path::new("/h")), &mut files);
    client.read(Path::new("/h/file"), &mut shelf)
}

/// Pieces of what configurations say, so that chance gets further than the first line.
const PIECES: [&str; 44] = [
    "set ",
    "folder=",
    "imaps://a:b@h.test/",
    "imap_pass=",
    "`pass x`",
    "source ",
    "~/x",
    "$HOME",
    "folder-hook ",
    "macro index ",
    "<enter-command>source ~/y<enter>",
    "bind index,pager ",
    "\\C",
    "<esc>",
    "alias x ",
    "a@x.test",
    "A <a@x.test>, ",
    "my_hdr From: ",
    "[a]\n",
    "source = ",
    "outgoing = smtps://h.test",
    "from = ",
    "source-cred-cmd = ",
    "binds",
    "= :next<Enter>",
    "inbox-path=",
    "{h.test/ssl/user=a}",
    "patterns-roles=",
    "action=\"/FROM=",
    "user_pref(\"",
    "mail.accountmanager.accounts",
    "\", \"",
    "\");\n",
    "\\u00",
    "IMAPAccount a\n",
    "Host h.test\n",
    "User a@x.test\n",
    "PassCmd ",
    "+\"a b\"",
    "\n",
    "\\\n",
    "'",
    "\"",
    "\u{1b}[2J",
];

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(&PIECES[..]).prop_map(str::to_owned),
        1 => any::<String>(),
        1 => "[ -~]{0,8}",
    ];
    prop::collection::vec(piece, 0..40).prop_map(|all| all.concat())
}

proptest! {
    #[test]
    fn no_reader_panics(text in text()) {
        for client in Client::ALL {
            read(client, text.as_bytes());
        }
    }

    #[test]
    fn no_octets_are_too_odd(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        for client in Client::ALL {
            read(client, &octets);
        }
    }
}

#[test]
fn a_configuration_that_names_itself_ends() {
    for client in Client::ALL {
        let found = read(
            client,
            b"source ~/a\nsource ~/b\nfolder-hook a 'source ~/c'\n",
        );
        assert!(found.files.len() <= 100, "{client:?}");
    }
}

#[test]
fn keys_are_bound_to_commands_that_there_are() {
    for (screen, command) in [mutt_keys::targets(), aerc_keys::targets()].concat() {
        let text = format!(
            "[{screen}]
\"f12 f12\" = \"{command}\"
"
        );
        let (_, problems) = crate::tui::keymap::Keymap::read(Some(&text));
        assert_eq!(problems, [], "{screen} {command}");
    }
}
