//! `migrate`: samples of other programs' configurations below `tests/migrate`, each a home, and what
//! is said of them (`plan.txt`; `UPDATE_GOLDEN=1` writes what is said now: read the difference
//! before it is committed). Then it is done, and what was written is looked at.

use crate::program::{Home, Ran};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// What stands in samples in place of passwords.
const SECRETS: [&str; 2] = ["must-not-be-shown", "open-sesame"];

fn samples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/migrate");
    let mut all: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    all.sort();
    assert!(all.len() > 15, "{all:?}");
    all
}

/// A home of ours without a configuration.
fn bare() -> Home {
    let home = Home::new("");
    fs::remove_file(home.path.join("config.toml")).unwrap();
    home
}

/// Runs it for somebody whose home is that folder.
fn run(home: &Home, theirs: &Path, args: &[&str]) -> Ran {
    let output = home
        .command(args)
        .env("HOME", theirs)
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("XDG_DATA_HOME")
        // No secret store: what is to be kept there is asked for.
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let ran = Ran {
        code: output.status.code().unwrap_or(-1),
        out: output.stdout,
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    };
    for text in [ran.text(), ran.err.clone()] {
        assert!(
            SECRETS.iter().all(|s| !text.contains(s)),
            "a secret is shown: {text}"
        );
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }
    ran
}

/// How the program of a sample is called, and how it is found.
fn args(sample: &Path) -> Vec<String> {
    let name = sample.file_name().unwrap().to_str().unwrap();
    let client = name.split('-').next().unwrap().to_owned();
    let mut args = vec!["migrate".to_owned(), client];
    // A profile by itself.
    if sample.join("prefs.js").exists() {
        args.extend(["--from".to_owned(), sample.display().to_string()]);
    }
    args
}

fn with<'a>(args: &'a [String], more: &[&'a str]) -> Vec<&'a str> {
    args.iter()
        .map(String::as_str)
        .chain(more.iter().copied())
        .collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all.extend(files(&path)),
            false => all.push(path),
        }
    }
    all
}

#[test]
fn plans_are_as_they_were_and_write_nothing() {
    let mut wrong = Vec::new();
    for sample in samples() {
        let (home, args) = (bare(), args(&sample));
        let shown = run(&home, &sample, &with(&args, &["--dry-run"]))
            .code(0)
            .text();
        assert_eq!(
            files(&home.path),
            Vec::<PathBuf>::new(),
            "{}",
            sample.display()
        );
        assert!(
            !sample.join("it-was-run").exists(),
            "a program of a configuration was run"
        );
        let golden = sample.join("plan.txt");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, &shown).unwrap();
        } else if fs::read_to_string(&golden).unwrap_or_default() != shown {
            wrong.push(format!("{}:\n{shown}", golden.display()));
        }
    }
    assert!(
        wrong.is_empty(),
        "UPDATE_GOLDEN=1 rewrites:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn what_is_written_holds_and_is_not_written_twice() {
    for sample in samples() {
        let (home, args) = (bare(), args(&sample));
        let about = sample.display().to_string();
        let plan = run(&home, &sample, &with(&args, &["--yes", "--json"]))
            .code(0)
            .json();
        let names: Vec<&Value> = plan["accounts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|a| &a["name"])
            .collect();
        for file in files(&home.path) {
            let text = String::from_utf8_lossy(&fs::read(&file).unwrap()).into_owned();
            let clear = SECRETS.iter().any(|s| text.contains(s));
            assert!(!clear, "{} holds a secret in clear text", file.display());
        }
        if !names.is_empty() {
            // The doctor asks the programs that print passwords: not in the folder of samples.
            let check = run(&home, &home.path, &["config", "check"]);
            assert_eq!(check.code, 0, "{about}: {}\n{}", check.text(), check.err);
            let listed = run(&home, &home.path, &["account", "list", "--json"])
                .code(0)
                .json();
            let listed: Vec<&Value> = listed["accounts"]
                .as_array()
                .unwrap()
                .iter()
                .map(|a| &a["name"])
                .collect();
            assert_eq!(listed, names, "{about}");
            let doctor = run(&home, &home.path, &["doctor", "--offline", "--json"]).json();
            let known: Vec<&Value> = doctor["accounts"]
                .as_array()
                .unwrap()
                .iter()
                .map(|a| &a["name"])
                .collect();
            assert_eq!(known, names, "{about}: {doctor}");
        }
        let before: Vec<_> = ["config.toml", "keys.toml"]
            .map(|f| fs::read_to_string(home.path.join(f)).ok())
            .to_vec();
        let again = run(&home, &sample, &with(&args, &["--yes", "--json"]))
            .code(0)
            .json();
        for part in ["accounts", "groups", "people", "keys", "open"] {
            assert_eq!(
                again[part].as_array().map(Vec::len),
                Some(0),
                "{about} {part}: {again}"
            );
        }
        assert_eq!(again["done"], false, "{about}");
        let after: Vec<_> = ["config.toml", "keys.toml"]
            .map(|f| fs::read_to_string(home.path.join(f)).ok())
            .to_vec();
        assert_eq!(before, after, "{about}");
    }
}

#[test]
fn it_asks_first_and_keeps_what_was_there() {
    let sample = samples()
        .into_iter()
        .find(|s| s.ends_with("mutt-usual"))
        .unwrap();
    let mine = "# mine\n[groups] # people\nbo = [\"other@example.net\"] # not theirs\n# end\n";
    let home = Home::new(mine);
    let feed = |input: &str| {
        let mut child = home
            .command(&["migrate", "mutt", "--from", sample.to_str().unwrap()])
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
            .env("HOME", &sample)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let no = feed("n\n");
    assert!(no.status.success());
    let text = || fs::read_to_string(home.path.join("config.toml")).unwrap();
    assert_eq!(text(), mine);
    let yes = feed("y\n");
    assert!(
        yes.status.success(),
        "{}",
        String::from_utf8_lossy(&yes.stderr)
    );
    let now = text();
    for line in mine.lines() {
        assert!(now.contains(line), "{now}");
    }
    let read: toml::Table = now.parse().unwrap();
    assert_eq!(read["groups"]["bo"][0].as_str(), Some("other@example.net"));
    assert_eq!(read["groups"]["team"].as_array().map(Vec::len), Some(3));
    assert_eq!(read["account"].as_array().map(Vec::len), Some(2));
}

#[test]
fn neither_a_yes_for_all_nor_a_pipe_makes_a_passphrase() {
    let sample = samples()
        .into_iter()
        .find(|s| s.ends_with("mutt-usual"))
        .unwrap();
    for (more, input) in [(vec!["--yes"], "y\ny\n"), (vec![], "y\ny\ny\n")] {
        let home = bare();
        let from = sample.to_str().unwrap();
        let mut child = home
            .command(&[vec!["migrate", "mutt", "--from", from], more.clone()].concat())
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
            .env("HOME", &sample)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        // One that asks nothing may be gone.
        let _ = std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes());
        assert!(
            child.wait_with_output().unwrap().status.success(),
            "{more:?}"
        );
        assert!(!home.path.join("secrets.age").exists(), "{more:?}");
        let config = fs::read_to_string(home.path.join("config.toml")).unwrap();
        assert!(
            config.contains("password = \"prompt\""),
            "{more:?} {config}"
        );
    }
}

#[test]
fn what_the_configuration_refuses_is_left_out_and_the_rest_is_written() {
    let theirs = tempfile::tempdir().unwrap();
    let account = |name: &str, more: &str| {
        format!("IMAPAccount {name}\nHost {name}.example.org\nUser {name}@example.org\n{more}\n\n")
    };
    let text = account("odd", "DisableExtension AUTH=") + &account("fine", "");
    fs::write(theirs.path().join(".mbsyncrc"), text).unwrap();
    let sends = |name: &str| format!("account {name}\nfrom {name}@example.org\n\n");
    let text = sends("odd") + &sends("fine");
    fs::write(theirs.path().join(".msmtprc"), text).unwrap();
    let home = bare();
    let line = ["migrate", "mbsync", "--yes", "--json"];
    let done = run(&home, theirs.path(), &line).code(0).json();
    assert_eq!(done["accounts"].as_array().map(Vec::len), Some(1), "{done}");
    assert_eq!(done["accounts"][0]["name"], "fine", "{done}");
    let why = done["left_out"][0]["why"].as_str().unwrap_or_default();
    assert!(why.contains("without-extensions"), "{done}");
    run(&home, &home.path, &["config", "check"]).code(0);
}

/// A profile of Thunderbird's with an address book, below that home.
fn profile(theirs: &Path) -> String {
    let profile = theirs.join("p");
    fs::create_dir(&profile).unwrap();
    fs::write(profile.join("prefs.js"), "").unwrap();
    let book = rusqlite::Connection::open(profile.join("abook.sqlite")).unwrap();
    book.execute_batch(
        "CREATE TABLE properties (card TEXT, name TEXT, value TEXT);
         CREATE TABLE lists (uid TEXT PRIMARY KEY, localId INTEGER, name TEXT, nickName TEXT, description TEXT);
         CREATE TABLE list_cards (list TEXT, card TEXT, PRIMARY KEY(list, card));
         INSERT INTO properties VALUES ('1', 'PrimaryEmail', 'ada@example.org'), ('1', 'DisplayName', 'Ada'),
             ('1', 'SecondEmail', 'a@example.org'), ('2', 'PrimaryEmail', 'bo@example.net'), ('3', 'DisplayName', 'x');
         INSERT INTO lists VALUES ('l', 1, 'Team', '', '');
         INSERT INTO list_cards VALUES ('l', '1'), ('l', '2');",
    )
    .unwrap();
    profile.display().to_string()
}

#[test]
fn what_could_not_be_written_is_not_said_to_be_done() {
    let theirs = tempfile::tempdir().unwrap();
    let from = profile(theirs.path());
    let home = bare();
    // The folder of cards can't be made.
    fs::write(home.path.join("contacts"), "").unwrap();
    let line = ["migrate", "thunderbird", "--from", &from, "--yes"];
    let told = run(&home, theirs.path(), &[&line[..], &["--json"]].concat()).code(74);
    let plan = told.json();
    assert_eq!(plan["done"], false, "{plan}");
    assert_eq!(plan["written"].as_array().map(Vec::len), Some(0), "{plan}");
    let told = run(&home, theirs.path(), &line).code(74).text();
    assert!(told.contains("Nothing was written."), "{told}");
    assert!(!told.contains("doctor"), "{told}");
    assert!(!home.path.join("config.toml").exists());
}

#[test]
fn thunderbirds_address_books_are_read() {
    let theirs = tempfile::tempdir().unwrap();
    let from = profile(theirs.path());
    let home = bare();
    let line = ["migrate", "thunderbird", "--from", &from, "--yes", "--json"];
    let plan = run(&home, theirs.path(), &line).code(0).json();
    assert_eq!(plan["people"].as_array().map(Vec::len), Some(3), "{plan}");
    assert_eq!(
        plan["groups"][0]["members"].as_array().map(Vec::len),
        Some(2),
        "{plan}"
    );
    let cards = fs::read_to_string(home.path.join("contacts/thunderbird.vcf")).unwrap();
    assert!(cards.contains("FN:Ada\r\nEMAIL:ada@example.org"), "{cards}");
    let config = fs::read_to_string(home.path.join("config.toml")).unwrap();
    assert!(
        config.contains("contacts/thunderbird.vcf") && config.contains("Team"),
        "{config}"
    );
    let again = run(&home, theirs.path(), &line).code(0).json();
    assert_eq!(again["done"], false, "{again}");
}

#[test]
fn where_there_is_no_configuration_that_is_said() {
    let (home, theirs) = (bare(), tempfile::tempdir().unwrap());
    for client in ["mutt", "neomutt", "aerc", "alpine", "thunderbird", "mbsync"] {
        let told = run(&home, theirs.path(), &["migrate", client, "--yes"]).code(66);
        assert!(told.err.contains("--from"), "{}", told.err);
    }
    assert_eq!(files(&home.path), Vec::<PathBuf>::new());
}
