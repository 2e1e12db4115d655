"""Recording from a test: its calls go to Stripe test mode, and what was captured is the cassette that it replays."""

from replaydisputes.recording.from_test.plan import OF_PYTEST as OF_PYTEST
from replaydisputes.recording.from_test.plan import Mode as Mode
from replaydisputes.recording.from_test.plan import Plan as Plan
from replaydisputes.recording.from_test.plan import plan_for as plan_for
from replaydisputes.recording.from_test.plan import taking as taking
from replaydisputes.recording.from_test.take import Take as Take
from replaydisputes.recording.from_test.wanted import Wanted as Wanted
