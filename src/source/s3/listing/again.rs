//! Objects that could not be read before, looked up by their keys.
//!
//! Why they could not be read may not enter here.

use std::sync::Arc;

use super::super::Object;
use super::super::store::{Ask, Store};
use super::desk::Desk;
use super::time;

/// Objects as they are now, in order; one that is gone as it was.
pub(super) async fn look<S: Store>(desk: &Desk<S>, objects: Vec<Object>) -> Vec<Object> {
    let ask = |object: Object| {
        let request = desk.ask(Ask {
            bucket: Arc::clone(&object.bucket),
            prefix: object.key.to_string(),
            start_after: String::new(),
            max_keys: 0,
            folders: false,
        });
        (object, request)
    };
    let requests: Vec<_> = objects.into_iter().map(ask).collect();
    let mut now = Vec::with_capacity(requests.len());
    for (object, request) in requests {
        // What cannot be listed cannot be fetched: that names it.
        let page = request.page().await.unwrap_or_default();
        let first = page.objects.into_iter().next();
        now.push(
            first
                .filter(|first| first.key == object.key)
                .unwrap_or(object),
        );
    }
    now.sort_unstable_by(|a, b| (time(a), &a.key).cmp(&(time(b), &b.key)));
    now
}
