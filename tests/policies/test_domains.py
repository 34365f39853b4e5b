"""Who shares a trouble."""

from policies.domains import Domains
from policies.target import Target

A1 = Target("a-1", "a", "org-a", "m")
A2 = Target("a-2", "a", "org-a", "m")
AX = Target("a-x", "a", "org-x", "m")


def test_keys_and_domains_are_learned_from_targets():
    """A second model of a key is no second key."""
    domains = Domains()
    for target in (A1, A2, AX, Target("a-1", "a", "org-a", "other")):
        domains.learn(target)
    assert domains.keys("org-a") == {"a-1", "a-2"}
    assert domains.of("a") == {"org-a", "org-x"}


def test_what_is_not_kept_is_forgotten():
    """And what was never known is nothing."""
    domains = Domains()
    domains.learn(A1)
    domains.retain([AX])
    assert [set(domains.keys(name)) for name in ("org-a", "org-x", "?")] == [set(), {"a-x"}, set()]
    assert [set(domains.of(name)) for name in ("a", "?")] == [{"org-x"}, set()]
