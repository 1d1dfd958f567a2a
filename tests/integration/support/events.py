"""Makes coupon events in the form that WeChat Pay documents, each with new random coupon,
transaction and refund numbers."""

import secrets

from support.wechat_pay import Event


def digits(beginning: str, length: int) -> str:
    return beginning + "".join(secrets.choice("0123456789") for _ in range(length - len(beginning)))


def issue(stock="1205510000000046", coupon=None, openid="") -> Event:
    """Returns a COUPON.SEND event: a user received a 商家券."""
    return Event("COUPON.SEND", {
        "event_type": "EVENT_TYPE_BUSICOUPON_SEND",
        "coupon_code": coupon or digits("12", 22),
        "stock_id": stock,
        "send_time": "2026-03-02T08:11:09+08:00",
        "openid": openid,
        "unionid": "",
        "send_channel": "BUSICOUPON_SEND_CHANNEL_MINIAPP",
        "send_merchant": "1900007701",
        "attach_info": "",
    }, summary="商家券领券通知")


def redeem(stock="19733211", coupon=None, transaction=None) -> Event:
    """Returns a COUPON.USE event: a user redeemed a 代金券."""
    return Event("COUPON.USE", {
        "stock_creator_mchid": "1900007701",
        "stock_id": stock,
        "coupon_id": coupon or digits("8", 18),
        "coupon_name": "早餐满20减5",
        "status": "USED",
        "description": "",
        "create_time": "2026-03-02T08:11:09+08:00",
        "coupon_type": "NORMAL",
        "no_cash": False,
        "available_begin_time": "2026-03-01T00:00:00+08:00",
        "available_end_time": "2026-04-30T23:59:59+08:00",
        "singleitem": False,
        "normal_coupon_information": {"coupon_amount": 500, "transaction_minimum": 2000},
        "consume_information": {
            "consume_time": "2026-03-05T07:58:41+08:00",
            "consume_mchid": "1900007702",
            "transaction_id": transaction or digits("4200", 28),
        },
    }, summary="代金券核销通知")


def refund(transaction=None, refund_id=None, status="SUCCESS") -> Event:
    """Returns an event about a refund: REFUND.SUCCESS, or another REFUND event type if one is
    given."""
    resource = {
        "mchid": "1900007701",
        "out_trade_no": digits("SO", 20),
        "transaction_id": transaction or digits("4200", 28),
        "out_refund_no": digits("RF", 20),
        "refund_id": refund_id or digits("503", 29),
        "refund_status": status,
        "user_received_account": "支付用户零钱",
        "amount": {"total": 2300, "refund": 2300, "payer_total": 1800, "payer_refund": 1800},
    }
    if status == "SUCCESS":
        resource["success_time"] = "2026-03-06T10:02:33+08:00"
    return Event(f"REFUND.{status}", resource, original_type="refund", associated_data="refund")
