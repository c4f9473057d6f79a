"""Providers of SMS by HTTP as data: what a definition may say, the packaged ones, and what a centre adds to them."""

from siaga_tenants.http_sms.definition import HttpSms
from siaga_tenants.http_sms.provider import PRESETS, Provider, provider, read_provider

__all__ = ["PRESETS", "HttpSms", "Provider", "provider", "read_provider"]
