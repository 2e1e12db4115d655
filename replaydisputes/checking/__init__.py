"""Everything that can be wrong with a cassette, and nobody taken at their word. Pure: bytes in, findings out."""

from replaydisputes.checking.beside import BESIDE as BESIDE
from replaydisputes.checking.beside import beside_faults as beside_faults
from replaydisputes.checking.check import check as check
from replaydisputes.checking.check import is_other_yaml as is_other_yaml
from replaydisputes.checking.finding import FileReport as FileReport
from replaydisputes.checking.finding import Finding as Finding
from replaydisputes.checking.finding import summary as summary
from replaydisputes.checking.openapi import OpenApi as OpenApi
from replaydisputes.checking.openapi import OpenApiError as OpenApiError
from replaydisputes.checking.rendering import document as document
from replaydisputes.checking.rendering import github_lines as github_lines
from replaydisputes.checking.sarif import sarif as sarif
from replaydisputes.checking.seal import FOLLOWS_FROM_EDIT as FOLLOWS_FROM_EDIT
from replaydisputes.checking.seal import NotSealableError as NotSealableError
from replaydisputes.checking.seal import sealed as sealed

__all__ = [
    "FOLLOWS_FROM_EDIT",
    "FileReport",
    "Finding",
    "NotSealableError",
    "OpenApi",
    "OpenApiError",
    "check",
    "document",
    "github_lines",
    "is_other_yaml",
    "sarif",
    "sealed",
    "summary",
]
