"""The demo's Lambda function: sums up a day's orders of a shop in euros, per country."""

import io
import os
from decimal import Decimal

import boto3
import pandas
import requests

s3 = boto3.client("s3")
table = boto3.resource("dynamodb").Table(os.environ["TOTALS_TABLE"])


def lambda_handler(event, context):
    rates = requests.get(event["rates_url"], timeout=5).json()
    body = s3.get_object(Bucket=event["bucket"], Key=event["key"])["Body"].read()
    orders = pandas.read_csv(io.BytesIO(body), parse_dates=["placed"])
    orders["eur"] = orders["amount"] / orders["currency"].map(rates)
    totals = orders.groupby("country")["eur"].agg(["count", "sum"]).round(2)
    for country, row in totals.iterrows():
        table.put_item(Item={"country": country, "eur": Decimal(str(row["sum"]))})
    link = s3.generate_presigned_url("get_object", Params={"Bucket": event["bucket"], "Key": event["key"]})
    return {
        "totals": totals.to_dict("index"),
        "last_order": orders["placed"].max().isoformat(),
        "orders_url": link.split("?")[0],
        "imported_from": {module.__name__: os.path.dirname(module.__file__) for module in (pandas, boto3, requests)},
    }
