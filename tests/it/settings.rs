//! What a mistake in the configuration stops, and what it does not; changes by the screen and by an
//! editor, in the real program.

use crate::demo::home_of;
use crate::program::{Home, eventually};
use crate::pty::Terminal;
use postrider::demo::{Demo, Options};

/// A home with two accounts of the demo, one of which is wrong, and a rule and a view that are.
fn half_right(demo: &Demo) -> Home {
    let wrong = "[[account]]\nname = \"bad\"\nemial = \"x@b.test\"\n\
        [ui]\nlayout = \"sideways\"\n[[view]]\nname = \"v\"\nquery = \"is:blue\"\n\
        [[rule]]\nname = \"right\"\nquery = \"from:ada\"\ndo = [\"flag\"]\n\
        [[rule]]\nname = \"wrong\"\nquery = \"is:blue\"\ndo = [\"flag\"]\n";
    home_of(demo, wrong)
}

#[test]
fn what_is_wrong_is_left_out_and_the_rest_works() {
    let demo = Demo::start(Options::empty()).unwrap();
    let home = half_right(&demo);
    let ran = home.run(&["sync", "--once"]).code(0);
    for said in ["config.toml:", "emial", "sideways", "is:"] {
        assert!(ran.err.contains(said), "{said} in {}", ran.err);
    }
    home.run(&["list", "--json"]).code(0);
    // What needs just that says so.
    let ran = home.run(&["mailboxes", "--account", "bad"]).code(78);
    assert!(ran.err.contains("emial"), "{}", ran.err);
    home.run(&["rules", "run"]).code(78);
    home.run(&["rules", "run", "--name", "wrong"]).code(78);
    home.run(&["rules", "run", "--name", "right"]).code(0);
}

#[test]
fn the_check_lists_everything_with_its_place() {
    let demo = Demo::start(Options::empty()).unwrap();
    let home = half_right(&demo);
    std::fs::write(home.path.join("keys.toml"), "[index]\n\"e\" = \"tarsh\"\n").unwrap();
    std::fs::create_dir(home.path.join("themes")).unwrap();
    std::fs::write(
        home.path.join("themes/my.toml"),
        "[styles]\n\"title\" = \"redd\"\n",
    )
    .unwrap();
    let out = home.run(&["config", "check"]).code(78).text();
    for said in [
        "config.toml:",
        "keys.toml:2:1: ",
        "themes/my.toml:2:1: ",
        "`trash`",
    ] {
        assert!(out.contains(said), "{said} in {out}");
    }
    let all = home.run(&["config", "check", "--json"]).code(78).json();
    assert!(all["problems"].as_array().unwrap().len() >= 6, "{all}");
    let right = home_of(&demo, "");
    right.run(&["config", "check"]).code(0);
    right.configure("broken [");
    right.run(&["config", "check"]).code(78);
}

#[test]
fn what_is_changed_on_the_screen_stands_in_the_file_and_what_an_editor_saves_on_the_screen() {
    let demo = Demo::start(Options::empty()).unwrap();
    let ui = "\n# How I like it.\n[ui] # mine\nmouse = true   # for now\n# The end.\n";
    let home = home_of(&demo, ui);
    let file = home.path.join("config.toml");
    let text = || std::fs::read_to_string(&file).unwrap();
    let before = text();
    let mut t = Terminal::postrider(&[], &home.path, 110, 32);
    t.wait_for("connected");
    t.send(",");
    t.wait_for("Settings");
    t.send("ui.mouse");
    t.wait_until("one option", |s| {
        s.contains("mouse") && !s.contains("threads")
    });
    t.send(" ");
    let after = before.replace("mouse = true", "mouse = false");
    eventually("the file says so", || text() == after);
    t.wait_for("false");
    // What can't be is told, and nothing is written.
    t.send("\x1b");
    t.wait_until("an empty line", |s| s.contains("threads"));
    t.send("ui.undo-send");
    t.wait_for("Seconds in which");
    t.send("\r");
    t.wait_for("undo-send:");
    t.send("\x15999\r");
    t.wait_for("0 to 600");
    t.send("\x1b");
    t.wait_gone("undo-send:");
    t.send("\x1b");
    t.wait_until("an empty line", |s| s.contains("threads"));
    t.send("\x1b");
    t.wait_gone("Settings");
    assert_eq!(text(), after);
    // An editor that puts another file in its place.
    let aside = home.path.join(".new");
    let view = format!("{after}[[view]]\nname = \"Bills\"\nquery = \"subject:bill\"\n");
    std::fs::write(&aside, &view).unwrap();
    std::fs::rename(&aside, &file).unwrap();
    t.wait_for("Bills");
    std::fs::write(
        home.path.join("keys.toml"),
        "[global]\n\"f9\" = [\"go-outbox\", \"help\"]\n",
    )
    .unwrap();
    eventually("the keys hold", || {
        t.send("\x1b[20~");
        t.screen().contains("Keys (")
    });
    t.send("q");
    t.wait_gone("Keys (");
    // What became wrong changes nothing.
    std::fs::write(&file, view.replace("\"Bills\"", "\"Wrong\"\nqqq = 1")).unwrap();
    t.wait_for("unknown key");
    assert!(t.screen().contains("Bills"));
    t.send(":problems\r");
    t.wait_for("What is wrong");
    t.send("q");
    t.wait_gone("What is wrong");
    std::fs::write(&file, &view).unwrap();
    t.wait_for("right again");
    t.send("\x03\x03");
    assert_eq!(t.wait_exit(), 0);
    assert!(t.is_restored());
}
