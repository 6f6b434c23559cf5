//! What a screen is shown first: the same as by an index, however it is found.

use super::sought::{NOW, a_sample, keep};
use crate::model::query::{Expr, Field, Query, Term};
use crate::store::looks::Costs;
use crate::store::looks::tests::COSTS;
use proptest::prelude::*;

/// Words that a message may be looked at for, and some for which it may not.
fn a_few_words() -> impl Strategy<Value = Expr> {
    let fields = vec![
        Field::Any,
        Field::Any,
        Field::From,
        Field::To,
        Field::Subject,
        Field::Body,
        Field::Cc,
    ];
    let texts = vec![
        "ada",
        "adam",
        "lun",
        "lunch",
        "example",
        "x",
        "pdf",
        "日",
        "y",
        "l",
        "-",
        "ada lunch",
    ];
    let word = (
        prop::sample::select(fields),
        prop::sample::select(texts),
        any::<bool>(),
    );
    let word = word.prop_map(|(field, text, prefix)| {
        Expr::Term(Term::Words {
            field,
            text: text.to_owned(),
            prefix,
        })
    });
    let any = prop::collection::vec(word.clone(), 2..4).prop_map(Expr::any);
    prop::collection::vec(prop_oneof![3 => word, 1 => any], 1..4).prop_map(Expr::all)
}

/// What makes looks the shorter way, or an index, or first the one and then the other.
fn costs() -> impl Strategy<Value = Costs> {
    (0..4usize, 0..4usize, 0..4usize, 0..4usize, 0..8usize).prop_map(
        |(look, whole, begun, sample, dear)| Costs {
            look,
            whole,
            begun,
            sample,
            dear,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn what_a_look_at_the_newest_finds_is_what_an_index_finds(
        samples in prop::collection::vec(a_sample(), 0..12),
        words in prop::collection::vec(a_few_words(), 20),
        limit in 1usize..14,
        costs in costs(),
    ) {
        COSTS.set(costs);
        let f = keep(&samples);
        let reader = f.reader();
        for root in words {
            let query = Query { root };
            let all = reader.search(&query, NOW, 1_000).unwrap();
            let first = reader.search_first(&query, NOW, limit).unwrap();
            let wanted = all.rows.get(..limit.min(all.rows.len())).unwrap();
            prop_assert_eq!(&first.rows[..], wanted, "{}", query);
            prop_assert!(first.more || first.count == all.count);
            if let Some(soon) = reader.search_soon(&query, NOW, limit).unwrap() {
                prop_assert_eq!(&soon.rows[..], wanted, "{}", query);
                prop_assert!(soon.more || soon.count == all.count);
            }
            let soon = reader.search_ranked_soon(&query, NOW, limit).unwrap();
            if let Some(soon) = soon {
                let mut found: Vec<_> = soon.rows.iter().map(|row| row.key).collect();
                found.sort_by(|a, b| b.cmp(a));
                let newest: Vec<_> = wanted.iter().map(|row| row.key).collect();
                prop_assert_eq!(found, newest, "{}", query);
            }
            let (best, again) = (
                reader.search_ranked(&query, NOW, 500).unwrap(),
                reader.search_ranked_first(&query, NOW, 500).unwrap(),
            );
            prop_assert_eq!(best.rows, again.rows, "{}", query);
        }
    }
}
