from __future__ import annotations

import itertools
import math
import os
import time
from pathlib import Path

import numpy as np
import pytest
import shapely
from scipy import sparse

from geo_core.errors import Infeasible, InvalidInput
from geo_core.placement import (
    PlacementProblem,
    cover_from_shares,
    cover_within,
    solve_max_cover,
    solve_set_cover,
)
from geo_core.placement.greedy import greedy_swaps, reduced_weight
from geo_core.placement.lagrangian import lagrangian_bound
from geo_core.placement.reduce import merge_equal_rows, reduce_problem

SHARED = Path(os.environ.get("QORGAN_SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))


def dense(rows):
    return sparse.csr_array(np.array(rows, dtype=bool))


def random_problem(rng, *, budget=False):
    demands, sites = int(rng.integers(1, 40)), int(rng.integers(2, 15))
    cover = rng.random((demands, sites)) < rng.uniform(0.05, 0.5)
    if not cover.any():
        cover[0, 0] = True
    weights = rng.integers(0, 9, demands).astype(float) if rng.random() < 0.5 else rng.random(demands) * 10
    weights[np.flatnonzero(cover.any(axis=1))[0]] += 1
    order = rng.permutation(sites)
    locked = order[: int(rng.integers(0, min(3, sites - 1)))]
    forbidden = order[len(locked) : len(locked) + int(rng.integers(0, min(4, sites - len(locked))))]
    p = len(locked) + int(rng.integers(1, 6))
    cost = rng.integers(0, 7, sites).astype(float) if budget else None
    limit = None
    if cost is not None:
        limit = float(cost[locked].sum() + cost.max() + rng.integers(0, 12))
        p = None if rng.random() < 0.5 else p
    return PlacementProblem(
        cover=dense(cover), weights=weights, p=p, locked=locked, forbidden=forbidden, cost=cost, budget=limit
    )


def brute_force(problem):
    """Best weight over every allowed set of sites; None when the problem says that nothing can be covered."""
    best = -1.0
    cover = problem.cover.toarray()
    room = len(problem.free) if problem.p is None else problem.p - len(problem.locked)
    for size in range(min(room, len(problem.free)) + 1):
        for added in itertools.combinations(problem.free, size):
            chosen = [*problem.locked, *added]
            if problem.cost is not None and sum(problem.cost[c] for c in chosen) > problem.budget:
                continue
            best = max(best, problem.weights[cover[:, chosen].any(axis=1)].sum())
    return best


@pytest.mark.parametrize("budget", [False, True])
def test_two_hundred_small_problems_have_the_optimum_of_trying_everything(budget):
    rng = np.random.default_rng(17 + budget)
    solved = 0
    for _ in range(200):
        problem = random_problem(rng, budget=budget)
        try:
            plan = solve_max_cover(problem, seed=1)
        except Infeasible:
            assert brute_force(problem) == 0.0
            continue
        solved += 1
        assert plan.objective == pytest.approx(brute_force(problem), rel=1e-9, abs=1e-9)
        assert (plan.status, plan.gap) == ("optimal", 0.0)
        assert plan.bound == plan.objective == plan.covered_weight >= plan.greedy_objective
        assert set(problem.locked) <= set(plan.chosen)
        assert not set(problem.forbidden) & set(plan.chosen)
        assert problem.p is None or len(plan.chosen) <= problem.p
        assert problem.budget is None or plan.cost <= problem.budget
    assert solved > 190


def clustered(seed, demands, sites, radius_m):
    """Half of demand and sites in clusters, half anywhere in a 20 km square."""
    rng = np.random.default_rng(seed)
    from scipy.spatial import cKDTree

    centres = rng.uniform(0, 20000, (40, 2))

    def points(number):
        close = centres[rng.integers(0, 40, number // 2)] + rng.normal(0, 800, (number // 2, 2))
        return np.concatenate([close, rng.uniform(0, 20000, (number - number // 2, 2))])

    demand, site = points(demands), points(sites)
    near = cKDTree(site).query_ball_point(demand, radius_m)
    sizes = np.fromiter(map(len, near), np.int64)
    columns = np.concatenate([np.asarray(n, dtype=np.int64) for n in near])
    cover = sparse.csr_array((np.ones(len(columns), bool), columns, np.r_[0, np.cumsum(sizes)]), shape=(demands, sites))
    return cover, rng.integers(1, 100, demands).astype(float)


def test_a_middle_problem_is_proven_and_equal_seeds_give_equal_plans():
    cover, weights = clustered(0, 2000, 300, 700.0)
    problem = PlacementProblem(cover=cover, weights=weights, p=15)
    first, again = solve_max_cover(problem, seed=3), solve_max_cover(problem, seed=3)
    assert first.status == "optimal"
    assert first.chosen.tolist() == again.chosen.tolist()
    assert first.digest == again.digest
    assert first.solver.startswith("HiGHS 1.")
    assert first.total_weight == weights.sum()
    assert 0 < first.covered_share < 1


def test_time_running_out_gives_the_best_plan_so_far_with_a_true_gap_within_the_limit():
    cover, weights = clustered(1, 20000, 2000, 600.0)
    problem = PlacementProblem(cover=cover, weights=weights, p=60)
    began = time.perf_counter()
    plan = solve_max_cover(problem, time_limit_s=3.0)
    took_s = time.perf_counter() - began
    print(f"limit 3 s, took {took_s:.2f} s, gap {plan.gap:.4%}, greedy {plan.greedy_objective}, plan {plan.objective}")
    assert plan.status == "time-limit"
    assert plan.greedy_objective <= plan.objective < plan.bound
    assert 0 < plan.gap < 0.05
    assert plan.gap == pytest.approx((plan.bound - plan.objective) / plan.bound)
    assert plan.objective == problem.covered_weight(plan.chosen)
    assert plan.seconds < 3.0 * 1.5  # 10 % is what a quiet machine keeps; a busy one may not fail the tests


def test_a_stated_gap_holds_against_the_proven_optimum():
    cover, weights = clustered(2, 1500, 250, 900.0)
    problem = PlacementProblem(cover=cover, weights=weights, p=12)
    best = solve_max_cover(problem)
    for limit_s in (0.001, 0.03, 0.1, 0.3):
        early = solve_max_cover(problem, time_limit_s=limit_s)
        assert early.objective <= best.objective <= early.bound * (1 + 1e-9)
    loose = solve_max_cover(problem, relative_gap=0.05)
    assert loose.status == "optimal"
    assert loose.gap <= 0.05
    assert loose.bound * (1 + 1e-9) >= best.objective


def test_the_lagrangian_bound_is_true_wherever_it_stops_and_close_where_it_ends():
    rng = np.random.default_rng(19)
    ratios = []
    for _ in range(200):
        problem = random_problem(rng)
        small = reduce_problem(problem)
        best = brute_force(problem) - small.constant
        for iterations in (10, 400):
            bound = lagrangian_bound(
                small, covered=best * rng.uniform(0.5, 1.0), time_limit_s=5.0, iterations=iterations
            )
            assert bound >= best * (1 - 1e-12)
        if best > 0:
            ratios.append(bound / best)
    assert np.median(ratios) < 1.02


def test_progress_is_told_and_what_it_raises_cancels():
    class Cancelled(Exception):
        pass

    cover, weights = clustered(1, 20000, 2000, 600.0)
    problem = PlacementProblem(cover=cover, weights=weights, p=60)
    told = []

    def stop(step):
        told.append(step)
        raise Cancelled

    with pytest.raises(Cancelled):
        solve_max_cover(problem, time_limit_s=30.0, progress=stop)
    assert len(told) == 1
    assert told[0].objective <= told[0].bound <= weights.sum()
    small = PlacementProblem(cover=dense([[1, 0], [0, 1]]), weights=np.array([1.0, 2.0]), p=1)
    steps = []
    solve_max_cover(small, progress=steps.append)
    assert (steps[-1].objective, steps[-1].bound) == (2.0, 2.0)


def test_swaps_never_lose_and_stay_within_room_and_budget():
    rng = np.random.default_rng(5)
    for k in range(100):
        problem = reduce_problem(random_problem(rng, budget=k % 2 == 0))
        if problem.cover.shape[1] == 0:
            continue
        greedy, swapped = greedy_swaps(problem, swaps=50)
        assert reduced_weight(problem, swapped) >= reduced_weight(problem, greedy)
        assert problem.room is None or len(swapped) <= problem.room
        assert problem.cost is None or problem.cost[swapped].sum() <= problem.budget + 1e-9
    cover, weights = clustered(9, 500, 60, 1500.0)
    problem = reduce_problem(PlacementProblem(cover=cover, weights=weights, p=6))
    _, swapped = greedy_swaps(problem, swaps=50)
    best_swap = max(
        reduced_weight(problem, np.append(swapped[swapped != out], into))
        for out in swapped
        for into in range(problem.cover.shape[1])
    )
    assert reduced_weight(problem, swapped) == best_swap  # no swap is left that helps


def test_a_swap_leaves_the_trap_that_greed_walks_into():
    """The first site is the largest, the other two together are better."""
    cover = dense([[1, 1, 0], [1, 1, 0], [1, 0, 1], [1, 0, 1], [0, 1, 0], [0, 0, 1]])
    problem = PlacementProblem(cover=cover, weights=np.ones(6), p=2)
    greedy, swapped = greedy_swaps(reduce_problem(problem), swaps=1)
    assert (greedy.tolist(), swapped.tolist()) == ([0, 1], [1, 2])
    plan = solve_max_cover(problem)
    assert (plan.greedy_objective, plan.objective) == (5.0, 6.0)


def test_equal_demands_are_merged_and_different_ones_are_not():
    rng = np.random.default_rng(6)
    rows = rng.random((500, 6)) < 0.4
    merged, group = merge_equal_rows(dense(rows))
    assert merged.shape[0] == len({tuple(r) for r in rows})
    assert (merged.toarray()[group] == rows).all()
    nothing, none = merge_equal_rows(dense(np.zeros((0, 3))))
    assert (nothing.shape[0], len(none)) == (0, 0)


def test_a_site_exactly_at_the_threshold_covers():
    distances = np.array([[5.0, 5.0000001], [math.inf, 3.0]])
    assert cover_within(distances, radius=5.0).toarray().tolist() == [[True, False], [False, True]]
    shares = sparse.csr_array(np.array([[0.5, 0.4999999], [0.0, 1.0]]))
    assert cover_from_shares(shares, threshold=0.5).toarray().tolist() == [[True, False], [False, True]]
    assert shares.data.tolist() == [0.5, 0.4999999, 1.0]  # the input is left alone


def test_a_share_that_was_not_computed_is_refused():
    with pytest.raises(InvalidInput):
        cover_within(np.array([[math.nan]]), radius=1.0)
    with pytest.raises(InvalidInput):
        cover_from_shares(sparse.csr_array(np.array([[math.nan]])), threshold=0.5)
    with pytest.raises(InvalidInput):
        PlacementProblem(cover=sparse.csr_array(np.array([[math.nan]])), weights=np.ones(1), p=1)


def test_the_solver_writes_nothing_to_standard_output(capfd):
    solve_set_cover(dense([[1, 1, 0], [0, 1, 1], [1, 0, 1]]))
    assert capfd.readouterr() == ("", "")


def test_sites_that_add_nothing_are_not_bought():
    problem = PlacementProblem(cover=dense([[1, 1, 0], [1, 0, 0], [0, 0, 0]]), weights=np.ones(3), p=3)
    plan = solve_max_cover(problem)
    assert plan.chosen.tolist() == [0]
    assert (plan.covered_weight, plan.total_weight) == (2.0, 3.0)


def test_adding_keeps_what_stands_and_makes_room_for_more():
    problem = PlacementProblem(cover=dense(np.eye(4)), weights=np.array([1.0, 5.0, 3.0, 2.0]), p=1, locked=(0,))
    assert solve_max_cover(problem).chosen.tolist() == [0]
    assert solve_max_cover(problem.adding(2)).chosen.tolist() == [0, 1, 2]


EYE = np.eye(3)


@pytest.mark.parametrize(
    ("changes", "code", "params"),
    [
        ({"p": 1, "locked": (0, 1)}, "placement-too-few-sites", {"p": 1, "locked": 2, "needed": 2}),
        ({"p": 0}, "placement-too-few-sites", {"p": 0, "locked": 0, "needed": 1}),
        ({"forbidden": (0, 1, 2)}, "placement-all-forbidden", {"sites": 3, "needed": 1}),
        (
            {"locked": (1,), "cost": np.array([1.0, 9.0, 2.0]), "budget": 8.0},
            "placement-budget-below-locked",
            {"budget": 8.0, "needed": 9.0},
        ),
        (
            {"cost": np.array([5.0, 9.0, 4.0]), "budget": 3.0},
            "placement-budget-below-cheapest",
            {"budget": 3.0, "needed": 4.0},
        ),
        ({"weights": np.array([1.0, 0.0, 0.0]), "forbidden": (0,)}, "placement-nothing-coverable", {"sites": 2}),
    ],
)
def test_what_no_plan_can_satisfy_names_the_smallest_change_that_helps(changes, code, params):
    problem = PlacementProblem(**({"cover": dense(EYE), "weights": np.ones(3), "p": 2} | changes))
    with pytest.raises(Infeasible) as caught:
        solve_max_cover(problem)
    assert (caught.value.code, caught.value.params) == (code, params)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"weights": np.array([1.0, math.nan, 1.0])}, "placement-weights-invalid"),
        ({"weights": np.array([1.0, -1.0, 1.0])}, "placement-weights-invalid"),
        ({"weights": np.array([1.0, math.inf, 1.0])}, "placement-weights-invalid"),
        ({"weights": np.ones(4)}, "placement-weights-invalid"),
        ({"weights": np.zeros(3)}, "placement-nothing-to-cover"),
        ({"cover": sparse.csr_array((0, 3)), "weights": np.ones(0)}, "placement-cover-invalid"),
        ({"cover": sparse.csr_array((3, 0))}, "placement-cover-invalid"),
        ({"cover": np.eye(3)}, "placement-cover-invalid"),
        ({"p": None}, "placement-no-limit"),
        ({"p": -1}, "placement-no-limit"),
        ({"locked": (3,)}, "placement-site-unknown"),
        ({"forbidden": (-1,)}, "placement-site-unknown"),
        ({"locked": (0,), "forbidden": (0,)}, "placement-locked-and-forbidden"),
        ({"cost": np.ones(3)}, "placement-cost-invalid"),
        ({"budget": 3.0}, "placement-cost-invalid"),
        ({"cost": np.array([1.0, math.nan, 1.0]), "budget": 3.0}, "placement-cost-invalid"),
        ({"cost": np.ones(3), "budget": math.nan}, "placement-cost-invalid"),
    ],
)
def test_input_that_means_nothing_is_refused_by_name(changes, code):
    with pytest.raises(InvalidInput) as caught:
        PlacementProblem(**({"cover": dense(EYE), "weights": np.ones(3), "p": 2} | changes))
    assert caught.value.code == code


def test_the_digest_changes_with_everything_that_decides_and_with_nothing_else():
    base = {"cover": dense(EYE), "weights": np.ones(3), "p": 2, "locked": (0,)}
    same = PlacementProblem(**base).digest()
    shuffled = sparse.coo_array((np.ones(3), ([2, 0, 1], [2, 0, 1])), shape=(3, 3))
    assert (
        PlacementProblem(**(base | {"cover": sparse.csr_array(shuffled), "locked": np.array([0, 0])})).digest() == same
    )
    others = [
        {"p": 3},
        {"locked": (1,)},
        {"locked": (), "forbidden": (0,)},
        {"weights": np.array([1, 1, 1.0000001])},
        {"cover": dense(np.tri(3))},
        {"cost": np.ones(3), "budget": 2.0},
    ]
    digests = {PlacementProblem(**(base | other)).digest() for other in others}
    assert len(digests | {same}) == len(others) + 1


def test_two_hundred_small_set_covers_need_as_few_sites_as_trying_everything():
    rng = np.random.default_rng(23)
    for _ in range(200):
        demands, sites = int(rng.integers(1, 20)), int(rng.integers(1, 10))
        cover = rng.random((demands, sites)) < 0.35
        cost = rng.integers(1, 6, sites).astype(float) if rng.random() < 0.5 else None
        price = np.ones(sites) if cost is None else cost
        reachable = cover[cover.any(axis=1)]
        best = min(
            price[list(chosen)].sum()
            for size in range(sites + 1)
            for chosen in itertools.combinations(range(sites), size)
            if reachable[:, list(chosen)].any(axis=1).all()
        )
        plan = solve_set_cover(dense(cover), cost=cost, allow_uncovered=True)
        assert plan.objective == pytest.approx(best)
        assert (plan.status, plan.gap) == ("optimal", 0.0)
        assert plan.uncoverable.tolist() == np.flatnonzero(~cover.any(axis=1)).tolist()
        assert reachable[:, plan.chosen].any(axis=1).all()


def test_a_demand_nobody_can_cover_is_named():
    with pytest.raises(Infeasible) as caught:
        solve_set_cover(dense([[1, 0], [0, 1], [0, 0]]), forbidden=[1])
    assert (caught.value.code, caught.value.params) == ("placement-demand-uncoverable", {"number": 2, "first": 1})


def areas_cover(areas, demand):
    return dense(shapely.intersects(areas[None, :], demand[:, None]))


def test_the_published_small_case_one_site_covers_47_percent_and_one_site_of_each_kind_everything():
    """Five demands of 100 … 500 on a diagonal and the service areas of allagash's own tests."""
    demand = shapely.points(np.repeat(np.arange(1.0, 6.0)[:, None], 2, axis=1))
    first = np.array([shapely.box(0, 0, 3.5, 3.5), shapely.box(2.5, 0, 3.5, 3.5), shapely.box(2.5, 2.5, 4.5, 4.5)])
    second = np.array([shapely.box(0, 0, 1.5, 1.5), shapely.box(3.5, 3.5, 5.5, 5.5)])
    weights = np.arange(100.0, 600.0, 100.0)
    shares = [
        solve_max_cover(PlacementProblem(cover=areas_cover(first, demand), weights=weights, p=p)).covered_share
        for p in (1, 2)
    ]
    assert [math.ceil(100 * share) for share in shares] == [47, 67]
    both = solve_set_cover(areas_cover(np.concatenate([first, second]), demand))
    assert both.chosen.tolist() == [0, 4]
    with pytest.raises(Infeasible):
        solve_set_cover(areas_cover(first, demand))


def test_service_areas_of_a_real_county_give_the_published_answers():
    geopandas = pytest.importorskip("geopandas")
    folder = SHARED / "oracle" / "allagash"
    if not folder.exists():
        pytest.skip(f"the known answers are not here: {folder}")
    tracts = geopandas.read_file(folder / "demand_point.shp")
    demand, people = np.asarray(tracts.geometry, dtype=object), tracts["Population"].to_numpy(dtype=float)
    kinds = [
        np.asarray(geopandas.read_file(folder / f"{name}_service_areas.shp").geometry, dtype=object)
        for name in ("facility", "facility2")
    ]
    five = solve_max_cover(PlacementProblem(cover=areas_cover(kinds[0], demand), weights=people, p=5))
    assert (math.ceil(100 * five.covered_share), five.status, len(five.chosen)) == (53, "optimal", 5)
    everything = solve_set_cover(areas_cover(np.concatenate(kinds), demand))
    of_first = int((everything.chosen < len(kinds[0])).sum())
    assert (everything.status, everything.gap) == ("optimal", 0.0)
    assert of_first >= 5
    assert len(everything.chosen) - of_first >= 17
    with pytest.raises(Infeasible):
        solve_set_cover(areas_cover(kinds[0], demand))
