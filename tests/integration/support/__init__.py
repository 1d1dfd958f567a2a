"""Shared modules of the integration tests: start and stop couponhook, a stand-in for WeChat Pay
that is independent of couponhook's code, HTTP clients and servers.
"""
