//! What different tools and sets call the same type.

/// A canonical name and what else it is called.
const NAMES: &[(&str, &[&str])] = &[
    (
        "PERSON",
        &[
            "PER",
            "person",
            "NAME",
            "FIRSTNAME",
            "LASTNAME",
            "NOMBRE_SUJETO_ASISTENCIA",
            "NOMBRE_PERSONAL_SANITARIO",
            "FAMILIARES_NOMBRE",
        ],
    ),
    ("EMAIL", &["EMAIL_ADDRESS", "CORREO_ELECTRONICO"]),
    ("PHONE", &["PHONE_NUMBER", "NUMERO_TELEFONO", "NUMERO_FAX", "FAX_NUMBER", "PH_MOBILE_NUMBER", "TR_PHONE_NUMBER"]),
    ("CREDIT_CARD", &["CREDIT_CARD_NUMBER", "CREDITCARD"]),
    ("US_SSN", &["SSN"]),
    ("IBAN", &["IBAN_CODE"]),
    ("IP", &["IP_ADDRESS", "IPV4", "IPV6"]),
    ("MAC", &["MAC_ADDRESS"]),
    ("URL", &["DOMAIN_NAME", "URL_WEB"]),
    ("DATE", &["DATE_TIME", "FECHAS"]),
    ("AGE", &["EDAD_SUJETO_ASISTENCIA"]),
    (
        "LOCATION",
        &["LOC", "GPE", "location", "place", "STREET_ADDRESS", "ADDRESS", "TERRITORIO", "PAIS", "CALLE", "ZIP_CODE"],
    ),
    ("ORG", &["ORGANIZATION", "corporation", "organization", "HOSPITAL", "INSTITUCION", "CENTRO_SALUD"]),
    ("DRIVER_LICENSE", &["US_DRIVER_LICENSE", "DRIVER_LICENSE_NUM"]),
    ("PASSPORT", &["US_PASSPORT", "PASSPORT_NUM"]),
    (
        "MRN",
        &["MEDICAL_RECORD_NUMBER", "PATIENT_ID", "ID_SUJETO_ASISTENCIA", "ID_ASEGURAMIENTO", "ID_CONTACTO_ASISTENCIAL"],
    ),
    ("LICENSE_ID", &["ID_TITULACION_PERSONAL_SANITARIO", "MEDICAL_LICENSE", "DEA"]),
    ("NPI", &["US_NPI"]),
    ("IN_AADHAAR", &["AADHAR"]),
    ("IN_PAN", &["PAN"]),
    ("ABA_ROUTING_NUMBER", &["ROUTING_NUMBER"]),
    ("US_BANK_NUMBER", &["BANK_ACCOUNT_NUM", "ACCOUNT_NUMBER"]),
    ("INSURANCE_ID", &["INSURANCE_POLICY_NUM"]),
    ("TAX_ID", &["TAXID"]),
    ("SECRET", &["PASSWORD", "API_KEY", "PRIVATE_KEY", "TOKEN"]),
];

/// Labels that say nothing about personal data, or something that nobody here looks for.
const NOT_SCORED: &[&str] = &[
    "TITLE",
    "PREFIX",
    "MISC",
    "X",
    "abstract",
    "object",
    "event",
    "time",
    "substance",
    "plant",
    "animal",
    "quantity",
    "group",
    "product",
    "creative-work",
];

/// The canonical name of a label; `None` if it is not scored. A label that is in no list is its own.
pub(crate) fn canonical(label: &str) -> Option<&str> {
    if NOT_SCORED.contains(&label) {
        return None;
    }
    let known = NAMES.iter().find(|(name, others)| *name == label || others.contains(&label));
    Some(known.map_or(label, |(name, _)| name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_has_one_meaning() {
        let mut all: Vec<&str> =
            NAMES.iter().flat_map(|(name, others)| [name].into_iter().chain(*others)).copied().collect();
        all.extend(NOT_SCORED);
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        assert_eq!(["IPV6", "PL_PESEL", "MISC"].map(canonical), [Some("IP"), Some("PL_PESEL"), None]);
    }
}
