"""The Braze fake: profiles, identities, partner cohorts and everything that reads them."""
