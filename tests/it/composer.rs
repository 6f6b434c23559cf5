//! Writing in the real program, in a terminal: two messages at once, an answer to all that is taken
//! back after it was sent, and an editor that gives the fields back.

use crate::pty::{Terminal, home};
use portable_pty::CommandBuilder;

const CTRL_S: &str = "\x13";
const CTRL_T: &str = "\x14";
const CTRL_E: &str = "\x05";

fn ready(mut t: Terminal) -> Terminal {
    t.wait_until("both accounts and the newest mail", |s| {
        s.contains("● ada connected")
            && s.contains("● home connected")
            && s.contains("Lena Fischer")
    });
    t.send("gg");
    t
}

#[test]
fn two_messages_are_written_while_one_reads() {
    let (_folder, path) = home();
    let mut t = ready(Terminal::postrider(&["demo"], &path, 100, 30));
    t.send("cbo@example.org\t\t\tSoup\tHot or cold?");
    t.wait_for("Hot or cold?");
    t.send(CTRL_T);
    t.wait_until("the list and a word of the message", |s| {
        s.contains("✎ Soup") && s.contains("Lena Fischer")
    });
    t.send("ccy@example.org\t\t\tBread\tBlack, please.");
    t.wait_for("Black, please.");
    t.send("\x1bn");
    t.wait_until("the first", |s| {
        s.contains("Hot or cold?") && !s.contains("Black, please.")
    });
    t.send("\x1bw");
    t.wait_for("Messages being written");
    t.send("bread\r");
    t.wait_for("Black, please.");
    // Both are drafts by now.
    t.send(CTRL_T);
    t.wait_for("✎ Bread +1");
    t.send("gd");
    t.wait_until("both drafts", |s| {
        s.contains("Soup") && s.contains("cy@example.org")
    });
    t.send("giq");
    assert_eq!(t.wait_exit(), 0);
    assert!(t.is_restored());
}

#[test]
fn an_answer_to_all_is_taken_back_after_it_was_sent() {
    let (_folder, path) = home();
    let mut t = ready(Terminal::postrider(&["demo"], &path, 100, 30));
    t.send("/subject:potatoes\r");
    t.wait_for("Recipe: those potatoes");
    t.send("\r");
    t.wait_for("Two kilos, floury.");
    t.send("a");
    t.wait_for("Subject  Re: Recipe: those potatoes");
    t.send("Thanks, all of you.");
    t.wait_for("Thanks, all of you.");
    t.send(CTRL_S);
    t.wait_for("Sending in");
    t.send("z");
    t.wait_until("the message in the composer again", |s| {
        s.contains("Thanks, all of you.") && s.contains("Subject  Re: Recipe: those potatoes")
    });
}

#[test]
fn the_editor_has_the_fields_too() {
    let (_folder, path) = home();
    let mut command = CommandBuilder::new("env");
    let editor =
        "VISUAL=sh -c 'printf \"To: cy@example.org\\nSubject: Tea\\n\\nOne lump.\\n\" > \"$1\"' sh";
    command.args([editor, env!("CARGO_BIN_EXE_postrider"), "demo"]);
    command.env("POSTRIDER_HOME", &path);
    let mut t = ready(Terminal::start(command, 100, 30));
    t.send("c");
    t.wait_for("New message");
    t.send(CTRL_E);
    t.wait_until("what the editor wrote", |s| {
        s.contains("To       cy@example.org")
            && s.contains("Subject  Tea")
            && s.contains("One lump.")
    });
}

#[test]
fn f59_s33_what_was_only_in_an_editor_is_found_again_and_nothing_else_is_touched() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let server = crate::script::Script::with(&["one"]);
    let home = crate::program::Home::new(&server.account("work"));
    home.sync();
    // Who could write there before has laid a trap: links where files are expected.
    let folder = home.path.join("editing");
    let elsewhere = tempfile::tempdir().unwrap();
    let secret = elsewhere.path().join("message.eml");
    std::fs::write(&secret, "Subject: not ours\n\nNot ours.\n").unwrap();
    std::fs::create_dir(&folder).unwrap();
    symlink(elsewhere.path(), folder.join("1-0-linked")).unwrap();
    std::fs::create_dir(folder.join("1-0-inner")).unwrap();
    symlink(&secret, folder.join("1-0-inner/message.eml")).unwrap();
    let mut command = CommandBuilder::new("sh");
    let offer = elsewhere.path().join("offer.txt");
    std::fs::write(&offer, "An offer.").unwrap();
    // It says where its file is, and goes on until it is killed.
    let editor = format!(
        "VISUAL=sh -c 'printf \"To: cy@example.org\\nSubject: Tea\\nAttach: {}\\n\\nOne lump.\\n\" > \"$1\"; \
         echo \"EDITING $$\"; while :; do sleep 1; done' sh",
        offer.display()
    );
    command.args(["-c", "umask 000; exec env \"$@\"", "sh", &editor]);
    command.arg(env!("CARGO_BIN_EXE_postrider"));
    command.env("POSTRIDER_HOME", &home.path);
    let mut t = Terminal::start(command, 100, 30);
    t.wait_for("one");
    t.send("c");
    t.wait_for("New message");
    t.send(CTRL_E);
    let screen = t.wait_for("EDITING ");
    t.kill();
    let (_, process) = screen.split_once("EDITING ").unwrap();
    let process: i32 = process.split_whitespace().next().unwrap().parse().unwrap();
    let process = rustix::process::Pid::from_raw(process).unwrap();
    let _ = rustix::process::kill_process(process, rustix::process::Signal::KILL);
    let left = || -> Vec<_> {
        let entries = std::fs::read_dir(&folder).unwrap().flatten();
        let own = entries.filter(|e| !e.file_name().to_string_lossy().starts_with("1-0-"));
        own.map(|e| e.path()).collect()
    };
    let own = left();
    assert_eq!(own.len(), 1, "{own:?}");
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(
        (mode(&own[0]), mode(&own[0].join("message.eml"))),
        (0o700, 0o600)
    );
    // The next start has it as a draft, and the file is gone. One more is as after an end between the
    // two: it is no second draft.
    let text = std::fs::read(own[0].join("message.eml")).unwrap();
    for _ in 0..2 {
        std::fs::create_dir_all(&own[0]).unwrap();
        std::fs::write(own[0].join("message.eml"), &text).unwrap();
        let mut t = Terminal::postrider(&[], &home.path, 100, 30);
        t.wait_for("✎ Tea");
        assert_eq!(left(), Vec::<std::path::PathBuf>::new());
        assert!(secret.exists());
        t.kill();
        let drafts = crate::dump::read(&crate::dump::local(&home));
        let attached = crate::dump::rows(&drafts, "SELECT * FROM draft_attachment");
        assert!(
            attached.len() == 1 && attached[0].contains("offer.txt"),
            "{attached:?}"
        );
        let drafts = crate::dump::rows(&drafts, "SELECT subject, body FROM draft");
        assert_eq!(drafts.len(), 1, "{drafts:?}");
        assert!(
            drafts[0].contains("One lump.") && !drafts[0].contains("ours"),
            "{drafts:?}"
        );
    }
}
