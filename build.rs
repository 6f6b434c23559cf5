//! Makes the program smaller: says to the linker what does, and packs the catalogues of languages.

#![allow(clippy::print_stdout, reason = "how a build script speaks to cargo")]

use std::path::Path;
use std::process::Command;
use std::{env, fs, io};

/// What `src/lang` says texts in.
const CATALOGUES: [&str; 2] = ["de", "ja"];

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    let var = |name: &str| env::var(name).map_err(io::Error::other);
    let (from, to) = (var("CARGO_MANIFEST_DIR")?, var("OUT_DIR")?);
    for code in CATALOGUES {
        let catalogue = format!("assets/lang/{code}.po");
        println!("cargo:rerun-if-changed={catalogue}");
        // A quarter of their size: nobody reads more than one of them.
        let packed = zstd::encode_all(fs::File::open(Path::new(&from).join(catalogue))?, 19)?;
        fs::write(Path::new(&to).join(format!("{code}.po.zst")), packed)?;
    }
    if packs_relocations() {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
    Ok(())
}

/// Whether the program will be loaded by something that reads packed relocations (DT_RELR, a
/// fifteenth of one and a half megabytes): glibc does from 2.36 on, and refuses the program before.
/// So only what is built for this machine has them.
fn packs_relocations() -> bool {
    let var = |name: &str| env::var(name).unwrap_or_default();
    let ours = var("PROFILE") == "release" && var("HOST") == var("TARGET");
    ours && var("CARGO_CFG_TARGET_OS") == "linux"
        && var("CARGO_CFG_TARGET_ENV") == "gnu"
        && glibc().is_some_and(|version| version >= (2, 36))
}

/// The version of this machine's glibc.
fn glibc() -> Option<(u32, u32)> {
    let said = Command::new("getconf")
        .arg("GNU_LIBC_VERSION")
        .output()
        .ok()?;
    let said = String::from_utf8(said.stdout).ok()?;
    let (major, minor) = said.trim().strip_prefix("glibc ")?.split_once('.')?;
    let minor = minor.split('.').next()?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
