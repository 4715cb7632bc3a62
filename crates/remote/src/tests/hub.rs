//! Datasets on a stand-in for the hub.

use std::io::Read;
use std::sync::Arc;

use coldpress_storage::{Error, RemoteFiles, StorageOptions};

use crate::schemes;
use crate::testing::WebServer;

fn files(server: &WebServer, token: Option<&str>) -> Arc<dyn RemoteFiles> {
    let mut options =
        StorageOptions::default().with("hf://", "endpoint", format!("http://{}", server.address()));
    if let Some(token) = token {
        options = options.with("hf://", "token", token);
    }
    schemes()
        .with_options(options)
        .files("hf://datasets/owner/name")
        .unwrap()
}

#[test]
fn a_dataset_is_listed_and_read_at_one_commit() {
    let server = WebServer::hub(None);
    for name in [
        "README.md",
        "data/a 1.jsonl",
        "data/a2.jsonl",
        "data/b.jsonl",
        "data/deep/c.jsonl",
    ] {
        server.put(name, name.as_bytes());
    }
    let files = files(&server, None);
    let listed = |prefix: &str| {
        let mut urls = Vec::new();
        let each = &mut |file: coldpress_storage::RemoteMeta| {
            urls.push(
                file.url
                    .trim_start_matches("hf://datasets/owner/name")
                    .to_owned(),
            );
            Ok(())
        };
        files
            .list(&format!("hf://datasets/owner/name{prefix}"), each)
            .map(|()| urls)
    };
    assert_eq!(
        listed("/data/a").unwrap(),
        ["/data/a 1.jsonl", "/data/a2.jsonl"]
    );
    assert_eq!(listed("/").unwrap().len(), 5);
    assert_eq!(
        listed("@main/data/deep/").unwrap(),
        ["@main/data/deep/c.jsonl"]
    );
    assert!(listed("/nothing/").unwrap_err().is_not_found());

    let file = files
        .examine("hf://datasets/owner/name/data/a 1.jsonl")
        .unwrap();
    assert_eq!(
        (file.length, file.version.as_deref()),
        (14, Some("data/a 1.jsonl-0"))
    );
    let open = files.open(&file).unwrap();
    let mut read = String::new();
    open.stream(5..14)
        .unwrap()
        .read_to_string(&mut read)
        .unwrap();
    assert_eq!(read, "a 1.jsonl");
    assert!(
        files
            .examine("hf://datasets/owner/name/x")
            .unwrap_err()
            .is_not_found()
    );
    assert!(
        files
            .examine("hf://datasets/owner/other/x")
            .unwrap_err()
            .is_not_found()
    );

    server.put("data/a 1.jsonl", b"as long as it.");
    let changed = files
        .open(&file)
        .unwrap()
        .read_at(0, &mut [0; 2])
        .unwrap_err();
    assert!(matches!(changed, Error::Changed { .. }), "{changed}");
}

#[test]
fn a_private_dataset_needs_its_token() {
    let server = WebServer::hub(Some("hf_hush"));
    server.put("a", b"secret text");
    let url = "hf://datasets/owner/name/a";
    assert_eq!(
        files(&server, Some("hf_hush")).examine(url).unwrap().length,
        11
    );
    let server = WebServer::hub(Some("hf_other"));
    let refused = files(&server, Some("hf_hush")).examine(url).unwrap_err();
    assert!(refused.is_permission_denied());
    let source = std::error::Error::source(&refused).unwrap().to_string();
    assert!(
        source.contains("check the credentials") && !source.contains("hf_hush"),
        "{source}"
    );
}
