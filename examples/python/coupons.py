"""Receives coupon events from couponhook and applies each of them exactly once.

SECRET_FILE  the file with the secret that couponhook signs with, whsec_…
DATABASE     the SQLite file, coupons.db by default
PORT         8080 by default
"""

import base64
import hashlib
import hmac
import os
import re
import sqlite3
import time
from contextlib import closing

from flask import Flask, abort, request

TOLERANCE_S = 300
DATABASE = os.environ.get("DATABASE", "coupons.db")
app = Flask(__name__)


def is_authentic(id: str, timestamp: str, signatures: str, body: bytes) -> bool:
    """Returns True if one of the secrets signed this request within the last five minutes."""
    if not re.fullmatch(r"[0-9]{1,12}", timestamp) or abs(time.time() - int(timestamp)) > TOLERANCE_S:
        return False
    # While you replace the secret the file holds two, one to a line, and either may sign.
    with open(os.environ["SECRET_FILE"], encoding="ascii") as file:
        secrets = file.read().split()
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        signed = f"{id}.{timestamp}.".encode() + body
        expected = b"v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256))
        if any(hmac.compare_digest(expected, given.encode()) for given in signatures.split(" ")):
            return True
    return False


def fact(event: dict) -> tuple[str, str, str] | None:
    """Returns what happened, as (kind, number, belongs to); None for an event that this shop does
    not apply. Raises LookupError, TypeError or ValueError if a number cannot be read."""
    resource = event["data"]["resource"]
    match event["type"]:
        case "coupon.issued":
            return "issued", text(resource["coupon_code"]), text(resource["stock_id"])
        case "coupon.redeemed":
            transaction = resource["consume_information"]["transaction_id"]
            return "redeemed", text(resource["coupon_id"]), text(transaction)
        case "refund.succeeded":
            return "refunded", text(resource["refund_id"]), text(resource["transaction_id"])
    return None


def text(value) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", value):
        raise ValueError(value)
    return value


def is_first(db: sqlite3.Connection, key: str) -> bool:
    """Returns True the first time that it is called with this key. The primary key decides."""
    return db.execute("INSERT OR IGNORE INTO applied VALUES (?)", [key]).rowcount == 1


@app.post("/coupons")
def receive():
    body = request.get_data()  # the raw body: the signature covers its bytes
    id = request.headers.get("webhook-id", "")
    if not is_authentic(id, request.headers.get("webhook-timestamp", ""),
                        request.headers.get("webhook-signature", ""), body):
        abort(401)
    try:
        happened = fact(request.get_json())
    except (LookupError, TypeError, ValueError):
        return "a number in the resource cannot be read", 410  # a dead letter, for a person to look at
    if happened is None:
        return "", 204
    with closing(sqlite3.connect(DATABASE, timeout=5)) as db, db:  # one transaction
        # webhook-id recognises repeats of a delivery. The fact recognises an event that WeChat Pay
        # sent under two ids.
        if is_first(db, id) and is_first(db, "/".join(happened)):
            # Your work goes here, in this transaction. Events may arrive in any order, a refund
            # before its redemption: add what happened, and let no event overwrite another.
            db.execute("INSERT INTO bookings VALUES (?, ?, ?)", happened)
            app.logger.warning("%s %s (%s)", *happened)
    return "", 204  # an exception above is 500: couponhook sends the event again


with closing(sqlite3.connect(DATABASE)) as db, db:
    db.execute("CREATE TABLE IF NOT EXISTS applied (event_key TEXT PRIMARY KEY)")
    db.execute("CREATE TABLE IF NOT EXISTS bookings (kind TEXT, number TEXT, belongs_to TEXT)")

if __name__ == "__main__":
    app.run("127.0.0.1", int(os.environ.get("PORT", "8080")))
