"""Several services that act as one receiver."""

import signal
import time

from support.service import Service, free_port


def make_replica(settings, first=None) -> Service:
    """Returns a service with the keys and certificates of the first one, as replicas have, and its
    own store."""
    service = Service({**settings, "listener.port": free_port(), "admin.port": free_port()},
                      starts=False)
    for file in ("tls/server.crt", "tls/server.key", "secrets/api_v3_key",
                 "wechatpay/platform_cert.pem", "development/platform_key.pem"):
        if first is not None:
            service.write(file, first.read(file))
    return service


def stop_without_delay(services: list[Service]):
    """Stops all services without their drain delay: a second SIGTERM ends the delay."""
    for _ in range(2):
        for service in services:
            service.signal(signal.SIGTERM)
        time.sleep(0.2)
