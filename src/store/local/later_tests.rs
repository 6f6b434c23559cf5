//! Tests of messages that wait for the user, or for a time that the user chose.

use super::tests::{Home, outgoing, work};
use super::*;

#[test]
fn a_held_message_waits_for_the_user_and_a_scheduled_one_for_its_time() {
    let home = Home::new();
    let mut local = home.open();
    let id = local.submit(&outgoing(None), 0).unwrap();
    local.hold(id).unwrap();
    assert!(local.read().due(&work(), 1_000).unwrap().is_none());
    let far = 400 * 24 * 3600;
    local.send_at(id, far).unwrap();
    let due = |local: &Local, now| local.read().due(&work(), now).unwrap().is_some();
    assert!(!due(&local, 1_000), "however far off its time is");
    assert!(!local.claim_submission(id, 1_000).unwrap());
    assert!(due(&local, far));
    local.retry(id, 1_000).unwrap();
    assert!(local.claim_submission(id, 1_000).unwrap());
    assert!(local.hold(id).is_err(), "it is being sent");
}

#[test]
fn what_is_only_passed_on_has_no_copy_to_file() {
    let home = Home::new();
    let mut local = home.open();
    let mut out = outgoing(None);
    let own = local.submit(&out, 0).unwrap();
    out.filed = [].into();
    let passed = local.submit(&out, 0).unwrap();
    let filed = |id| local.read().submission(id).unwrap().unwrap().filed;
    assert!(filed(own) && !filed(passed));
    assert_eq!(local.read().filed(passed).unwrap(), b"wire");
}
