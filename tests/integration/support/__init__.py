"""What the integration tests share: the service, a WeChat Pay that is not ours, a client."""
