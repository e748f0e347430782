"""Single passes: the particle starts midway between two masses at rest and passes one of them."""

from __future__ import annotations

from chaintheory.model import System


def single_pass_loss(system: System, speed: float, steps_per_fast_period: float = 60) -> float:
    """Return the energy that the chain keeps when the particle has passed one mass at ``speed``.

    The particle starts midway between masses with no bias. The energy is the chain's own (a sum of
    squares), so that small losses are not differences of large numbers. ValueError if the particle
    does not come through.
    """
    spacing = system.chain.spacing
    free = System(system.chain, system.interaction, system.mass, bias=0.0)
    # Attraction and repulsion change the speed; three free transits are ample unless caught.
    run = free.simulate(
        position=0.5 * spacing,
        speed=speed,
        duration=3.0 * spacing / speed,
        steps_per_fast_period=steps_per_fast_period,
    )
    through = run.position >= 1.5 * spacing
    if not through.any():
        raise ValueError(f"speed must carry the particle past the mass, got {speed!r}")
    return float(run.chain_energy[through.argmax()])
