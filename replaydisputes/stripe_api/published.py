"""Sets of words that Stripe publishes whole: a word that none of them has was put there by somebody else.

Sources: docs.stripe.com/currencies with ISO 4217, docs.stripe.com/testing, docs.stripe.com/changelog.
"""

from __future__ import annotations

import re

_CURRENCIES = """
aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd btn bwp byn byr bzd cad cdf chf clp
cny cop crc cup cve czk djf dkk dop dzd eek egp ern etb eur fjd fkp gbp gel ghs gip gmd gnf gtq gyd hkd hnl hrk htg huf
idr ils inr iqd irr isk jmd jod jpy kes kgs khr kmf kpw krw kwd kyd kzt lak lbp lkr lrd lsl ltl lvl lyd mad mdl mga mkd
mmk mnt mop mro mru mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf
sar sbd scr sdg sek sgd shp sle sll sos srd ssp std stn svc syp szl thb tjs tmt tnd top try ttd twd tzs uah ugx usd uyu
uzs vef ves vnd vuv wst xaf xcd xcg xof xpf yer zar zmw zwl
"""
CURRENCIES = frozenset(_CURRENCIES.split())

_CARD_WORDS = (
    "visa|mastercard|amex|discover|diners|jcb|unionpay|cartes|bancaires|eftpos|girocard|credit|debit|prepaid|charge"
    "|customer|fail|declined|insufficient|funds|lost|stolen|card|expired|incorrect|invalid|cvc|number|expiry|month|year"
    "|processing|error|fraudulent|velocity|limit|exceeded|risk|level|elevated|highest|normal|radar|block|always|three"
    "|d|secure|required|optional|not|supported|recommended|authentication|authenticated|on|setup|or|off|session|create"
    "|dispute|inquiry|product|received|not|multiple|multi|issuer|fraud|record|warning|avs|line|zip|postal|code|address"
    "|unchecked|check|bypass|pending|internal|refund|refunds|pass|async|succeed|success|disputes|early|us|co"
    "|compliance|visa|transaction|subscription|canceled|unacceptable|duplicate|general|generic|do|honor|sca|require"
)
TEST_PAYMENT_METHOD = re.compile(rf"pm_card_(?:[a-z]{{2}}|(?i:(?:{_CARD_WORDS}|[0-9]|_){{1,12}}))\Z")
"""`pm_card_` and a country, or words that cards are named by: brands, and what happens to them."""

_NAMES = "acacia|basil|clover|dahlia|endive|preview"
VERSION = re.compile(
    rf"(?:201[1-9]|202[0-4])-[01][0-9]-[0-3][0-9]\Z|20(?:2[4-9]|[3-9][0-9])-[01][0-9]-[0-3][0-9]\.(?:{_NAMES})\Z"
)
"""A date alone from 2011 to 2024, then a date and the name of a release."""
