# /// script
# dependencies = ["stripe"]
# [tool.slim]
# event = {lazy = ["Customer", "PaymentIntent", "SubscriptionSchedule", "WebhookEndpoint"]}
# ///
"""Resources are imported in __getattr__ from a table of names."""

import stripe


def lambda_handler(event, context):
    client = stripe.StripeClient("sk_test_x")
    lazily = [getattr(stripe, name).__name__ for name in event["lazy"]]
    charge = stripe.Charge.construct_from(
        {"id": "c", "object": "charge", "refunds": {"object": "list", "data": [{"object": "refund", "id": "r"}]}}, "k"
    )
    return {
        "lazy": lazily,
        "service": type(client.v1.customers).__name__,
        "refund": type(charge.refunds.data[0]).__name__,
    }
