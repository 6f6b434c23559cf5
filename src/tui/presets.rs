//! The keys of other mail clients, for people who come from them: each a file laid over the
//! default keys, below the user's own. What a preset gives a key to has it at once: whatever the
//! default keys begin with that key, or end on the way to it, gives way.

/// The presets besides the default: name and file.
pub const PRESETS: [(&str, &str); 4] = [
    ("mutt", include_str!("../../assets/keys/mutt.toml")),
    ("aerc", include_str!("../../assets/keys/aerc.toml")),
    ("alpine", include_str!("../../assets/keys/alpine.toml")),
    ("emacs", include_str!("../../assets/keys/emacs.toml")),
];

/// The name of the default keys.
pub const GMAIL: &str = "gmail";

/// The file of this preset; that of [`GMAIL`] is empty.
pub fn preset(name: &str) -> Option<&'static str> {
    let mut all = PRESETS.iter();
    match name {
        GMAIL => Some(""),
        name => all.find(|(n, _)| *n == name).map(|(_, text)| *text),
    }
}

/// The names, in the order of the documentation.
pub fn names() -> impl Iterator<Item = &'static str> {
    std::iter::once(GMAIL).chain(PRESETS.iter().map(|(name, _)| *name))
}
