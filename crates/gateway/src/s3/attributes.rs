//! GetObjectAttributes: what is known of an object, without its metadata. A release of names, like HEAD.

use std::sync::Arc;

use custody::access::{Description, Span};
use s3s::S3Response;
use s3s::dto::{
    Checksum, GetObjectAttributesInput, GetObjectAttributesOutput, GetObjectAttributesParts, ObjectAttributes,
    ObjectPart, StorageClass,
};
use s3s::xml::{Serialize as _, Serializer};

use super::checksums::{type_of, write_checksums};
use super::page::limit;
use super::read::{content_of, unread};
use super::{Document, Door, Refused, etag, object, timestamp, version_id};
use crate::asked::Asked;
use s3wire::{Code, Refusal};

/// Everything that can be asked for.
const ATTRIBUTES: [&str; 5] = [
    ObjectAttributes::CHECKSUM,
    ObjectAttributes::ETAG,
    ObjectAttributes::OBJECT_PARTS,
    ObjectAttributes::OBJECT_SIZE,
    ObjectAttributes::STORAGE_CLASS,
];

pub(super) async fn get_object_attributes(
    door: &Door,
    asked: Arc<Asked>,
    input: GetObjectAttributesInput,
) -> Result<S3Response<GetObjectAttributesOutput>, Refused> {
    let object = object(&input.bucket, &input.key, input.version_id.as_deref())?;
    // The header may be repeated and may be a list.
    let lists = input.object_attributes.iter().map(ObjectAttributes::as_str);
    let names: Vec<&str> = lists.flat_map(|list| list.split(',')).map(str::trim).collect();
    if !names.iter().all(|name| ATTRIBUTES.contains(name)) {
        return Err(Refusal::new(Code::InvalidArgument, "invalid attribute name specified").into());
    }
    let (max_parts, after) = (limit(input.max_parts)?, input.part_number_marker.unwrap_or_default());
    let after_number = u32::try_from(after)
        .map_err(|_| Refusal::new(Code::InvalidArgument, "x-amz-part-number-marker must not be negative"))?;
    let got = door.custody.head(&asked.caller, asked.request, object, Span::Whole, &asked.conditions).await;
    let about = content_of(got.map_err(|error| unread(&asked, error))?, Span::Whole)?.about;

    let wants = |name: &str| names.contains(&name);
    let parts = wants(ObjectAttributes::OBJECT_PARTS).then(|| parts(&about, after_number, max_parts)).flatten();
    let output = GetObjectAttributesOutput {
        checksum: (wants(ObjectAttributes::CHECKSUM) && !about.meta.checksums.is_empty()).then(|| checksum(&about)),
        e_tag: wants(ObjectAttributes::ETAG).then(|| etag(&about.meta.etag)),
        object_parts: parts,
        object_size: wants(ObjectAttributes::OBJECT_SIZE).then(|| i64::try_from(about.size).ok()).flatten(),
        storage_class: wants(ObjectAttributes::STORAGE_CLASS).then(|| class(&about)),
        last_modified: Some(timestamp(about.modified)),
        version_id: version_id(about.name),
        ..GetObjectAttributesOutput::default()
    };
    let document = document(&output, &about.meta.etag)?;
    let mut response = S3Response::new(output);
    response.extensions.insert(document);
    Ok(response)
}

/// The answer's text.
// SPEC: S3 GetObjectAttributes: here, and nowhere else, the ETag stands without quotes.
fn document(output: &GetObjectAttributesOutput, etag: &str) -> Result<Document, Refusal> {
    let mut text = Vec::new();
    let mut serializer = Serializer::new(&mut text);
    let written = serializer.decl().and_then(|()| output.serialize(&mut serializer));
    let text = written.ok().and_then(|()| String::from_utf8(text).ok());
    let text = text.ok_or_else(|| Refusal::new(Code::InternalError, "the answer could not be written"))?;
    Ok(Document(text.replacen(&format!("<ETag>\"{etag}\"</ETag>"), &format!("<ETag>{etag}</ETag>"), 1)))
}

fn class(about: &Description) -> StorageClass {
    let class = about.meta.storage_class.clone();
    StorageClass::from(class.unwrap_or_else(|| StorageClass::STANDARD.to_owned()))
}

fn checksum(about: &Description) -> Checksum {
    let mut checksum = Checksum { checksum_type: type_of(&about.meta), ..Checksum::default() };
    write_checksums!(checksum, &about.meta.checksums);
    checksum
}

/// The parts of a multipart object, from a number on; nothing for an object that was put whole.
fn parts(about: &Description, after: u32, max_parts: i32) -> Option<GetObjectAttributesParts> {
    let total = about.parts().len();
    if total == 0 {
        return None;
    }
    let algorithm = about.meta.checksums.keys().next();
    let wanted = usize::try_from(max_parts).unwrap_or_default();
    let mut rest = about.parts().filter(|part| part.number > after);
    let page: Vec<ObjectPart> = rest
        .by_ref()
        .take(wanted)
        .map(|part| {
            let mut listed = ObjectPart {
                part_number: i32::try_from(part.number).ok(),
                size: i64::try_from(part.size).ok(),
                ..ObjectPart::default()
            };
            let checksums = algorithm.zip(part.checksum).map(|(name, value)| (name.clone(), value.to_owned()));
            write_checksums!(listed, &checksums.into_iter().collect::<std::collections::BTreeMap<_, _>>());
            listed
        })
        .collect();
    let more = rest.next().is_some() && wanted > 0;
    Some(GetObjectAttributesParts {
        is_truncated: Some(more),
        max_parts: Some(max_parts),
        part_number_marker: i32::try_from(after).ok(),
        next_part_number_marker: page.last().and_then(|part| part.part_number),
        total_parts_count: i32::try_from(total).ok(),
        parts: Some(page),
    })
}
