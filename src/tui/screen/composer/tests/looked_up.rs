//! Sending waits for what is looked up and goes into the message.

use super::*;
use crate::tui::errand::Found;

fn written() -> Desk {
    let mut draft = blank(&accounts()[0]);
    draft.to = "grace@example.com".into();
    (draft.subject, draft.body) = ("Lunch".into(), "At noon?\n".into());
    Desk::new(draft)
}

fn sent(out: &[Outcome]) -> Option<&Draft> {
    out.iter().find_map(|o| match o {
        Outcome::Save(draft) | Outcome::Send(draft) => Some(&**draft),
        _ => None,
    })
}

/// Pastes what may be a path, and sends at once.
fn pasted(desk: &mut Desk) {
    desk.composer.paste("/see here", desk.now);
    let out = desk.composer.command(Command::Send, desk.now);
    assert!(out.is_empty(), "{out:?}");
    assert!(desk.drawn(100, 20).contains("send once more"));
}

#[test]
fn pasted_text_is_in_the_message_that_is_sent_at_once() {
    let mut desk = written();
    pasted(&mut desk);
    let text = Brought::Dropped("/see here".into(), Vec::new());
    let out = desk.composer.brought(text, desk.now);
    assert!(sent(&out).unwrap().body.contains("/see here"));
    assert!(desk.composer.is_sending());
}

#[test]
fn an_attachment_is_in_the_message_that_is_sent_at_once() {
    let mut desk = written();
    desk.composer.expects();
    let out = desk.composer.command(Command::Send, desk.now);
    assert!(out.is_empty(), "{out:?}");
    let plan = DraftAttachment::file("/tmp/plan.pdf".into());
    let out = desk.composer.brought(Brought::Taken(Ok(plan)), desk.now);
    assert_eq!(sent(&out).unwrap().attachments.len(), 1);
}

#[test]
fn what_can_not_be_attached_is_seen_before_anything_goes() {
    let found = |path: &str| Found {
        path: path.into(),
        size: 1,
    };
    for brought in [
        Brought::Attached(Err("there is no such file".into())),
        Brought::Dropped("/a".into(), vec![found("/a")]),
    ] {
        let mut desk = written();
        desk.composer.expects();
        desk.composer.command(Command::Send, desk.now);
        let out = desk.composer.brought(brought, desk.now);
        assert!(
            sent(&out).is_none() && !desk.composer.is_sending(),
            "{out:?}"
        );
        assert!(!desk.drawn(100, 20).contains("send once more"));
    }
    let mut desk = written();
    pasted(&mut desk);
    desk.composer.brought_nothing();
    assert!(!desk.composer.is_sending());
}

#[test]
fn another_key_goes_on_with_the_message_and_sending_twice_goes_without() {
    let mut desk = written();
    pasted(&mut desk);
    desk.press("x");
    let text = || Brought::Dropped("/see here".into(), Vec::new());
    let out = desk.composer.brought(text(), desk.now);
    assert!(!desk.composer.is_sending(), "{out:?}");
    let mut desk = written();
    pasted(&mut desk);
    desk.composer.command(Command::Send, desk.now);
    assert!(desk.composer.is_sending());
    let _ = desk.composer.brought(text(), desk.now);
    assert!(!desk.composer.draft().body.contains("/see here"));
}

#[test]
fn a_command_from_elsewhere_goes_on_with_the_message_as_its_key_does() {
    let commands = [
        Command::Attach,
        Command::Options,
        Command::Editor,
        Command::NextField,
    ];
    for command in commands {
        let mut desk = written();
        pasted(&mut desk);
        desk.composer.command(command, desk.now);
        let text = Brought::Dropped("/see here".into(), Vec::new());
        let out = desk.composer.brought(text, desk.now);
        assert!(!desk.composer.is_sending(), "{command:?}: {out:?}");
        assert!(!desk.drawn(100, 20).contains("send once more"));
    }
}
