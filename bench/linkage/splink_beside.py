"""Splink over one table, for comparison: run by a Python that has `splink` and `pandas`, which the product does not need.

    PYTHON -m bench.linkage.splink_beside IN.csv OUT.csv {uk|febrl|link}

IN has already been normalised by the product (so Splink is not judged on parsing): id, side, given, family, dob, sex,
postcode, line, nhs, upn. OUT gets id_l, id_r, p for pairs from 0.01 on; the settings are those of Splink's own examples.
`link` joins the two sides, the others find duplicates; `uk` has sex and identifiers.
"""

import sys
from time import perf_counter


def main() -> None:
    """Train without labels on the table itself, predict, write the pairs, and say how long it took."""
    import pandas  # type: ignore[import-untyped, unused-ignore]
    import splink.comparison_library as cl  # type: ignore[import-not-found, unused-ignore]
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on  # type: ignore[import-not-found, unused-ignore]

    source, out, kind = sys.argv[1:4]
    table = pandas.read_csv(source, dtype=str, keep_default_na=False).replace("", None)
    comparisons = [
        cl.NameComparison("given").configure(term_frequency_adjustments=True),
        cl.NameComparison("family").configure(term_frequency_adjustments=True),
        cl.DateOfBirthComparison("dob", input_is_string=True, datetime_format="%Y-%m-%d"),
        cl.PostcodeComparison("postcode") if kind == "uk" else cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]),
        cl.JaroWinklerAtThresholds("line", [0.9, 0.7]).configure(term_frequency_adjustments=True),
    ]
    rules = [
        block_on("dob"),
        block_on("given", "family"),
        block_on("postcode", "substr(given, 1, 1)"),
        block_on("postcode", "family"),
        block_on("family", "substr(dob, 1, 4)"),
        block_on("given", "substr(dob, 1, 7)"),
        block_on("line"),
    ]
    if kind == "uk":
        comparisons += [cl.ExactMatch("sex"), cl.ExactMatch("nhs"), cl.ExactMatch("upn")]
        rules += [block_on("nhs"), block_on("upn")]
    settings = SettingsCreator(
        link_type="link_only" if kind == "link" else "dedupe_only",
        unique_id_column_name="id",
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=rules,
    )
    start = perf_counter()
    api = DuckDBAPI()
    tables = [part for _, part in table.groupby("side")] if kind == "link" else [table]
    frames = [api.register(part.drop(columns="side")) for part in tables]
    linker = Linker(frames if kind == "link" else frames[0], settings, log_level="ERROR")
    linker.training.estimate_probability_two_random_records_match([block_on("given", "family", "dob")], recall=0.5)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for rule in (block_on("dob"), block_on("given", "family"), block_on("postcode")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    trained = perf_counter()
    pairs = linker.inference.predict(threshold_match_probability=0.01)
    frame = pairs.as_pandas_dataframe() if hasattr(pairs, "as_pandas_dataframe") else pairs.as_pandas()
    frame = frame.rename(columns={"match_probability": "p"})
    frame[["id_l", "id_r", "p"]].to_csv(out, index=False)
    print(f"splink: trained in {trained - start:.1f} s, {len(frame)} pairs in {perf_counter() - trained:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
