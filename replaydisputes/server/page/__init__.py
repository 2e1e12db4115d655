"""The demo page: what closing a dispute does, request by request, served or as files."""

from replaydisputes.server.page.app import page_app as page_app
from replaydisputes.server.page.exhibit import Exhibit as Exhibit
from replaydisputes.server.page.exporting import exported_files as exported_files
