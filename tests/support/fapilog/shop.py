"""Enrichers of an invented shop, as they are written for fapilog: of each shape that there is."""

import asyncio

from fapilog._internal.async_enricher import AsyncEnricher
from fapilog.enrichers import register_enricher, register_enricher_advanced


@register_enricher_advanced(name="order_total", description="Price times \"count\", in ${CURRENCY}",
                            priority=50)
class OrderTotal:
    def __call__(self, logger, method_name, event_dict):
        if "price" in event_dict:
            event_dict["total"] = event_dict["price"] * event_dict.get("count", 1)
        return event_dict


@register_enricher_advanced(name="discount", priority=200, dependencies=["order_total", "customer"])
class Discount:
    def enrich(self, logger, method_name, event_dict):
        total = event_dict.get("total", 0)
        if event_dict.get("customer", {}).get("tier") == "gold" and total > 100:
            return {**event_dict, "discount": round(total * 0.1, 2)}
        return event_dict


@register_enricher_advanced(name="customer", priority=10, async_capable=True)
class Customer(AsyncEnricher):
    def __init__(self, timeout=5.0):
        super().__init__("customer", timeout=timeout)
        self.connected = False

    async def _startup(self):
        self.connected = True

    async def _shutdown(self):
        print("disconnected")

    async def _health_check(self):
        return True

    async def enrich_async(self, logger, method_name, event_dict):
        await asyncio.sleep(0.001 * (event_dict.get("id", 0) % 3))  # answers overtake each other
        if self.connected and event_dict.get("id", 1) % 2 == 0:
            event_dict.setdefault("customer", {})["tier"] = "gold"
        return event_dict


@register_enricher_advanced(name="audit", conditions={
    "min_level": "WARNING", "environment": ["development", "test"],
    "condition_func": lambda context: context.get("total", 0) < 1000})
def audit(logger, method_name, event_dict):
    print("audited")  # not into the answers
    event_dict["audited"] = f"{logger.name}/{method_name}"
    return event_dict


@register_enricher_advanced(name="last")
def last(logger, method_name, event_dict):
    event_dict["fields"] = sorted(event_dict)
    return event_dict


@register_enricher_advanced(name="hide", priority=300)
def hide(logger, method_name, event_dict):
    event_dict.get("customer", {}).pop("card", None)
    return event_dict


@register_enricher
def broken(logger, method_name, event_dict):
    if event_dict.get("id") == 3:
        raise ValueError("three")
    return event_dict
