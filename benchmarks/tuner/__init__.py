"""From a log of what happened to a policy for what is to come: estimates, search, proof."""
