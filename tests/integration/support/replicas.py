"""Starts and stops several couponhook services that act as one receiver (replicas)."""

import signal
import time

from support.service import Service, free_port


def make_replica(settings, first=None) -> Service:
    """Returns a couponhook service with the same keys and certificates as the first service, as
    replicas have. Its store is its own, unless the settings say otherwise."""
    service = Service({**settings, "listener.port": free_port(), "admin.port": free_port()},
                      starts=False)
    for file in ("tls/server.crt", "tls/server.key", "secrets/api_v3_key",
                 "wechatpay/platform_cert.pem", "development/platform_key.pem"):
        if first is not None:
            service.write(file, first.read(file))
    return service


def stop_without_delay(services: list[Service]):
    """Stops all these services without delay. After one SIGTERM, couponhook waits so that load
    balancers can react; a second SIGTERM ends this wait."""
    for _ in range(2):
        for service in services:
            service.signal(signal.SIGTERM)
        time.sleep(0.2)
