"""Shared parts of the integration tests: the service, an independent WeChat Pay, HTTP clients and
servers.
"""
