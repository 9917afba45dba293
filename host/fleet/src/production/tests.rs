//! Claims held against the golden function, and passes that are the same whoever makes them.

use gemmine_pouw::config::Header76;
use gemmine_pouw::verify::verify;

use super::*;
use crate::testing::{amadeus_job, pearl_job, product, production};

fn claims(production: &Production, pass: u64) -> Vec<Claim> {
    let Part::Tiles(tiles) = production.whole() else { unreachable!() };
    let piece = Piece { pass, part: Part::Tiles(tiles) };
    let claim =
        |number| Claim { pass, place: piece.place(number), ticket: None, hit: true, cycle: 0 };
    (0..piece.tickets() as u32).map(claim).collect()
}

#[test]
fn a_share_is_what_a_node_verifies() {
    let product = product((4, 4), false);
    let production = production(1, pearl_job(1, 3), Some(&product));
    let (ask, Work::Pearl { header, share_target, .. }) =
        (production.ask(2.0, 1.0), &production.job.work)
    else {
        unreachable!()
    };
    let (mut hits, mut shares) = (0, 0);
    for claim in (0..4).flat_map(|pass| claims(&production, pass)) {
        if let Check::Hit { is_share, share } = production.check(&claim, &ask).unwrap() {
            hits += 1;
            shares += u32::from(is_share);
            if is_share {
                let Proven { proof: Proof::Pearl(proof), .. } = production.prove(&claim).unwrap()
                else {
                    unreachable!()
                };
                verify(header, 3, &proof, Some(*share_target)).unwrap();
                let other = Claim { ticket: Some(share.0), ..claim };
                assert!(matches!(production.check(&other, &ask).unwrap(), Check::Hit { .. }));
            } else {
                let error = production.prove(&claim).unwrap_err();
                assert!(error.to_string().contains("verifier refuses it"), "{error}");
            }
        }
    }
    // Half of 64 tiles, and an eighth.
    assert!((20..=44).contains(&hits) && (2..=18).contains(&shares), "{hits} {shares}");
}

#[test]
fn what_is_not_so_is_wrong() {
    let product = product((2, 2), false);
    let production = production(1, pearl_job(1, 40), Some(&product));
    let ask = production.ask(2.0, 1.0);
    for claim in claims(&production, 7) {
        let is_hit = matches!(production.check(&claim, &ask).unwrap(), Check::Hit { .. });
        let check = |claim: Claim| match production.check(&claim, &ask).unwrap() {
            Check::Wrong(text) => text,
            other => panic!("{other:?}"),
        };
        let text = check(Claim { hit: !is_hit, ..claim });
        assert!(text.contains(if is_hit { "it says no hit" } else { "it says a hit" }), "{text}");
        let text = check(Claim { ticket: Some([7; 32]), hit: is_hit, ..claim });
        assert!(text.contains("it says ticket 0707") && text.contains("of pass 7"), "{text}");
    }
}

#[test]
fn a_pass_is_the_same_whoever_makes_it_and_however_often() {
    let product = product((1, 1), false);
    let (first, second) = (
        production(1, pearl_job(1, 40), Some(&product)),
        production(2, pearl_job(1, 40), Some(&product)),
    );
    let (Kind::Pearl(first), Kind::Pearl(second)) = (&first.kind, &second.kind) else {
        unreachable!()
    };
    let ticket =
        |production: &PearlProduction, pass| production.compute(pass, 0, 0, U256::MAX).unwrap().0;
    let forwards: Vec<_> = (0..200).map(|pass| ticket(first, pass)).collect();
    let mut backwards: Vec<_> = (0..200).rev().map(|pass| ticket(second, pass)).collect();
    backwards.reverse();
    assert_eq!(forwards, backwards);
    // Every pass has others.
    let distinct: std::collections::HashSet<_> = forwards.iter().collect();
    assert_eq!(distinct.len(), 200);
}

#[test]
fn what_is_asked_for_is_never_harder_than_a_share_and_never_easier_than_needed() {
    let product = product((1, 1), false);
    let pearl = production(1, pearl_job(1, 10), Some(&product));
    let asked = |rate| pearl.ask(rate, 5.0).tickets_per_hit();
    assert_eq!([asked(0.01), asked(1.0), asked(20.0)], [1.0, 4.0, 64.0]);
    // One in 2^10 is a share.
    assert_eq!([asked(1e4), asked(1e12)], [1024.0, 1024.0]);
    assert_eq!(pearl.share().tickets_per_hit(), 1024.0);
    let amadeus = production(1, amadeus_job(1, 10), None);
    let asked = |rate| amadeus.ask(rate, 5.0);
    assert_eq!(
        [asked(0.01), asked(1.0), asked(20.0), asked(1e9)],
        [Ask::Amadeus(1), Ask::Amadeus(2), Ask::Amadeus(6), Ask::Amadeus(10)]
    );
}

#[test]
fn passes_of_attempts_have_other_nonces() {
    let production = production(1, amadeus_job(200, 1), None);
    let Kind::Amadeus(amadeus) = &production.kind else { unreachable!() };
    let seed = |pass| amadeus.attempts(pass).seed(5);
    assert_eq!(seed(0)[228..], [5, 0, 0, 0, 200, 200, 200, 200, 200, 200, 200, 200]);
    assert_eq!(seed(1)[228..], [5, 0, 0, 0, 201, 200, 200, 200, 200, 200, 200, 200]);
    // It wraps.
    let last = u64::MAX - u64::from_le_bytes([200; 8]);
    assert_eq!(seed(last + 1)[232..], [0; 8]);
    let claim = Claim { pass: 1, place: Place::Nonce(5), ticket: None, hit: true, cycle: 0 };
    let Proven { proof: Proof::Amadeus(proof), .. } = production.prove(&claim).unwrap() else {
        unreachable!()
    };
    assert_eq!(proof[..240], seed(1));
}

#[test]
fn jobs_and_products_of_different_protocols_do_not_go_together() {
    let product = product((1, 1), false);
    let error = Production::new(1, pearl_job(1, 1), None, 1).unwrap_err();
    assert!(error.to_string().contains("set up for Amadeus"), "{error}");
    let error = Production::new(1, amadeus_job(1, 1), Some(&product), 1).unwrap_err();
    assert!(error.to_string().contains("set up for Pearl"), "{error}");
    let pearl = production(1, pearl_job(1, 1), Some(&product));
    let piece = Piece { pass: 0, part: Part::Nonces { first: 0, count: 1 } };
    assert!(pearl.ensure_own(&piece).is_err());
    assert!(Header76::from_slice(&[0; 75]).is_err());
}
