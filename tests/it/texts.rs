//! The texts in the repository kept true: links that lead somewhere, commands, options and keys that
//! are there, samples that the program takes, scripts that a shell can read.

use clap::CommandFactory as _;
use postrider::cli::args::Args;
use postrider::config::load::parse;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn texts() -> Vec<(PathBuf, String)> {
    let mut all = Vec::new();
    for folder in [root().to_owned(), root().join("docs")] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == "md") {
                let text = fs::read_to_string(&path).unwrap();
                all.push((path, text));
            }
        }
    }
    assert!(all.len() >= 5);
    all
}

#[test]
fn every_link_to_a_file_leads_to_one() {
    for (path, text) in texts() {
        // What stands between backquotes is an example.
        let text: String = text.split('`').step_by(2).collect();
        for link in text.split("](").skip(1) {
            let target = link.split(')').next().unwrap();
            let outside = target.contains("://") || target.starts_with('#');
            let there = path
                .parent()
                .unwrap()
                .join(target.split('#').next().unwrap());
            assert!(
                outside || there.exists(),
                "{}: {target} leads nowhere",
                path.display()
            );
        }
    }
}

#[test]
fn paths_that_the_architecture_names_exist() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    for word in text.split('`').skip(1).step_by(2) {
        if (word.starts_with("src/") || word.starts_with("tests/") || word.starts_with("assets/"))
            && !word.contains('*')
        {
            assert!(
                root().join(word).exists(),
                "ARCHITECTURE.md names {word}, which is not there"
            );
        }
    }
}

#[test]
fn samples_of_configuration_are_taken_as_they_stand() {
    // Some are lines of an account, others tables that stand beside one.
    let account = "[[account]]\nname = \"a\"\nemail = \"a@b.test\"\n\
                   imap = { host = \"i.b.test\" }\nsmtp = { host = \"s.b.test\" }\n";
    for (path, text) in texts() {
        for block in text.split("```toml\n").skip(1) {
            let sample = block.split("```").next().unwrap();
            let loaded = parse(&format!("{account}{sample}"), Path::new("/c"));
            assert_eq!(loaded.problems, [], "{}", path.display());
        }
    }
}

/// What stands between backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn commands_and_options_that_the_readme_lists_are_those_of_the_program() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let (_, table) = readme.split_once("| command | does |\n").unwrap();
    let mut program = Args::command();
    program.build();
    let mut listed = vec!["demo".to_owned()];
    for row in table.lines().skip(1).take_while(|l| l.starts_with('|')) {
        let names = row.split('|').nth(1).unwrap();
        let mut commands: Vec<&clap::Command> = Vec::new();
        for name in quoted(names).filter(|n| !n.starts_with('-')) {
            let word = name.split(' ').next().unwrap();
            let inner = commands.first().and_then(|c| c.find_subcommand(word));
            let command = program.find_subcommand(word).or(inner);
            let command = command.unwrap_or_else(|| panic!("there is no command `{name}`"));
            let next = name.split(' ').nth(1).filter(|_| command.has_subcommands());
            let known = next.is_none_or(|word| command.find_subcommand(word).is_some());
            assert!(known, "there is no command `{name}`");
            commands.push(command);
            commands.extend(next.and_then(|word| command.find_subcommand(word)));
        }
        for option in quoted(row).flat_map(|q| q.split(' ')) {
            let long = option.strip_prefix("--");
            let short = option.strip_prefix('-').filter(|o| o.len() == 1);
            let known = |c: &&clap::Command| {
                c.get_arguments().any(|a| {
                    a.get_long().is_some_and(|l| Some(l) == long)
                        || a.get_short()
                            .is_some_and(|s| Some(s) == short.and_then(|o| o.chars().next()))
                })
            };
            let asked = long.is_some() || short.is_some();
            assert!(!asked || commands.iter().any(known), "{option} in {row}");
        }
        listed.extend(commands.iter().map(|c| c.get_name().to_owned()));
    }
    for command in program.get_subcommands() {
        let name = command.get_name();
        assert!(
            listed.iter().any(|l| l == name),
            "the README lacks `{name}`"
        );
    }
}

#[test]
fn keys_that_the_documents_name_are_bound() {
    let file = fs::read_to_string(root().join("assets/keys.toml")).unwrap();
    let file: toml::Table = file.parse().unwrap();
    let bound: Vec<&String> = file
        .values()
        .filter_map(toml::Value::as_table)
        .flat_map(|t| t.keys())
        .collect();
    for (path, text) in texts() {
        if path.ends_with("CHANGELOG.md") {
            continue;
        }
        for key in quoted(&text) {
            let is_key = key.starts_with("alt-")
                || key.starts_with("ctrl-")
                || (key.starts_with("g ") && key.len() == 3);
            assert!(
                !is_key || bound.iter().any(|b| *b == key),
                "{}: `{key}`",
                path.display()
            );
        }
    }
}

#[test]
fn scripts_are_executable_and_readable_by_their_shell() {
    use std::os::unix::fs::PermissionsExt;
    for (shell, script) in [
        ("bash", "tests/run"),
        ("sh", ".ci/run"),
        ("sh", ".ci/package"),
    ] {
        let path = root().join(script);
        assert!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o111 != 0,
            "{script} is not executable"
        );
        let status = Command::new(shell).arg("-n").arg(&path).status().unwrap();
        assert!(status.success(), "{script}");
    }
}
