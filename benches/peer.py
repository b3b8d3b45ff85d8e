#!/usr/bin/env python3
"""What people write by themselves: reads, checks and normalizes customers, and hashes their JSON. `scripts/compare` runs it.

    peer.py FILE [naive|cached]

It keeps no places, compares no rows and knows no repair. `cached` looks each country and each date up once.
"""

import csv
import functools
import json
import sys
import time
import uuid
from datetime import datetime

import phonenumbers
import pycountry

COUNTRIES = ("nationality", "country_of_incorporation", "mailing_address.country_code", "registered_address.country_code")
DATES = ("date_of_birth", "established_on")
CHOICES = ("customer_type", "us_residency_status", "employment_status", "corporate_entity_type")
NAMESPACE = uuid.UUID("5a17db0c-0000-5000-8000-73616e64626f")


def country(text):
    return pycountry.countries.lookup(text).alpha_2


def date(text):
    return datetime.strptime(text, "%Y-%m-%d").date().isoformat()


def phone(text, region):
    number = phonenumbers.parse(text, region)
    if not phonenumbers.is_valid_number(number):
        raise ValueError("not a number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def main():
    look_up, day = country, date
    if sys.argv[2:] == ["cached"]:
        look_up, day = functools.lru_cache(None)(country), functools.lru_cache(None)(date)
    begun, rows, good, digest = time.perf_counter(), 0, 0, 0
    with open(sys.argv[1], newline="", encoding="utf-8") as file:
        for record in csv.DictReader(file):
            rows += 1
            row = {key: value.strip() for key, value in record.items() if value and value.strip() not in ("", "NULL")}
            try:
                for field in COUNTRIES:
                    if field in row:
                        row[field] = look_up(row[field])
                for field in DATES:
                    if field in row:
                        row[field] = day(row[field])
                for field in CHOICES:
                    if field in row:
                        row[field] = row[field].upper().replace(" ", "_").replace("-", "_")
                if "telephone_number" in row:
                    region = row.get("mailing_address.country_code") or row.get("registered_address.country_code")
                    row["telephone_number"] = phone(row["telephone_number"], region)
                if "email_address" in row and "@" not in row["email_address"]:
                    raise ValueError("no address")
            except (LookupError, ValueError, phonenumbers.NumberParseException):
                continue
            good += 1
            digest ^= uuid.uuid5(NAMESPACE, json.dumps(row, sort_keys=True)).int
    seconds = time.perf_counter() - begun
    print(f"{rows} rows in {seconds:.3f} s: {rows / seconds:.0f} rows/s, {good} good, {digest & 0xffff:04x}")


main()
