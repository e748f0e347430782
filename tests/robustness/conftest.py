"""How much is fuzzed: the same cases each time in the suite, new and many more with CHAINTHEORY_FUZZ."""

import os

import hypothesis

# CHAINTHEORY_FUZZ=n multiplies the cases of the suite by n and draws new ones on every run (`make fuzz`).
FUZZ = int(os.environ.get("CHAINTHEORY_FUZZ", "0"))
COMMON = {
    "deadline": None,
    "database": None,
    "suppress_health_check": list(hypothesis.HealthCheck),
    "print_blob": True,
}
hypothesis.settings.register_profile("suite", derandomize=True, **COMMON)
hypothesis.settings.register_profile("fuzz", derandomize=False, **COMMON)
hypothesis.settings.load_profile("fuzz" if FUZZ else "suite")
