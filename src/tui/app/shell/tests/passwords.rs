//! A password that is wanted is asked for when nobody types anything else.

use super::*;
use crate::tui::screen::confirm::MOMENT;

fn wanted(bench: &mut Bench) {
    let home = AccountName("home".into());
    bench.event(Event::Board(crate::signal::Posted {
        topics: [Topic::PasswordWanted(home)].into(),
        ..Default::default()
    }));
}

fn passwords(bench: &Bench) -> Vec<String> {
    let given = bench.asked.iter().filter_map(|intent| match intent {
        Intent::Password(name, secret) if name.as_str() == "home" => Some(secret.reveal()),
        _ => None,
    });
    given.map(str::to_owned).collect()
}

#[test]
fn a_wanted_password_is_asked_for_and_never_shown() {
    let mut bench = Bench::new(three(), (80, 24));
    wanted(&mut bench);
    bench.now.mono += MOMENT;
    bench.keys("hunter2");
    let screen = bench.screen();
    assert!(screen.contains("Password for home") && !screen.contains("hunter2"));
    bench.keys("\n");
    assert_eq!(passwords(&bench), ["hunter2"]);
    assert!(bench.app.layers.is_empty());
}

#[test]
fn what_is_written_in_a_message_is_no_password() {
    let mut bench = Bench::new(three(), (80, 24));
    bench.keys("cada@example.org\n\n\nLunch\n");
    wanted(&mut bench);
    bench.keys("hello\n");
    assert!(bench.app.layers.is_empty());
    bench.sees("hello");
    let aside = crate::tui::key::Key::parse("ctrl-t").unwrap();
    bench.event(Event::Key(aside.event()));
    bench.sees("Password for home");
    // Nor is what was typed in one go with what closed it.
    bench.keys("my secrets\n");
    bench.event(Event::Paste("pasted".into()));
    assert_eq!(passwords(&bench), Vec::<String>::new());
    bench.now.mono += MOMENT / 2;
    bench.keys("\n");
    bench.now.mono += MOMENT / 2;
    bench.keys("\n");
    bench.now.mono += MOMENT;
    bench.keys("hunter2\n");
    assert_eq!(passwords(&bench), ["hunter2"]);
    bench.keys("w");
    bench.sees("hello");
}

#[test]
fn who_writes_is_told_once_that_a_password_is_wanted() {
    let mut bench = Bench::new(three(), (160, 24));
    bench.keys("cada@example.org\n\n\nLunch\n");
    let told = "home needs its password";
    assert!(!bench.screen().contains(told));
    wanted(&mut bench);
    bench.sees(told);
    bench
        .app
        .panes
        .tell(Clean::lit("Something else."), bench.now);
    wanted(&mut bench);
    assert!(!bench.screen().contains(told));
    bench.event(Event::Key(
        crate::tui::key::Key::parse("ctrl-t").unwrap().event(),
    ));
    bench.sees("Password for home");
}

#[test]
fn a_begun_sequence_is_ended_before_a_password_is_asked_for() {
    let mut bench = Bench::new(three(), (80, 24));
    bench.keys("g");
    wanted(&mut bench);
    assert!(bench.app.layers.is_empty());
    bench.keys("e");
    bench.sees("Password for home");
    bench.keys("\x1b");
    assert!(bench.app.layers.is_empty(), "it can be left at once");
}
