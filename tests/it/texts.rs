//! The texts in the repository kept true: links that lead somewhere, samples that parse, scripts
//! that a shell can read.

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
fn samples_of_configuration_parse() {
    for (path, text) in texts() {
        for block in text.split("```toml\n").skip(1) {
            let sample = block.split("```").next().unwrap();
            let table = sample.parse::<toml::Table>();
            assert!(table.is_ok(), "{}: {table:?}", path.display());
        }
    }
}

#[test]
fn scripts_are_executable_and_readable_by_their_shell() {
    use std::os::unix::fs::PermissionsExt;
    for (shell, script) in [("bash", "tests/run"), ("sh", ".ci/run")] {
        let path = root().join(script);
        assert!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o111 != 0,
            "{script} is not executable"
        );
        let status = Command::new(shell).arg("-n").arg(&path).status().unwrap();
        assert!(status.success(), "{script}");
    }
}
