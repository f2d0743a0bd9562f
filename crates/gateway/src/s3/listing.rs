//! Listings of objects, in both dialects.

use std::sync::Arc;

use custody::listing::{ListQuestion, Listing};
use s3s::S3Response;
use s3s::dto::{
    CommonPrefix, ListObjectsInput, ListObjectsOutput, ListObjectsV2Input, ListObjectsV2Output, Object,
    ObjectStorageClass, Owner,
};

use super::checksums::{algorithms_of, class_of, type_of};
use super::page::{Listed, Spelling, limit};
use super::private::owner;
use super::{Door, Refused, etag, timestamp};
use crate::asked::Asked;
use s3wire::refusal::Refusal;

pub(super) async fn list_objects_v2(
    door: &Door,
    asked: Arc<Asked>,
    input: ListObjectsV2Input,
) -> Result<S3Response<ListObjectsV2Output>, Refused> {
    let spelling = Spelling::asked(input.encoding_type.as_ref())?;
    let max_keys = limit(input.max_keys)?;
    let listed = Listed {
        bucket: &input.bucket,
        prefix: input.prefix.as_deref().unwrap_or_default(),
        delimiter: input.delimiter.as_deref().unwrap_or_default(),
    };
    // SPEC: S3 ListObjectsV2: a token wins over a start; an empty one is none.
    let token = input.continuation_token.as_deref().filter(|token| !token.is_empty());
    let after = match (token, &input.start_after) {
        (Some(token), _) => Some(listed.after(token)?),
        (None, start) => start.as_ref().filter(|start| !start.is_empty()).map(|start| start.clone().into_bytes()),
    };
    let page = page(door, &asked, &listed, after.as_deref(), max_keys).await?;
    let next = page.next.as_deref().map(|next| listed.token(next));
    // SPEC: S3 ListObjectsV2: the owner only where it is asked for.
    let owner = input.fetch_owner.unwrap_or(false).then(|| owner(door, &asked));
    let count = page.objects.len().saturating_add(page.prefixes.len());
    Ok(S3Response::new(ListObjectsV2Output {
        max_keys: Some(max_keys),
        key_count: i32::try_from(count).ok(),
        is_truncated: Some(next.is_some()),
        next_continuation_token: next,
        contents: Some(objects(&page, spelling, owner.as_ref())?),
        common_prefixes: Some(prefixes(&page, spelling)?),
        prefix: Some(spelling.write(listed.prefix.as_bytes())?),
        delimiter: spelling.write_all(input.delimiter.as_deref())?,
        start_after: spelling.write_all(input.start_after.as_deref())?,
        name: Some(input.bucket),
        continuation_token: input.continuation_token,
        encoding_type: input.encoding_type,
        request_charged: None,
    }))
}

pub(super) async fn list_objects(
    door: &Door,
    asked: Arc<Asked>,
    input: ListObjectsInput,
) -> Result<S3Response<ListObjectsOutput>, Refused> {
    let spelling = Spelling::asked(input.encoding_type.as_ref())?;
    let max_keys = limit(input.max_keys)?;
    let listed = Listed {
        bucket: &input.bucket,
        prefix: input.prefix.as_deref().unwrap_or_default(),
        delimiter: input.delimiter.as_deref().unwrap_or_default(),
    };
    let after = input.marker.as_deref().filter(|marker| !marker.is_empty()).map(str::as_bytes);
    let page = page(door, &asked, &listed, after, max_keys).await?;
    // SPEC: S3 ListObjects: NextMarker only with a delimiter; without one, the last key is the marker.
    let next = page.next.as_deref().filter(|_| !listed.delimiter.is_empty());
    Ok(S3Response::new(ListObjectsOutput {
        max_keys: Some(max_keys),
        is_truncated: Some(page.next.is_some()),
        next_marker: next.map(|next| spelling.write(next)).transpose()?,
        contents: Some(objects(&page, spelling, Some(&owner(door, &asked)))?),
        common_prefixes: Some(prefixes(&page, spelling)?),
        // The most widespread client decodes everything else of this answer.
        prefix: Some(spelling.write_plainly(listed.prefix)?),
        delimiter: spelling.write_all(input.delimiter.as_deref())?,
        marker: Some(spelling.write(input.marker.unwrap_or_default().as_bytes())?),
        name: Some(input.bucket),
        encoding_type: input.encoding_type,
        request_charged: None,
    }))
}

async fn page(
    door: &Door,
    asked: &Asked,
    listed: &Listed<'_>,
    after: Option<&[u8]>,
    max_keys: i32,
) -> Result<Listing, Refusal> {
    let question = ListQuestion {
        prefix: listed.prefix.as_bytes(),
        delimiter: listed.delimiter.as_bytes(),
        after,
        limit: usize::try_from(max_keys).unwrap_or_default(),
    };
    let mut page = door
        .custody
        .list(&asked.caller, asked.request, listed.bucket, &question)
        .await
        .map_err(|error| asked.refuse(error))?;
    // SPEC: S3: a page of no keys is complete.
    if max_keys == 0 {
        page = Listing::default();
    }
    Ok(page)
}

fn objects(page: &Listing, spelling: Spelling, owner: Option<&Owner>) -> Result<Vec<Object>, Refusal> {
    let object = |object: &custody::listing::Listed| {
        Ok(Object {
            key: Some(spelling.write(&object.key)?),
            size: i64::try_from(object.size).ok(),
            last_modified: Some(timestamp(object.modified)),
            e_tag: Some(etag(&object.meta.etag)),
            storage_class: Some(ObjectStorageClass::from(class_of(&object.meta).to_owned())),
            owner: owner.cloned(),
            checksum_algorithm: algorithms_of(&object.meta),
            checksum_type: type_of(&object.meta),
            ..Object::default()
        })
    };
    page.objects.iter().map(object).collect()
}

fn prefixes(page: &Listing, spelling: Spelling) -> Result<Vec<CommonPrefix>, Refusal> {
    page.prefixes.iter().map(|prefix| Ok(CommonPrefix { prefix: Some(spelling.write(prefix)?) })).collect()
}
