//! When, where and with what it was measured: without that a number means nothing.

use crate::shared::program;
use std::fs;
use std::process::Command;

/// What a command says of itself in its first line, or that it is not here.
pub fn version(name: &str, args: &[&str]) -> String {
    let out = Command::new(name).args(args).output();
    let text = out.map_or_else(
        |_| "not here".to_owned(),
        |o| String::from_utf8_lossy(&o.stdout).into_owned(),
    );
    text.lines().next().unwrap_or("?").trim().to_owned()
}

/// Prints all of it.
pub fn print() {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, key: &str| {
        let line = text.lines().find(|l| l.starts_with(key));
        let value = line.and_then(|l| l.split_once(':')).map(|l| l.1.trim());
        value.unwrap_or("?").to_owned()
    };
    let program = program();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!(
        "\n{}; {}, {cores} cores, {} of memory; Linux {}; load {}",
        jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC"),
        field(&read("/proc/cpuinfo"), "model name"),
        field(&read("/proc/meminfo"), "MemTotal"),
        read("/proc/sys/kernel/osrelease").trim(),
        read("/proc/loadavg")
            .split(' ')
            .take(3)
            .collect::<Vec<_>>()
            .join(" "),
    );
    println!(
        "{}; Dovecot {}; {}",
        version(&program.to_string_lossy(), &["--version"]),
        version("dovecot", &["--version"]),
        version("mbsync", &["--version"]),
    );
}
