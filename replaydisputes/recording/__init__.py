"""Recording: scenarios, capture through vcrpy, the recorder, and the quarantine of what could not be published."""
