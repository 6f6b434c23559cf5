//! What keys do in the way of vi.

use super::edit::Editor;
use super::vi::{Vi, Wish, typed};
use crate::tui::key::Key;
use proptest::prelude::*;

fn press(vi: &mut Vi, editor: &mut Editor, keys: &str) {
    for name in keys.split_whitespace() {
        let event = Key::parse(name).unwrap().event();
        if vi.key(editor, &event).is_none() {
            typed(editor, &event);
        }
    }
}

/// The text after these keys, with the cursor as `|`.
fn after(text: &str, keys: &str) -> String {
    let mut editor = Editor::new(text);
    let mut vi = Vi::default();
    press(&mut vi, &mut editor, "esc");
    press(&mut vi, &mut editor, keys);
    let mut shown = editor.text().clone();
    shown.insert(editor.cursor(), "|");
    shown.whole()
}

#[test]
fn what_is_not_the_editors_is_wished_for_once() {
    let mut editor = Editor::new("wrold two");
    let mut vi = Vi::default();
    let mut press = |keys: &str| {
        for name in keys.split_whitespace() {
            vi.key(
                &mut editor,
                &crate::tui::key::Key::parse(name).unwrap().event(),
            );
        }
        (vi.take_wish(), vi.is_busy())
    };
    assert_eq!(press("esc 0 z ="), (Some(Wish::Suggest), false));
    assert_eq!(press("z g"), (Some(Wish::Learn), false));
    assert_eq!(press("z z"), (None, false));
    assert_eq!(press("y w"), (Some(Wish::Yanked), false));
    assert_eq!(press("d w"), (None, false));
    assert_eq!(editor.text().whole(), "two");
}

#[test]
fn what_vi_does() {
    for (text, keys, wanted) in [
        ("one two", "w", "one |two"),
        ("abcd\nx\nabcd", "3 l j j x", "abcd\nx\nabc|"),
        ("one two three", "2 w x", "one two |hree"),
        ("one two three", "d w", "|two three"),
        ("one two three", "2 d w", "|three"),
        ("one two", "w d w", "one |"),
        ("one two", "c w x esc", "|x two"),
        ("a\nb\nc", "d d", "|b\nc"),
        ("a\nb\nc", "2 d d", "|c"),
        ("a\nb\nc", "G d d", "a\n|b"),
        ("a\nb", "d d p", "b\n|a"),
        ("a\nb", "y y j p", "a\nb\n|a"),
        ("a\nb", "y y P", "|a\na\nb"),
        ("abc", "l x p", "acb|"),
        ("a b c", "f c", "a b |c"),
        ("a b c", "t c D", "a b|"),
        ("a,b,c", "f , ; r x", "a,b|xc"),
        ("one\n  two", "J", "one| two"),
        ("abc", "3 ~", "ABC|"),
        ("one two", "A ! esc", "one two|!"),
        ("x", "o y esc", "x\n|y"),
        ("x", "O y esc", "|y\nx"),
        ("one two three", "v e d", "| two three"),
        ("a\nb\nc", "V j d", "|c"),
        ("a b c d", "d w .", "|c d"),
        ("ab\nab", "c w x esc j .", "x\n|x"),
        ("a\n\nb", "} d G", "|a"),
        ("ab", "x u", "|ab"),
        ("a b", "e x", "a |"),
        ("one two", "$ b", "one |two"),
        ("a\nb\nc", "g g d j", "|c"),
    ] {
        assert_eq!(after(text, keys), wanted, "{text:?} {keys}");
    }
}

proptest! {
    #[test]
    fn any_keys_leave_a_sound_text(text in "(.|\n|日|e\u{301}){0,30}", keys in prop::collection::vec(prop::sample::select(vec![
        "h", "j", "k", "l", "w", "b", "e", "0", "^", "$", "G", "g", "d", "c", "y", "x", "X", "s", "S", "D", "C", "Y", "p", "P", "u", "v", "V", "o", "O", "i", "a", "A", "J", "~", "r", "f", "T", ";", ",", ".", "3", "esc", "{", "}", "ctrl-r", "enter", "日"]), 0..40)) {
        let mut editor = Editor::new(&text);
        let mut vi = Vi::default();
        for name in keys {
            press(&mut vi, &mut editor, name);
            prop_assert_eq!(editor.text().clamp(editor.cursor()), editor.cursor());
            prop_assert_eq!(editor.text().octets(), editor.text().whole().len());
        }
    }
}
