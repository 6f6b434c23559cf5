//! What the screen says by itself: that something is stuck, that a key means nothing.

use super::*;

#[test]
fn what_was_refused_is_told_at_the_start_and_marked_as_long_as_it_is_there() {
    let mut bench = Bench::new(three(), (100, 20));
    let sidebar = |stuck| {
        Event::Rows(Answer::Sidebar {
            mailboxes: Vec::new(),
            outbox: Tray { all: 2, stuck },
            drafts: 0,
            reminders: Vec::new(),
        })
    };
    bench.app = App::new(setup(), (100, 20), bench.now).0;
    bench.event(sidebar(1));
    let screen = bench.screen();
    assert!(screen.contains("1 message was not sent"), "{screen}");
    assert!(screen.contains("\n!Outbox"), "{screen}");
    bench.now.mono += Duration::from_secs(60);
    bench.event(Event::Tick);
    bench.event(sidebar(1));
    let screen = bench.screen();
    assert!(!screen.contains("was not sent"), "only once: {screen}");
    assert!(screen.contains("\n!Outbox"), "{screen}");
    bench.event(sidebar(0));
    assert!(!bench.screen().contains("!Outbox"));
}

#[test]
fn titles_and_announcements_are_ascii_where_the_screen_is() {
    use crate::signal::{Announcement, Posted, Topic};
    let mut bench = Bench::new(three(), (80, 24));
    bench.mailboxes[0].path = "Über é Û".to_owned();
    bench.mailboxes[0].role = None;
    bench.event(Event::Board(Posted {
        topics: [Topic::Mailboxes].into(),
        ..Posted::default()
    }));
    bench.app.panes.signs = crate::tui::signs::Signs::Ascii;
    let announced = vec![Announcement {
        title: "Ümit".to_owned(),
        body: "Ûber é 日本".to_owned(),
        bell: false,
    }];
    let posted = Posted {
        announced,
        ..Posted::default()
    };
    let fx = bench.app.update(Event::Board(posted), bench.now);
    let said = fx.iter().find_map(|effect| match effect {
        Effect::Announce(said) => Some((said.title.clone(), said.body.clone())),
        _ => None,
    });
    assert_eq!(said, Some(("Umit".to_owned(), "Uber e ??".to_owned())));
    bench.keys(":go Über\n");
    let title = bench.app.window_title();
    assert!(title.as_str().is_ascii(), "{title}");
}

#[test]
fn a_key_that_means_nothing_says_so_but_hides_nothing_worth_more() {
    let mut bench = Bench::new(three(), (80, 24));
    bench.keys("(");
    bench.sees("( is not bound here; ? shows the keys");
    bench.keys("e");
    bench.sees("z undo");
    bench.keys("n");
    bench.sees("z undo");
    bench.now.mono += Duration::from_secs(60);
    bench.event(Event::Tick);
    bench.keys("g");
    assert!(!bench.screen().contains("not bound"), "a sequence begins");
}

#[test]
fn a_key_of_another_pane_says_how_one_gets_there() {
    let mut bench = Bench::new(three(), (80, 24));
    bench.keys("n");
    bench.sees("n is for a message that is open; enter opens it");
    bench.app.panes.focus = crate::tui::app::geometry::Pane::Sidebar;
    bench.keys("b");
    bench.sees("b is for the list; esc goes there");
}

#[test]
fn the_footer_writes_keys_as_the_help_does() {
    let mut bench = Bench::new(three(), (120, 24));
    bench.keys("c");
    let screen = bench.screen();
    let last = screen.lines().last().unwrap();
    assert!(
        last.contains("ctrl-s send") && last.contains("esc close"),
        "{last}"
    );
}

#[test]
fn what_is_longer_than_its_line_goes_on_in_that_of_the_hints() {
    let mut bench = Bench::new(three(), (40, 12));
    let why = "/home/sam/Downloads/plan.pdf can't be saved: No space left on device";
    bench.event(Event::Told(Err(why.to_owned())));
    let screen = bench.screen();
    let said: Vec<&str> = screen.lines().skip(10).map(str::trim).collect();
    assert_eq!(said.join(" "), format!("✕ {why}"), "{screen}");
    bench.event(Event::Told(Err(why.repeat(2))));
    let screen = bench.screen();
    let said: Vec<&str> = screen.lines().skip(8).map(str::trim).collect();
    assert!(said.concat().starts_with('✕'), "{screen}");
    bench.event(Event::Told(Err(why.repeat(4))));
    assert!(bench.screen().trim_end().ends_with('…'));
    bench.keys("g");
    bench.sees("g g first");
    bench.keys("\x1b");
    bench.now.mono += Duration::from_secs(60);
    bench.event(Event::Tick);
    bench.sees("? help");
}

#[test]
fn sentences_name_the_keys_that_the_user_chose() {
    let keys = "[global]\n\"g d\" = \"none\"\n\"z\" = \"none\"\n\"U\" = \"undo\"\n";
    let setup = Setup {
        keys: Some(keys.to_owned()),
        ..setup()
    };
    let mut bench = Bench::new(three(), (80, 24));
    let (app, fx) = App::new(setup, (80, 24), bench.now);
    bench.app = app;
    bench.perform(fx);
    bench.keys("w");
    bench.sees("; :go-drafts lists drafts.");
    bench.keys("e");
    bench.sees("  U undo");
}

#[test]
fn a_message_that_finds_no_room_beside_the_list_says_how_much_it_needs() {
    let mut bench = Bench::new(three(), (80, 24));
    bench.keys("c");
    let beside = KeyEvent::new(KeyCode::Char('z'), KeyModifiers::ALT);
    bench.event(Event::Key(beside));
    bench.sees("needs 111 columns");
}

#[test]
fn a_search_shows_to_whom_ones_own_messages_went() {
    let mut rows = three();
    rows[0].from = vec![Address::new("Sam Doe", "HOME@example.org")];
    rows[0].to = vec![Address::new("Bo", "bo@example.org")];
    rows[1].from = vec![Address::new("Cy", "cy@example.org")];
    let mut bench = Bench::new(rows, (100, 24));
    bench.sees("Sam Doe");
    bench.keys("/lunch\n");
    let screen = bench.screen();
    assert!(
        screen.contains("To Bo") && !screen.contains("Sam Doe") && screen.contains("Cy"),
        "{screen}"
    );
}

#[test]
fn keys_about_messages_touch_none_that_another_list_hides() {
    let mut bench = Bench::new(three(), (80, 24));
    for list in ["go", "gd", "gc"] {
        bench.keys(list);
        bench.asked.clear();
        bench.keys("suxJ");
        assert!(bench.asked.is_empty(), "{:?}", bench.asked);
        let index = &bench.app.panes.index;
        assert_eq!((index.cursor(), index.marked()), (0, 0));
        bench.sees("no messages in this list");
        bench.keys("\x1b");
    }
}

#[test]
fn who_wants_no_colours_is_told_that_a_theme_changes_nothing() {
    let mut bench = Bench::new(three(), (100, 24));
    let surroundings = |name: &str| (name == "NO_COLOR").then(|| "1".to_owned());
    let setup = Setup {
        surroundings: crate::tui::theme::Surroundings::read(surroundings),
        ..setup()
    };
    let (app, fx) = App::new(setup, (100, 24), bench.now);
    bench.app = app;
    bench.perform(fx);
    bench.keys(":theme nord\n");
    bench.sees("NO_COLOR is set");
}

#[test]
fn colours_are_tried_on_before_one_takes_them() {
    let mut bench = Bench::new(three(), (80, 24));
    bench
        .app
        .update(Event::Background { light: false }, bench.now);
    let ground = |bench: &Bench| {
        let mut buf = Buffer::empty(Rect::new(0, 0, 80, 24));
        bench.app.paint(&mut buf, WALL);
        buf[(0, 23)].bg
    };
    let before = ground(&bench);
    bench.keys(":theme\n");
    bench.sees("as it is");
    assert_eq!(ground(&bench), before, "nothing was moved to");
    bench.keys("nord");
    assert_ne!(ground(&bench), before, "it is shown at once");
    bench.keys("\x1b");
    assert_eq!(ground(&bench), before, "and taken off");
    bench.keys(":theme\nnord\n");
    assert_ne!(ground(&bench), before, "or kept");
    bench.keys(":theme auto\n");
    assert_eq!(ground(&bench), before);
}

#[test]
fn keys_that_only_kitty_tells_apart_are_the_older_ones_unless_they_mean_something() {
    let ctrl = |c| Event::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL));
    let mut bench = Bench::new(three(), (80, 24));
    bench.keys(":he");
    bench.event(ctrl('h'));
    bench.keys("elp");
    bench.event(ctrl('m'));
    bench.sees("Keys (q closes");
    bench.event(ctrl('['));
    assert!(bench.app.layers.is_empty(), "{}", bench.screen());
    let keys = "[index]\n\"ctrl-m\" = \"help\"\n".to_owned();
    let own = Setup {
        keys: Some(keys),
        ..setup()
    };
    let mut bench = Bench::of(own, three(), (80, 24));
    bench.event(ctrl('m'));
    bench.sees("Keys (q closes");
    bench.event(ctrl('m'));
    assert_eq!(bench.app.layers.len(), 1, "there it is Enter");
}
