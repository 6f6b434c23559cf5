//! The programs whose configuration is read: names, places, readers.

use crate::migrate::found::Findings;
use crate::migrate::shelf::{Dirs, Shelf};
use crate::migrate::{aerc, alpine, mbsync, mutt, thunderbird};
use std::path::{Path, PathBuf};

/// A program that mail was read with, or fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// mutt
    Mutt,
    /// neomutt
    Neomutt,
    /// aerc
    Aerc,
    /// Alpine, and Pine.
    Alpine,
    /// Thunderbird
    Thunderbird,
    /// mbsync (isync)
    Mbsync,
}

impl Client {
    /// All of them.
    pub const ALL: [Client; 6] = [
        Client::Mutt,
        Client::Neomutt,
        Client::Aerc,
        Client::Alpine,
        Client::Thunderbird,
        Client::Mbsync,
    ];

    /// Its name, as it is typed.
    pub fn name(self) -> &'static str {
        match self {
            Client::Mutt => "mutt",
            Client::Neomutt => "neomutt",
            Client::Aerc => "aerc",
            Client::Alpine => "alpine",
            Client::Thunderbird => "thunderbird",
            Client::Mbsync => "mbsync",
        }
    }

    /// The files in which its configuration may begin, the first that there is counts.
    pub fn places(self, dirs: &Dirs) -> Vec<PathBuf> {
        match self {
            Client::Mutt => mutt::mutt_places(dirs),
            Client::Neomutt => mutt::neomutt_places(dirs),
            Client::Aerc => aerc::places(dirs),
            Client::Alpine => alpine::places(dirs),
            Client::Thunderbird => thunderbird::places(dirs),
            Client::Mbsync => mbsync::places(dirs),
        }
    }

    /// The same in a folder that the user names: one of the configuration, or a whole home.
    pub fn within(self, folder: &Path) -> Vec<PathBuf> {
        let names: &[&str] = match self {
            Client::Mutt => &["muttrc", ".muttrc"],
            Client::Neomutt => &["neomuttrc", "muttrc", ".neomuttrc", ".muttrc"],
            Client::Aerc => &["accounts.conf"],
            Client::Alpine => &[".pinerc", "pinerc"],
            Client::Thunderbird => &["prefs.js", "profiles.ini"],
            Client::Mbsync => &["isyncrc", ".mbsyncrc", "mbsyncrc"],
        };
        let here = names.iter().map(|name| folder.join(name));
        here.chain(self.places(&Dirs::under(folder))).collect()
    }

    /// Reads the configuration that begins in this file.
    pub fn read(self, path: &Path, shelf: &mut Shelf<'_>) -> Findings {
        match self {
            Client::Mutt | Client::Neomutt => mutt::read(path, shelf),
            Client::Aerc => aerc::read(path, shelf),
            Client::Alpine => alpine::read(path, shelf),
            Client::Thunderbird => thunderbird::read(path, shelf),
            Client::Mbsync => mbsync::read(path, shelf),
        }
    }
}
