//! Text as it is compared when somebody looks for a name: without case and accents.

/// Lower case, Latin letters without their accents, anything but letters, digits and `@.-_+` as a
/// space.
pub fn fold(text: &str) -> String {
    text.chars()
        .flat_map(char::to_lowercase)
        // Accents as marks of their own.
        .filter(|c| !matches!(c, '\u{300}'..='\u{36f}'))
        .map(bare)
        .map(|c| match c.is_alphanumeric() || "@.-_+".contains(c) {
            true => c,
            false => ' ',
        })
        .collect()
}

/// A lower case Latin letter without its accent; anything else as it is.
pub fn bare(letter: char) -> char {
    // Capitals between them never come.
    match letter {
        'à'..='å' | 'ā'..='ą' | 'ǎ' | 'ǟ'..='ǡ' | 'ǻ' | 'ȁ'..='ȃ' | 'ȧ' | 'ḁ' | 'ạ'..='ặ' => {
            'a'
        }
        'ḃ'..='ḇ' => 'b',
        'ç' | 'ć'..='č' | 'ḉ' => 'c',
        'ð' | 'ď'..='đ' | 'ḋ'..='ḓ' => 'd',
        'è'..='ë' | 'ē'..='ě' | 'ȅ'..='ȇ' | 'ȩ' | 'ḕ'..='ḝ' | 'ẹ'..='ệ' => 'e',
        'ḟ' => 'f',
        'ĝ'..='ģ' | 'ǧ' | 'ǵ' | 'ḡ' => 'g',
        'ĥ' | 'ȟ' | 'ḣ'..='ḫ' | 'ẖ' => 'h',
        'ì'..='ï' | 'ĩ'..='ı' | 'ǐ' | 'ȉ'..='ȋ' | 'ḭ'..='ḯ' | 'ỉ'..='ị' => 'i',
        'ĵ' | 'ǰ' => 'j',
        'ķ' | 'ǩ' | 'ḱ'..='ḵ' => 'k',
        'ĺ'..='ľ' | 'ł' | 'ḷ'..='ḽ' => 'l',
        'ḿ'..='ṃ' => 'm',
        'ñ' | 'ń'..='ň' | 'ǹ' | 'ṅ'..='ṋ' => 'n',
        'ò'..='ö'
        | 'ø'
        | 'ō'..='ő'
        | 'ơ'
        | 'ǒ'
        | 'ǫ'..='ǭ'
        | 'ǿ'
        | 'ȍ'..='ȏ'
        | 'ȫ'..='ȱ'
        | 'ṍ'..='ṓ'
        | 'ọ'..='ợ' => 'o',
        'ṕ'..='ṗ' => 'p',
        'ŕ'..='ř' | 'ȑ'..='ȓ' | 'ṙ'..='ṟ' => 'r',
        'ś'..='š' | 'ș' | 'ṡ'..='ṩ' => 's',
        'ţ'..='ť' | 'ț' | 'ṫ'..='ṱ' | 'ẗ' => 't',
        'ù'..='ü' | 'ũ'..='ų' | 'ư' | 'ǔ'..='ǜ' | 'ȕ'..='ȗ' | 'ṳ'..='ṻ' | 'ụ'..='ự' => {
            'u'
        }
        'ṽ'..='ṿ' => 'v',
        'ŵ' | 'ẁ'..='ẉ' | 'ẘ' => 'w',
        'ẋ'..='ẍ' => 'x',
        'ý' | 'ÿ' | 'ŷ' | 'ȳ' | 'ẏ' | 'ẙ' | 'ỳ'..='ỹ' => 'y',
        'ź'..='ž' | 'ẑ'..='ẕ' => 'z',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn case_accents_and_signs_do_not_count() {
        assert_eq!(fold("José Łukasz"), "jose lukasz");
        assert_eq!(
            fold("O'Neil, \"Ann\" <a.b_c+d@X.example>"),
            "o neil   ann   a.b_c+d@x.example "
        );
        assert_eq!(fold("e\u{301}"), "e");
        assert_eq!(fold("Tiếng Việt ǅ Ǿ"), "tieng viet ǆ o");
    }

    proptest! {
        #[test]
        fn what_is_folded_stays(text in ".{0,40}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
