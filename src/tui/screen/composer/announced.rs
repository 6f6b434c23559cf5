//! Whether a writer's own words announce an attachment, in the languages that people write.

/// Beginnings of words that announce an attachment.
const WORDS: [&str; 46] = [
    "attach",
    "enclosed",
    "enclosure", // English
    "anhang",
    "anhäng",
    "angehängt",
    "angehangen",
    "anbei",
    "beigefügt",
    "beiliegend", // German
    "adjunto",
    "adjunta",
    "adjuntado", // Spanish
    "allegato",
    "allegata",
    "allegati",
    "allego", // Italian
    "bijlage",
    "bijgevoegd",
    "bijgesloten", // Dutch
    "załącz",
    "zalacz", // Polish
    "bifog",
    "bilaga", // Swedish
    "vedhæft",
    "vedlagt",
    "vedlegg",
    "vedlægge", // Danish, Norwegian
    "liitteen",
    "liitetiedosto",
    "oheisen", // Finnish
    "příloh",
    "přilož",
    "príloh",
    "prilož", // Czech, Slovak
    "mellékel",
    "csatol", // Hungarian
    "ataşat",
    "atașat", // Romanian
    "вложен",
    "прикреп",
    "приложен",
    "вкладен",
    "долуч", // Russian, Ukrainian
    "συνημμέν",
    "επισυνάπτ", // Greek
];

/// Whole phrases, and words of scripts that put no space between them.
const PHRASES: [&str; 20] = [
    "pièce jointe",
    "pièces jointes",
    "ci-joint",
    "piece jointe",
    "en annexe", // French
    "em anexo",
    "segue anexo",
    "anexei",
    "ficheiro anexo", // Portuguese
    "w załączeniu",   // Polish
    "i vedlegg",
    "som bilag", // Norwegian, Danish
    "ektedir",
    "ekte gönder",
    "ekli dosya", // Turkish
    "添付",
    "附件",
    "附上",  // Japanese, Chinese
    "첨부",  // Korean
    "מצורף", // Hebrew
];

/// The writer's own lines: not what is quoted, no signature, no message that is passed on.
pub(super) fn own_words(body: &str) -> impl Iterator<Item = &str> {
    let own = |l: &&str| !matches!(l.trim_end(), "--") && !l.starts_with("-----");
    let lines = body.lines().take_while(own);
    lines.filter(|l| !l.starts_with('>'))
}

/// Whether the writer's own words announce one.
pub(super) fn speaks_of_attachment(body: &str) -> bool {
    own_words(body).any(|line| {
        let line = line.to_lowercase();
        let mut words = line.split(|c: char| !c.is_alphanumeric());
        words.any(|w| WORDS.iter().any(|k| w.starts_with(k)))
            || PHRASES.iter().any(|p| line.contains(p))
    })
}
