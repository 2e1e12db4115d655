"""Installs the patches once per process, for the libraries that are there and for those imported later."""

from __future__ import annotations

import importlib
import logging
import sys
import threading
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from operator import is_
from types import ModuleType
from typing import Any

from replaydisputes.interception.patching import PatchBook

_log = logging.getLogger("replaydisputes")

_SEAMS = {
    "threading": "carrying:carry_into_threads",
    "_thread": "carrying:carry_into_raw_threads",
    "concurrent.futures._base": "carrying:carry_into_callbacks",
    "concurrent.futures.thread": "carrying:carry_into_jobs",
    "concurrent.futures.process": "processes:carry_into_process_jobs",
    "loky.process_executor": "processes:carry_into_process_jobs",
    "multiprocessing.pool": "processes:carry_into_pools",
    "multiprocessing.process": "processes:carry_into_processes",
    "socket": "guard:guard_sockets",
    "asyncio.base_events": "event_loops:guard_asyncio",
    "asyncio.selector_events": "event_loops:guard_selector",
    "asyncio.proactor_events": "event_loops:guard_proactor",
    "uvloop": "event_loops:guard_uvloop",
    "gevent.socket": "seam_gevent:guard",
    "eventlet.green.socket": "lookups:guard_lookups",
    "pycurl": "seam_curl:guard_pycurl",
    "curl_cffi.aio": "seam_curl:guard_curl_cffi",
    "stripe._http_client": "seam_stripe:patch",
    "http.client": "seam_http_client:patch",
    "urllib3.connection": "seam_http_client:patch_urllib3_connections",
    "urllib3": "seam_urllib3:patch",
    "urllib3._async.connectionpool": "seam_urllib3_future:patch",
    "requests.adapters": "seam_requests:patch",
    "httpx": "seam_httpx:patch",
    "httpx2": "seam_httpx:patch",
    "aiohttp.connector": "seam_aiohttp:patch",
    "httplib2": "seam_http_client:patch_httplib2",
    "tornado.simple_httpclient": "seam_tornado:patch",
    "tornado.curl_httpclient": "seam_tornado:patch_curl",
}
"""The module in which a client keeps what we replace, and the function of this package that replaces it."""

_BENEATH = frozenset(("uvloop", "pycurl", "curl_cffi.aio"))
"""Those that open sockets in C, where the socket guard does not see them."""

_lock = threading.RLock()
_book = PatchBook()
_done: dict[str, ModuleType] = {}
_met: list[ModuleType | None] = [None] * len(_SEAMS)
"""The modules of _SEAMS as they were when a route began last; None for one that was not there whole."""


def ensure_installed() -> None:
    """Patch what is imported by now, and be on top again where another tool replaced our patches."""
    with _lock:
        try:
            if _finder not in sys.meta_path:
                sys.meta_path.insert(0, _finder)
            if not all(map(is_, map(sys.modules.get, _SEAMS), _met)):
                _patch_what_is_new()
            _book.put_on_top()
        except BaseException:
            uninstall()
            raise


def uninstall() -> None:
    """Restore every attribute exactly. Routes that are still open answer nothing from here on."""
    with _lock:
        if _finder in sys.meta_path:
            sys.meta_path.remove(_finder)
        _book.restore()
        _done.clear()
        _met[:] = [None] * len(_SEAMS)


def installed() -> bool:
    return bool(_done)


def _patch_what_is_new() -> None:
    for at, name in enumerate(_SEAMS):
        module = sys.modules.get(name)
        if module is None or _is_being_imported(module):
            _met[at] = None
            continue
        if _done.get(name) is not module:
            _apply(name, module)
        _met[at] = module


def _apply(name: str, module: ModuleType) -> None:
    """Run one seam. A library it does not fit stays as it is: the socket guard refuses what that would let out.

    Raises what the guard itself raises: without it nothing else may be trusted.
    """
    file, function = _SEAMS[name].split(":")
    _done[name] = module
    try:
        patch = getattr(importlib.import_module(f"replaydisputes.interception.{file}"), function)
        patch(module, _book)
    except Exception:
        if name == "socket":
            raise
        effect = "its requests are not stopped" if name in _BENEATH else "the socket guard will refuse its connections"
        _log.warning("%s cannot be intercepted; %s", name, effect, exc_info=True)


def _is_being_imported(module: ModuleType) -> bool:
    return bool(getattr(getattr(module, "__spec__", None), "_initializing", False))


class _ImportWatcher:
    """Finds nothing itself: lets the other finders find a library of ours, and patches it once it has run."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in _SEAMS:
            return None
        for finder in sys.meta_path:
            find = None if finder is self else getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find(fullname, path, target) if find is not None else None
            if spec is not None:
                _patch_after_run(fullname, spec.loader)
                return spec
        return None


def _patch_after_run(name: str, loader: Any) -> None:
    run: Callable[[ModuleType], None] | None = getattr(loader, "exec_module", None)
    if run is None:
        return

    def exec_module(module: ModuleType) -> None:
        del loader.exec_module
        run(module)
        with _lock:
            if _finder in sys.meta_path:
                _apply(name, module)

    try:
        loader.exec_module = exec_module
    except AttributeError:
        _log.debug("the loader of %s takes no hook; it is patched when the next route begins", name)


_finder = _ImportWatcher()
