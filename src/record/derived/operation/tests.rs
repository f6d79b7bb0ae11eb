use super::super::tests::value;
use super::*;

/// The table: nouns in braces, as many operations as there are.
const TABLE: [(&str, &str); 10] = [
    (
        "lifecycle",
        "S3.{EXPIRE.OBJECT,CREATE.DELETEMARKER,TRANSITION.OBJECT,TRANSITION_SIA.OBJECT,TRANSITION_ZIA.OBJECT,TRANSITION_INT.OBJECT,TRANSITION_GIR.OBJECT,TRANSITION_GDA.OBJECT,DELETE.UPLOAD,RESTORE.OBJECT,COMPUTE.OBJECT.CHECKSUM}",
    ),
    (
        "read",
        "{REST.GET.OBJECT,REST.COPY.OBJECT_GET,REST.COPY.PART_GET,REST.POST.SELECT,WEBSITE.GET.OBJECT,REST.GET.TORRENT,SOAP.GET.OBJECT}",
    ),
    (
        "metadata",
        "REST.{HEAD.OBJECT,GET.OBJECT_ATTRIBUTES,POST.OBJECT_ATTRIBUTES,GET.OBJECT_TAGGING,GET.UPLOAD,HEAD.TORRENT} WEBSITE.HEAD.OBJECT",
    ),
    (
        "list",
        "REST.GET.{BUCKET,BUCKETVERSIONS,UPLOADS} REST.HEAD.BUCKET",
    ),
    (
        "write",
        "REST.{PUT.OBJECT,POST.OBJECT,POST.BUCKET,COPY.OBJECT,COPY.PART,POST.UPLOADS,PUT.PART,POST.UPLOAD,PUT.OBJECT_TAGGING,DELETE.OBJECT_TAGGING,POST.RESTORE} SOAP.PUT.OBJECT",
    ),
    (
        "delete",
        "REST.{DELETE.OBJECT,DELETE.UPLOAD,POST.MULTI_OBJECT_DELETE,DELETE.BUCKET} BATCH.DELETE.OBJECT",
    ),
    ("acl", "REST.PUT.ACL"),
    (
        "config-read",
        "REST.GET.{ACL,BUCKETPOLICY,POLICY_STATUS,PUBLIC_ACCESS_BLOCK,OWNERSHIP_CONTROLS,VERSIONING,LOGGING_STATUS,LOCATION,LIFECYCLE,REPLICATION,ENCRYPTION,CORS,WEBSITE,NOTIFICATION,TAGGING,REQUEST_PAYMENT,ACCELERATE,INVENTORY,ANALYTICS,METRICS,INTELLIGENT_TIERING,OBJECT_LOCK_CONFIGURATION,OBJECT_LOCK_RETENTION}",
    ),
    (
        "config-write",
        "REST.PUT.{BUCKET,RETENTION,OBJECT_RETENTION,LOCK_RETENTION,OBJECT_LOCK_RETENTION,LEGAL_HOLD,LEGALHOLD,OBJECT_LEGAL_HOLD,OBJECT_LOCK_LEGALHOLD} REST.{PUT,DELETE}.{BUCKETPOLICY,PUBLIC_ACCESS_BLOCK,OWNERSHIP_CONTROLS,VERSIONING,LOGGING_STATUS,LIFECYCLE,REPLICATION,ENCRYPTION,CORS,WEBSITE,NOTIFICATION,TAGGING,REQUEST_PAYMENT,ACCELERATE,INVENTORY,ANALYTICS,METRICS,INTELLIGENT_TIERING,OBJECT_LOCK_CONFIGURATION}",
    ),
    (
        "other",
        "REST.OPTIONS.PREFLIGHT WEBSITE.INVALIDOPERATION REST.PATCH.OBJECT REST.POST.{TORRENT,LOCATION,WEBSITE,NOTIFICATION} REST.COPY.NOTIFICATION",
    ),
];

fn each(operations: &str) -> impl Iterator<Item = String> {
    operations.split(' ').flat_map(super::super::glob::expand)
}

#[test]
fn every_listed_operation_has_its_class_in_either_case() {
    assert_eq!(TABLE.len(), Class::ALL.len());
    for (name, operations) in TABLE {
        for operation in each(operations) {
            for spelling in [operation.clone(), operation.to_lowercase()] {
                assert_eq!(class(spelling.as_bytes()).as_str(), name, "{spelling}");
                assert!(!is_unknown(spelling.as_bytes()), "{spelling}");
            }
        }
    }
}

#[test]
fn what_is_not_listed_falls_back_on_its_verb() {
    for (name, operations) in [
        (
            "config-read",
            "REST.{GET,HEAD}.NEWTHING REST.HEAD.VERSIONING",
        ),
        (
            "config-write",
            "REST.{PUT,POST,DELETE}.NEWTHING REST.DELETE.{ACL,POLICY_STATUS,LOCATION} REST.POST.LIFECYCLE REST.PUT.XRETENTION",
        ),
        (
            "other",
            "SOAP.CreateBucket X REST REST.OPTIONS.FAKE REST.COPY.NEWTHING BATCH.PUT.OBJECT",
        ),
    ] {
        for operation in each(operations) {
            assert_eq!(class(operation.as_bytes()).as_str(), name, "{operation}");
            assert!(is_unknown(operation.as_bytes()), "{operation}");
        }
    }
}

#[test]
fn some_operations_weaken_and_some_expose() {
    let weakening = "REST.DELETE.{BUCKETPOLICY,PUBLIC_ACCESS_BLOCK,OWNERSHIP_CONTROLS,ENCRYPTION,LIFECYCLE,REPLICATION} REST.PUT.{LOGGING_STATUS,VERSIONING,LIFECYCLE,OBJECT_LOCK_CONFIGURATION,OBJECT_LOCK_RETENTION,RETENTION} rest.delete.bucketpolicy";
    let exposing = "REST.PUT.{ACL,BUCKETPOLICY,PUBLIC_ACCESS_BLOCK,WEBSITE,OWNERSHIP_CONTROLS} REST.DELETE.{PUBLIC_ACCESS_BLOCK,OWNERSHIP_CONTROLS} rest.put.acl";
    let (weakening, exposing): (Vec<_>, Vec<_>) =
        (each(weakening).collect(), each(exposing).collect());
    let rest = TABLE.iter().flat_map(|(_, operations)| each(operations));
    for operation in rest.chain(weakening.clone()).chain(exposing.clone()) {
        let parts = Operation(operation.as_bytes());
        let retention = operation.starts_with("REST.PUT.") && operation.ends_with("RETENTION");
        let weak = weakening.contains(&operation) || retention;
        assert_eq!(is_weakening(parts), weak, "{operation}");
        assert_eq!(
            is_exposing(parts),
            exposing.contains(&operation),
            "{operation}"
        );
    }
    assert!(!is_weakening(Operation(b"S3.DELETE.LIFECYCLE")));
}

#[test]
fn only_objects_count_as_deleted() {
    for (operation, deleted) in [
        ("REST.DELETE.OBJECT", "true"),
        ("BATCH.DELETE.OBJECT", "true"),
        ("rest.delete.object", "true"),
        ("REST.DELETE.UPLOAD", "false"),
        ("REST.DELETE.BUCKET", "false"),
        ("REST.DELETE.OBJECT_TAGGING", "false"),
        ("REST.POST.MULTI_OBJECT_DELETE", "false"),
        ("S3.EXPIRE.OBJECT", "false"),
        ("-", "false"),
    ] {
        let values = [(Field::Operation, operation)];
        assert_eq!(value(Field::DeletedObject, &values), deleted, "{operation}");
    }
}

#[test]
fn website_operations_are_known() {
    for (operation, website) in [
        ("WEBSITE.GET.OBJECT", "true"),
        ("website.head.object", "true"),
        ("REST.GET.WEBSITE", "false"),
        ("-", "false"),
    ] {
        let values = [(Field::Operation, operation)];
        assert_eq!(value(Field::Website, &values), website, "{operation}");
    }
}

#[test]
fn ok_is_2xx_without_an_error() {
    for (operation, status, error, ok, readable) in [
        ("REST.GET.OBJECT", "200", "-", "true", "true"),
        ("REST.GET.OBJECT", "206", "-", "true", "true"),
        ("REST.GET.OBJECT", "304", "-", "false", "true"),
        ("REST.GET.OBJECT", "200", "InternalError", "false", "false"),
        ("REST.GET.OBJECT", "302", "-", "false", "false"),
        ("REST.GET.OBJECT", "-", "-", "false", "false"),
        ("REST.COPY.OBJECT_GET", "-", "-", "true", "true"),
        ("rest.copy.part_get", "-", "-", "true", "true"),
        (
            "REST.COPY.OBJECT_GET",
            "-",
            "AccessDenied",
            "false",
            "false",
        ),
        ("REST.COPY.OBJECT", "-", "-", "false", "false"),
        ("S3.EXPIRE.OBJECT", "-", "-", "false", "false"),
    ] {
        let values = [
            (Field::Operation, operation),
            (Field::HttpStatus, status),
            (Field::ErrorCode, error),
        ];
        assert_eq!(
            value(Field::Ok, &values),
            ok,
            "{operation} {status} {error}"
        );
        let seen = value(Field::Readable, &values);
        assert_eq!(seen, readable, "{operation} {status} {error}");
    }
}

#[test]
fn a_copy_takes_the_whole_object_out() {
    for (operation, sent, size, out) in [
        ("REST.GET.OBJECT", "12", "174", "12"),
        ("REST.GET.OBJECT", "-", "174", "-"),
        ("REST.GET.OBJECT", "0012", "174", "12"),
        ("REST.GET.OBJECT", "000", "174", "0"),
        ("REST.COPY.OBJECT_GET", "-", "174", "174"),
        ("REST.COPY.PART_GET", "-", "174", "174"),
        ("REST.COPY.OBJECT", "243", "174", "243"),
    ] {
        let values = [
            (Field::Operation, operation),
            (Field::BytesSent, sent),
            (Field::ObjectSize, size),
        ];
        assert_eq!(value(Field::BytesOut, &values), out, "{operation} {sent}");
    }
}
