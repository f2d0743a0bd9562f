//! Sentences of many forms, and who is named in them: the shipped model reads them through the whole scanner.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod common;

use base::word::DataType;
use common::{scan, scan_named, scan_with};
use scan::Options;

/// The values of one type that are found in `text`.
fn found(text: &str, data_type: DataType) -> Vec<String> {
    let findings = scan(text.as_bytes()).findings;
    let of_type = findings.iter().filter(|found| found.data_type == data_type);
    of_type.map(|found| text[found.from as usize..found.to as usize].to_owned()).collect()
}

#[test]
fn people_are_found_in_texts_of_every_form() {
    let mut wrong = Vec::new();
    for (text, expected) in [
        ("My name is Margaret Oyelaran and I live here.", vec!["Margaret Oyelaran"]),
        ("Dear Mrs. Haraldsen,\nyour order has shipped.", vec!["Haraldsen"]),
        ("Patient: Thomas Weatherby\nMRN 123", vec!["Thomas Weatherby"]),
        ("The patient was seen by Dr. Okonkwo on Tuesday.", vec!["Okonkwo"]),
        ("Kind regards,\nPriya Raghunathan", vec!["Priya Raghunathan"]),
        ("JANE: Where have you been?\nPAUL: At home.", vec!["JANE", "PAUL"]),
        ("hey maria, can you call jennifer tonight?", vec!["maria", "jennifer"]),
        ("i'm kevin from chicago", vec!["kevin"]),
        ("PATIENT NAME: ROBERT KOWALSKI", vec!["ROBERT KOWALSKI"]),
        ("We met Lucia de la Vega and Pieter van der Berg.", vec!["Lucia de la Vega", "Pieter van der Berg"]),
        ("I borrowed Anna's car.", vec!["Anna"]),
        ("J. K. Whitfield wrote it with Anne-Marie O'Sullivan.", vec!["J. K. Whitfield", "Anne-Marie O'Sullivan"]),
        ("Médico: Juan Carlos Izquierdo. Servicio de Urología.", vec!["Juan Carlos Izquierdo"]),
        ("Je m'appelle Hélène Marchand.", vec!["Hélène Marchand"]),
        ("Sehr geehrter Herr Baumgartner,", vec!["Baumgartner"]),
        ("Gentile Paola Ferretti, la sua pratica è chiusa.", vec!["Paola Ferretti"]),
        ("Hiroshi Tanaka and Nguyen Van Minh joined.", vec!["Hiroshi Tanaka", "Nguyen Van Minh"]),
    ] {
        let names = found(text, DataType::Name);
        if names != expected {
            wrong.push((text, names));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_is_no_name_is_left_alone() {
    let mut wrong = Vec::new();
    for text in [
        "The Department of Health issued a report on Monday.",
        "Terms and Conditions apply.",
        "Install Python and Rust, then restart Windows.",
        "What is the best way to learn French?",
        "how do i reset my password",
        "Enfermedad de Parkinson y síndrome de Down.",
        "Der Patient klagt über Schmerzen im Bein.",
        "IMPORTANT NOTICE TO ALL USERS",
        "    if isinstance(value, Decimal):\n        return Decimal(value).normalize()",
        "https://example.org/John/Smith?x=1",
        "3fJohnSmith9a8b7c6d5e4f3a2b1c0d",
    ] {
        let names = found(text, DataType::Name);
        if !names.is_empty() {
            wrong.push((text, names));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn keys_and_columns_speak() {
    let table =
        b"id,first_name,last_name,age,city,company\n1,Bo,Oyelaran,45,Leeds,Brandt Systems\n2,Li,Wei,7,Gent,Acme\n";
    let scanned = scan_named("people.csv", table);
    let values: Vec<(DataType, &[u8])> = scanned
        .findings
        .iter()
        .map(|found| (found.data_type, &table[found.from as usize..found.to as usize]))
        .filter(|(_, value)| *value != b"Brandt Systems" && *value != b"Acme")
        .collect();
    let name = DataType::Name;
    let expected: [(DataType, &[u8]); 8] = [
        (name, b"Bo"),
        (name, b"Oyelaran"),
        (DataType::Age, b"45"),
        (DataType::Address, b"Leeds"),
        (name, b"Li"),
        (name, b"Wei"),
        (DataType::Age, b"7"),
        (DataType::Address, b"Gent"),
    ];
    assert_eq!(values, expected);
    assert_eq!(found("{\"dob\": \"1982-03-29\"}\n{\"dob\": \"\"}\n", DataType::BirthDate), ["1982-03-29"]);
}

#[test]
fn addresses_are_found_whole() {
    for text in [
        "12 Marlow Street, Leeds LS1 4AB",
        "Gartenstraße 14, 70173 Stuttgart",
        "1402 Oak Avenue, Springfield, IL 62704",
    ] {
        let sentence = format!("Please send it to {text}.");
        assert_eq!(found(&sentence, DataType::Address), [text]);
    }
}

#[test]
fn nothing_of_the_kind_is_found_without_names() {
    let text = b"My name is Margaret Oyelaran, aged 45, of 12 Marlow Street, Leeds.";
    assert!(scan_with(Options::without_names(), "", text, 64).findings.is_empty());
    assert!(!scan(text).findings.is_empty());
}
