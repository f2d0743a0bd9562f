//! Signed notes, checkpoints, cosignatures, proofs and policies: the vectors of the C2SP formats, and what must not pass.
#![expect(clippy::unwrap_used, reason = "tests")]

use attest::checkpoint::Checkpoint;
use attest::cosignature::Cosigner;
use attest::digest::base64;
use attest::note::{Algorithm, Line, Note, Signer, Verifier};
use attest::proof::Proof;
use attest::tree::{self, Frontier};
use attest::trust::Policy;
use attest::{Error, PublicKey, SigningKey};
use base::{Secret, Timestamp};

const CHECKPOINT: &str = include_str!("vectors/log/checkpoint");
const PROOF: &str = include_str!("vectors/p299.tlog-proof");
const LOG_KEY: &str = "ledger.cofferdam.test/op1+a9cd5b78+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c";
const WITNESS_KEY: &str = "witness.test/w1+0fd0e638+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU";

fn key(byte: u8) -> SigningKey {
    SigningKey::from_seed(&Secret::take(&mut [byte; 32])).unwrap()
}

fn witness(byte: u8) -> Cosigner {
    Cosigner::new(&format!("witness.test/w{byte}"), key(byte)).unwrap()
}

/// A policy of the sample log's key and these further lines.
fn policy(lines: &str) -> Policy {
    format!("log {LOG_KEY}\n{lines}\n").parse().unwrap()
}

fn sample() -> Note {
    Note::parse(CHECKPOINT).unwrap()
}

#[test]
fn signed_note_spec_example() {
    let verifier: Verifier = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k".parse().unwrap();
    let note = "This is an example message.\n\n\u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
    let parsed = Note::parse(note).unwrap();
    assert_eq!(parsed.text(), "This is an example message.\n");
    assert_eq!(parsed.verify([&verifier]).unwrap().len(), 1);
    assert_eq!(parsed.to_string(), note);
    assert_eq!(verifier.to_string().parse::<Verifier>().unwrap(), verifier);
}

#[test]
fn log_of_300_leaves_signed_and_cosigned() {
    let mut frontier = Frontier::new();
    (0..300).for_each(|n| frontier.push(tree::leaf(format!("leaf-{n}").as_bytes())));
    assert_eq!(base64(&frontier.root()), "YIKAzr3eSMKJmenLg58DmAo+Yui5VQqih1jpEnnr1lc=");

    let log = Signer::new("ledger.cofferdam.test/op1", key(1)).unwrap();
    let witness = Cosigner::new("witness.test/w1", key(2)).unwrap();
    assert_eq!(log.verifier().to_string(), LOG_KEY);
    assert_eq!(witness.verifier().to_string(), WITNESS_KEY);

    let checkpoint = Checkpoint { origin: "ledger.cofferdam.test/op1".into(), size: 300, root: frontier.root() };
    let mut note = checkpoint.sign(&log).unwrap();
    note.push(witness.cosign(note.text(), Timestamp::from_seconds(1_700_000_000)).unwrap());
    assert_eq!(note.to_string(), CHECKPOINT);

    let endorsed = policy(&format!("witness w {WITNESS_KEY}\nquorum w")).endorse(&note).unwrap();
    assert_eq!(*endorsed.checkpoint(), checkpoint);
    assert_eq!(endorsed.cosigned()[0].at, Timestamp::from_seconds(1_700_000_000));
    assert_eq!(endorsed.quorum(), Some("w"));
}

#[test]
fn tlog_proof_of_leaf_299() {
    let proof: Proof = PROOF.parse().unwrap();
    assert_eq!((proof.index, proof.path.len()), (299, 5));
    assert_eq!(proof.to_string(), PROOF);
    let trusted = policy("quorum none");
    assert!(proof.verify(b"leaf-299", &trusted).is_ok());
    assert!(matches!(proof.verify(b"leaf-298", &trusted), Err(Error::NotIncluded)));
    let other: Proof = PROOF.replace("index 299", "index 298").parse().unwrap();
    assert!(other.verify(b"leaf-299", &trusted).is_err());

    let extra = Proof { extra: Some(b"hello".to_vec()), ..proof };
    assert!(extra.to_string().starts_with("c2sp.org/tlog-proof@v1\nextra aGVsbG8=\nindex 299\n"));
    assert_eq!(extra.to_string().parse::<Proof>().unwrap(), extra);
}

#[test]
fn a_malformed_proof_is_not_read() {
    for (from, to) in [
        ("@v1", "@v2"),
        ("index 299", "index 0299"),
        ("index 299\n", ""),
        ("index 299\n", "index 299\nextra aGVsbG8=\n"),
        ("zrtC", "zrt"),
        ("\n\nledger", "\nledger"),
    ] {
        assert!(PROOF.replace(from, to).parse::<Proof>().is_err(), "{from} -> {to}");
    }
}

/// Whatever bit of a cosigned checkpoint flips, a policy that asks for both signatures does not endorse it.
#[test]
fn no_bit_of_a_checkpoint_can_flip() {
    let trusted = policy(&format!("witness w {WITNESS_KEY}\nquorum w"));
    assert!(trusted.endorse(&sample()).is_ok());
    for bit in 0..CHECKPOINT.len() * 8 {
        let mut bytes = CHECKPOINT.as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let read = String::from_utf8(bytes).ok().and_then(|text| Note::parse(&text).ok());
        assert!(read.is_none_or(|note| trusted.endorse(&note).is_err()), "bit {bit}");
    }
}

#[test]
fn unknown_signers_are_skipped_and_a_known_bad_line_spoils_the_note() {
    let log: Verifier = LOG_KEY.parse().unwrap();
    let mut note = sample();
    for n in 0..20 {
        note.push(witness(100 + n).cosign(note.text(), Timestamp(0)).unwrap());
    }
    let note = Note::parse(&note.to_string()).unwrap();
    assert_eq!(note.lines().len(), 22);
    assert_eq!(note.verify([&log]).unwrap().len(), 1);
    assert!(note.verify([]).unwrap().is_empty());

    let mut spoilt = sample();
    spoilt.push(Signer::new("ledger.cofferdam.test/op1", key(1)).unwrap().sign("another text\n"));
    assert!(matches!(spoilt.verify([&log]), Err(Error::BadSignature { signer }) if signer == log.name()));
}

#[test]
fn a_note_has_one_shape() {
    let line = Signer::new("a", key(1)).unwrap().sign("text\n").to_string();
    assert!(Note::parse(&format!("text\n\n{line}\n")).is_ok());
    assert!(Note::parse(&format!("te\n\nxt\n\n{line}\n")).is_ok_and(|note| note.text() == "te\n\nxt\n"));
    for bad in [
        format!("text\n{line}\n"),
        format!("text\n\n{line}"),
        format!("text\n\n{line}\n\n"),
        format!("te\txt\n\n{line}\n"),
        "text\n\n".to_owned(),
        format!("text\n\n- {}\n", line.trim_start_matches('\u{2014}')),
        format!("text\n\n{}\n", line.replace(" a ", " a  ")),
        format!("text\n\n{}\n", line.replace(" a ", " a+b ")),
        format!("text\n\n{}\n", vec![line.as_str(); 65].join("\n")),
    ] {
        assert!(Note::parse(&bad).is_err(), "{bad}");
    }
    assert!("\u{2014} a AAAAAA==".parse::<Line>().is_err());
}

#[test]
fn verifier_keys_are_checked() {
    let bad = |text: &str| text.parse::<Verifier>().is_err();
    assert!(bad(&LOG_KEY.replace("a9cd5b78", "a9cd5b79")));
    assert!(bad(&LOG_KEY.replace("a9cd5b78", "A9CD5B78")));
    assert!(bad(&LOG_KEY.replace("op1", "op2")));
    assert!(bad(&LOG_KEY.replace("+AYqI", "+BoqI")));
    assert!(bad("name+00000000+AQ=="));
    assert!(bad("name"));
    assert!(Signer::new("two words", key(1)).is_err());
    assert!(Signer::new("", key(1)).is_err());
}

#[test]
fn a_log_speaks_for_its_own_origin_only() {
    let log = Signer::new("log.test/a", key(5)).unwrap();
    let foreign = Checkpoint { origin: "log.test/b".into(), size: 0, root: tree::empty() };
    assert!(matches!(foreign.sign(&log), Err(Error::OtherOrigin { .. })));
    let text = foreign.to_string();
    let note = Note::new(text.clone(), vec![log.sign(&text)]).unwrap();
    let trusted = Policy::of_log(log.verifier().clone()).unwrap();
    assert!(matches!(trusted.endorse(&note), Err(Error::NoKnownSigner)));
}

#[test]
fn a_cosignature_is_no_log_signature() {
    let as_log = Verifier::new("x", Algorithm::Ed25519, PublicKey::from_bytes([1; 32])).unwrap();
    assert!(Policy::of_log(as_log).is_ok());
    assert!(Policy::of_log(WITNESS_KEY.parse().unwrap()).is_err());
    assert!(format!("log {WITNESS_KEY}\nquorum none").parse::<Policy>().is_err());
    assert!(format!("witness w {LOG_KEY}\nquorum w").parse::<Policy>().is_err());
}

/// Two of three there and any of two here, as in the specification's example.
#[test]
fn a_quorum_of_groups() {
    let keys: Vec<String> = (11..=15).map(|n| witness(n).verifier().to_string()).collect();
    let file = format!(
        "# example\nlog {LOG_KEY} https://log.example/\n\n\twitness X1 {}\nwitness X2 {}\nwitness  X3 {} https://x3.example/\n\
         group X 2 X1 X2 X3\nwitness Y1 {}\nwitness Y2 {}\ngroup Y any Y1 Y2\ngroup both all X Y\nquorum both\n",
        keys[0], keys[1], keys[2], keys[3], keys[4]
    );
    let trusted: Policy = file.parse().unwrap();
    assert_eq!(trusted.to_string().parse::<Policy>().unwrap(), trusted);
    assert_eq!(trusted.witnesses()[2].url.as_deref(), Some("https://x3.example/"));

    let cosigned_by = |witnesses: &[u8]| {
        let mut note = sample();
        for &n in witnesses {
            note.push(witness(n).cosign(note.text(), Timestamp::from_seconds(1)).unwrap());
        }
        trusted.endorse(&note).map(|endorsed| endorsed.cosigned().len())
    };
    assert_eq!(cosigned_by(&[11, 12, 14]).unwrap(), 3);
    assert_eq!(cosigned_by(&[11, 13, 15, 14]).unwrap(), 4);
    for too_few in [[].as_slice(), &[11, 12], &[11, 14], &[11, 11, 14], &[14, 15], &[11, 14, 15]] {
        assert!(matches!(cosigned_by(too_few), Err(Error::QuorumMissed { .. })), "{too_few:?}");
    }
}

#[test]
fn a_malformed_policy_is_not_read() {
    let w = WITNESS_KEY;
    for bad in [
        String::new(),
        "quorum none\nquorum none".into(),
        "quorum w".into(),
        format!("witness w {w}\nwitness v {w}\nquorum w"),
        format!("witness none {w}\nquorum none"),
        format!("witness w {w}\ngroup w any w\nquorum w"),
        format!("witness w {w}\ngroup g 2 w\nquorum g"),
        format!("witness w {w}\ngroup g 0 w\nquorum g"),
        format!("witness w {w}\ngroup g all\nquorum g"),
        format!("witness w {w}\ngroup g 2 w w\nquorum g"),
        format!("witness w {w}\ngroup g any w\ngroup h any w\nquorum g"),
        format!("group g any w\nwitness w {w}\nquorum g"),
        format!("witness w {w}\ngroup g any none\nquorum g"),
        format!("quorum w\nwitness w {w}"),
        format!("log {LOG_KEY}\nlog {LOG_KEY}\nquorum none"),
        format!("log {LOG_KEY} url url\nquorum none"),
        "logs\nquorum none".into(),
        "quorum none\r\n".into(),
    ] {
        assert!(bad.parse::<Policy>().is_err(), "{bad}");
    }
}
