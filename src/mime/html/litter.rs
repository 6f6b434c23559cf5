//! What stands in a page and says nothing: "View in browser", lines of dashes, a picture named as
//! the words beside it, rule upon rule; and where the message that is answered begins.
//!
//! Only short paragraphs are ever taken out, and never the last one that is left.

use super::block::{Bit, Block, Body, Page, is_blank, words};

/// Paragraphs from the beginning in which an offer of the same thing elsewhere is looked for.
const FIRST: usize = 15;
/// The most characters of such an offer.
const MAX_OFFER: usize = 110;
/// The fewest characters that have to follow one: where there is little else, the link may be all
/// that the message is about.
const AFTER_OFFER: usize = 200;
/// Paragraphs from the end in which a footer may begin.
const LAST: usize = 40;
/// The most characters of a paragraph in a footer that does not say that it is one.
const MAX_FOOT: usize = 400;

/// How mail offers itself as a web page.
const OFFERS: [&str; 40] = [
    "view in browser",
    "view in your browser",
    "view in a browser",
    "view it in your browser",
    "view this email in",
    "view this e-mail in",
    "view this message in",
    "view email in",
    "view the web version",
    "view web version",
    "view as a web",
    "view as web",
    "view online",
    "view this online",
    "read online",
    "read in browser",
    "read in your browser",
    "open in browser",
    "open in your browser",
    "see it in your browser",
    "see the online version",
    "web version",
    "webversion",
    "online version",
    "online-version",
    "onlineversion",
    "trouble viewing",
    "trouble reading this",
    "problems viewing",
    "can't see the images",
    "can't read this email",
    "not displaying correctly",
    "im browser",
    "nicht richtig angezeigt",
    "nicht korrekt dargestellt",
    "dans votre navigateur",
    "version en ligne",
    "en su navegador",
    "en tu navegador",
    "nel browser",
];

/// What such an offer is made of, in any of the languages; a word of anything else, and it says
/// more.
const OF_OFFERS: [&str; 5] = [
    "a an and are as be browser can can't cannot click correctly display displayed displaying do \
     does doesn't don't e-mail email for full having here how if images in is isn't it link mail \
     mailing message newsletter not on online online-version onlineversion open or our page \
     pictures please problem problems properly read reading right see seeing show site tap the \
     this to trouble unable us use version view viewing web webpage website webversion with you \
     your",
    "als anschauen anzeigen angezeigt auf bei bilder bitte dann darstellung das dem den der \
     deinem die diese dieser dieses du falls hier ihrem ihren klick klicke klicken korrekt lesen \
     mit nachricht nicht probleme richtig sehen sie sollte sollten um web-version webbrowser wenn \
     werden wird zum zur öffnen ansehen dargestellt im",
    "affiche afficher ce cet cette cliquez consulter consultez correctement courriel dans en ici \
     la le les ligne lire navigateur ne pas pour problème s'affiche si sur visualiser visualisez \
     voir votre vous voyez",
    "aquí clic correctamente correo el este haga haz mensaje navegador no puede puedes si su tu \
     ver versión visualizar",
    "apri clicca correttamente leggi messaggio nel non qui questa questo se tuo vedi versione \
     visualizza",
];

/// What only the footer of a circular says.
const FOOTERS: [&str; 32] = [
    "unsubscribe",
    "opt out",
    "opt-out",
    "email preferences",
    "e-mail preferences",
    "communication preferences",
    "notification settings",
    "manage your preferences",
    "manage preferences",
    "update your preferences",
    "manage subscription",
    "manage your subscription",
    "you are receiving this",
    "you're receiving this",
    "you received this",
    "you have received this",
    "this email was sent to",
    "this message was sent to",
    "was sent to you",
    "all rights reserved",
    "privacy policy",
    "no longer wish to receive",
    "stop receiving",
    "mailing address is",
    "abmelden",
    "abbestellen",
    "newsletter abmeldung",
    "impressum",
    "datenschutz",
    "désabonner",
    "désinscrire",
    "darse de baja",
];

/// Takes out what says nothing, pictures' words, offers and footers too if they are not wanted,
/// and sets what is quoted deeper.
pub fn clear(page: &mut Page, pictures: bool, offered: bool, footers: bool) {
    let blocks = std::mem::take(&mut page.blocks);
    let mut blocks = divided(blocks);
    if !pictures {
        for block in &mut blocks {
            if let Body::Text(bits) = &mut block.body {
                bits.retain(|b| !matches!(b, Bit::Picture { .. } | Bit::Image(_)));
            }
        }
    }
    if !offered {
        offers(&mut blocks);
    }
    let blocks = without_spacers(blocks);
    let mut blocks = without_doubles(blocks);
    if !footers {
        without_footers(&mut blocks);
    }
    page.blocks = blocks;
}

/// Takes blocks out for which `bad` says so; whoever comes after inherits the empty line, and a
/// paragraph the pictures.
fn without(blocks: Vec<Block>, mut bad: impl FnMut(usize, &Block) -> bool) -> Vec<Block> {
    let mut out = Vec::with_capacity(blocks.len());
    let mut gap = false;
    let mut images: Vec<Bit> = Vec::new();
    for (n, mut block) in blocks.into_iter().enumerate() {
        if bad(n, &block) {
            gap |= block.place.gap;
            if let Body::Text(bits) = block.body {
                images.extend(bits.into_iter().filter(|b| b.image().is_some()));
            }
        } else {
            block.place.gap |= std::mem::take(&mut gap);
            if let Body::Text(bits) = &mut block.body {
                bits.splice(0..0, images.drain(..));
            }
            out.push(block);
        }
    }
    out
}

/// Sets what follows the header of an answered message one deeper, if anything was said before.
fn divided(blocks: Vec<Block>) -> Vec<Block> {
    let mut out: Vec<Block> = Vec::with_capacity(blocks.len());
    let mut deeper = 0;
    let mut said = false;
    for mut block in blocks {
        let divides = block.body == Body::Divider || is_original(&block);
        if divides && said {
            deeper += 1;
            // The line that was drawn there.
            if out.last().is_some_and(|b| b.body == Body::Rule) {
                out.pop();
            }
            block.place.gap = true;
        }
        if block.body == Body::Divider {
            continue;
        }
        said |= matches!(block.body, Body::Text(_) | Body::Code(_) | Body::Table(_));
        block.place.quote += deeper;
        if divides && deeper > 0 {
            block.place.gap = true;
        }
        out.push(block);
    }
    out
}

/// `-----Original Message-----`, in some languages.
fn is_original(block: &Block) -> bool {
    const NAMES: [&str; 8] = [
        "original message",
        "ursprüngliche nachricht",
        "originalnachricht",
        "message d'origine",
        "mensaje original",
        "messaggio originale",
        "oorspronkelijk bericht",
        "original appointment",
    ];
    let Body::Text(bits) = &block.body else {
        return false;
    };
    let begin = bits.iter().map(|b| b.words().trim_start());
    if !begin
        .clone()
        .find(|w| !w.is_empty())
        .is_some_and(|w| w.starts_with('-'))
    {
        return false;
    }
    let first = bits.iter().take_while(|b| !matches!(b, Bit::Break));
    let first: String = first.map(Bit::words).take(3).collect();
    let first = first.trim();
    first.len() < 60
        && first.starts_with("--")
        && first.ends_with("--")
        && NAMES.contains(&first.trim_matches(['-', ' ']).to_lowercase().as_str())
}

fn is_short(block: &Block, most: usize) -> Option<String> {
    let words = block.words();
    (words.chars().count() <= most).then(|| words.to_lowercase())
}

/// Takes the first offer out, if there is plenty to be read behind it.
fn offers(blocks: &mut Vec<Block>) {
    let is_offer = |block: &Block| {
        let Body::Text(bits) = &block.body else {
            return false;
        };
        block.place.quote == 0
            && bits.iter().any(|b| matches!(b, Bit::End(_)))
            && is_short(block, MAX_OFFER).is_some_and(|words| offers_itself(&words))
    };
    let mut first = blocks.iter().take(FIRST);
    let Some(at) = first.position(is_offer) else {
        return;
    };
    let behind = blocks.iter().skip(at + 1).filter(|b| b.place.quote == 0);
    let mut much = 0;
    let enough = behind.map(|b| b.words().chars().count()).any(|count| {
        much += count;
        much >= AFTER_OFFER
    });
    if enough {
        *blocks = without(std::mem::take(blocks), |n, _| n == at);
    }
}

/// Whether these words say nothing but that the same can be seen elsewhere.
fn offers_itself(words: &str) -> bool {
    let plain = words.replace('’', "'");
    let mut all = plain.split(|c: char| !c.is_alphanumeric() && !"-'".contains(c));
    let known = |word: &str| {
        OF_OFFERS
            .iter()
            .any(|l| l.split(' ').any(|known| known == word))
    };
    OFFERS.iter().any(|o| plain.contains(o)) && all.all(|w| w.is_empty() || w == "-" || known(w))
}

/// Lines of dashes become rules, and lone bars and dots go; what has no words goes, too.
fn without_spacers(blocks: Vec<Block>) -> Vec<Block> {
    let drawn = |c: char| "-_=*~•·|─━═–—#+".contains(c) || c.is_whitespace();
    let ruled = blocks.into_iter().map(|mut block| {
        if let Body::Text(bits) = &block.body
            && bits.iter().all(|b| b.words().chars().all(drawn))
        {
            let words = words(bits);
            if words != "--" && words != "—" {
                let count = words.chars().filter(|c| !c.is_whitespace()).count();
                block.body = if count >= 3 {
                    Body::Rule
                } else {
                    Body::Text(Vec::new())
                };
            }
        }
        block
    });
    let kept = without(ruled.collect(), |_, b| match &b.body {
        Body::Text(bits) | Body::Code(bits) => is_blank(bits),
        _ => false,
    });
    // One rule is enough, and none at either end.
    let last = kept.iter().rposition(|b| b.body != Body::Rule).unwrap_or(0);
    let mut ruled = true;
    without(kept, |n, block| {
        let rule = block.body == Body::Rule;
        let bad = rule && (ruled || n > last);
        ruled = rule;
        bad
    })
}

/// A picture that is called as what stands before or after it.
fn without_doubles(blocks: Vec<Block>) -> Vec<Block> {
    let alone = |b: &Block| match &b.body {
        Body::Text(bits) => {
            let picture = bits.iter().any(|b| matches!(b, Bit::Picture { .. }));
            let text = bits
                .iter()
                .any(|b| matches!(b, Bit::Text { text, .. } if !text.trim().is_empty()));
            (picture && !text).then(|| words(bits).to_lowercase())
        }
        _ => None,
    };
    let own: Vec<Option<String>> = blocks.iter().map(alone).collect();
    // Only what stands beside such a picture is compared with anything.
    let beside = |n: usize| {
        let near = [n.checked_sub(1), n.checked_add(1)].into_iter().flatten();
        near.filter_map(|at| own.get(at)).any(Option::is_some)
    };
    let plain: Vec<String> = blocks
        .iter()
        .enumerate()
        .map(|(n, b)| match &b.body {
            Body::Text(bits) if bits.len() < 50 && beside(n) => words(bits).to_lowercase(),
            _ => String::new(),
        })
        .collect();
    without(blocks, |n, _| {
        let Some(own) = own.get(n).and_then(Option::as_ref) else {
            return false;
        };
        let near = [n.checked_sub(1), n.checked_add(1)];
        near.into_iter()
            .flatten()
            .any(|at| plain.get(at).is_some_and(|other| other == own))
    })
}

/// Takes the footer out: from the first paragraph near the end that only a footer has, if nothing
/// long follows.
fn without_footers(blocks: &mut Vec<Block>) {
    let from = blocks.len().saturating_sub(LAST);
    let mut begin = None;
    for (n, block) in blocks.iter().enumerate().skip(from).rev() {
        let words = block.words().to_lowercase();
        if block.place.quote > 0 {
            break;
        }
        if FOOTERS.iter().any(|f| words.contains(f)) && words.chars().count() <= 3 * MAX_FOOT {
            begin = Some(n);
        } else if words.chars().count() > MAX_FOOT || matches!(block.body, Body::Table(_)) {
            break;
        }
    }
    if let Some(begin) = begin.filter(|n| *n > 0) {
        blocks.truncate(begin);
    }
    while blocks.last().is_some_and(|b| b.body == Body::Rule) {
        blocks.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offers_say_nothing_else() {
        for offer in [
            "trouble viewing this email? view in browser",
            "if you can’t see the images, click here to view online",
            "wird diese e-mail nicht richtig angezeigt? klicken sie hier.",
            "si cet email ne s'affiche pas correctement, consultez la version en ligne",
        ] {
            assert!(offers_itself(offer), "{offer}");
        }
        for more in [
            "your invoice is ready. view online",
            "the online version of your contract",
            "view your ticket in your browser",
            "confirm in browser",
            "click here",
        ] {
            assert!(!offers_itself(more), "{more}");
        }
    }
}
