//! Codes that are found, and numbers that are none.

use super::*;
use proptest::prelude::*;

fn found(text: &str) -> Vec<String> {
    find(text.lines()).iter().map(Clean::to_string).collect()
}

#[test]
fn codes_are_found() {
    for (text, code) in [
        ("Your verification code is 482913.", "482913"),
        ("482913 is your Example code", "482913"),
        ("Code: 4829", "4829"),
        ("code=77120934", "77120934"),
        ("Your PIN is 2048.", "2048"),
        ("Use code 482 913 to sign in", "482913"),
        ("Use code 482-913 to sign in", "482913"),
        ("G-482913 is your verification code.", "482913"),
        ("Your one-time password: 55120", "55120"),
        ("Enter this OTP within 10 minutes: 991827", "991827"),
        ("Ihr Einmalcode lautet 482913", "482913"),
        ("Ihr Einmalkennwort: 482913", "482913"),
        ("Der Bestätigungscode ist 48 29 13.", "482913"),
        ("Su código es 482913", "482913"),
        ("認証コード：４８２９１３", "482913"),
        ("確認コードは482913です。", "482913"),
        ("您的验证码是 482913，请勿告诉他人。", "482913"),
        ("인증번호 [482913]", "482913"),
        ("Ваш код: 482913", "482913"),
        ("Your code is X7K9Q2", "X7K9Q2"),
        ("Access code: AB12-CD34", "AB12-CD34"),
        (
            "Use the code below to sign in.\n\n   482913\n\nIt expires soon.",
            "482913",
        ),
        ("Your code:\n\n2031\n\nBye", "2031"),
        ("Here is the code you asked for.\n\n4 8 2 9 1 3", "482913"),
        ("**482913**\n\nThis is your code.", "482913"),
    ] {
        assert_eq!(
            found(text).first().map(String::as_str),
            Some(code),
            "{text}"
        );
    }
}

#[test]
fn other_numbers_are_none() {
    for text in [
        "The price is 4829 and the code is on the box.",
        "Your code expires. Call 5551234 for help.",
        "Code of conduct 2026",
        "The dress code 20265 applies",
        "Our code has 4500 lines",
        "The code base has 45000 files",
        "Use the promo code SAVE20 today",
        "ZIP code 90210",
        "The code was written in 2024.",
        "The code costs $48291 in all",
        "The code costs 48291 EUR",
        "The code is worth 1,234.56",
        "PIN support: +49 30 482913",
        "PIN support: (555) 123-4567",
        "PIN support: 0800 123 4567",
        "The code expires on 2026-11-21",
        "The code expires on 21.11.2026",
        "The code for order 482913 is in the other letter",
        "Your code, about #482913, is on its way",
        "See you in 2026, at 48291 places",
        "482913",
        "Error code: 482913",
        "QRコード 482913",
        "The code uses SHA256 and UTF8",
        "His code 100% works",
        "No code was found. 482913 lines were read",
    ] {
        assert_eq!(found(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn the_nearest_comes_first_and_each_once() {
    let text = "Your code is 482913.\n\nThe code we sent you yesterday was 119922.\n482913";
    assert_eq!(found(text), ["482913", "119922"]);
}

proptest! {
    #[test]
    fn anything_is_read(text in "([0-9]{1,9}|code|コード|[A-Z0-9]{2,6}| |-|\\.|\n|\\PC){0,60}") {
        for code in found(&text) {
            prop_assert!((4..=20).contains(&code.len()) && code.is_ascii());
        }
    }
}
