//! The pictures of the README, made from the real program: a terminal of our own, the demo's server,
//! a clock that stands still, keys typed, the screen written down as an SVG.
//!
//! `tests/run --shots` makes all of them anew, in `assets/shots`. The suite makes two of them twice
//! and wants the same bytes.

#[path = "shots/svg.rs"]
mod svg;
#[path = "shots/scenes.rs"]
mod scenes;

use crate::elsewhere::faketime;
use crate::program::Home;
use crate::pty::Terminal;
use portable_pty::CommandBuilder;
use postrider::demo::{Demo, Options};
use postrider::model::{Account, SecretSource};
use scenes::{SCENES, Scene, Step};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use svg::{DARK, LIGHT};

/// A Friday morning, in the week in which the demo's letters are most at home.
const CLOCK: &str = "2026-11-20 09:41:00";
/// Where pictures go and which, by name, divided by commas; set only for a process with that clock.
const INTO: &str = "SHOTS_INTO";
const WHICH: &str = "SHOTS_WHICH";

fn password(account: &Account) -> String {
    let SecretSource::Memory(secret) = &account.secret else {
        panic!("{:?}", account.secret)
    };
    secret.0.reveal().to_owned()
}

/// A configuration with the demo's accounts, and what a scene adds.
fn configuration(demo: &Demo, scene: &Scene) -> String {
    let mut text = format!(
        "[ui]\ntheme = \"{}\"\nspell = []\n\n{}\n",
        scene.theme, scene.config
    );
    for account in demo.accounts() {
        text.push_str(&format!(
            "[[account]]\nname = \"{}\"\nemail = \"{2}\"\nfull-name = \"{1}\"\n\
             password-command = [\"echo\", \"{3}\"]\n\
             imap = {{ host = \"127.0.0.1\", port = {4}, security = \"none\" }}\n\
             smtp = {{ host = \"127.0.0.1\", port = {5}, security = \"none\" }}\n\n",
            account.name,
            account.full_name,
            account.email,
            password(&account),
            account.imap.port,
            account.smtp.port,
        ));
    }
    text
}

/// A home before an account is set up, whose organisation lists the demo's server as a provider.
fn unconfigured(home: &Home, demo: &Demo) {
    fs::remove_file(home.path.join("config.toml")).unwrap();
    let account = &demo.accounts()[0];
    let text = format!(
        "[[provider]]\nname = \"Example Mail\"\ndomains = [\"example.org\"]\n\
         imap = [\"none:127.0.0.1:{}\"]\nsmtp = [\"none:127.0.0.1:{}\"]\nsign-in = [\"password\"]\n",
        account.imap.port, account.smtp.port
    );
    fs::write(home.path.join("providers.toml"), text).unwrap();
}

/// Brings the program to the scene and answers its picture.
fn shot(scene: &Scene) -> String {
    let demo = Demo::start(Options::still()).unwrap();
    let home = Home::new(&configuration(&demo, scene));
    if scene.config == scenes::NO_ACCOUNT {
        unconfigured(&home, &demo);
    } else {
        home.run(&["sync", "--once", "--bodies", "all"]).code(0);
    }
    let mut command = CommandBuilder::new("env");
    command.args(["COLORTERM=truecolor", env!("CARGO_BIN_EXE_postrider")]);
    command.env("POSTRIDER_HOME", &home.path);
    let mut terminal = Terminal::start(command, scene.columns, scene.rows);
    for step in scene.steps {
        match step {
            Step::Type(keys) => terminal.send(keys),
            Step::Password => terminal.send(&password(&demo.accounts()[0])),
            Step::See(text) => drop(terminal.wait_for(text)),
            Step::Gone(text) => drop(terminal.wait_gone(text)),
        }
    }
    let paper = if scene.light { LIGHT } else { DARK };
    terminal.at_rest(|screen| svg::picture(screen, paper, scene.title))
}

/// Makes pictures; runs only in a process whose clock stands still.
#[test]
#[ignore = "is run by the other test, and by tests/run --shots, with a clock that stands still"]
fn pictures_are_made() {
    let Some(into) = std::env::var_os(INTO).map(PathBuf::from) else {
        return;
    };
    let which = std::env::var(WHICH).unwrap_or_default();
    fs::create_dir_all(&into).unwrap();
    for scene in &SCENES {
        if which.is_empty() || which.split(',').any(|w| w == scene.name) {
            let file = into.join(format!("{}.svg", scene.name));
            fs::write(file, shot(scene)).unwrap();
        }
    }
}

/// Runs the above with that clock.
fn make(library: &str, into: &Path, which: &str) {
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "shots::pictures_are_made", "--ignored"])
        .env("LD_PRELOAD", library)
        .env("FAKETIME", CLOCK)
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("TZ", "UTC")
        .env(INTO, into)
        .env(WHICH, which)
        .status()
        .unwrap();
    assert!(status.success(), "no pictures were made");
}

#[test]
fn made_twice_they_are_the_same() {
    let Some(library) = faketime() else { return };
    if let Some(into) = std::env::var_os("SHOTS") {
        let which = std::env::var(WHICH).unwrap_or_default();
        make(&library, Path::new(&into), &which);
        return;
    }
    let two = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    for folder in &two {
        make(&library, folder.path(), "list,wide");
    }
    for name in ["list.svg", "wide.svg"] {
        let [one, other] = [0, 1].map(|n| fs::read_to_string(two[n].path().join(name)).unwrap());
        assert!(one.len() > 10_000);
        assert_eq!(one, other, "{name}");
    }
}

/// What stands in `assets/shots` is what is made, and does nothing but be seen.
#[test]
fn the_pictures_that_are_kept_are_harmless_and_all_are_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/shots");
    let mut names: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|f| f.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let mut wanted: Vec<String> = SCENES.iter().map(|s| format!("{}.svg", s.name)).collect();
    wanted.sort();
    assert_eq!(names, wanted, "run tests/run --shots");
    for name in names {
        let text = fs::read_to_string(folder.join(&name)).unwrap();
        for bad in [
            "<script", "href", "url(", "@import", "onload", "<image", "<foreign",
        ] {
            assert!(!text.contains(bad), "{name} has {bad}");
        }
        assert!(text.len() < 200_000, "{name} is large");
    }
}
