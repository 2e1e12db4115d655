"""libcurl, gevent, eventlet and what replaces `socket.socket`: answered or refused, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.neighbour_support import needs_neighbour

ROOT = Path(__file__).parent.parent
HEAD = """
import socket, urllib.request
import requests, replaydisputes
URL = "https://api.stripe.com/v1/disputes/du_1AAAAAreplaydisp00000001"
replay = replaydisputes.replay("close-lost", allow_hosts=["other.example.com"])

def refused(*attempts):
    for attempt in attempts:
        try:
            attempt()
        except replaydisputes.NetworkBlockedError:
            continue
        print("got out:", attempt)
"""
NAMES = """
    refused(
        lambda: socket.getaddrinfo("a.example", 1), lambda: theirs.getaddrinfo("a.example", 1),
        lambda: socket.gethostbyname("a.example"), lambda: theirs.gethostbyname("a.example"),
        lambda: theirs.getnameinfo(("192.0.2.1", 1), 0), lambda: theirs.create_connection(("a.example", 1)),
        lambda: theirs.socket().connect(("a.example", 1)), lambda: theirs.socket().connect(("192.0.2.1", 1)),
        lambda: theirs.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.1", 1)),
    )
    replay_running._reported = 99
"""
GREEN = {
    "gevent, patched": "from gevent import monkey; monkey.patch_all()\n"
    "import gevent; from gevent import socket as theirs\n",
    "gevent": "import gevent; from gevent import socket as theirs\n",
}
PROGRAMS = {
    **{
        name: (
            "gevent",
            start + HEAD + "with replay as replay_running:\n"
            "    print(requests.post(URL + '/close').json()['status'])\n"
            "    print(gevent.spawn(lambda: requests.get(URL).json()['status']).get())\n" + NAMES,
            ["lost", "lost"],
        )
        for name, start in GREEN.items()
    },
    "eventlet, patched": (
        "eventlet",
        "import warnings; warnings.simplefilter('ignore')\n"
        "import eventlet; eventlet.monkey_patch(); from eventlet.green import socket as theirs\n" + HEAD + ""
        "with replay as replay_running:\n"
        "    print(requests.post(URL + '/close').json()['status'])\n"
        "    print(eventlet.spawn(lambda: requests.get(URL).json()['status']).wait())\n" + NAMES,
        ["lost", "lost"],
    ),
    "stripe over pycurl": (
        "pycurl",
        HEAD + "import stripe\n"
        "client = stripe.StripeClient('sk_test_x', http_client=stripe.PycurlClient(), max_network_retries=1)\n"
        "with replay as running:\n"
        "    running.fail_next('timeout')\n"
        "    print(client.v1.disputes.close(running.dispute_id).status)\n"
        "    print(client.v1.disputes.retrieve(running.dispute_id).last_response.headers['request-id'][:4])\n",
        ["lost", "req_"],
    ),
    "pycurl": (
        "pycurl",
        HEAD + "import pycurl\nold = pycurl.Curl(); old.setopt(pycurl.URL, URL)\n"
        "with replay as running:\n"
        "    new = pycurl.Curl(); new.setopt(pycurl.URL, URL)\n"
        "    refused(old.perform, new.perform, lambda: pycurl.CurlMulti().add_handle(new), new.perform_rb)\n"
        "    new.setopt(pycurl.URL, 'http://127.0.0.1:9/'); new.setopt(pycurl.FOLLOWLOCATION, True)\n"
        "    refused(new.perform)\n"
        "    new.setopt(pycurl.FOLLOWLOCATION, False)\n"
        "    try: new.perform()\n"
        "    except pycurl.error as error: print(error.args[0])\n"
        "    running._reported = 99\n",
        ["7"],  # CURLE_COULDNT_CONNECT: to loopback it may
    ),
    "curl_cffi": (
        "curl_cffi",
        HEAD + "import asyncio\nfrom curl_cffi import requests as theirs\nold = theirs.Session()\n"
        "async def get():\n"
        "    async with theirs.AsyncSession() as session: await session.get(URL)\n"
        "with replay as running:\n"
        "    refused(lambda: old.get(URL), lambda: theirs.get('https://192.0.2.1/'), lambda: asyncio.run(get()))\n"
        "    running._reported = 99\n",
        [],
    ),
    "httpretty": (
        "httpretty",
        "import warnings; warnings.simplefilter('ignore')\n" + HEAD + "import httpretty\n"
        "with httpretty.enabled(allow_net_connect=False):\n"
        "    httpretty.register_uri('GET', 'http://other.example.com/x', body='theirs')\n"
        "    with replay:\n"
        "        print(requests.post(URL + '/close').json()['status'])\n"
        "        print(urllib.request.urlopen('http://other.example.com/x').read().decode())\n",
        ["lost", "theirs"],
    ),
    "mocket": (
        "mocket",
        HEAD + "import mocket\nfrom mocket.mocks.mockhttp import Entry\n"
        "with mocket.Mocketizer():\n"
        "    Entry.single_register(Entry.GET, 'http://other.example.com/x', body='theirs')\n"
        "    with replay:\n"
        "        print(requests.post(URL + '/close').json()['status'])\n"
        "        print(requests.get('http://other.example.com/x').text)\n",
        ["lost", "theirs"],
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_replay_answers_and_nothing_gets_out(name: str) -> None:
    module, program, printed = PROGRAMS[name]
    needs_neighbour(module)
    command = [sys.executable, "-c", textwrap.dedent(program)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)

    assert (done.stdout.splitlines(), done.stderr) == (printed, "")
