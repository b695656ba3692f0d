"""The currencies that a shop may have: those of ISO 4217 with two decimals."""

from typing import Annotated, Final

from mechanic_core.rules import Description, Example, Pattern
from mechanic_core.values import LINE

TWO_DECIMALS: Final = (
    "AED|AFN|ALL|AMD|AOA|ARS|AUD|AWG|AZN|BAM|BBD|BDT|BMD|BND|BOB|BOV|BRL|BSD|BTN|BWP|BYN|BZD|CAD|CDF|"
    "CHE|CHF|CHW|CNY|COP|COU|CRC|CUP|CVE|CZK|DKK|DOP|DZD|EGP|ERN|ETB|EUR|FJD|FKP|GBP|GEL|GHS|GIP|GMD|"
    "GTQ|GYD|HKD|HNL|HTG|HUF|IDR|ILS|INR|IRR|JMD|KES|KGS|KHR|KPW|KYD|KZT|LAK|LBP|LKR|LRD|LSL|MAD|MDL|"
    "MGA|MKD|MMK|MNT|MOP|MRU|MUR|MVR|MWK|MXN|MXV|MYR|MZN|NAD|NGN|NIO|NOK|NPR|NZD|PAB|PEN|PGK|PHP|PKR|"
    "PLN|QAR|RON|RSD|RUB|SAR|SBD|SCR|SDG|SEK|SGD|SHP|SLE|SOS|SRD|SSP|STN|SVC|SYP|SZL|THB|TJS|TMT|TOP|"
    "TRY|TTD|TWD|TZS|UAH|USD|USN|UYU|UZS|VED|VES|WST|XAD|XCD|XCG|YER|ZAR|ZMW|ZWG"
)
"""The codes of ISO 4217 with two decimals, as published on 1 January 2026, as a pattern."""

Currency = Annotated[
    str,
    LINE,
    Pattern(
        TWO_DECIMALS,
        "must be the code of a currency with two decimals (ISO 4217), such as USD",
    ),
    Description(
        "The code of the currency (ISO 4217), one with two decimals. It is fixed once anything has "
        "a price."
    ),
    Example("USD"),
]
