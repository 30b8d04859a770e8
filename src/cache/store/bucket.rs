//! A bucket of S3, or of what speaks like it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{
    ClientOptions, Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, RetryConfig,
};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

/// How many entries are written at once.
const AT_ONCE: usize = 16;
/// How long connecting may take.
const CONNECTING: Duration = Duration::from_secs(3);
/// How long reading or writing one entry may take.
const ONE: Duration = Duration::from_secs(30);

type Writing = JoinHandle<Result<(), String>>;

/// A bucket, and the folder in it.
#[derive(Debug)]
pub(super) struct Bucket {
    store: Arc<AmazonS3>,
    prefix: Path,
    runtime: Runtime,
    /// What is being written, the oldest first.
    writing: Mutex<Vec<Writing>>,
}

impl Bucket {
    /// The bucket of `s3://BUCKET/PREFIX`; keys, region and endpoint are those of the environment.
    pub(super) fn open(url: &str) -> Result<Self, String> {
        let rest = url.strip_prefix("s3://").unwrap_or(url);
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err("s3://BUCKET/PREFIX is wanted".to_owned());
        }
        let retry = RetryConfig { max_retries: 1, retry_timeout: ONE, ..RetryConfig::default() };
        let timeouts = ClientOptions::new()
            .with_connect_timeout(CONNECTING)
            .with_timeout(ONE)
            .with_allow_http(is_loopback());
        let store = AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            .with_client_options(timeouts)
            .with_retry(retry)
            .build()
            .map_err(told)?;
        let prefix =
            Path::parse(prefix.trim_end_matches('/')).map_err(|error| error.to_string())?;
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        Ok(Self { store: Arc::new(store), prefix, runtime, writing: Mutex::default() })
    }

    fn path(&self, name: &str) -> Path {
        let names = self.prefix.parts().map(|part| part.as_ref().to_owned());
        names.chain(name.split('/').map(str::to_owned)).collect()
    }

    /// An object's bytes; `None` where there is none.
    pub(super) fn get(&self, name: &str) -> Result<Option<Vec<u8>>, String> {
        let path = self.path(name);
        let read = async { self.store.get(&path).await?.bytes().await };
        match self.runtime.block_on(read) {
            Ok(bytes) => Ok(Some(bytes.into())),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(told(error)),
        }
    }

    /// Begins to write an object where there is none; tells what became of those before.
    pub(super) fn put(&self, name: &str, bytes: Vec<u8>) -> Result<(), String> {
        let (store, path) = (Arc::clone(&self.store), self.path(name));
        let write = async move {
            let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
            match store.put_opts(&path, PutPayload::from(bytes), options).await {
                // What has the same name is the same, or is found to be damaged when it is read.
                Ok(_) | Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(()),
                Err(error) => Err(told(error)),
            }
        };
        let mut writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        writing.push(self.runtime.spawn(write));
        let over = writing.len().saturating_sub(AT_ONCE);
        let oldest: Vec<Writing> = writing.drain(..over).collect();
        drop(writing);
        self.wait(oldest)
    }

    /// Removes an object; where that fails, it stays damaged.
    pub(super) fn remove(&self, name: &str) {
        drop(self.runtime.block_on(self.store.delete(&self.path(name))));
    }

    /// Waits for what is being written.
    pub(super) fn finish(&self) -> Result<(), String> {
        let mut writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let all = std::mem::take(&mut *writing);
        drop(writing);
        self.wait(all)
    }

    fn wait(&self, writing: Vec<Writing>) -> Result<(), String> {
        let mut failed = None;
        for one in writing {
            // After one that failed, the others need not be waited for.
            if failed.is_some() {
                one.abort();
            } else if let Err(why) =
                self.runtime.block_on(one).unwrap_or_else(|e| Err(e.to_string()))
            {
                failed = Some(why);
            }
        }
        failed.map_or(Ok(()), Err)
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        // Losing an entry costs time only.
        drop(self.finish());
    }
}

/// Whether the endpoint is on this machine, so that nobody else sees what is sent without encryption.
fn is_loopback() -> bool {
    let endpoint = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"].map(|name| std::env::var(name).ok());
    let endpoint = endpoint.into_iter().flatten().next().unwrap_or_default();
    ["127.0.0.1", "localhost", "[::1]"].iter().any(|host| {
        let rest = endpoint.strip_prefix("http://").and_then(|rest| rest.strip_prefix(host));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
    })
}

/// What went wrong, to its first cause.
fn told(error: Error) -> String {
    let mut cause: &dyn std::error::Error = &error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    let (first, last) = (error.to_string(), cause.to_string());
    if first.contains(&last) { first } else { last }
}
