//! Versioning of buckets, and listings of versions.

use std::sync::Arc;

use custody::history::{History, ListedVersion};
use custody::listing::ListQuestion;
use custody::settings::Versioning;
use s3s::S3Response;
use s3s::dto::{
    BucketVersioningStatus, CommonPrefix, DeleteMarkerEntry, GetBucketVersioningInput, GetBucketVersioningOutput,
    ListObjectVersionsInput, ListObjectVersionsOutput, MFADelete, ObjectVersion, ObjectVersionStorageClass, Owner,
    PutBucketVersioningInput, PutBucketVersioningOutput,
};
use s3s::xml::{SerResult, SerializeContent, Serializer};

use super::buckets::know;
use super::checksums::{algorithms_of, class_of, type_of};
use super::page::{Spelling, limit};
use super::private::owner;
use super::{Document, Door, Refused, etag, read_version, timestamp, unsupported, version_id};
use crate::asked::Asked;
use s3wire::{Code, Refusal};

const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

pub(super) async fn get_bucket_versioning(
    door: &Door,
    asked: Arc<Asked>,
    input: GetBucketVersioningInput,
) -> Result<S3Response<GetBucketVersioningOutput>, Refused> {
    let dataset = know(door, &asked, &input.bucket).await?;
    let status = dataset.settings.versioning.map(|versioning| {
        BucketVersioningStatus::from_static(match versioning {
            Versioning::Enabled => BucketVersioningStatus::ENABLED,
            Versioning::Suspended => BucketVersioningStatus::SUSPENDED,
        })
    });
    Ok(S3Response::new(GetBucketVersioningOutput { status, ..GetBucketVersioningOutput::default() }))
}

pub(super) async fn put_bucket_versioning(
    door: &Door,
    asked: Arc<Asked>,
    input: PutBucketVersioningInput,
) -> Result<S3Response<PutBucketVersioningOutput>, Refused> {
    let wanted = input.versioning_configuration;
    if wanted.mfa_delete.is_some_and(|mfa| mfa.as_str() == MFADelete::ENABLED) {
        return Err(unsupported("what must not be deleted is locked, not kept behind a device").into());
    }
    let versioning = match wanted.status.as_ref().map(BucketVersioningStatus::as_str) {
        Some(BucketVersioningStatus::ENABLED) => Versioning::Enabled,
        Some(BucketVersioningStatus::SUSPENDED) => Versioning::Suspended,
        _ => {
            let why = "the versioning configuration needs a status, `Enabled` or `Suspended`";
            return Err(Refusal::new(Code::MalformedXML, why).into());
        }
    };
    let (caller, request) = (&asked.caller, asked.request);
    let configured =
        door.custody.configure(caller, request, &input.bucket, "versioning", |all| all.set_versioning(versioning));
    configured.await.map_err(|error| asked.refuse(error))?;
    Ok(S3Response::new(PutBucketVersioningOutput {}))
}

pub(super) async fn list_object_versions(
    door: &Door,
    asked: Arc<Asked>,
    input: ListObjectVersionsInput,
) -> Result<S3Response<ListObjectVersionsOutput>, Refused> {
    let spelling = Spelling::asked(input.encoding_type.as_ref())?;
    let max_keys = limit(input.max_keys)?;
    let key_marker = input.key_marker.as_deref().filter(|marker| !marker.is_empty());
    let below = match input.version_id_marker.as_deref() {
        // SPEC: S3 ListObjectVersions: a version marker goes with a key marker.
        Some(_) if key_marker.is_none() => {
            let why = "a version-id marker cannot be specified without a key marker";
            return Err(Refusal::new(Code::InvalidArgument, why).into());
        }
        Some("") | None => None,
        Some(marker) => Some(read_version(marker)?),
    };
    let prefix = input.prefix.as_deref().unwrap_or_default();
    let question = ListQuestion {
        prefix: prefix.as_bytes(),
        delimiter: input.delimiter.as_deref().unwrap_or_default().as_bytes(),
        after: key_marker.map(str::as_bytes),
        limit: usize::try_from(max_keys).unwrap_or_default(),
    };
    let listed = door.custody.list_versions(&asked.caller, asked.request, &input.bucket, &question, below).await;
    let History { versions, prefixes, next } = listed.map_err(|error| asked.refuse(error))?;
    let prefixes: Result<Vec<CommonPrefix>, Refusal> =
        prefixes.iter().map(|prefix| Ok(CommonPrefix { prefix: Some(spelling.write(prefix)?) })).collect();
    let (next_key, next_version) = next.map_or((None, None), |(key, version)| (Some(key), version));
    let output = ListObjectVersionsOutput {
        max_keys: Some(max_keys),
        is_truncated: Some(next_key.is_some()),
        next_key_marker: next_key.map(|key| spelling.write(&key)).transpose()?,
        next_version_id_marker: version_id(next_version),
        common_prefixes: Some(prefixes?),
        prefix: Some(spelling.write(prefix.as_bytes())?),
        delimiter: spelling.write_all(input.delimiter.as_deref())?,
        key_marker: Some(spelling.write(input.key_marker.unwrap_or_default().as_bytes())?),
        version_id_marker: Some(input.version_id_marker.unwrap_or_default()),
        name: Some(input.bucket),
        encoding_type: input.encoding_type,
        ..ListObjectVersionsOutput::default()
    };
    let owner = owner(door, &asked);
    let entries: Result<Vec<Entry>, Refusal> =
        versions.into_iter().map(|version| entry(version, spelling, &owner)).collect();
    let document = document(&Page { output: &output, entries: entries? })?;
    let mut response = S3Response::new(output);
    response.extensions.insert(document);
    Ok(response)
}

/// One line of the answer.
enum Entry {
    Version(ObjectVersion),
    Marker(DeleteMarkerEntry),
}

fn entry(version: ListedVersion, spelling: Spelling, owner: &Owner) -> Result<Entry, Refusal> {
    let key = Some(spelling.write(&version.key)?);
    let (is_latest, last_modified) = (Some(version.latest), Some(timestamp(version.modified)));
    let (owner, version_id) = (Some(owner.clone()), Some(version.name.to_string()));
    Ok(if version.marker {
        Entry::Marker(DeleteMarkerEntry { is_latest, key, last_modified, owner, version_id })
    } else {
        Entry::Version(ObjectVersion {
            e_tag: Some(etag(&version.meta.etag)),
            is_latest,
            key,
            last_modified,
            owner,
            size: i64::try_from(version.size).ok(),
            storage_class: Some(ObjectVersionStorageClass::from(class_of(&version.meta).to_owned())),
            checksum_algorithm: algorithms_of(&version.meta),
            checksum_type: type_of(&version.meta),
            version_id,
            ..ObjectVersion::default()
        })
    })
}

/// The answer with versions and markers in one order, where `s3s` would write them as two lists.
struct Page<'a> {
    output: &'a ListObjectVersionsOutput,
    entries: Vec<Entry>,
}

impl SerializeContent for Page<'_> {
    fn serialize_content<W: std::io::Write>(&self, serializer: &mut Serializer<W>) -> SerResult {
        self.output.serialize_content(serializer)?;
        self.entries.iter().try_for_each(|entry| match entry {
            Entry::Version(version) => serializer.content("Version", version),
            Entry::Marker(marker) => serializer.content("DeleteMarker", marker),
        })
    }
}

fn document(page: &Page<'_>) -> Result<Document, Refusal> {
    let mut text = Vec::new();
    let mut serializer = Serializer::new(&mut text);
    let written = serializer.decl().and_then(|()| serializer.content_with_ns("ListVersionsResult", NAMESPACE, page));
    let text = written.ok().and_then(|()| String::from_utf8(text).ok());
    text.map(Document).ok_or_else(|| Refusal::new(Code::InternalError, "the answer could not be written"))
}
