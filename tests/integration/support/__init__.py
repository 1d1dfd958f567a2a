"""What the integration tests share: the service under test, a WeChat Pay that is not ours, a client."""
