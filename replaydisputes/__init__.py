"""Record Stripe test-mode dispute closes into redacted cassettes, and replay them offline."""
