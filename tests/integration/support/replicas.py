"""Several services that are one receiver."""

import signal
import time

from support.service import Service, free_port


def make_replica(settings, first=None) -> Service:
    """A service with the first one's keys and certificates, as replicas have, and its own store."""
    service = Service({**settings, "listener.port": free_port(), "admin.port": free_port()},
                      starts=False)
    for file in ("tls/server.crt", "tls/server.key", "secrets/api_v3_key",
                 "wechatpay/platform_cert.pem", "development/platform_key.pem"):
        if first is not None:
            service.write(file, first.read(file))
    return service


def stop_without_delay(services: list[Service]):
    """Ends all without the delay that they grant to balancers."""
    for _ in range(2):
        for service in services:
            service.signal(signal.SIGTERM)
        time.sleep(0.2)
