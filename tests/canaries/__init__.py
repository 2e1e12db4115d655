"""Canaries: secrets of every kind, planted in every place and encoding, that must not come out again.

Two claims, each planting judged by its own drawn value:
- after redaction and serialization neither the value, a telling part of it nor its encoded form can be read in the
  bytes, however these are decoded;
- with the redactor switched off, the gate alone refuses the file.

What is left out, because by design nobody could tell:
- a lower-case word in a field that is kept as an open enumeration, or as the name of a field or parameter, is a new
  enumeration value or field. The gate finds it by value if it stood in a secret place as well. No drawn value is one.
- nothing but digits, where a form field or header holds a number (`amount`, `limit`, `retry-after`), is that number.
  Likewise a last four that is also a reason code of Mastercard's (48xx, 4999), in `network_reason_code`.
- the gate does not know four digits by sight, and by value only in `last4`: any cassette is full of four digits.
  Last fours are planted for the redactor and counted for the gate, but not claimed (`GATE_DOES_NOT_CLAIM`).
- the gate knows names, street addresses, fingerprints, cookies, idempotency keys and account fragments by value only;
  so for its claim each also stood once in the capture where Stripe's traffic has it.
"""

GATE_DOES_NOT_CLAIM = frozenset({"card last four"})
