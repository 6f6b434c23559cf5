//! Accounts whose password is in the encrypted file: a command at a terminal asks for its passphrase
//! before it talks to a server, and only then.

use crate::dovecot::Dovecot;
use crate::program::Home;
use crate::pty::Terminal;
use postrider::config::Paths;
use postrider::config::load::load;
use postrider::config::secrets::{Kind, Secrets};
use postrider::model::Secret;

/// The one letter that is there, and one that is brought in.
const LETTER: &str = "From: Bo <bo@example.test>\r\nMessage-ID: <a@example.test>\r\nSubject: Plans\r\n\r\nNoodles.\r\n";

/// A home that knows a letter, of which `bodies` are here, and whose password is locked up since.
fn locked(bodies: &str) -> Option<(Dovecot, Home)> {
    let server = Dovecot::start(None)?;
    let mut look = server.look("ada");
    look.append("INBOX", LETTER.as_bytes()).finish().unwrap();
    let account = server.account("work", "ada");
    let home = Home::new(&account);
    home.json(&["sync", "--once", "--bodies", bodies]);
    let command = "password-command = [\"echo\", \"secret\"]";
    home.configure(&account.replace(command, "password = \"file\""));
    let paths = Paths::locate(Some(&home.path)).unwrap();
    let account = load(&paths.config).unwrap().config.accounts.remove(0);
    let secrets = Secrets::at(&paths);
    let passphrase = Secret::new("open".to_owned());
    secrets.vault().create(&passphrase).unwrap();
    let password = Secret::new("secret".to_owned());
    secrets.keep(&account, Kind::Password, &password).unwrap();
    Some((server, home))
}

/// Runs it at a terminal, where the passphrase is asked for and typed.
#[track_caller]
fn asked(home: &Home, args: &[&str]) -> String {
    let mut t = Terminal::postrider(args, &home.path, 80, 24);
    t.wait_for("Passphrase of secrets.age");
    t.send("open\r");
    assert_eq!(t.wait_exit(), 0, "{args:?}: {}", t.screen());
    t.screen()
}

#[test]
fn what_talks_to_a_server_asks_for_the_passphrase() {
    let Some((server, home)) = locked("none") else {
        return;
    };
    let id = home.id("INBOX", "Plans");
    let place = home.path.parent().unwrap();
    let at = |name: &str| place.join(name).to_str().unwrap().to_owned();
    let (letters, file, folder) = (at("out.mbox"), at("in.eml"), at("out"));
    // Nobody is there to be asked: what needs it says so, and the rest does what it can.
    let ran = home.run(&["show", &id]).code(77);
    assert!(ran.err.contains("passphrase"), "{}", ran.err);
    std::fs::write(&file, LETTER.replace("Plans", "Older")).unwrap();
    home.run(&["import", &file, "--to", "Old"]).code(77);
    home.run(&["export", "-m", "INBOX", "--mbox", &letters])
        .code(1);
    home.run(&["search", "--server", "noodles"]).code(0);

    let found = asked(&home, &["search", "--server", "noodles"]);
    assert!(found.contains("Plans"), "{found}");
    asked(&home, &["export", "-m", "INBOX", "--mbox", &letters]);
    assert!(
        std::fs::read_to_string(&letters)
            .unwrap()
            .contains("Noodles.")
    );
    asked(&home, &["import", &file, "--to", "Old"]);
    let mut look = server.look("ada");
    assert_eq!(look.select("Old").unwrap().exists, 1);
    // All of it is here by now: nothing is asked.
    home.run(&["export", "noodles", "--eml", &folder]).code(0);
    home.run(&["show", &id]).code(0);
}

#[test]
fn a_text_that_is_not_here_is_shown_after_the_passphrase() {
    let Some((_server, home)) = locked("none") else {
        return;
    };
    let id = home.id("INBOX", "Plans");
    let shown = asked(&home, &["show", &id]);
    assert!(shown.contains("Noodles."), "{shown}");
    let mut t = Terminal::postrider(&["show", &id], &home.path, 80, 24);
    assert_eq!(t.wait_exit(), 0);
    assert!(!t.screen().contains("Passphrase"), "{}", t.screen());
}
