//! What the program is made of: no version is locked that a known advisory is about. The database of
//! advisories needs the network (`cargo deny check advisories`), so the versions that put right what
//! concerns us are written down here.

/// A crate, the first version without the fault, and the fault.
const FLOORS: [(&str, [u64; 3], &str); 7] = [
    (
        "time",
        [0, 3, 47],
        "RUSTSEC-2026-0009: a date that exhausts the stack",
    ),
    ("lettre", [0, 11, 23], "RUSTSEC-2026-0562 and 0564"),
    ("openssl", [0, 10, 72], "RUSTSEC-2025-0022: use after free"),
    (
        "crossbeam-channel",
        [0, 5, 15],
        "RUSTSEC-2025-0024: freed twice",
    ),
    (
        "idna",
        [1, 0, 0],
        "RUSTSEC-2024-0421: names that are not what they seem",
    ),
    (
        "libsqlite3-sys",
        [0, 25, 1],
        "RUSTSEC-2022-0090: an overflow in SQLite",
    ),
    (
        "native-tls",
        [0, 2, 10],
        "protocols that were not asked for",
    ),
];

/// The locked versions of a crate.
fn locked(name: &str) -> Vec<[u64; 3]> {
    let lock: toml::Table = include_str!("../../Cargo.lock").parse().unwrap();
    let all = lock["package"].as_array().unwrap().iter();
    let versions = all
        .filter(|p| p["name"].as_str() == Some(name))
        .map(|p| p["version"].as_str().unwrap());
    let numbers = |version: &str| {
        let plain = version.split(['-', '+']).next().unwrap();
        let mut parts = plain.split('.').map(|n| n.parse().unwrap());
        std::array::from_fn(|_| parts.next().unwrap_or(0))
    };
    versions.map(numbers).collect()
}

#[test]
fn s53_no_version_with_a_known_hole_is_locked() {
    for (name, floor, why) in FLOORS {
        for version in locked(name) {
            assert!(
                version >= floor,
                "{name} {version:?} is locked ({why}): run `cargo update -p {name}`"
            );
        }
    }
    assert!(!locked("time").is_empty() && !locked("lettre").is_empty());
    // Where there is a network, everything is asked about.
    let deny = include_str!("../../deny.toml");
    assert!(
        deny.contains("[advisories]"),
        "deny.toml says nothing of advisories"
    );
}
