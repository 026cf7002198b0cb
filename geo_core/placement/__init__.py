"""Where to put things: problems, exact and heuristic solutions, candidate sites."""

from geo_core.placement.candidates import Candidates, StandardCamera, candidate_poses, corner_sites
from geo_core.placement.lscp import CoverPlan, solve_set_cover
from geo_core.placement.mclp import solve_max_cover, warm_up
from geo_core.placement.problem import (
    PlacementPlan,
    PlacementProblem,
    Progress,
    cover_from_shares,
    cover_within,
)

__all__ = [
    "Candidates",
    "CoverPlan",
    "PlacementPlan",
    "PlacementProblem",
    "Progress",
    "StandardCamera",
    "candidate_poses",
    "corner_sites",
    "cover_from_shares",
    "cover_within",
    "solve_max_cover",
    "solve_set_cover",
    "warm_up",
]
