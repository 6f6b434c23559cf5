//! Commands, queries and secrets typed on one line.

use super::*;
use crate::tui::key::Key;
use crate::tui::theme::Theme;
use crate::tui::widget::ink::tests::shown;

fn words() -> Words {
    Words {
        views: Vec::new(),
        themes: vec!["zebra".to_owned(), "nord".to_owned()],
        past: vec!["move Archive".to_owned(), "help".to_owned()],
        tags: vec!["urgent".into(), "work".into()],
        mailboxes: ["INBOX", "Archive", "Lists/rust dev", "Trash"]
            .map(str::to_owned)
            .to_vec(),
        accounts: ["home", "work"].map(str::to_owned).to_vec(),
    }
}

fn line(text: &str) -> Prompt {
    let mut prompt = Prompt::command(Context::Index, words(), "");
    prompt.paste(text);
    prompt
}

fn press(prompt: &mut Prompt, keys: &str) -> Outcome {
    let mut last = Outcome::Stay;
    for name in keys.split_whitespace() {
        last = prompt.update(&Key::parse(name).unwrap().event());
    }
    last
}

fn call(outcome: Outcome) -> (Command, Option<String>) {
    match outcome {
        Outcome::Call(call) => (call.command, call.argument),
        other => panic!("{other:?}"),
    }
}

#[test]
fn commands_with_their_argument() {
    assert_eq!(
        call(press(&mut line("archive"), "enter")),
        (Command::Archive, None)
    );
    assert_eq!(
        call(press(&mut line("arch"), "enter")),
        (Command::Archive, None)
    );
    let mv = (Command::Move, Some("Lists/rust dev".to_owned()));
    assert_eq!(call(press(&mut line("move Lists/rust dev"), "enter")), mv);
    assert_eq!(call(press(&mut line("mov"), "tab r u s t tab enter")), mv);
    let theme = (Command::Theme, Some("mono".to_owned()));
    assert_eq!(call(press(&mut line("theme m"), "tab enter")), theme);
    let own = (Command::Theme, Some("zebra".to_owned()));
    assert_eq!(call(press(&mut line("theme z"), "tab enter")), own);
    let query = (Command::Search, Some("is:unread from:x".to_owned()));
    assert_eq!(
        call(press(&mut line("search is:unread fr"), "tab x enter")),
        query
    );
}

#[test]
fn mistakes_are_told_and_can_be_mended() {
    let mut prompt = line("archve");
    assert!(matches!(press(&mut prompt, "enter"), Outcome::Stay));
    let drawn = |p: &Prompt| shown(60, 4, |buf, area| p.draw(buf, area, &Theme::default()));
    assert!(drawn(&prompt).contains("did you mean `archive`?"));
    assert!(matches!(press(&mut prompt, "backspace"), Outcome::Changed));
    assert!(!drawn(&prompt).contains("did you mean"));
    let mut here = line("send");
    press(&mut here, "enter");
    assert!(drawn(&here).contains("can't be done here"));
    assert!(matches!(press(&mut line(""), "enter"), Outcome::Closed));
    assert!(matches!(
        press(&mut line("a"), "backspace backspace"),
        Outcome::Closed
    ));
}

#[test]
fn tab_goes_round_the_completions() {
    let mut prompt = line("go-");
    press(&mut prompt, "tab");
    let first = prompt.text().to_owned();
    press(&mut prompt, "tab tab shift-tab shift-tab");
    assert_eq!(prompt.text(), first);
    assert!(first.starts_with("go-"));
    let mut prompt = line("move ");
    press(&mut prompt, "shift-tab");
    assert_eq!(prompt.text(), "move Trash");
}

#[test]
fn queries_are_checked_before_they_run() {
    let mut prompt = Prompt::search("", Known::default());
    prompt.paste("is:new");
    assert!(matches!(press(&mut prompt, "enter"), Outcome::Stay));
    let drawn = shown(90, 3, |buf, area| prompt.draw(buf, area, &Theme::default()));
    assert!(drawn.contains("`is:` takes unread, read"), "{drawn}");
    let outcome = press(&mut prompt, "ctrl-w u n r e a d enter");
    assert!(matches!(outcome, Outcome::Text(t) if t == "is:unread"));
    let mut prompt = Prompt::search("", Known::default());
    prompt.paste("x -fr");
    press(&mut prompt, "tab b");
    assert_eq!(prompt.text(), "x -from:b");
}

#[test]
fn a_password_is_neither_shown_nor_completed() {
    let mut prompt = Prompt::new(Clean::lit("Password for work: "), Kind::Password, "");
    prompt.paste("hunter2\n");
    let drawn = shown(40, 2, |buf, area| prompt.draw(buf, area, &Theme::default()));
    assert_eq!(drawn, "\nPassword for work: •••••••▏\n");
    assert!(matches!(press(&mut prompt, "enter"), Outcome::Secret(s) if s.reveal() == "hunter2"));
    assert_eq!(prompt.text(), "");
}

#[test]
fn drawn_at_every_size() {
    for (columns, rows) in [(40, 12), (80, 24), (200, 50), (5, 1)] {
        let mut prompt = line("go");
        press(&mut prompt, "tab");
        let drawn = shown(columns, rows, |buf, area| {
            prompt.draw(buf, area, &Theme::default())
        });
        insta::assert_snapshot!(format!("prompt_{columns}x{rows}"), drawn);
    }
}

#[test]
fn arrows_go_through_what_was_typed_before() {
    let mut prompt = line("");
    press(&mut prompt, "up");
    assert_eq!(prompt.text(), "help");
    press(&mut prompt, "up");
    assert_eq!(prompt.text(), "move Archive");
    press(&mut prompt, "up");
    assert_eq!(prompt.text(), "move Archive", "there is nothing older");
    press(&mut prompt, "down down");
    assert_eq!(prompt.text(), "");
    // Who typed something goes through what it could become.
    let mut typed = line("hel");
    press(&mut typed, "up");
    assert_eq!(typed.recalled, None);
}
