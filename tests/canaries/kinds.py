"""What is planted: one drawn value of every kind of secret, each unlike any other and unlike anything public."""

from __future__ import annotations

import base64
import random
import string
import uuid
from collections.abc import Callable
from dataclasses import dataclass

BASE62 = string.ascii_letters + string.digits


@dataclass(frozen=True)
class Secret:
    """A value to plant. `parts`: what must not survive by itself either; `digits_only` values can pass as numbers."""

    kind: str
    value: str
    parts: tuple[str, ...] = ()
    any_case: bool = False

    @property
    def digits_only(self) -> bool:
        return self.value.isdigit()

    @property
    def needles(self) -> tuple[str, ...]:
        return (self.value, *self.parts)


def draw(rng: random.Random, length: int, alphabet: str = BASE62) -> str:
    """Drawn as Stripe draws: mixed case, with a digit at the end and a capital before it."""
    mixed = alphabet is BASE62
    head = "".join(rng.choices(alphabet, k=length - 2 * mixed))
    return head + (rng.choice(string.ascii_uppercase) + rng.choice(string.digits) if mixed else "")


def digits(rng: random.Random, length: int) -> str:
    return rng.choice("3456789") + "".join(rng.choices(string.digits, k=length - 1))


def api_key(rng: random.Random) -> Secret:
    kinds = "sk_test_ rk_test_ rkcs_test_ pk_test_ ek_test_ sk_live_ rk_live_ rkcs_live_ pk_live_ ek_live_ sk_org_"
    prefix = rng.choice(kinds.split())
    tail = draw(rng, 24) if rng.random() < 0.5 else f"51{draw(rng, 97)}"
    return Secret("API key", prefix + tail, (tail[-16:],))


def webhook_secret(rng: random.Random) -> Secret:
    tail = draw(rng, 32) if rng.random() < 0.5 else draw(rng, 64, "0123456789abcdef")
    return Secret("webhook secret", f"whsec_{tail}", (tail[-16:],))


def client_secret(rng: random.Random) -> Secret:
    suffix, secret = draw(rng, 24), draw(rng, 25)
    return Secret("client secret", f"{rng.choice(('pi', 'seti'))}_{suffix}_secret_{secret}", (suffix, secret))


_PREFIXES = """
card ch cs_test du dp evt fee file ii in issfr li link mbur pi pm po price prv py pyr re seti setatt si src sub
sub_sched tr trr tu txn we ba il ic ich ipi cbtxn tok
"""


def object_id(rng: random.Random) -> Secret:
    suffix = draw(rng, 24)
    return Secret("object id", f"{rng.choice(_PREFIXES.split())}_{suffix}", (suffix, suffix[-8:]))


def short_id(rng: random.Random) -> Secret:
    suffix = draw(rng, 14)
    return Secret("short id", f"{rng.choice(('cus', 'prod', 'promo', 'cs'))}_{suffix}", (suffix,))


def account_id(rng: random.Random) -> Secret:
    suffix = f"1{draw(rng, 15)}"
    return Secret("account id", f"acct_{suffix}", (suffix, suffix[-10:]))


def request_id(rng: random.Random) -> Secret:
    suffix = draw(rng, 14)
    return Secret("request id", f"req_{suffix}", (suffix,))


def account_fragment(rng: random.Random) -> Secret:
    return Secret("account fragment", draw(rng, 10))


_SYLLABLES = ("bra", "dro", "fen", "gul", "hil", "jor", "kel", "lum", "mab", "nuk", "pol", "qui", "rav", "sil", "vex")
_ODD = "äéøłñşčőžğ"


def _word(rng: random.Random) -> str:
    return "".join(rng.choices(_SYLLABLES, k=3)).capitalize()


def name(rng: random.Random) -> Secret:
    first, last = _word(rng), _word(rng)
    ways = (f"{first} {last}", f"{first} O'{last}", f"{first} {last}-{_word(rng)}", f"Dr. {first} {last}")
    foreign = (f"{first}{rng.choice(_ODD)} {rng.choice(_ODD).upper()}{last}", _cyrillic(rng), _han(rng))
    return Secret("person name", rng.choice((*ways, *foreign)), any_case=True)


def _cyrillic(rng: random.Random) -> str:
    first, last = ("".join(rng.choices("абвгдежзиклмнопрстуфхцчшэюя", k=7)).capitalize() for _ in range(2))
    return f"{first} {last}"


def _han(rng: random.Random) -> str:
    return "".join(chr(rng.randrange(0x4E00, 0x9F00)) for _ in range(5))


def email(rng: random.Random) -> Secret:
    local = f"{_word(rng).lower()}.{_word(rng).lower()}"
    host = rng.choice(("gmail.com", "web.de", "yahoo.co.uk", "xn--mnchen-3ya.de", "münchen.de", "почта.рф"))
    local = rng.choice((local, f"{local}+{_word(rng).lower()}", f"{local}{rng.choice(_ODD)}", local.replace(".", "_")))
    return Secret("email", f"{local}@{host}", (local,), any_case=True)


def street_address(rng: random.Random) -> Secret:
    street, city = f"{_word(rng)}{rng.choice(('straße', ' Street', ' Road', 'gatan'))}", _word(rng)
    number, code = rng.randrange(2, 900), digits(rng, 5)
    ways = (
        f"{number} {street}, {code} {city}",
        f"{street} {number}\n{code} {city}",
        f"{number} Rue de l'{city} {code}",
    )
    return Secret("street address", rng.choice(ways), any_case=True)


def ipv4(rng: random.Random) -> Secret:
    first, *rest = rng.randrange(20, 99), *(rng.randrange(100, 255) for _ in range(3))
    return Secret("IPv4", ".".join(map(str, (first, *rest))))


def ipv6(rng: random.Random) -> Secret:
    groups = [f"{rng.randrange(0x1000, 0xFFFF):x}" for _ in range(6)]
    long = ":".join(["2a02", *groups, "1a2b"])
    return Secret("IPv6", rng.choice((long, f"2a02:{groups[0]}::{groups[1]}:{groups[2]}", long.upper())), any_case=True)


def phone_international(rng: random.Random) -> Secret:
    ways = (f"+4930{digits(rng, 8)}", f"+49 30 {digits(rng, 8)}", f"+44 20 {digits(rng, 4)} {digits(rng, 4)}")
    american = (f"+1 ({digits(rng, 3)}) {digits(rng, 3)}-{digits(rng, 4)}", f"+1415{digits(rng, 7)}")
    return Secret("phone, E.164", rng.choice((*ways, *american)))


def phone_national(rng: random.Random) -> Secret:
    area, middle, end = digits(rng, 3), digits(rng, 3), digits(rng, 4)
    french = " ".join(("06", *(digits(rng, 2) for _ in range(4))))
    ways = (
        f"({area}) {middle}-{end}",
        f"{area}-{middle}-{end}",
        f"{area}.{middle}.{end}",
        f"030 {digits(rng, 3)} {end}",
    )
    return Secret("phone, national", rng.choice((*ways, french, f"0{area}/{digits(rng, 7)}")))


def card_number(rng: random.Random) -> Secret:
    body = rng.choice(("4", "51", "54", "6011")) + "".join(rng.choices(string.digits, k=15))
    number = _with_check_digit(body[:15])
    groups = [number[at : at + 4] for at in range(0, 16, 4)]
    return Secret("card number", rng.choice((number, " ".join(groups), "-".join(groups))))


def _with_check_digit(body: str) -> str:
    doubled = [int(char) * (2 - index % 2) for index, char in enumerate(reversed(body))]
    return body + str(-sum(value // 10 + value % 10 for value in doubled) % 10)


def last4(rng: random.Random) -> Secret:
    """No reason code of Mastercard's (48xx, 4999), which redaction keeps, nor an amount of the sandbox (3500)."""
    return Secret("card last four", rng.choice("56789") + digits(rng, 3))


def expiry(rng: random.Random) -> Secret:
    return Secret("card expiry", f"{rng.randrange(1, 13):02d}/{rng.randrange(2031, 2099)}")


def fingerprint(rng: random.Random) -> Secret:
    return Secret("card fingerprint", draw(rng, 16))


def jwt(rng: random.Random) -> Secret:
    payload = base64.urlsafe_b64encode(f'{{"sub":"{draw(rng, 12)}"}}'.encode()).decode().rstrip("=")
    signature = draw(rng, 43)
    return Secret("JSON web token", f"eyJhbGciOiJIUzI1NiJ9.{payload}.{signature}", (payload, signature))


def cookie(rng: random.Random) -> Secret:
    crumb = f"{uuid.UUID(int=rng.getrandbits(128))}{draw(rng, 6)}"
    return Secret("cookie", f"{rng.choice(('__stripe_mid', 'machine_identifier', 'session'))}={crumb}", (crumb,))


def idempotency_key(rng: random.Random) -> Secret:
    drawn = str(uuid.UUID(int=rng.getrandbits(128)))
    ways = (drawn, f"stripe-node-retry-{drawn}", f"17{digits(rng, 17)}_{draw(rng, 6)}")
    return Secret("idempotency key", rng.choice(ways))


def private_key(rng: random.Random) -> Secret:
    lines = ["".join(rng.choices(BASE62 + "+/", k=64)) for _ in range(3)]
    title = rng.choice(("RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY"))
    text = "\n".join((f"-----BEGIN {title}-----", *lines, f"-----END {title}-----"))
    return Secret("private key", text, tuple(lines))


def free_text(rng: random.Random) -> Secret:
    """A sentence as people write them, with several secrets in it."""
    person, mail, bought, paid = name(rng), email(rng), object_id(rng), card_number(rng)
    call, home = phone_international(rng), ipv4(rng)
    text = rng.choice(
        (
            f"{person.value} wrote from {mail.value} about {bought.value}, stolen with the card {paid.value}",
            f"call {call.value} or mail <{mail.value}>; {person.value} paid from {home.value}.",
        )
    )
    parts = tuple(part.value for part in (person, mail, bought, paid, call, home) if part.value in text)
    return Secret("free text", text, parts)


KINDS: dict[str, Callable[[random.Random], Secret]] = {
    make(random.Random(0)).kind: make
    for make in (
        api_key, webhook_secret, client_secret, object_id, short_id, account_id, request_id, account_fragment, name,
        email, street_address, ipv4, ipv6, phone_international, phone_national, card_number, last4, expiry,
        fingerprint, jwt, cookie, idempotency_key, private_key, free_text,
    )
}  # fmt: skip
