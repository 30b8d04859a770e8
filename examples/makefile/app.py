"""Turns an order into the text of its confirmation."""

from decimal import Decimal

import jinja2
from pydantic import BaseModel, Field, ValidationError


class Line(BaseModel):
    name: str
    price: Decimal = Field(gt=0)
    count: int = Field(default=1, ge=1)


class Order(BaseModel):
    number: int
    customer: str
    lines: list[Line] = Field(min_length=1)

    @property
    def total(self):
        return sum(line.price * line.count for line in self.lines)


CONFIRMATION = jinja2.Template(
    """Dear {{ order.customer }},

thank you for order {{ order.number }}:
{% for line in order.lines %}
{{ "%3d x %-20s %8.2f"|format(line.count, line.name, line.price) }}
{%- endfor %}

Total {{ "%.2f"|format(order.total) }}
"""
)


def handler(event, context):
    try:
        order = Order.model_validate(event)
    except ValidationError as wrong:
        return {"statusCode": 400, "body": str(wrong)}
    return {"statusCode": 200, "body": CONFIRMATION.render(order=order)}
